"""Numbers: float32 against float64, long and steep sequences, forbidden scores, and what is no number."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from spacy_crf_ner.errors import ImpossibleSequenceError
from spacy_crf_ner.functional import (
    Potentials,
    Recursions,
    log_partition,
    marginals,
    negative_log_likelihood,
    sequence_score,
    transition_marginals,
    viterbi,
)
from tests.functional import oracle
from tests.functional.cases import (
    SCORES,
    as_dtype,
    example,
    replaced,
    with_gradients,
)

RAGGED = (3, 0, 5, 1, 4, 2)
LONG = (4096, 1, 0, 777, 2)


def biluo(n_labels: int) -> dict[str, torch.Tensor]:
    """Masks of a BILUO scheme, tags in the order O, then B I L U for each label."""
    n_tags = 1 + 4 * n_labels
    closed = torch.tensor([True] + [False, False, True, True] * n_labels)
    opening = torch.tensor([True] + [True, False, False, True] * n_labels)
    transitions = closed[:, None] & opening
    for b in range(1, n_tags, 4):
        transitions[b : b + 2, b + 1 : b + 3] = True
    return {"allowed_transitions": transitions, "allowed_start": opening, "allowed_end": closed}


def steep(
    lengths: tuple[int, ...], n_labels: int, emission: float, transition: float, seed: int = 0
) -> Potentials:
    """Normal scores with the given standard deviations, rounded to float32 so that both precisions see the same."""
    generator = torch.Generator().manual_seed(seed)
    n_tags = 1 + 4 * n_labels

    def normal(scale: float, *shape: int) -> torch.Tensor:
        return (torch.randn(*shape, generator=generator) * scale).double()

    return Potentials(
        normal(emission, len(lengths), max(lengths), n_tags),
        torch.tensor(lengths),
        normal(transition, n_tags, n_tags),
        normal(transition, n_tags),
        normal(transition, n_tags),
    )


def tempting() -> Potentials:
    """Steep BILUO batch in which a tag that no path can have is 60 nats above all others wherever it is forbidden."""
    potentials = replaced(steep((300, 2, 41, 1), 2, 50.0, 50.0, seed=1), **biluo(2))
    allowed_tags = torch.rand(potentials.emissions.shape, generator=torch.Generator().manual_seed(2)) < 0.9
    allowed_tags[:, :, 0] = True
    allowed_tags[:, :, 3] = False
    emissions = potentials.emissions.clone()
    emissions[:, :, 3] = emissions.amax(2) + 60
    return replaced(potentials, emissions=emissions.float().double(), allowed_tags=allowed_tags)


STEEP = {
    "long and free": lambda: steep(LONG, 2, 15.0, 20.0),
    "long and constrained": lambda: replaced(steep(LONG, 2, 15.0, 20.0), **biluo(2)),
    "steep and constrained": lambda: replaced(steep((300, 2, 41, 1), 3, 50.0, 50.0), **biluo(3)),
    "tempting": tempting,
}


@pytest.mark.parametrize("name", STEEP)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_steep_and_long_sequences_are_exact(name: str, dtype: torch.dtype, recursions: Recursions) -> None:
    exact = STEEP[name]()
    potentials = as_dtype(exact, dtype)
    log_z, tokens = (
        log_partition(potentials, recursions=recursions),
        marginals(potentials, recursions=recursions),
    )
    assert (log_z.dtype, tokens.dtype) == (dtype, dtype)
    relative, absolute = (1e-6, 1e-5) if dtype == torch.float32 else (1e-12, 1e-8)
    for i, problem in enumerate(oracle.problems_of(exact)):
        if problem.length:
            expected_log_z, expected_tokens = oracle.forward_backward(problem)
            assert log_z[i].item() == pytest.approx(expected_log_z, rel=relative, abs=relative)
            np.testing.assert_allclose(
                tokens[i, : problem.length].numpy(), expected_tokens, rtol=0, atol=absolute
            )


@pytest.mark.parametrize("name", ["long and constrained", "steep and constrained", "tempting"])
def test_the_loss_keeps_its_digits_where_the_log_partition_is_huge(name: str, recursions: Recursions) -> None:
    exact = STEEP[name]()
    potentials = with_gradients(as_dtype(exact, torch.float32))
    tags, _ = viterbi(exact, recursions=recursions)
    losses = negative_log_likelihood(potentials, tags, recursions=recursions)
    expected = log_partition(exact, recursions=recursions) - sequence_score(exact, tags)
    torch.testing.assert_close(losses, expected.float(), rtol=1e-5, atol=1e-5)
    losses.sum().backward()
    precise = with_gradients(exact)
    negative_log_likelihood(precise, tags, recursions=recursions).sum().backward()
    for score in SCORES:
        got, wanted = getattr(potentials, score).grad, getattr(precise, score).grad
        # Expected minus observed counts: what is left of hundreds has no more digits than these hundreds.
        absolute = 1e-5 if score == "emissions" else 1e-4
        torch.testing.assert_close(got, wanted.float(), rtol=1e-4, atol=absolute)


@pytest.mark.parametrize("name", ["long and constrained", "steep and constrained", "tempting"])
def test_the_best_path_in_float32_is_as_good_as_in_float64(name: str, recursions: Recursions) -> None:
    exact = STEEP[name]()
    tags, scores = viterbi(as_dtype(exact, torch.float32), recursions=recursions)
    best = viterbi(exact, recursions=recursions)[1]
    torch.testing.assert_close(scores, best.float(), rtol=1e-6, atol=1e-5)
    torch.testing.assert_close(sequence_score(exact, tags), best, rtol=1e-9, atol=1e-5)


def test_the_recursion_of_the_oracle_agrees_with_its_enumeration() -> None:
    for problem in oracle.problems_of(example(RAGGED, 4, "all masks")):
        if problem.length:
            log_z, tokens = oracle.forward_backward(problem)
            assert log_z == pytest.approx(oracle.log_partition(problem), abs=1e-9)
            np.testing.assert_allclose(tokens, oracle.token_marginals(problem), rtol=0, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_forbidden_scores_leave_no_trace_and_no_nan(dtype: torch.dtype, recursions: Recursions) -> None:
    potentials = with_gradients(as_dtype(tempting(), dtype))
    target = torch.zeros(potentials.emissions.shape[:2], dtype=torch.int64)
    negative_log_likelihood(potentials, target, recursions=recursions).sum().backward()
    for name, mask in (
        ("transitions", "allowed_transitions"),
        ("emissions", "allowed_tags"),
        ("start", "allowed_start"),
    ):
        gradient = getattr(potentials, name).grad
        assert gradient.isfinite().all()
        assert not gradient[~getattr(potentials, mask)].any()
    assert not marginals(potentials, recursions=recursions)[~potentials.allowed_tags].any()
    assert not transition_marginals(potentials)[:, :, ~potentials.allowed_transitions].any()
    changed = replaced(
        potentials, emissions=potentials.emissions.detach().masked_fill(~potentials.allowed_tags, -500.0)
    )
    torch.testing.assert_close(
        log_partition(changed, recursions=recursions),
        log_partition(potentials, recursions=recursions),
        rtol=0,
        atol=0,
    )


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("function", [log_partition, marginals, viterbi])
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_scores_that_are_no_numbers_are_an_error_of_their_own(
    function: Callable[..., Any], name: str, bad: float, recursions: Recursions
) -> None:
    potentials = example((3, 2), 3)
    value = getattr(potentials, name).clone()
    value.view(-1)[1] = bad
    with pytest.raises(ValueError, match=rf"\b{bad}\b") as caught:
        function(replaced(potentials, **{name: value}), recursions=recursions)
    assert not isinstance(caught.value, ImpossibleSequenceError)
