"""Sentence boundaries."""

import pytest

from spacy_crf_ner.data.checks.sentences import SentenceCounts, check_crossing, check_sentences
from tests.data.checks.made import counted, doc, levels

UNMARKED = doc("Anna sleeps . Boris , too", (0, 1, "PER"))
MARKED = doc("Anna sleeps . Boris , too", (0, 1, "PER"), (3, 4, "PER"), sentences=[0, 3])
CROSSING = doc("Anna sleeps . Boris , too", (1, 4, "PER"), sentences=[0, 3])


def part(*docs: object) -> dict[str, SentenceCounts]:
    return {"train": counted(SentenceCounts(), docs)}  # type: ignore[arg-type]


def test_whole_docs_need_no_boundaries() -> None:
    found = check_sentences(part(UNMARKED, doc("Paris")), "doc", sets=None)
    assert [one.message for one in found] == ["No Doc has sentence boundaries; each is one sequence"]
    found = check_sentences(part(UNMARKED, MARKED), "doc", sets=None)
    assert found[0].message == (
        "1 Doc of train with 2 sentences, 1 without sentence boundaries; each Doc is one sequence"
    )


@pytest.mark.parametrize("sets", [None, "prediction"])
def test_sentences_without_boundaries_fail(sets: str | None) -> None:
    found = check_sentences(part(UNMARKED, MARKED), "sents", sets=sets)
    assert levels(found) == [("fail", "sentences")]
    assert "sentencizer" in found[0].advice
    assert levels(check_sentences(part(MARKED, doc("Paris")), "sents", sets=sets)) == [("good", "sentences")]


def test_a_component_may_set_them_in_training() -> None:
    assert levels(check_sentences(part(UNMARKED), "sents", sets="training")) == [("info", "sentences")]


def test_boundaries_of_the_data_do_not_help_in_prediction() -> None:
    found = check_sentences(part(MARKED), "sents", sets="never")
    assert levels(found) == [("good", "sentences"), ("fail", "sentences")]
    assert "No component of the pipeline sets sentences" in found[1].message


def test_entities_across_a_boundary_fail_if_sentences_are_sequences() -> None:
    found = check_crossing(part(MARKED, CROSSING), "sents")
    assert levels(found) == [("fail", "crossing-sentences")]
    assert found[0].examples == ("'sleeps . Boris' (PER), Doc 2",)
    assert levels(check_crossing(part(CROSSING), "doc")) == [("info", "crossing-sentences")]


def test_entities_within_sentences_are_good() -> None:
    assert levels(check_crossing(part(MARKED), "sents")) == [("good", "crossing-sentences")]
    assert check_crossing(part(UNMARKED), "doc") == []
