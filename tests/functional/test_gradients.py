"""Gradients: the analytic ones against finite differences, and against expected counts by enumeration."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from spacy_crf_ner.functional import (
    Potentials,
    Recursions,
    log_partition,
    negative_log_likelihood,
    sequence_score,
)
from tests.functional import oracle
from tests.functional.cases import (
    LENGTHS,
    MASKS,
    SCORES,
    example,
    inside,
    padded,
    replaced,
    target_mask,
    with_gradients,
)

RAGGED = (3, 0, 5, 1, 4, 2)


def finite_differences_agree(potentials: Potentials, function: Callable[[Potentials], Tensor]) -> bool:
    """`gradcheck` of a function of potentials by all four of its scores."""
    leaves = with_gradients(potentials)

    def of_scores(*scores: Tensor) -> Tensor:
        return function(replaced(potentials, **dict(zip(SCORES, scores, strict=True))))

    return torch.autograd.gradcheck(of_scores, tuple(getattr(leaves, name) for name in SCORES))


def best_tags(potentials: Potentials) -> Tensor:
    """A path for each sequence that the masks allow."""
    paths = [sorted(oracle.best_paths(problem))[0] for problem in oracle.problems_of(potentials)]
    return padded(paths, potentials.emissions.shape[1])


def weights_of(potentials: Potentials) -> Tensor:
    """Different factors for the sequences of a batch, one of them negative and one zero."""
    return torch.tensor([1.0, -0.5, 2.0, 0.0, 3.5, 0.25], dtype=torch.float64)[: potentials.lengths.shape[0]]


def check_gradients(potentials: Potentials, expected: list[dict[str, np.ndarray]], weights: Tensor) -> None:
    """The collected gradients are the weighted sums of each sequence's own, and nothing in the padding."""
    batch, seq_len, n_tags = potentials.emissions.shape
    emissions = np.zeros((batch, seq_len, n_tags))
    for i, gradient in enumerate(expected):
        emissions[i, : gradient["emissions"].shape[0]] = weights[i].item() * gradient["emissions"]
    np.testing.assert_allclose(potentials.emissions.grad.numpy(), emissions, rtol=0, atol=1e-9)
    for name in ("transitions", "start", "end"):
        total = sum(weights[i].item() * gradient[name] for i, gradient in enumerate(expected))
        np.testing.assert_allclose(
            getattr(potentials, name).grad.numpy(), total, rtol=0, atol=1e-9, err_msg=name
        )


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", [1, 2, 4])
def test_the_log_partition_passes_gradcheck(n_tags: int, kind: str, recursions: Recursions) -> None:
    function = partial(log_partition, recursions=recursions)
    assert finite_differences_agree(example(RAGGED, n_tags, kind), function)


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", [1, 3])
def test_the_loss_of_tags_passes_gradcheck(n_tags: int, kind: str, recursions: Recursions) -> None:
    potentials = example(RAGGED, n_tags, kind)
    tags = best_tags(potentials)
    assert finite_differences_agree(
        potentials, lambda given: negative_log_likelihood(given, tags, recursions=recursions)
    )


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", [1, 3])
def test_the_loss_of_a_partial_annotation_passes_gradcheck(
    n_tags: int, kind: str, recursions: Recursions
) -> None:
    potentials = example(RAGGED, n_tags, kind)
    allowed = target_mask(potentials)
    assert finite_differences_agree(
        potentials, lambda given: negative_log_likelihood(given, allowed, recursions=recursions)
    )


def test_the_score_of_a_path_passes_gradcheck() -> None:
    potentials = example(RAGGED, 3, "all masks")
    tags = best_tags(potentials)
    assert finite_differences_agree(potentials, lambda given: sequence_score(given, tags))


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", [1, 2, 3, 4])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_gradients_of_the_log_partition_are_expected_counts(
    lengths: tuple[int, ...], n_tags: int, kind: str, recursions: Recursions
) -> None:
    potentials = with_gradients(example(lengths, n_tags, kind))
    weights = weights_of(potentials)
    (log_partition(potentials, recursions=recursions) * weights).sum().backward()
    expected = [oracle.log_partition_gradients(problem) for problem in oracle.problems_of(potentials)]
    check_gradients(potentials, expected, weights)


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", [1, 2, 3, 4])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_gradients_of_the_loss_are_expected_counts_minus_those_of_the_target(
    lengths: tuple[int, ...], n_tags: int, kind: str, recursions: Recursions
) -> None:
    original = example(lengths, n_tags, kind)
    tags, seq_len = best_tags(original), original.emissions.shape[1]
    one_hot = (torch.arange(n_tags) == tags[:, :, None]) | ~inside(original.lengths, seq_len)[:, :, None]
    partial = target_mask(original)
    for target, allowed in ((tags, one_hot), (partial, partial)):
        potentials = with_gradients(original)
        weights = weights_of(potentials)
        (negative_log_likelihood(potentials, target, recursions=recursions) * weights).sum().backward()
        expected = [
            oracle.nll_gradients(problem, allowed[i, : problem.length].numpy())
            for i, problem in enumerate(oracle.problems_of(potentials))
        ]
        check_gradients(potentials, expected, weights)


@pytest.mark.parametrize("name", SCORES)
def test_scores_that_ask_for_no_gradient_get_none_and_the_others_are_the_same(
    name: str, recursions: Recursions
) -> None:
    original = example(RAGGED, 3, "all masks")
    allowed = target_mask(original)
    every, single = with_gradients(original), with_gradients(original, (name,))
    for potentials in (every, single):
        negative_log_likelihood(potentials, allowed, recursions=recursions).sum().backward()
    torch.testing.assert_close(getattr(single, name).grad, getattr(every, name).grad)
    assert all(getattr(single, other).grad is None for other in SCORES if other != name)


def test_gradients_reach_through_to_what_the_scores_were_made_from(recursions: Recursions) -> None:
    original = example(RAGGED, 3)
    weight = torch.full((), 1.5, dtype=torch.float64, requires_grad=True)
    scaled = replaced(original, emissions=original.emissions * weight)
    log_partition(scaled, recursions=recursions).sum().backward()
    expected = sum(
        (oracle.token_marginals(problem) * original.emissions[i, : problem.length].numpy()).sum()
        for i, problem in enumerate(oracle.problems_of(scaled))
    )
    assert weight.grad is not None
    assert weight.grad.item() == pytest.approx(expected, abs=1e-8)


def test_forbidden_transitions_and_tags_get_a_gradient_of_zero_exactly(recursions: Recursions) -> None:
    original = example(RAGGED, 4, "all masks")
    potentials = with_gradients(original)
    negative_log_likelihood(potentials, target_mask(original), recursions=recursions).sum().backward()
    for name, mask in (
        ("transitions", "allowed_transitions"),
        ("start", "allowed_start"),
        ("end", "allowed_end"),
        ("emissions", "allowed_tags"),
    ):
        forbidden = ~getattr(original, mask)
        assert forbidden.any()
        assert not getattr(potentials, name).grad[forbidden].any()


def test_a_loss_that_is_zero_by_its_mask_has_no_gradient(recursions: Recursions) -> None:
    potentials = with_gradients(example(RAGGED, 3))
    everything = torch.ones(potentials.emissions.shape, dtype=torch.bool)
    negative_log_likelihood(potentials, everything, recursions=recursions).sum().backward()
    for name in SCORES:
        gradient = getattr(potentials, name).grad
        torch.testing.assert_close(gradient, torch.zeros_like(gradient), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        log_partition,
        lambda given, recursions: negative_log_likelihood(given, best_tags(given), recursions=recursions),
    ],
)
def test_without_grad_mode_nothing_is_recorded(
    function: Callable[..., Tensor], recursions: Recursions
) -> None:
    potentials = with_gradients(example(RAGGED, 3))
    with torch.no_grad():
        assert not function(potentials, recursions=recursions).requires_grad
    assert function(potentials, recursions=recursions).requires_grad
