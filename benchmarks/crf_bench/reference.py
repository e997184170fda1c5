"""What the right result is: forward, backward and Viterbi in float64 log space, independent of every implementation."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor

from .cases import Batch

Reduce = Callable[..., Tensor]


class Reference:
    """Exact results for a batch, each computed when it is first asked for, on the CPU.

    batch (Batch): The batch.
    start, end (bool): Whether the scores of first and last tags count: some peers do not have them.
    """

    def __init__(self, batch: Batch, *, start: bool = True, end: bool = True) -> None:
        self.lengths = batch.lengths.cpu()
        self.mask = batch.mask.cpu()
        self.tags = batch.tags.cpu()
        self.emissions = batch.emissions.detach().cpu().double()
        self.transitions = batch.transitions.detach().cpu().double()
        self.start = batch.start.detach().cpu().double() * start
        self.end = batch.end.detach().cpu().double() * end
        self._rows = torch.arange(self.lengths.shape[0])

    @cached_property
    def log_partition(self) -> Tensor:
        """*Shape:* (batch,), nats."""
        return self._last(self._alphas, torch.logsumexp)

    @cached_property
    def marginals(self) -> Tensor:
        """0 in padding. *Shape:* (batch, steps, tags)."""
        log_probs = self._alphas + self._betas() - self.log_partition.reshape(-1, 1, 1)
        return torch.where(self.mask.unsqueeze(2), log_probs.exp(), 0.0)

    @cached_property
    def nll(self) -> float:
        """Negative log-likelihood of the batch's tags, summed, nats."""
        return float((self.log_partition - self.path_scores(self.tags)).sum())

    @cached_property
    def emissions_gradient(self) -> Tensor:
        """Of `nll`. *Shape:* (batch, steps, tags)."""
        gradient = self.marginals.clone()
        used = self.mask.unsqueeze(2).double()
        return gradient.scatter_add_(2, self.tags.unsqueeze(2), -used)

    @cached_property
    def best_scores(self) -> Tensor:
        """Score of each sequence's best path. *Shape:* (batch,), nats."""
        return self._last(self._forward(torch.amax), torch.amax)

    def path_scores(self, tags: Tensor) -> Tensor:
        """Score of one path a sequence; -inf where a tag does not exist.

        tags (Tensor): *Shape:* (batch, steps), int64; ignored in padding.
        RETURNS (Tensor): *Shape:* (batch,), nats.
        """
        tags = torch.where(self.mask, tags.cpu(), 0)
        n_tags = self.transitions.shape[0]
        absent = ((tags < 0) | (tags >= n_tags)).any(1)
        tags = tags.clamp(0, n_tags - 1)
        scores = self.emissions.gather(2, tags.unsqueeze(2)).squeeze(2) * self.mask
        moves = self.transitions[tags[:, :-1], tags[:, 1:]] * self.mask[:, 1:]
        ends = self.start[tags[:, 0]] + self.end[tags[self._rows, self.lengths - 1]]
        return torch.where(absent, -torch.inf, scores.sum(1) + moves.sum(1) + ends)

    @cached_property
    def _alphas(self) -> Tensor:
        return self._forward(torch.logsumexp)

    def _forward(self, reduce: Reduce) -> Tensor:
        alphas = torch.empty_like(self.emissions)
        alphas[:, 0] = self.start + self.emissions[:, 0]
        for t in range(1, alphas.shape[1]):
            moved = alphas[:, t - 1].unsqueeze(2) + self.transitions
            alphas[:, t] = reduce(moved, dim=1) + self.emissions[:, t]
        return alphas

    def _betas(self) -> Tensor:
        betas = torch.empty_like(self.emissions)
        betas[:, -1] = self.end
        for t in range(betas.shape[1] - 2, -1, -1):
            onward = (betas[:, t + 1] + self.emissions[:, t + 1]).unsqueeze(1) + self.transitions
            ends_here = (self.lengths == t + 1).unsqueeze(1)
            betas[:, t] = torch.where(ends_here, self.end, torch.logsumexp(onward, dim=2))
        return betas

    def _last(self, alphas: Tensor, reduce: Reduce) -> Tensor:
        last = alphas[self._rows, self.lengths - 1] + self.end
        return reduce(last, dim=1)
