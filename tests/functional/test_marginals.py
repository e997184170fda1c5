"""Probabilities of tokens and of neighbouring pairs: against enumeration, and against each other."""

import numpy as np
import pytest
import torch

from spacy_crf_ner.functional import Recursions, marginals, transition_marginals
from tests.functional import oracle
from tests.functional.cases import LENGTHS, MASKS, N_TAGS, as_dtype, example, inside, two_tags_two_tokens

every_case = pytest.mark.parametrize(
    ("lengths", "n_tags", "kind"),
    [(lengths, n_tags, kind) for lengths in LENGTHS for n_tags in N_TAGS for kind in MASKS],
)


def test_the_marginals_by_hand(recursions: Recursions) -> None:
    weights = np.exp([4.9, 5.3, 6.5, 6.9])  # paths 00, 01, 10, 11
    p00, p01, p10, p11 = weights / weights.sum()
    potentials = two_tags_two_tokens()
    np.testing.assert_allclose(
        marginals(potentials, recursions=recursions)[0],
        [[p00 + p01, p10 + p11], [p00 + p10, p01 + p11]],
        atol=1e-12,
    )
    np.testing.assert_allclose(transition_marginals(potentials)[0], [[[p00, p01], [p10, p11]]], atol=1e-12)


@every_case
def test_token_marginals_are_sums_over_paths(
    lengths: tuple[int, ...], n_tags: int, kind: str, recursions: Recursions
) -> None:
    for seed in range(2):
        potentials = example(lengths, n_tags, kind, seed)
        result = marginals(potentials, recursions=recursions)
        assert result.shape == potentials.emissions.shape
        for i, problem in enumerate(oracle.problems_of(potentials)):
            expected = oracle.token_marginals(problem)
            np.testing.assert_allclose(result[i, : problem.length].numpy(), expected, rtol=0, atol=1e-9)
            assert not result[i, problem.length :].any()


@every_case
def test_transition_marginals_are_sums_over_paths(lengths: tuple[int, ...], n_tags: int, kind: str) -> None:
    for seed in range(2):
        potentials = example(lengths, n_tags, kind, seed)
        result = transition_marginals(potentials)
        batch, seq_len, _ = potentials.emissions.shape
        assert result.shape == (batch, max(seq_len - 1, 0), n_tags, n_tags)
        for i, problem in enumerate(oracle.problems_of(potentials)):
            pairs = max(problem.length - 1, 0)
            expected = oracle.transition_marginals(problem)
            np.testing.assert_allclose(result[i, :pairs].numpy(), expected, rtol=0, atol=1e-9)
            assert not result[i, pairs:].any()


@pytest.mark.parametrize("kind", MASKS)
def test_probabilities_of_a_token_sum_to_one(kind: str, recursions: Recursions) -> None:
    potentials = example((3, 0, 5, 1, 4, 2), 4, kind)
    expected = inside(potentials.lengths, 5).double()
    torch.testing.assert_close(
        marginals(potentials, recursions=recursions).sum(2), expected, rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("kind", MASKS)
def test_pairs_sum_to_the_tokens_on_either_side(kind: str, recursions: Recursions) -> None:
    potentials = example((3, 0, 5, 1, 4, 2), 4, kind)
    tokens, pairs = marginals(potentials, recursions=recursions), transition_marginals(potentials)
    has_next = inside(potentials.lengths - 1, 4)[:, :, None]
    torch.testing.assert_close(pairs.sum(3), tokens[:, :-1] * has_next, rtol=0, atol=1e-12)
    torch.testing.assert_close(pairs.sum(2), tokens[:, 1:] * has_next, rtol=0, atol=1e-12)


def test_forbidden_tags_and_transitions_have_probability_zero_exactly(recursions: Recursions) -> None:
    potentials = example((3, 0, 5, 1, 4, 2), 4, "all masks")
    assert potentials.allowed_tags is not None
    assert potentials.allowed_transitions is not None
    assert not marginals(potentials, recursions=recursions)[~potentials.allowed_tags].any()
    assert not transition_marginals(potentials)[:, :, ~potentials.allowed_transitions].any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_marginals_have_the_dtype_of_the_emissions(dtype: torch.dtype, recursions: Recursions) -> None:
    potentials = as_dtype(example((3, 1), 3), dtype)
    assert marginals(potentials, recursions=recursions).dtype == dtype
    assert transition_marginals(potentials).dtype == dtype
