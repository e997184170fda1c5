"""Span paths: the probability of a span is that of all tag sequences from which it would be read."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from spacy_crf_ner.functional import Potentials, SpanPaths, span_log_probs
from spacy_crf_ner.tags import TagSet, TagSpan, span_paths, spans_to_tags, tags_to_spans
from tests.functional import oracle
from tests.tags.sequences import SCHEMES, allowed_sequences, tagsets_and_spans


def potentials_of(tagset: TagSet, lengths: list[int], seed: int) -> Potentials:
    """Random scores for a batch under the masks of a scheme, in float64."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return 2 * torch.randn(*shape, generator=generator, dtype=torch.float64)

    n_tags = tagset.n_tags
    masks = (tagset.allowed_transitions, tagset.allowed_start, tagset.allowed_end)
    return Potentials(
        normal(len(lengths), max(lengths), n_tags),
        torch.tensor(lengths),
        normal(n_tags, n_tags),
        normal(n_tags),
        normal(n_tags),
        *(torch.tensor(mask) for mask in masks),
    )


def as_tensors(arrays: tuple[np.ndarray, ...]) -> SpanPaths:
    """What `span_paths` gives, for `span_log_probs`."""
    return SpanPaths(*(torch.tensor(array) for array in arrays))


def every_span(tagset: TagSet, length: int) -> list[TagSpan]:
    """Every place and label that an entity can have."""
    edges = itertools.combinations(range(length + 1), 2)
    return [TagSpan(start, end, label) for start, end in edges for label in tagset.labels]


def span_probabilities(tagset: TagSet, problem: oracle.Problem) -> dict[TagSpan, float]:
    """P(span is read out of the tags), summed over every allowed tag sequence."""
    sequences = allowed_sequences(tagset, problem.length)
    scores = oracle.path_scores(problem, np.array(sequences, dtype="int64").reshape(len(sequences), -1))
    probabilities = np.exp(scores - oracle.log_sum_exp(scores))
    result = dict.fromkeys(every_span(tagset, problem.length), 0.0)
    for tags, probability in zip(sequences, probabilities, strict=True):
        for span in tags_to_spans(tagset, np.array(tags, dtype="int64")):
            result[span] += float(probability)
    return result


@pytest.mark.parametrize("labels", [("PER",), ("PER", "B-PER")])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_probability_of_a_span_sums_over_all_readings_that_hold_it(
    scheme: str, labels: tuple[str, ...]
) -> None:
    tagset, lengths = TagSet(scheme, labels), [4, 1, 3, 2]
    for seed in range(3):
        potentials = potentials_of(tagset, lengths, seed)
        expected = {
            (i, span): probability
            for i, problem in enumerate(oracle.problems_of(potentials))
            for span, probability in span_probabilities(tagset, problem).items()
        }
        result = span_log_probs(potentials, as_tensors(span_paths(tagset, list(expected)))).exp()
        np.testing.assert_allclose(result.numpy(), list(expected.values()), rtol=0, atol=1e-9)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_spans_that_exclude_each_other_have_at_most_probability_one_together(scheme: str) -> None:
    tagset = TagSet(scheme, ["PER", "ORG"])
    potentials = potentials_of(tagset, [4], 7)
    over_token_2 = [(0, span) for span in every_span(tagset, 4) if span.start <= 2 < span.end]
    total = span_log_probs(potentials, as_tensors(span_paths(tagset, over_token_2))).exp().sum()
    outside = span_outside(potentials, 2)
    assert total.item() + outside == pytest.approx(1.0, abs=1e-9)


def span_outside(potentials: Potentials, token: int) -> float:
    """P(the token is in no entity)."""
    (problem,) = oracle.problems_of(potentials)
    return float(oracle.token_marginals(problem)[token, 0])


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("BILUO", [["U-ORG"], ["B-PER", "I-PER", "L-PER"], ["B-ORG", "L-ORG"]]),
        ("BIO", [["B-ORG"], ["B-PER", "I-PER", "I-PER"], ["B-ORG", "I-ORG"]]),
        ("IO", [["I-ORG"], ["I-PER", "I-PER", "I-PER"], ["I-ORG", "I-ORG"]]),
    ],
)
def test_the_arrays_spell_the_spans(scheme: str, tags: list[list[str]]) -> None:
    tagset = TagSet(scheme, ["PER", "ORG"])
    spans = [(3, TagSpan(4, 5, "ORG")), (0, TagSpan(0, 3, "PER")), (3, TagSpan(1, 3, "ORG"))]
    sequences, starts, ends, paths, before, after = span_paths(tagset, spans)
    assert sequences.tolist() == [3, 0, 3]
    assert starts.tolist() == [4, 0, 1]
    assert ends.tolist() == [5, 3, 3]
    assert [[tagset.tags[tag] for tag in row if tag >= 0] for row in paths.tolist()] == tags
    assert [row[len(path) :] for row, path in zip(paths.tolist(), tags, strict=True)] == [[-1, -1], [], [-1]]
    assert {array.dtype for array in (sequences, starts, ends, paths)} == {np.dtype("int64")}
    assert {array.dtype for array in (before, after)} == {np.dtype("bool")}
    assert before.shape == after.shape == (3, tagset.n_tags)


@pytest.mark.parametrize(
    ("scheme", "not_before", "not_after"),
    [("BILUO", set(), set()), ("BIO", set(), {"I-a b"}), ("IO", {"I-a b"}, {"I-a b"})],
)
def test_neighbours_exclude_a_longer_entity_and_nothing_else(
    scheme: str, not_before: set[str], not_after: set[str]
) -> None:
    tagset = TagSet(scheme, ["PER", "a b", "b"])
    paths = span_paths(tagset, [(0, TagSpan(1, 3, "a b"))])
    assert {
        tag for tag, allowed in zip(tagset.tags, paths.before[0], strict=True) if not allowed
    } == not_before
    assert {tag for tag, allowed in zip(tagset.tags, paths.after[0], strict=True) if not allowed} == not_after


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_spans_give_empty_arrays(scheme: str) -> None:
    tagset = TagSet(scheme, ["PER"])
    arrays = span_paths(tagset, [])
    assert [len(array) for array in arrays] == [0] * 6
    assert arrays.tags.ndim == 2
    assert arrays.before.shape == arrays.after.shape == (0, tagset.n_tags)
    assert span_log_probs(potentials_of(tagset, [2], 0), as_tensors(arrays)).shape == (0,)


@settings(deadline=None, max_examples=60)
@given(tagsets_and_spans())
def test_every_span_is_spelled_as_it_is_in_its_sequence(case: tuple[TagSet, list[TagSpan], int]) -> None:
    tagset, spans, length = case
    paths = span_paths(tagset, [(i, span) for i, span in enumerate(spans)])
    for row, span in zip(paths.tags, spans, strict=True):
        alone = spans_to_tags(tagset, [span], length)
        assert row[: span.end - span.start].tolist() == alone[span.start : span.end].tolist()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_unknown_label_is_refused_by_name(scheme: str) -> None:
    with pytest.raises(ValueError, match="'ORG'"):
        span_paths(TagSet(scheme, ["PER"]), [(0, TagSpan(0, 1, "ORG"))])
