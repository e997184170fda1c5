"""Scores of paths and the sum over them: against numbers by hand and against enumeration."""

import numpy as np
import pytest
import torch

from spacy_crf_ner.errors import ImpossibleSequenceError
from spacy_crf_ner.functional import Recursions, log_partition, negative_log_likelihood, sequence_score
from tests.functional import oracle
from tests.functional.cases import (
    LENGTHS,
    MASKS,
    N_TAGS,
    example,
    padded,
    replaced,
    target_mask,
    two_tags_two_tokens,
)

BY_HAND = {(0, 0): 4.9, (0, 1): 5.3, (1, 0): 6.5, (1, 1): 6.9}


@pytest.mark.parametrize("path", BY_HAND)
def test_the_score_of_a_path_is_start_and_emissions_and_transitions_and_end(path: tuple[int, int]) -> None:
    score = sequence_score(two_tags_two_tokens(), torch.tensor([path]))
    assert score.tolist() == [pytest.approx(BY_HAND[path], abs=1e-12)]


def test_the_oracle_gives_the_numbers_by_hand() -> None:
    (problem,) = oracle.problems_of(two_tags_two_tokens())
    assert {path: oracle.score(problem, path) for path in BY_HAND} == pytest.approx(BY_HAND)
    assert oracle.log_partition(problem) == pytest.approx(np.log(sum(np.exp(list(BY_HAND.values())))))


def test_the_log_partition_sums_over_the_paths_by_hand(recursions: Recursions) -> None:
    expected = np.log(sum(np.exp(list(BY_HAND.values()))))
    assert log_partition(two_tags_two_tokens(), recursions=recursions).tolist() == [
        pytest.approx(expected, abs=1e-12)
    ]


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", N_TAGS)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_the_log_partition_is_the_sum_over_all_paths(
    lengths: tuple[int, ...], n_tags: int, kind: str, recursions: Recursions
) -> None:
    for seed in range(2):
        potentials = example(lengths, n_tags, kind, seed)
        expected = [oracle.log_partition(problem) for problem in oracle.problems_of(potentials)]
        np.testing.assert_allclose(
            log_partition(potentials, recursions=recursions).numpy(), expected, rtol=0, atol=1e-9
        )


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", N_TAGS)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_every_path_has_the_score_that_adding_up_gives_and_forbidden_ones_minus_infinity(
    lengths: tuple[int, ...], n_tags: int, kind: str
) -> None:
    potentials = example(lengths, n_tags, kind)
    problems = oracle.problems_of(potentials)
    generator = np.random.default_rng(0)
    for _ in range(10):
        paths = [tuple(generator.integers(0, n_tags, problem.length).tolist()) for problem in problems]
        scores = sequence_score(potentials, padded(paths, potentials.emissions.shape[1]))
        expected = [oracle.score(problem, path) for problem, path in zip(problems, paths, strict=True)]
        np.testing.assert_allclose(scores.numpy(), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("mask", ["allowed_start", "allowed_end", "allowed_transitions", "allowed_tags"])
def test_each_mask_alone_forbids_a_path(mask: str, recursions: Recursions) -> None:
    shape = {"allowed_transitions": (2, 2), "allowed_tags": (1, 2, 2)}.get(mask, (2,))
    allowed = torch.ones(shape, dtype=torch.bool)
    allowed[
        {"allowed_transitions": (1, 0), "allowed_tags": (0, 1, 0), "allowed_start": 1, "allowed_end": 0}[mask]
    ] = False
    potentials = replaced(two_tags_two_tokens(), **{mask: allowed})
    assert sequence_score(potentials, torch.tensor([[1, 0]])).item() == -torch.inf
    assert sequence_score(potentials, torch.tensor([[0, 1]])).item() == pytest.approx(5.3)
    with pytest.raises(ImpossibleSequenceError, match=r"\b0\b"):
        negative_log_likelihood(potentials, torch.tensor([[1, 0]]), recursions=recursions)


def test_masks_that_allow_everything_change_nothing(recursions: Recursions) -> None:
    free = example((3, 0, 5, 1, 4, 2), 3)
    allowing = {
        "allowed_transitions": torch.ones(3, 3, dtype=torch.bool),
        "allowed_start": torch.ones(3, dtype=torch.bool),
        "allowed_end": torch.ones(3, dtype=torch.bool),
        "allowed_tags": torch.ones(free.emissions.shape, dtype=torch.bool),
    }
    torch.testing.assert_close(
        log_partition(replaced(free, **allowing), recursions=recursions),
        log_partition(free, recursions=recursions),
        rtol=0,
        atol=1e-12,
    )


def test_tags_in_the_padding_are_ignored(recursions: Recursions) -> None:
    potentials = example((3, 0, 5, 1, 4, 2), 3)
    tags = torch.zeros(potentials.emissions.shape[:2], dtype=torch.int64)
    padding = torch.arange(5)[None] >= potentials.lengths[:, None]
    for other in (-1, 2, 99):
        changed = tags.masked_fill(padding, other)
        torch.testing.assert_close(sequence_score(potentials, changed), sequence_score(potentials, tags))
        expected = negative_log_likelihood(potentials, tags, recursions=recursions)
        torch.testing.assert_close(
            negative_log_likelihood(potentials, changed, recursions=recursions), expected
        )


@pytest.mark.parametrize("function", [sequence_score, negative_log_likelihood])
@pytest.mark.parametrize("wrong", [-1, 3, 97])
def test_a_tag_outside_the_tag_set_is_refused_with_its_value(function, wrong: int) -> None:  # type: ignore[no-untyped-def]
    tags = torch.zeros(2, 5, dtype=torch.int64)
    tags[1, 4] = wrong
    with pytest.raises((ValueError, IndexError), match=rf"{wrong}\b"):
        function(example((5, 5), 3), tags)


@pytest.mark.parametrize("function", [sequence_score, negative_log_likelihood])
@pytest.mark.parametrize(
    ("tags", "shown"),
    [
        (torch.zeros(2, 4, dtype=torch.int64), "2, 4"),
        (torch.zeros(1, 5, dtype=torch.int64), "1, 5"),
        (torch.zeros(5, dtype=torch.int64), "5"),
        (torch.zeros(2, 5), "float32"),
    ],
)
def test_tags_of_a_wrong_shape_or_dtype_are_refused(function, tags: torch.Tensor, shown: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((ValueError, TypeError), match=shown):
        function(example((5, 5), 3), tags)


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (torch.ones(2, 5, 4, dtype=torch.bool), "2, 5, 4"),
        (torch.ones(1, 5, 3, dtype=torch.bool), "1, 5, 3"),
        (torch.ones(2, 5, dtype=torch.bool), "2, 5"),
        (torch.ones(2, 5, 3), "float32|2, 5, 3"),
    ],
)
def test_a_target_mask_of_a_wrong_shape_or_dtype_is_refused(
    target: torch.Tensor, shown: str, recursions: Recursions
) -> None:
    with pytest.raises((ValueError, TypeError), match=shown):
        negative_log_likelihood(example((5, 5), 3), target, recursions=recursions)


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", N_TAGS)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_the_loss_of_tags_is_their_negative_log_probability(
    lengths: tuple[int, ...], n_tags: int, kind: str, recursions: Recursions
) -> None:
    potentials = example(lengths, n_tags, kind)
    problems = oracle.problems_of(potentials)
    paths = [sorted(oracle.best_paths(problem, tolerance=3.0))[0] for problem in problems]
    losses = negative_log_likelihood(
        potentials, padded(paths, potentials.emissions.shape[1]), recursions=recursions
    )
    expected = [
        oracle.log_partition(p) - oracle.score(p, path) for p, path in zip(problems, paths, strict=True)
    ]
    np.testing.assert_allclose(losses.numpy(), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", N_TAGS)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_the_loss_of_a_partial_annotation_sums_over_the_paths_inside_it(
    lengths: tuple[int, ...], n_tags: int, kind: str, recursions: Recursions
) -> None:
    potentials = example(lengths, n_tags, kind)
    allowed = target_mask(potentials)
    expected = [
        oracle.log_partition(problem) - oracle.log_partition(problem, allowed[i, : problem.length].numpy())
        for i, problem in enumerate(oracle.problems_of(potentials))
    ]
    losses = negative_log_likelihood(potentials, allowed, recursions=recursions)
    np.testing.assert_allclose(losses.numpy(), expected, rtol=0, atol=1e-9)


def test_a_mask_with_one_tag_for_each_token_is_the_loss_of_these_tags(recursions: Recursions) -> None:
    potentials = example((3, 0, 5, 1, 4, 2), 4, "all masks")
    paths = [sorted(oracle.best_paths(problem))[0] for problem in oracle.problems_of(potentials)]
    tags = padded(paths, 5)
    mask = torch.arange(4) == tags[:, :, None]
    expected = negative_log_likelihood(potentials, tags, recursions=recursions)
    torch.testing.assert_close(
        negative_log_likelihood(potentials, mask, recursions=recursions), expected, rtol=0, atol=1e-10
    )


def test_a_mask_that_allows_everything_costs_nothing(recursions: Recursions) -> None:
    potentials = example((3, 0, 5, 1, 4, 2), 4, "all masks")
    losses = negative_log_likelihood(
        potentials, torch.ones(potentials.emissions.shape, dtype=torch.bool), recursions=recursions
    )
    torch.testing.assert_close(losses, torch.zeros_like(losses), rtol=0, atol=1e-10)


def test_the_loss_of_a_forbidden_path_names_the_sequences(recursions: Recursions) -> None:
    potentials = replaced(
        example((2, 2, 0, 2), 2), allowed_transitions=torch.tensor([[True, False], [True, True]])
    )
    tags = torch.tensor([[0, 0], [0, 1], [-1, -1], [0, 1]])
    with pytest.raises(ImpossibleSequenceError, match=r"\b1\b.*\b3\b") as caught:
        negative_log_likelihood(potentials, tags, recursions=recursions)
    assert list(caught.value.indices) == [1, 3]


def test_a_partial_annotation_without_a_path_names_the_sequence(recursions: Recursions) -> None:
    potentials = example((3, 2, 0), 3)
    allowed = torch.ones(3, 3, 3, dtype=torch.bool)
    allowed[1, 1] = False
    allowed[0, 2, :2] = False
    with pytest.raises(ImpossibleSequenceError, match=r"\b1\b") as caught:
        negative_log_likelihood(potentials, allowed, recursions=recursions)
    assert list(caught.value.indices) == [1]
