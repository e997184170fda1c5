"""The sequences with a span and those without it: by enumeration, each in exactly one mask."""

import itertools

import numpy as np
import pytest

from spacy_crf_ner.errors import TagError
from spacy_crf_ner.tags import (
    OUTSIDE,
    TagSet,
    TagSpan,
    complement_masks,
    span_masks,
    tags_named,
    tags_to_spans,
)
from tests.tags.sequences import AWKWARD_LABELS, SCHEMES, allowed_sequences

# Two labels of BILUO are nine tags: longer sequences of them are too many to list.
SIZES = [("BILUO", 1, 4), ("BILUO", 2, 3), ("BIO", 1, 4), ("BIO", 2, 4), ("IO", 1, 5), ("IO", 2, 4)]
LABELS = ("A", "B")


def spans_of(length: int) -> list[tuple[int, int]]:
    """All stretches of tokens."""
    return list(itertools.combinations(range(length + 1), 2))


def holders(masks: np.ndarray, sequences: np.ndarray) -> np.ndarray:
    """Which masks admit which sequences. *Shape:* (n_sequences, n_masks)"""
    positions = np.arange(sequences.shape[1])
    return np.stack([mask[positions, sequences].all(1) for mask in masks], axis=1)


@pytest.mark.parametrize("asked", [0, 1, 2])
@pytest.mark.parametrize(("scheme", "n_labels", "longest"), SIZES)
def test_every_sequence_is_in_exactly_one_mask(scheme: str, n_labels: int, longest: int, asked: int) -> None:
    tagset, labels = TagSet(scheme, LABELS[:n_labels]), LABELS[: min(asked, n_labels)]
    for length in range(1, longest + 1):
        every = np.array(list(itertools.product(range(tagset.n_tags), repeat=length)))
        for start, end in spans_of(length):
            masks = (
                *span_masks(tagset, length, start, end, labels),
                *complement_masks(tagset, length, start, end, labels),
            )
            np.testing.assert_array_equal(holders(np.stack(masks), every).sum(1), 1)


@pytest.mark.parametrize(("scheme", "n_labels", "longest"), SIZES)
def test_the_sequences_with_a_span_are_those_that_are_read_so(
    scheme: str, n_labels: int, longest: int
) -> None:
    tagset, labels = TagSet(scheme, LABELS[:n_labels]), LABELS[:n_labels]
    sequences = np.array(allowed_sequences(tagset, longest))
    readings = [set(tags_to_spans(tagset, sequence)) for sequence in sequences]
    for start, end in spans_of(longest):
        held = holders(span_masks(tagset, longest, start, end, labels), sequences)
        expected = [[TagSpan(start, end, label) in reading for label in labels] for reading in readings]
        np.testing.assert_array_equal(held, expected)
        others = holders(complement_masks(tagset, longest, start, end, labels), sequences)
        np.testing.assert_array_equal(others.any(1), ~held.any(1))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_without_labels_no_sequence_holds_a_span(scheme: str) -> None:
    tagset = TagSet(scheme, ("A",))
    assert span_masks(tagset, 3, 0, 2, ()).shape == (0, 3, tagset.n_tags)
    assert complement_masks(tagset, 3, 0, 2, ()).all()


def test_a_complement_has_few_masks() -> None:
    tagset = TagSet("BIO", ("A", "B"))
    assert len(complement_masks(tagset, 9, 2, 6, ("A",))) == 5
    assert len(complement_masks(tagset, 9, 2, 6, ("A", "B"))) == 9


@pytest.mark.parametrize("masks", [span_masks, complement_masks])
def test_spans_that_do_not_fit_or_have_unknown_labels_are_errors(masks: object) -> None:
    tagset = TagSet("BIO", ("A",))
    assert callable(masks)
    with pytest.raises(TagError, match="sequence of 2 tokens"):
        masks(tagset, 2, 1, 3, ("A",))
    with pytest.raises(TagError, match="'B'"):
        masks(tagset, 2, 0, 1, ("B",))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_label_stands_for_all_of_its_tags_and_a_tag_for_itself(scheme: str) -> None:
    tagset = TagSet(scheme, ("PER", "a b"))
    prefixes = len(tagset.rules.prefixes)
    assert np.flatnonzero(tags_named(tagset, "O")).tolist() == [OUTSIDE]
    assert np.flatnonzero(tags_named(tagset, "PER")).tolist() == list(range(1, 1 + prefixes))
    for tag, name in enumerate(tagset.tags):
        assert np.flatnonzero(tags_named(tagset, name)).tolist() == [tag]


@pytest.mark.parametrize("label", [label for label in AWKWARD_LABELS if label != "O"])
def test_a_label_that_looks_like_a_tag_is_a_label(label: str) -> None:
    tagset = TagSet("BIO", ("PER", label) if label != "PER" else ("per", label))
    assert np.flatnonzero(tags_named(tagset, label)).tolist() == [3, 4]


def test_a_label_of_the_name_o_does_not_hide_the_tag() -> None:
    assert np.flatnonzero(tags_named(TagSet("BIO", ("O",)), "O")).tolist() == [OUTSIDE]


def test_a_name_of_nothing_is_an_error() -> None:
    with pytest.raises(TagError, match=r"'L-PER'.*PER"):
        tags_named(TagSet("BIO", ("PER",)), "L-PER")
