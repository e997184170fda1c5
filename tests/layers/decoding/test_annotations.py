"""Whole annotations, against the enumeration of all sets of spans."""

from collections import Counter

import numpy as np
import pytest
import torch

from spacy_crf_ner.errors import ImpossibleSequenceError, PotentialsError, TagError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import (
    Decoded,
    annotation_log_probs,
    decode_viterbi,
    k_best_annotations,
    sample_annotations,
    sequence_entropies,
)
from spacy_crf_ner.tags import TagSet, TagSpan
from tests.functional.cases import as_dtype, replaced
from tests.layers.decoding.batches import LENGTHS, Case, batch, constrained, every_case, plain
from tests.tags.sequences import SCHEMES

ALL = 1000
N_DRAWS = 1500


def repeated(potentials: Potentials, index: int, times: int) -> Potentials:
    """A batch of one sequence, several times over."""
    ends = potentials.lengths.cumsum(0).tolist()
    rows = slice(ends[index] - int(potentials.lengths[index]), ends[index])
    allowed = potentials.allowed_tags
    return replaced(
        potentials,
        emissions=potentials.emissions[rows].repeat(times, 1),
        lengths=potentials.lengths[index].repeat(times),
        allowed_tags=None if allowed is None else allowed[rows].repeat(times, 1),
    )


@every_case
def test_every_annotation_has_its_probability(case: Case) -> None:
    for index, sets in enumerate(case.sets):
        potentials = repeated(case.potentials, index, len(sets))
        log_probs = annotation_log_probs(potentials, case.tagset, list(sets))
        with np.errstate(divide="ignore"):
            expected = np.log(list(sets.values()))
        np.testing.assert_allclose(log_probs, expected, rtol=0, atol=10 * case.tolerance)


@every_case
def test_what_is_known_of_the_partition_is_not_computed_again(case: Case) -> None:
    annotations = [max(sets, key=sets.__getitem__) for sets in case.sets]
    log_probs = annotation_log_probs(case.potentials.padded(), case.tagset, annotations)
    known = [1.0 + index for index in range(len(LENGTHS))]
    scores = annotation_log_probs(case.potentials, case.tagset, annotations, [1e3] * len(LENGTHS))
    shifted = annotation_log_probs(case.potentials, case.tagset, annotations, [1e3 + one for one in known])
    np.testing.assert_allclose(np.subtract(scores, shifted), known)
    assert log_probs == pytest.approx([one.log_prob for one in best_of(case)], abs=case.tolerance)


def best_of(case: Case) -> list[Decoded]:
    """The most probable annotations with their log-probabilities."""
    return decode_viterbi(case.potentials, case.tagset, probabilities=True)


def test_masks_and_schemes_make_annotations_impossible() -> None:
    tagset = TagSet("BIO", ("A", "B"))
    mask = np.ones((2, tagset.n_tags), dtype=bool)
    mask[1, tagset.tag_id("I", "A")] = False
    potentials = repeated(constrained(batch(tagset, (2,)), [mask]), 0, 2)
    impossible, possible = annotation_log_probs(
        potentials, tagset, [[TagSpan(0, 2, "A")], [TagSpan(0, 2, "B")]]
    )
    assert impossible == -np.inf
    assert -np.inf < possible < 0


def test_neighbours_of_one_label_are_impossible_in_io_alone() -> None:
    neighbours = [[TagSpan(0, 1, "A"), TagSpan(1, 3, "A")]]
    for scheme in SCHEMES:
        tagset = TagSet(scheme, ("A", "B"))
        (log_prob,) = annotation_log_probs(batch(tagset, (3,)), tagset, neighbours)
        assert (log_prob == -np.inf) == (scheme == "IO")
        (of_two_labels,) = annotation_log_probs(
            batch(tagset, (3,)), tagset, [[TagSpan(1, 3, "B"), TagSpan(0, 1, "A")]]
        )
        assert of_two_labels > -np.inf


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_log_probability_of_a_long_text_keeps_its_digits(scheme: str) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    rounded = as_dtype(batch(tagset, (8000, 2)), torch.float32)
    annotations = [[TagSpan(start, start + 3, "A") for start in range(0, 7990, 10)], []]
    exact = annotation_log_probs(as_dtype(rounded, torch.float64), tagset, annotations)
    assert exact[0] < -5000
    np.testing.assert_allclose(annotation_log_probs(rounded, tagset, annotations), exact, rtol=0, atol=5e-4)


def test_annotations_that_cannot_be_are_errors() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset, (3,))
    with pytest.raises(TagError, match="overlap"):
        annotation_log_probs(potentials, tagset, [[TagSpan(0, 2, "A"), TagSpan(1, 3, "A")]])
    with pytest.raises(TagError, match="3 tokens"):
        annotation_log_probs(potentials, tagset, [[TagSpan(2, 4, "A")]])
    with pytest.raises(TagError, match="'B'"):
        annotation_log_probs(potentials, tagset, [[TagSpan(0, 2, "B")]])


def test_sequences_and_scores_that_cannot_be_are_errors() -> None:
    tagset = TagSet("BIO", ("A",))
    free, nothing = np.ones((1, 3), dtype=bool), np.zeros((1, 3), dtype=bool)
    impossible = constrained(batch(tagset, (1, 1)), [free, nothing])
    broken = replaced(batch(tagset, (1, 1)), end=torch.full((3,), float("nan"), dtype=torch.float64))
    for ask in (
        lambda potentials: annotation_log_probs(potentials, tagset, [[], []]),
        lambda potentials: k_best_annotations(potentials, tagset, 2),
        lambda potentials: sample_annotations(potentials, tagset, 2),
        sequence_entropies,
    ):
        with pytest.raises(ImpossibleSequenceError, match="indices in the batch: 1"):
            ask(impossible)
        with pytest.raises(PotentialsError, match="holds nan"):
            ask(broken)


@pytest.mark.parametrize("k", [1, 2, 7, ALL])
@every_case
def test_the_k_best_annotations_are_those_that_sorting_gives(case: Case, k: int) -> None:
    for potentials in (case.potentials, case.potentials.padded()):
        found = k_best_annotations(potentials, case.tagset, k)
        for annotations, sets in zip(found, case.sets, strict=True):
            ranked = sorted((spans for spans in sets if sets[spans] > 0), key=lambda spans: -sets[spans])
            assert len(annotations) == min(k, len(ranked))
            chances = [np.exp(one.log_prob) for one in annotations]
            expected = [sets[spans] for spans in ranked[:k]]
            np.testing.assert_allclose(chances, expected, rtol=0, atol=case.tolerance)
            # Sets whose probabilities are almost the same may change places.
            own = [sets[plain(one.spans)] for one in annotations]
            np.testing.assert_allclose(own, expected, rtol=0, atol=case.tolerance)
            assert len({plain(one.spans) for one in annotations}) == len(annotations)


@every_case
def test_annotations_come_in_order_and_without_more_than_the_whole_probability(case: Case) -> None:
    for annotations in k_best_annotations(case.potentials, case.tagset, ALL):
        log_probs = [one.log_prob for one in annotations]
        assert log_probs == sorted(log_probs, reverse=True)
        assert np.exp(log_probs).sum() == pytest.approx(1.0, abs=10 * case.tolerance)
        assert all(span.probability is None for one in annotations for span in one.spans)


@every_case
def test_the_first_of_the_k_best_is_the_one_that_is_decoded(case: Case) -> None:
    best = best_of(case)
    for annotations, one in zip(k_best_annotations(case.potentials, case.tagset, 3), best, strict=True):
        assert plain(annotations[0].spans) == plain(one.spans)
        assert annotations[0].log_prob == pytest.approx(one.log_prob, abs=case.tolerance)


def test_an_empty_sequence_has_one_annotation_and_an_empty_batch_none() -> None:
    tagset = TagSet("BIO", ("A",))
    assert k_best_annotations(batch(tagset, ()), tagset, 3) == []
    assert k_best_annotations(batch(tagset, (0, 0)), tagset, 3) == [[Decoded([], 0.0)]] * 2
    assert sample_annotations(batch(tagset, ()), tagset, 3) == []
    assert sample_annotations(batch(tagset, (0, 0)), tagset, 3) == [[[], [], []]] * 2
    assert annotation_log_probs(batch(tagset, ()), tagset, []) == []
    assert annotation_log_probs(batch(tagset, (0, 0)), tagset, [[], []]) == [0.0, 0.0]
    assert sequence_entropies(batch(tagset, ())) == []
    assert sequence_entropies(batch(tagset, (0, 0))) == [0.0, 0.0]


def test_numbers_below_1_are_errors() -> None:
    tagset = TagSet("BIO", ("A",))
    with pytest.raises(PotentialsError, match="`k` to be at least 1, but got 0"):
        k_best_annotations(batch(tagset), tagset, 0)
    with pytest.raises(PotentialsError, match="`n` to be at least 1, but got 0"):
        sample_annotations(batch(tagset), tagset, 0)


@every_case
def test_annotations_are_drawn_as_often_as_they_are_probable(case: Case) -> None:
    generator = torch.Generator().manual_seed(1)
    drawn = sample_annotations(case.potentials, case.tagset, N_DRAWS, generator)
    for annotations, sets in zip(drawn, case.sets, strict=True):
        counts = Counter(map(tuple, annotations))
        assert sum(counts.values()) == N_DRAWS
        assert all(sets[spans] > 0 for spans in counts)
        chances = np.array(list(sets.values()))
        frequencies = np.array([counts[spans] for spans in sets]) / N_DRAWS
        deviations = np.sqrt(chances * (1 - chances).clip(0) / N_DRAWS)
        # One draw more or less of what is very improbable is no deviation.
        assert (np.abs(frequencies - chances) <= 5 * deviations + 2 / N_DRAWS).all()


def test_draws_are_repeated_by_the_state_of_the_generator() -> None:
    tagset = TagSet("BILUO", ("A", "B"))
    potentials = batch(tagset)

    def drawn(seed: int, one: Potentials = potentials) -> list[list[list[TagSpan]]]:
        return sample_annotations(one, tagset, 20, torch.Generator().manual_seed(seed))

    assert drawn(1) == drawn(1) == drawn(1, potentials.padded())
    assert drawn(1) != drawn(2)
    assert len({tuple(spans) for spans in drawn(1)[LENGTHS.index(5)]}) > 1


@every_case
def test_entropies_are_those_of_the_sets(case: Case) -> None:
    for index, sets in enumerate(case.sets):
        chances = np.array([chance for chance in sets.values() if chance > 0])
        expected = -(chances * np.log(chances)).sum()
        assert sequence_entropies(case.potentials)[index] == pytest.approx(expected, abs=case.tolerance)
