"""The log-partition function and its analytic gradient."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .potentials import Potentials
from .recursions import LogScores, backward_scores, forward_scores, log_scores, partition_from_forward


def log_partition(potentials: Potentials) -> Tensor:
    """log Z: the log-sum of the scores of all allowed paths, by the forward algorithm.

    Differentiable once with respect to emissions, transitions, start and end: the gradient is the expectation of each
    score's use under the CRF, computed by forward-backward and not by an autograd graph over time.

    potentials (Potentials): The batch.
    RETURNS (Tensor): *Shape:* (batch,), dtype of the emissions, nats; 0 for empty sequences.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf.
    """
    return exact_log_partition(potentials).to(potentials.emissions.dtype)


def exact_log_partition(potentials: Potentials) -> Tensor:
    """`log_partition` in float64, for sums and differences that are rounded once, at their end.

    potentials (Potentials): The batch.
    RETURNS (Tensor): *Shape:* (batch,), float64, nats.
    RAISES (PotentialsError): As `log_partition`.
    """
    result: Tensor = _LogPartition.apply(
        potentials.emissions, potentials.transitions, potentials.start, potentials.end, potentials
    )
    return result


class _LogPartition(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        scores = log_scores(inputs[-1])
        alphas = forward_scores(scores)
        totals = partition_from_forward(scores, alphas)
        ctx.scores = scores
        ctx.dtype = inputs[0].dtype
        ctx.save_for_backward(alphas, totals)
        return totals

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, *d_outputs: Any) -> tuple[Tensor | None, ...]:
        alphas, totals = ctx.saved_tensors
        d_scores = _expectations(ctx.scores, alphas, totals, d_outputs[0].double())
        return (*(gradient.to(ctx.dtype) for gradient in d_scores), None)


def _expectations(
    scores: LogScores, alphas: Tensor, totals: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Expected use of every score, each sequence times its weight: emissions, transitions, start, end."""
    n_tags = scores.start.shape[0]
    if scores.seq_len == 0:
        empty = scores.emissions.transpose(0, 1)
        return empty, alphas.new_zeros((n_tags, n_tags)), alphas.new_zeros(n_tags), alphas.new_zeros(n_tags)
    betas = backward_scores(scores)
    weights = weights.unsqueeze(1)
    positions = torch.arange(scores.seq_len, device=alphas.device).unsqueeze(1)
    inside = (positions < scores.lengths).unsqueeze(2)
    tokens = torch.exp(alphas + betas - totals.unsqueeze(1)) * weights
    tokens = torch.where(inside, tokens, tokens.new_zeros(()))
    moves = alphas.new_zeros((n_tags, n_tags))
    for t in range(scores.seq_len - 1):
        used = pair_log_probs(scores, alphas[t], betas[t + 1], totals, t).exp() * weights.unsqueeze(2)
        active = (scores.lengths > t + 1).reshape(-1, 1, 1)
        moves += torch.where(active, used, used.new_zeros(())).sum(0)
    last = (scores.lengths - 1).clamp(min=0)
    final = tokens.gather(0, last.reshape(1, -1, 1).expand(1, -1, n_tags)).squeeze(0)
    return tokens.transpose(0, 1), moves, tokens[0].sum(0), final.sum(0)


def pair_log_probs(scores: LogScores, alpha: Tensor, onward: Tensor, totals: Tensor, t: int) -> Tensor:
    """log P(y_t = from, y_(t+1) = to) (Lafferty et al. 2001, section 3), for sequences longer than t + 1.

    scores (LogScores): The batch.
    alpha (Tensor): Forward scores at t. *Shape:* (batch, n_tags).
    onward (Tensor): Backward scores at t + 1. *Shape:* (batch, n_tags).
    totals (Tensor): log Z. *Shape:* (batch,).
    t (int): The first of the two positions, in tokens.
    RETURNS (Tensor): [batch, from, to], nats; meaningless for sequences that end before t + 1.
    """
    arriving = (scores.emissions[t + 1] + onward).unsqueeze(1)
    return alpha.unsqueeze(2) + scores.transitions + arriving - totals.reshape(-1, 1, 1)
