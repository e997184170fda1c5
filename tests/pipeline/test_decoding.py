"""The setting `decoding`: the most probable annotation, the most correct entities, or each token by itself."""

import math

import numpy as np
import pytest
from spacy.tokens import Doc, Span

from spacy_crf_ner.errors import ComponentError, LossError
from spacy_crf_ner.tags import BoolArray, TagSet, TagSpan
from tests.pipeline.cases import LABELS, VOCAB, WORDS, doc_of
from tests.pipeline.scripted import (
    Emit,
    best,
    component,
    conditional,
    distribution,
    random_scores,
    span_probability,
    wishes,
)
from tests.tags.sequences import SCHEMES, span_sets
from tests.tiny import entities


def tags(*named: str, strength: float = 5.0) -> Emit:
    """Scores that favour one tag for each token."""

    def emit(doc: Doc, tagset: TagSet) -> np.ndarray:
        ids = [tagset.tags.index(named[position % len(named)]) for position in range(len(doc))]
        return strength * np.eye(tagset.n_tags)[ids]

    return emit


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("threshold", [None, 0.05, 0.3, 0.8])
@pytest.mark.parametrize("seed", range(3))
def test_posterior_decoding_has_the_highest_expected_number_of_correct_entities(
    scheme: str, threshold: float | None, seed: int
) -> None:
    settings = {"seed": seed, "decoding": "posterior", "threshold": threshold}
    crf = component(VOCAB, random_scores(seed, scale=1.0), LABELS, scheme, **settings)
    doc = crf(doc_of())
    sets = distribution(crf, doc_of())
    cost = 0.5 if threshold is None else threshold

    def worth(spans: list[tuple[int, int, str]] | tuple[TagSpan, ...]) -> float:
        return sum(span_probability(sets, span) - cost for span in spans)

    most = max(worth(spans) for spans in span_sets(LABELS, len(WORDS)))
    assert worth(entities(doc)) == pytest.approx(most, abs=1e-5)
    for ent in doc.ents:
        expected = span_probability(sets, (ent.start, ent.end, ent.label_))
        assert ent._.crf_prob == pytest.approx(expected, abs=1e-5)
        assert ent._.crf_prob > cost


def test_posterior_decoding_is_another_choice_than_the_best_annotation() -> None:
    differing = 0
    for seed in range(10):
        emit = random_scores(seed, scale=1.0)
        found = [
            entities(component(VOCAB, emit, LABELS, seed=seed, decoding=decoding)(doc_of()))
            for decoding in ("viterbi", "posterior")
        ]
        differing += found[0] != found[1]
    assert differing > 2


def test_the_threshold_is_a_dial_between_precision_and_recall() -> None:
    crf = component(VOCAB, random_scores(2, scale=1.0), LABELS, seed=2, decoding="posterior")
    sets = distribution(crf, doc_of())
    found, shares = [], []
    for threshold in (0.01, 0.2, 0.5, 0.9):
        crf.cfg["threshold"] = threshold
        doc = crf(doc_of())
        found.append(len(doc.ents))
        expected = sum(span_probability(sets, entity) for entity in entities(doc))
        shares.append(expected / len(doc.ents) if doc.ents else 1.0)
    assert found == sorted(found, reverse=True)
    assert shares == sorted(shares)
    assert found[0] > found[-1]


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_posterior_decoding_takes_the_ends_of_the_dial(threshold: float) -> None:
    crf = component(VOCAB, wishes((0, 2, "A")), LABELS, decoding="posterior", threshold=threshold)
    found = entities(crf(doc_of()))
    assert found == [] if threshold else (0, 2, "A") in found


@pytest.mark.parametrize("scheme", SCHEMES)
def test_posterior_decoding_keeps_what_was_there(scheme: str) -> None:
    crf = component(VOCAB, random_scores(1, scale=1.0), LABELS, scheme, decoding="posterior", threshold=0.1)
    doc = doc_of()
    doc.set_ents([Span(doc, 1, 2, "A"), Span(doc, 2, 3, "UNKNOWN")])
    doc = crf(doc)
    assert {(1, 2, "A"), (2, 3, "UNKNOWN")} <= set(entities(doc))
    assert len(doc.ents) > 2
    sets = conditional(
        distribution(crf, doc_of()),
        lambda spans: (1, 2, "A") in spans and all(end <= 2 or start >= 3 for start, end, _ in spans),
    )
    for ent in doc.ents:
        if ent._.crf_prob is not None:
            expected = span_probability(sets, (ent.start, ent.end, ent.label_))
            assert ent._.crf_prob == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("scheme", "wanted", "expected"),
    [
        ("BILUO", ("B-A", "O", "I-B", "L-B"), [(0, 1, "A"), (2, 4, "B")]),
        ("BILUO", ("U-A", "L-A", "B-A", "B-A"), [(0, 1, "A"), (1, 2, "A"), (2, 3, "A"), (3, 4, "A")]),
        ("BIO", ("I-A", "I-A", "I-B", "O"), [(0, 2, "A"), (2, 3, "B")]),
        ("IO", ("I-A", "I-A", "O", "I-B"), [(0, 2, "A"), (3, 4, "B")]),
    ],
)
def test_argmax_takes_the_best_tag_of_each_token_and_reads_what_is_not_well_formed(
    scheme: str, wanted: tuple[str, ...], expected: list[tuple[int, int, str]]
) -> None:
    crf = component(VOCAB, tags(*wanted), LABELS, scheme, seed=0, decoding="argmax")
    doc = crf(doc_of())
    assert entities(doc) == expected
    sets = distribution(crf, doc_of())
    for ent in doc.ents:
        probability = span_probability(sets, (ent.start, ent.end, ent.label_))
        assert ent._.crf_prob == pytest.approx(probability, abs=1e-5)


def test_the_best_annotation_is_well_formed_where_argmax_is_not() -> None:
    crf = component(VOCAB, tags("B-A", "O", "I-B", "L-B"), LABELS, seed=0)
    found = entities(crf(doc_of()))
    assert found == list(best(distribution(crf, doc_of()))[0][0])
    assert found != [(0, 1, "A"), (2, 4, "B")]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_argmax_keeps_what_was_there(scheme: str) -> None:
    doc = doc_of()
    doc.set_ents([Span(doc, 1, 2, "A")], blocked=[doc[3:4]], default="outside")
    doc = component(VOCAB, wishes((0, 4, "A")), LABELS, scheme, decoding="argmax")(doc)
    assert (1, 2, "A") in entities(doc)
    assert all(end <= 3 for _, end, _ in entities(doc))


def test_argmax_respects_the_threshold() -> None:
    emit = wishes((0, 1, "A"), (2, 3, "B"), strength=2.0)
    low, high = sorted(
        ent._.crf_prob for ent in component(VOCAB, emit, LABELS, seed=1, decoding="argmax")(doc_of()).ents
    )
    middle = (low + high) / 2
    doc = component(VOCAB, emit, LABELS, seed=1, decoding="argmax", threshold=middle)(doc_of())
    assert [ent._.crf_prob for ent in doc.ents] == [high]


@pytest.mark.parametrize("decoding", ["viterbi", "posterior", "argmax"])
@pytest.mark.parametrize("probabilities", [True, False])
def test_no_decoding_takes_scores_that_are_no_numbers(decoding: str, probabilities: bool) -> None:
    def emit(doc: Doc, tagset: TagSet) -> np.ndarray:
        return np.full((len(doc), tagset.n_tags), math.nan)

    crf = component(VOCAB, emit, LABELS, decoding=decoding, probabilities=probabilities)
    with pytest.raises(LossError, match="the score of a token is not finite"):
        crf(doc_of())


@pytest.mark.parametrize("decoding", ["viterbi", "posterior", "argmax"])
@pytest.mark.parametrize("probabilities", [True, False])
def test_no_decoding_takes_constraints_that_cannot_be_satisfied(decoding: str, probabilities: bool) -> None:
    def constraint(doc: Doc, tagset: TagSet) -> BoolArray:
        return np.zeros((len(doc), tagset.n_tags), dtype=bool)

    settings = {"decoding": decoding, "probabilities": probabilities}
    crf = component(VOCAB, random_scores(0), LABELS, constraint=constraint, **settings)
    with pytest.raises(ComponentError, match="nothing left for token 0, 'a'"):
        crf(doc_of())


@pytest.mark.parametrize("probabilities", [True, False])
def test_probabilities_are_written_if_they_are_wanted_whatever_the_decoding(probabilities: bool) -> None:
    for decoding in ("viterbi", "posterior", "argmax"):
        crf = component(VOCAB, wishes((0, 2, "A")), LABELS, decoding=decoding, probabilities=probabilities)
        doc = crf(doc_of())
        assert [ent._.crf_prob is not None for ent in doc.ents] == [probabilities]
