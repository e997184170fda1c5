"""Probabilities of stretches of tags: against enumeration, and where they are far below what a float can hold."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from spacy_crf_ner.functional import Potentials, Recursions, SpanPaths, marginals, span_log_probs
from tests.functional import oracle
from tests.functional.cases import MASKS, Span, as_dtype, example, random_spans, span_paths

RAGGED = (3, 0, 5, 1, 4, 2)


def expected_probabilities(potentials: Potentials, spans: list[Span], paths: SpanPaths) -> np.ndarray:
    """By enumeration, one for each span."""
    problems = oracle.problems_of(potentials)
    return np.array(
        [
            oracle.span_probability(problems[sequence], start, end, tags, before, after)
            for (sequence, start, end, tags), before, after in zip(
                spans, paths.before.numpy(), paths.after.numpy(), strict=True
            )
        ]
    )


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", [1, 2, 3, 4])
def test_span_probabilities_are_sums_over_paths(n_tags: int, kind: str, recursions: Recursions) -> None:
    for seed in range(2):
        potentials = example(RAGGED, n_tags, kind, seed)
        spans, paths = random_spans(potentials, 60, seed)
        expected = expected_probabilities(potentials, spans, paths)
        result = span_log_probs(potentials, paths, recursions=recursions)
        assert result.shape == (60,)
        np.testing.assert_allclose(result.exp().numpy(), expected, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(result.isneginf().numpy(), expected == 0)
        possible = expected > 1e-12
        np.testing.assert_allclose(result.numpy()[possible], np.log(expected[possible]), rtol=0, atol=1e-8)


def test_any_neighbour_and_one_token_is_the_marginal(recursions: Recursions) -> None:
    potentials = example((5,), 3, "static masks")
    spans: list[Span] = [(0, t, t + 1, (tag,)) for t in range(5) for tag in range(3)]
    anything = torch.ones(15, 3, dtype=torch.bool)
    result = span_log_probs(potentials, span_paths(spans, anything, anything), recursions=recursions)
    torch.testing.assert_close(
        result.exp().reshape(5, 3), marginals(potentials, recursions=recursions)[0], rtol=0, atol=1e-12
    )


def test_neighbours_outside_the_sequence_are_ignored(recursions: Recursions) -> None:
    potentials = example((3, 5), 3)
    spans: list[Span] = [(0, 0, 3, (0, 1, 2)), (0, 0, 1, (2,)), (0, 2, 3, (1,))]
    allowed = torch.ones(3, 3, dtype=torch.bool)
    expected = span_log_probs(potentials, span_paths(spans, allowed, allowed), recursions=recursions)
    before, after = allowed.clone(), allowed.clone()
    before[:2] = False
    after[[0, 2]] = False
    torch.testing.assert_close(
        span_log_probs(potentials, span_paths(spans, before, after), recursions=recursions), expected
    )
    assert expected.isfinite().all()


@pytest.mark.parametrize("side", ["before", "after"])
def test_no_admitted_neighbour_inside_the_sequence_is_impossible(side: str, recursions: Recursions) -> None:
    sides = {"before": torch.ones(1, 3, dtype=torch.bool), "after": torch.ones(1, 3, dtype=torch.bool)}
    sides[side][:] = False
    paths = span_paths([(0, 1, 2, (0,))], **sides)
    assert span_log_probs(example((3,), 3), paths, recursions=recursions).tolist() == [-math.inf]


def test_the_span_over_the_whole_sequence_is_the_probability_of_the_path(recursions: Recursions) -> None:
    potentials = example((4,), 3)
    (problem,) = oracle.problems_of(potentials)
    nothing = torch.zeros(1, 3, dtype=torch.bool)
    result = span_log_probs(
        potentials, span_paths([(0, 0, 4, (2, 0, 1, 1))], nothing, nothing), recursions=recursions
    )
    expected = oracle.score(problem, (2, 0, 1, 1)) - oracle.log_partition(problem)
    assert result.tolist() == [pytest.approx(expected, abs=1e-9)]


def test_no_spans_give_no_probabilities(recursions: Recursions) -> None:
    nothing = torch.zeros(0, 3, dtype=torch.bool)
    result = span_log_probs(example((3, 2), 3), span_paths([], nothing, nothing), recursions=recursions)
    assert result.shape == (0,)
    assert result.dtype == torch.float64


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_result_is_float64_whatever_the_emissions(dtype: torch.dtype, recursions: Recursions) -> None:
    potentials = as_dtype(example(RAGGED, 3), dtype)
    spans, paths = random_spans(potentials, 20)
    result = span_log_probs(potentials, paths, recursions=recursions)
    assert result.dtype == torch.float64
    expected = expected_probabilities(potentials, spans, paths)
    np.testing.assert_allclose(result.exp().numpy(), expected, rtol=0, atol=1e-9)


def test_a_probability_below_any_float_still_has_its_logarithm(recursions: Recursions) -> None:
    emissions = torch.zeros(1, 4, 2, dtype=torch.float64)
    emissions[0, 1:3, 1] = -900.0
    nothing = torch.zeros(2, dtype=torch.float64)
    potentials = Potentials(
        emissions, torch.tensor([4]), torch.zeros(2, 2, dtype=torch.float64), nothing, nothing
    )
    anything = torch.ones(2, 2, dtype=torch.bool)
    only_tag_0 = torch.tensor([[True, False], [True, False]])
    spans: list[Span] = [(0, 1, 3, (1, 1)), (0, 1, 3, (1, 1))]
    assert span_log_probs(
        potentials, span_paths(spans, anything, anything), recursions=recursions
    ).tolist() == pytest.approx([-1800.0] * 2)
    halves = span_log_probs(potentials, span_paths(spans, only_tag_0, anything), recursions=recursions)
    assert halves.tolist() == pytest.approx([-1800.0 - math.log(2)] * 2)


def test_tags_after_the_end_of_a_span_are_ignored(recursions: Recursions) -> None:
    potentials = example((3, 5), 3)
    _, paths = random_spans(potentials, 30)
    expected = span_log_probs(potentials, paths, recursions=recursions)
    junk = torch.where(paths.tags < 0, 2, paths.tags)
    changed = SpanPaths(paths.sequences, paths.starts, paths.ends, junk, paths.before, paths.after)
    torch.testing.assert_close(
        span_log_probs(potentials, changed, recursions=recursions), expected, rtol=0, atol=0
    )


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        ((0, 1, 4, (0, 0, 0)), r"\b4\b.*\b3\b"),
        ((1, 0, 9, (0,) * 9), r"\b9\b.*\b2\b"),
        ((0, -1, 2, (0, 0, 0)), "-1"),
        ((0, 2, 2, ()), r"\b2\b"),
        ((0, 2, 1, ()), r"\b2\b.*\b1\b"),
        ((7, 0, 1, (0,)), r"\b7\b"),
        ((-1, 0, 1, (0,)), "-1"),
        ((2, 0, 1, (0,)), r"\b0\b"),
    ],
)
def test_spans_outside_their_sequence_are_refused_with_the_numbers(
    span: Span, shown: str, recursions: Recursions
) -> None:
    neighbours = torch.ones(1, 3, dtype=torch.bool)
    with pytest.raises(ValueError, match=shown):
        span_log_probs(
            example((3, 2, 0), 3), span_paths([span], neighbours, neighbours), recursions=recursions
        )


@pytest.mark.parametrize("wrong", [-1, 3])
def test_a_tag_outside_the_tag_set_is_refused(wrong: int, recursions: Recursions) -> None:
    neighbours = torch.ones(1, 3, dtype=torch.bool)
    with pytest.raises((ValueError, IndexError), match=rf"{wrong}"):
        span_log_probs(
            example((3, 2), 3),
            span_paths([(0, 0, 2, (0, wrong))], neighbours, neighbours),
            recursions=recursions,
        )


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("sequences", torch.zeros(1, 1, dtype=torch.int64), r"sequences.*1, 1"),
        ("starts", torch.zeros(3, dtype=torch.int64), r"starts.*3"),
        ("ends", torch.ones(3, dtype=torch.int64), r"ends.*3"),
        ("ends", torch.ones(1), r"ends.*float32"),
        ("tags", torch.zeros(1, 1, dtype=torch.int64), r"tags.*1, 1"),
        ("tags", torch.zeros(2, dtype=torch.int64), r"tags.*2"),
        ("tags", torch.zeros(2, 2, dtype=torch.int64), r"tags.*2, 2"),
        ("tags", torch.zeros(1, 2), r"tags.*float32"),
        ("before", torch.ones(1, 2, dtype=torch.bool), r"before.*1, 2"),
        ("before", torch.ones(3, dtype=torch.bool), r"before.*3"),
        ("after", torch.ones(1, 3), r"after.*float32"),
    ],
)
def test_arrays_of_spans_that_do_not_fit_together_are_refused_by_name(
    name: str, value: torch.Tensor, shown: str, recursions: Recursions
) -> None:
    neighbours = torch.ones(1, 3, dtype=torch.bool)
    paths = span_paths([(0, 0, 2, (0, 1))], neighbours, neighbours)
    with pytest.raises(ValueError, match=shown):
        span_log_probs(example((3, 2), 3), replace(paths, **{name: value}), recursions=recursions)


def test_rounding_never_lifts_a_probability_over_one(recursions: Recursions) -> None:
    potentials = example((5,) * 200, 1)
    spans: list[Span] = [
        (i, start, end, (0,) * (end - start)) for i in range(200) for start, end in ((0, 5), (1, 3), (3, 5))
    ]
    neighbours = torch.ones(len(spans), 1, dtype=torch.bool)
    result = span_log_probs(potentials, span_paths(spans, neighbours, neighbours), recursions=recursions)
    assert (result <= 0).all()
    torch.testing.assert_close(result, torch.zeros_like(result), rtol=0, atol=1e-10)
