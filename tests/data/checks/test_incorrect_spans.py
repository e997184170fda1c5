"""Entities that are said to be wrong at the same time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_crf_ner.data.checks import Finding
from spacy_crf_ner.data.checks.incorrect_spans import IncorrectCounts, check_incorrect_spans
from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.pipeline.examples import read_annotation
from spacy_crf_ner.pipeline.settings import DEFAULTS, read_settings
from tests.data.checks.made import counted, doc, levels

KEY = "rejected"


def judged(wrong: Sequence[tuple[int, int, str]], key: str = KEY) -> Doc:
    """A Doc in which "Paris" is a LOC, and some spans are wrong."""
    found = doc("Anna saw Paris", (2, 3, "LOC"))
    found.spans[key] = [Span(found, *span) for span in wrong]
    return found


def check(key: str | None = KEY, **parts: Sequence[Doc]) -> list[Finding]:
    return check_incorrect_spans({part: counted(IncorrectCounts(key), docs) for part, docs in parts.items()})


@pytest.mark.parametrize(
    ("wrong", "is_contradiction"),
    [
        ((2, 3, "LOC"), True),
        ((2, 3, ""), True),
        ((2, 3, "PER"), False),
        ((1, 3, "LOC"), False),
        ((1, 3, ""), False),
    ],
)
def test_what_ends_training_with_an_error_fails(wrong: tuple[int, int, str], is_contradiction: bool) -> None:
    one = judged([wrong])
    found = check(train=[doc("Anna"), one])
    settings = read_settings("ner", {**DEFAULTS, "incorrect_spans_key": KEY})
    example = Example(doc("Anna saw Paris"), one)
    if not is_contradiction:
        read_annotation("ner", example, settings)
        assert levels(found) == [("good", "incorrect-spans")]
        assert found[0].message.endswith("known to be wrong: 1 in train")
        return
    with pytest.raises(ComponentError, match="contradicts itself"):
        read_annotation("ner", example, settings)
    assert levels(found) == [("fail", "incorrect-spans")]
    assert found[0].message == (
        "1 entity of train also in doc.spans['rejected'], which holds spans that are known to be wrong: training "
        "ends with an error there"
    )
    assert found[0].examples == ("'Paris' (LOC), Doc 2",)


def test_an_entity_is_counted_once_and_other_parts_get_a_warning() -> None:
    twice = judged([(2, 3, "LOC"), (2, 3, "")])
    found = check(train=[judged([(0, 1, "PER")])], dev=[twice, twice])
    assert levels(found) == [("warn", "incorrect-spans")]
    assert found[0].message.startswith("2 entities of dev also in")
    assert "training" not in found[0].message


def test_a_key_that_no_doc_of_train_has_is_a_warning() -> None:
    found = check(train=[judged([(2, 3, "LOC")], key="rejects")])
    assert levels(found) == [("warn", "incorrect-spans")]
    assert "No Doc of train has spans in doc.spans['rejected']" in found[0].message


def test_without_a_key_nothing_is_said() -> None:
    assert check(None, train=[judged([(2, 3, "LOC")])]) == []
