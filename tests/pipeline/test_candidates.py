"""Candidates: spans of the k best annotations in a span group, with their exact probabilities."""

from collections.abc import Callable

import numpy as np
import pytest
from spacy.tokens import Doc, DocBin, Span

from tests.pipeline.cases import LABELS, VOCAB, doc_of
from tests.pipeline.scripted import (
    best,
    component,
    distribution,
    edged_with_words,
    random_scores,
    span_probability,
    wishes,
)
from tests.tags.sequences import SCHEMES
from tests.tiny import entities

KEY = "crf_ner_candidates"

Candidate = tuple[int, int, str]


def candidates(doc: Doc, key: str = KEY) -> dict[Candidate, float]:
    """The candidates with their scores; each may be there once."""
    group = doc.spans[key]
    spans = [(span.start, span.end, span.label_) for span in group]
    assert len(set(spans)) == len(spans) == len(group.attrs["scores"])
    assert spans == sorted(spans)
    return dict(zip(spans, group.attrs["scores"], strict=True))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("k", [2, 5, 40])
def test_they_are_the_spans_of_the_k_best_annotations_with_exact_probabilities(scheme: str, k: int) -> None:
    crf = component(VOCAB, random_scores(3, scale=1.0), LABELS, scheme, seed=3, k_best=k)
    doc = crf(doc_of())
    sets = distribution(crf, doc_of())
    spans = {span for found, _ in best(sets, k) for span in found}
    expected = {tuple(span): span_probability(sets, span) for span in spans}
    assert candidates(doc) == pytest.approx(expected, abs=1e-5)
    assert len(expected) > 1
    assert doc.spans[KEY].attrs["scores"].dtype == np.float64


def test_the_entities_are_still_those_of_the_best_annotation() -> None:
    emit = random_scores(3, scale=1.0)
    alone = component(VOCAB, emit, LABELS, seed=3)(doc_of())
    doc = component(VOCAB, emit, LABELS, seed=3, k_best=5)(doc_of())
    assert entities(doc) == entities(alone)
    assert set(entities(doc)) < set(candidates(doc))
    for ent in doc.ents:
        assert candidates(doc)[ent.start, ent.end, ent.label_] == pytest.approx(ent._.crf_prob)


def test_without_the_setting_there_are_none() -> None:
    assert dict(component(VOCAB, random_scores(0), LABELS)(doc_of()).spans) == {}


def test_a_key_alone_keeps_what_the_threshold_drops() -> None:
    emit = wishes((0, 1, "A"), (2, 3, "B"), strength=2.0)
    reference = component(VOCAB, emit, LABELS, seed=1)(doc_of())
    expected = {(ent.start, ent.end, ent.label_): ent._.crf_prob for ent in reference.ents}
    doc = component(VOCAB, emit, LABELS, seed=1, candidates_key="mine", threshold=1.0)(doc_of())
    assert doc.ents == ()
    assert candidates(doc, "mine") == pytest.approx(expected)
    assert len(expected) == 2


def test_they_have_probabilities_where_none_is_written_to_entities() -> None:
    doc = component(VOCAB, random_scores(3), LABELS, k_best=3, probabilities=False)(doc_of())
    assert all(0 < score <= 1 for score in candidates(doc).values())
    assert doc.ents
    assert all(ent._.crf_prob is None for ent in doc.ents)


def test_a_key_of_your_own_takes_the_place_of_the_usual_one() -> None:
    doc = component(VOCAB, random_scores(3), LABELS, k_best=3, candidates_key="mine")(doc_of())
    assert list(doc.spans) == ["mine"]


def test_another_run_replaces_them_and_leaves_other_groups_alone() -> None:
    doc = doc_of()
    doc.spans["other"] = [doc[0:1]]
    doc = component(VOCAB, wishes((0, 1, "A")), LABELS, candidates_key="mine")(doc)
    assert set(candidates(doc, "mine")) == {(0, 1, "A")}
    doc = component(VOCAB, wishes((2, 4, "B")), LABELS, candidates_key="mine", overwrite=True)(doc)
    assert set(candidates(doc, "mine")) == {(2, 4, "B")}
    assert len(doc.spans["other"]) == 1


def test_docs_without_tokens_and_docs_without_entities_have_empty_groups() -> None:
    crf = component(VOCAB, wishes(strength=50.0), LABELS, candidates_key="mine")
    for doc in crf.pipe([doc_of([]), doc_of()]):
        assert candidates(doc, "mine") == {}
    assert candidates(component(VOCAB, wishes(), LABELS, k_best=2)(doc_of([]))) == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_entities_that_were_there_are_candidates_as_they_are(scheme: str) -> None:
    crf = component(VOCAB, random_scores(3, scale=1.0), LABELS, scheme, seed=3, k_best=3)
    doc = doc_of(["a", "b", "c", "d", "e"])
    given = [(0, 1, "A"), (1, 2, "A"), (4, 5, "UNKNOWN")]
    doc.set_ents([Span(doc, *entity) for entity in given])
    found = candidates(crf(doc))
    assert all(found[entity] == 1.0 for entity in given)
    assert all(start >= 2 and end <= 4 for start, end, _ in set(found) - set(given))
    assert len(found) > len(given)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_they_have_no_whitespace_at_their_ends_and_are_there_once(scheme: str) -> None:
    words = ["a", "\n", "c"]
    crf = component(VOCAB, wishes((0, 2, "A"), strength=1.0), LABELS, scheme, k_best=30)
    found = candidates(crf(doc_of(words)))
    sets = edged_with_words(distribution(crf, doc_of(words)), scheme, words)
    assert {(0, 1, "A"), (0, 3, "A")} <= set(found)
    assert found == pytest.approx({span: span_probability(sets, span) for span in found}, abs=1e-5)
    assert all(start != 1 and end != 2 for start, end, _ in found)


def through_bytes(doc: Doc) -> Doc:
    return Doc(doc.vocab).from_bytes(doc.to_bytes())


def through_a_file(doc: Doc) -> Doc:
    content = DocBin(docs=[doc], store_user_data=True).to_bytes()
    return next(iter(DocBin().from_bytes(content).get_docs(doc.vocab)))


@pytest.mark.parametrize("trip", [through_bytes, through_a_file, Doc.copy])
def test_docs_keep_them(trip: Callable[[Doc], Doc]) -> None:
    doc = component(VOCAB, random_scores(3), LABELS, seed=3, k_best=5)(doc_of())
    restored = trip(doc)
    assert restored is not doc
    assert len(candidates(doc)) > 1
    assert candidates(restored) == candidates(doc)


@pytest.mark.parametrize("decoding", ["viterbi", "posterior", "argmax"])
def test_they_do_not_depend_on_the_decoding(decoding: str) -> None:
    emit = random_scores(3, scale=1.0)
    expected = candidates(component(VOCAB, emit, LABELS, seed=3, k_best=6)(doc_of()))
    doc = component(VOCAB, emit, LABELS, seed=3, k_best=6, decoding=decoding)(doc_of())
    assert candidates(doc) == pytest.approx(expected)
