"""The log-partition function and its analytic gradient."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .potentials import Potentials, PotentialsGradient
from .recursions import Recursions, raise_unless_finite
from .scaled import SCALED

SCORES = ("emissions", "transitions", "start", "end")


def log_partition(potentials: Potentials, *, recursions: Recursions = SCALED) -> Tensor:
    """log Z: the log-sum of the scores of all allowed paths, by the forward algorithm.

    Differentiable once with respect to emissions, transitions, start and end: the gradient is the expectation of each
    score's use under the CRF, computed by forward-backward and not by an autograd graph over time.

    potentials (Potentials): The batch.
    recursions (Recursions): The implementation to use.
    RETURNS (Tensor): *Shape:* (batch,), dtype of the emissions, nats; 0 for empty sequences.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf.
    """
    return exact_log_partition(potentials, recursions).to(potentials.emissions.dtype)


def exact_log_partition(potentials: Potentials, recursions: Recursions) -> Tensor:
    """`log_partition` in float64, for sums and differences that are rounded once, at their end.

    potentials (Potentials): The batch.
    recursions (Recursions): The implementation to use.
    RETURNS (Tensor): *Shape:* (batch,), float64, nats.
    RAISES (PotentialsError): As `log_partition`.
    """
    if not wants_gradient(potentials):
        totals = recursions.log_partition(potentials)
        raise_unless_finite(totals)
        return totals
    result: Tensor = _LogPartition.apply(*_scores(potentials), potentials, recursions)
    return result


def path_loss(potentials: Potentials, tags: Tensor, recursions: Recursions) -> Tensor:
    """log Z minus the score of one path per sequence, with the gradient of both in one go.

    potentials (Potentials): The batch.
    tags (Tensor): Tag ids in range. *Shape:* (batch, seq_len) or (n_tokens,), int64.
    recursions (Recursions): The implementation to use.
    RETURNS (Tensor): *Shape:* (batch,), dtype of the emissions, nats.
    RAISES (ImpossibleSequenceError): The masks forbid a path.
    RAISES (PotentialsError): A score is NaN or +inf.
    """
    result: Tensor = _PathLoss.apply(*_scores(potentials), potentials, tags, recursions)
    return result


def wants_gradient(potentials: Potentials) -> bool:
    """RETURNS (bool): Whether autograd will ask for the gradient of anything computed from these scores.

    potentials (Potentials): The batch.
    """
    return torch.is_grad_enabled() and any(score.requires_grad for score in _scores(potentials))


class _LogPartition(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        potentials: Potentials = inputs[4]
        recursions: Recursions = inputs[5]
        expected = recursions.expectations(potentials)
        raise_unless_finite(expected.log_partition)
        ctx.gradient = expected.gradient
        ctx.weighted = lambda weights: recursions.expectations(potentials, weights).gradient
        return expected.log_partition

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, *d_outputs: Any) -> tuple[Tensor | None, ...]:
        return (*_times(ctx, d_outputs[0]), None, None)


class _PathLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        potentials: Potentials = inputs[4]
        tags: Tensor = inputs[5]
        recursions: Recursions = inputs[6]
        compared = recursions.path_expectations(potentials, tags)
        # Rounded here and not by autograd, so that the gradient of a sum comes as one number for all sequences.
        loss = compared.loss()
        if not math.isfinite(float(loss.sum())):
            raise_unless_finite(compared.score)
            raise_unless_finite(compared.log_partition)
        ctx.gradient = compared.gradient
        ctx.weighted = lambda weights: recursions.path_expectations(potentials, tags, weights).gradient
        return loss

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, *d_outputs: Any) -> tuple[Tensor | None, ...]:
        return (*_times(ctx, d_outputs[0]), None, None, None)


def _times(ctx: Any, weights: Tensor) -> tuple[Tensor, ...]:
    """The gradient for one weight per sequence: the forward pass knew it for weights of 1."""
    gradient: PotentialsGradient = ctx.gradient
    # The gradient of a sum or a mean is one number seen as many, which its strides tell without reading it.
    if weights.numel() and (weights.stride(0) == 0 or bool((weights == weights[0]).all())):
        factor = float(weights[0])
        return tuple(score if factor == 1.0 else score * factor for score in _scores(gradient))
    return _scores(ctx.weighted(weights.double()))


def _scores(of: Potentials | PotentialsGradient) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return of.emissions, of.transitions, of.start, of.end
