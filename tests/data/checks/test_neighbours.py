"""Entities of one label with nothing between them."""

import pytest

from spacy_crf_ner.data.checks.neighbours import NeighbourCounts, check_neighbours
from tests.data.checks.made import counted, doc, levels

TOUCHING = doc("in Paris Texas", (1, 2, "LOC"), (2, 3, "LOC"))
APART = [
    doc("in Paris , Texas", (1, 2, "LOC"), (3, 4, "LOC")),
    doc("Anna Paris", (0, 1, "PER"), (1, 2, "LOC")),
    doc("Paris"),
]


def test_io_has_no_tags_for_them() -> None:
    found = check_neighbours({"train": counted(NeighbourCounts(), [*APART, TOUCHING])}, "IO")
    assert levels(found) == [("fail", "neighbours")]
    assert found[0].examples == ("'Paris' and 'Texas' (LOC), Doc 4",)
    assert "BILUO" in found[0].advice


@pytest.mark.parametrize("scheme", ["BILUO", "BIO"])
def test_other_schemes_have(scheme: str) -> None:
    found = check_neighbours({"train": counted(NeighbourCounts(), [TOUCHING])}, scheme)
    assert levels(found) == [("info", "neighbours")]
    assert f"the scheme {scheme} keeps them apart" in found[0].message


@pytest.mark.parametrize("scheme", ["BILUO", "BIO", "IO"])
def test_entities_with_something_between_or_another_label_are_good(scheme: str) -> None:
    found = check_neighbours({"train": counted(NeighbourCounts(), APART)}, scheme)
    assert levels(found) == [("good", "neighbours")]
