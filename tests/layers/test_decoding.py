"""Decoding against the enumeration of all sets of spans."""

import itertools

import numpy as np
import pytest
import torch

from spacy_crf_ner.errors import ImpossibleSequenceError, PotentialsError, TagError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import DecodedSpan, decode_viterbi, span_probabilities
from spacy_crf_ner.tags import TagSet, TagSpan, spans_to_tags
from tests.functional import oracle
from tests.functional.cases import random_scores, replaced
from tests.tags.sequences import SCHEMES, merged, span_sets

LENGTHS = (3, 0, 2, 1)


def batch(tagset: TagSet, lengths: tuple[int, ...] = LENGTHS, seed: int = 0) -> Potentials:
    """Random scores with the scheme's masks."""
    scores = random_scores(torch.Generator().manual_seed(seed), lengths, tagset.n_tags)
    return Potentials(
        **scores,
        allowed_transitions=torch.tensor(tagset.allowed_transitions),
        allowed_start=torch.tensor(tagset.allowed_start),
        allowed_end=torch.tensor(tagset.allowed_end),
    )


def distribution(potentials: Potentials, tagset: TagSet, index: int) -> dict[tuple[TagSpan, ...], float]:
    """Probability of every set of spans in one sequence."""
    problem = oracle.problems_of(potentials)[index]
    total = oracle.log_partition(problem)
    # IO spells neighbours of one label as one span.
    sets = {
        merged(spans) if tagset.scheme == "IO" else spans
        for spans in span_sets(tagset.labels, problem.length)
    }
    paths = {spans: tuple(spans_to_tags(tagset, spans, problem.length).tolist()) for spans in sets}
    return {spans: float(np.exp(oracle.score(problem, path) - total)) for spans, path in paths.items()}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(5))
def test_the_decoded_spans_are_the_most_probable_set(scheme: str, seed: int) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = batch(tagset, seed=seed)
    for index, decoded in enumerate(decode_viterbi(potentials, tagset, probabilities=False)):
        probabilities = distribution(potentials, tagset, index)
        assert sum(probabilities.values()) == pytest.approx(1)
        best = max(probabilities, key=probabilities.__getitem__)
        assert tuple(one.span for one in decoded) == best
        assert all(one.probability is None for one in decoded)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(5))
def test_the_probability_of_a_span_is_that_of_all_sets_that_hold_it(scheme: str, seed: int) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = batch(tagset, seed=seed)
    for index, decoded in enumerate(decode_viterbi(potentials, tagset, probabilities=True)):
        sets = distribution(potentials, tagset, index)
        for one in decoded:
            expected = sum(probability for spans, probability in sets.items() if one.span in spans)
            assert one.probability == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_any_span_can_be_asked_for_its_probability(scheme: str) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = batch(tagset)
    asked = [
        (index, TagSpan(start, end, label))
        for index, length in enumerate(LENGTHS)
        for start, end in itertools.combinations(range(length + 1), 2)
        for label in tagset.labels
    ]
    sets = [distribution(potentials, tagset, index) for index in range(len(LENGTHS))]
    expected = [sum(p for spans, p in sets[i].items() if span in spans) for i, span in asked]
    np.testing.assert_allclose(span_probabilities(potentials, tagset, asked), expected, atol=1e-9)


def test_probabilities_do_not_change_what_is_decoded() -> None:
    tagset = TagSet("BILUO", ("A", "B"))
    potentials = batch(tagset, (6, 0, 9, 1, 4), seed=3)
    plain = decode_viterbi(potentials, tagset, probabilities=False)
    rated = decode_viterbi(potentials, tagset, probabilities=True)
    assert [[one.span for one in spans] for spans in rated] == [
        [one.span for one in spans] for spans in plain
    ]
    assert sum(map(len, plain)) > 3


def test_sequences_without_entities_have_empty_lists() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset, (2, 0))
    only_outside = torch.zeros(potentials.emissions.shape, dtype=torch.bool)
    only_outside[:, :, 0] = True
    potentials = replaced(potentials, allowed_tags=only_outside)
    assert decode_viterbi(potentials, tagset, probabilities=True) == [[], []]


def test_an_empty_batch_is_decoded_to_nothing() -> None:
    tagset = TagSet("BIO", ("A",))
    assert decode_viterbi(batch(tagset, ()), tagset, probabilities=True) == []
    assert span_probabilities(batch(tagset, ()), tagset, []) == []


def test_a_certain_span_has_probability_1() -> None:
    tagset = TagSet("BILUO", ("A",))
    allowed = torch.zeros((1, 1, tagset.n_tags), dtype=torch.bool)
    allowed[0, 0, tagset.tag_id("U", "A")] = True
    potentials = replaced(batch(tagset, (1,)), allowed_tags=allowed)
    expected = [[DecodedSpan(TagSpan(0, 1, "A"), 1.0)]]
    assert decode_viterbi(potentials, tagset, probabilities=True) == expected


def test_a_sequence_without_an_allowed_path_is_an_error() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset, (1, 2))
    allowed = torch.ones(potentials.emissions.shape, dtype=torch.bool)
    allowed[1, 0] = False
    with pytest.raises(ImpossibleSequenceError, match="indices in the batch: 1"):
        decode_viterbi(replaced(potentials, allowed_tags=allowed), tagset, probabilities=True)


def test_scores_that_are_not_numbers_are_an_error() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset, (1, 2))
    broken = replaced(potentials, emissions=torch.full_like(potentials.emissions, float("nan")))
    with pytest.raises(PotentialsError, match="holds nan"):
        decode_viterbi(broken, tagset, probabilities=False)


def test_spans_of_unknown_labels_or_outside_their_sequence_are_errors() -> None:
    tagset = TagSet("BIO", ("A",))
    with pytest.raises(TagError, match="'B'"):
        span_probabilities(batch(tagset), tagset, [(0, TagSpan(0, 1, "B"))])
    with pytest.raises(PotentialsError, match="length 2"):
        span_probabilities(batch(tagset), tagset, [(2, TagSpan(1, 3, "A"))])
