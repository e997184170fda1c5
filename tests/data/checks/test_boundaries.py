"""The first and last tokens of entities."""

import pytest

from spacy_crf_ner.data.checks.boundaries import BoundaryCounts, check_punctuation, check_whitespace
from tests.data.checks.made import counted, doc, levels


def entity(text: str) -> dict[str, BoundaryCounts]:
    """A part with this one entity."""
    return {"train": counted(BoundaryCounts(), [doc(f"x {text} x", (1, 1 + len(text.split(" ")), "ORG"))])}


@pytest.mark.parametrize("text", ["\n Anna", "Anna \t"])
def test_whitespace_at_the_ends_fails(text: str) -> None:
    found = check_whitespace(entity(text))
    assert levels(found) == [("fail", "whitespace")]
    assert found[0].examples[0].endswith("(ORG), Doc 1")
    assert levels(check_punctuation(entity(text))) == [("good", "punctuation")]


@pytest.mark.parametrize("text", ["Anna ,", "( Anna", "Anna )", '" Anna', "- Anna", "Anna Schmidt ."])
def test_punctuation_at_the_ends_is_shown(text: str) -> None:
    found = check_punctuation(entity(text))
    assert levels(found) == [("warn", "punctuation")]
    assert found[0].examples == (f"{text!r} (ORG), Doc 1",)


@pytest.mark.parametrize(
    "text",
    [
        "Anna",
        "Anna , Boris",
        "C5 ( late )",
        "( A ) and ( B )",
        '" The Wall "',
        "# metoo",
        "5 %",
        "Sara B .",
        "U . S .",
    ],
)
def test_brackets_in_pairs_quotes_signs_and_initials_are_good(text: str) -> None:
    assert levels(check_punctuation(entity(text))) == [("good", "punctuation")]
    assert levels(check_whitespace(entity(text))) == [("good", "whitespace")]


def test_punctuation_alone_is_a_slip() -> None:
    found = check_punctuation(entity(", ,"))
    assert levels(found) == [("warn", "only-punctuation")]
    assert found[0].message == "1 entity of train of nothing but punctuation"


def test_few_of_many_are_only_told() -> None:
    docs = [doc("Anna sleeps", (0, 1, "PER"))] * 200 + [doc("Anna , too", (0, 2, "PER"))]
    found = check_punctuation({"train": counted(BoundaryCounts(), docs)})
    assert levels(found) == [("info", "punctuation")]
    assert "(0.5 %)" in found[0].message
