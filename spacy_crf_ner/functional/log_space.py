"""Forward and backward recursions in log space: the slow and exact core of the reference.

All of it runs in float64, whatever the dtype of the potentials: log Z of thousands of tokens then keeps enough digits
for probabilities, and no spread of scores under- or overflows. Loops run over time only, for all sequences together.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .potentials import Potentials

FORBIDDEN = -torch.inf


@dataclass(frozen=True, eq=False)
class LogScores:
    """Potentials in float64 and time-major, with every mask applied: what is forbidden scores -inf.

    No gradient flows through these tensors, so that -inf is safe: sums only ever add values below +inf.

    emissions (Tensor): *Shape:* (seq_len, batch, n_tags); 0 at and after each sequence's length.
    transitions (Tensor): [from, to]. *Shape:* (n_tags, n_tags).
    start (Tensor): *Shape:* (n_tags,).
    end (Tensor): *Shape:* (n_tags,).
    lengths (Tensor): *Shape:* (batch,), int64.
    """

    emissions: Tensor
    transitions: Tensor
    start: Tensor
    end: Tensor
    lengths: Tensor

    @property
    def seq_len(self) -> int:
        """Padded length, in tokens."""
        return self.emissions.shape[0]


def log_scores(potentials: Potentials) -> LogScores:
    """Apply the masks of `potentials`.

    potentials (Potentials): The batch, padded.
    RETURNS (LogScores): Its scores, detached.
    """
    inside = potentials.token_mask().unsqueeze(2)
    emissions = potentials.emissions.detach().double()
    emissions = _masked(emissions, potentials.allowed_tags)
    emissions = torch.where(inside, emissions, emissions.new_zeros(()))
    return LogScores(
        emissions=emissions.transpose(0, 1).contiguous(),
        transitions=_masked(potentials.transitions.detach().double(), potentials.allowed_transitions),
        start=_masked(potentials.start.detach().double(), potentials.allowed_start),
        end=_masked(potentials.end.detach().double(), potentials.allowed_end),
        lengths=potentials.lengths.to(emissions.device),
    )


def forward_scores(scores: LogScores) -> Tensor:
    """Log-sum over all paths that end in a tag (Rabiner 1989, equations 19-21, in log space).

    scores (LogScores): The batch.
    RETURNS (Tensor): alpha[t, b, k], token t's emission included; from a sequence's length on, its last valid
        row again. *Shape:* (seq_len, batch, n_tags), nats.
    """
    alphas = torch.empty_like(scores.emissions)
    if scores.seq_len == 0:
        return alphas
    incoming = scores.transitions.t().contiguous()
    alphas[0] = scores.start + scores.emissions[0]
    for t in range(1, scores.seq_len):
        moved = torch.logsumexp(alphas[t - 1].unsqueeze(1) + incoming, dim=2)
        active = (scores.lengths > t).unsqueeze(1)
        alphas[t] = torch.where(active, moved + scores.emissions[t], alphas[t - 1])
    return alphas


def backward_scores(scores: LogScores) -> Tensor:
    """Log-sum over all ways to go on after a tag (Rabiner 1989, equations 24-25, in log space).

    scores (LogScores): The batch.
    RETURNS (Tensor): beta[t, b, k], token t's emission not included; the end scores from a sequence's last token
        on. *Shape:* (seq_len, batch, n_tags), nats.
    """
    betas = torch.empty_like(scores.emissions)
    if scores.seq_len == 0:
        return betas
    betas[-1] = scores.end
    for t in range(scores.seq_len - 2, -1, -1):
        onward = (scores.emissions[t + 1] + betas[t + 1]).unsqueeze(1)
        moved = torch.logsumexp(onward + scores.transitions, dim=2)
        active = (scores.lengths > t + 1).unsqueeze(1)
        betas[t] = torch.where(active, moved, scores.end)
    return betas


def onward_scores_and_partition(scores: LogScores) -> tuple[Tensor, Tensor]:
    """Backward scores with their token's own emission, and log Z from the first of them.

    scores (LogScores): The batch.
    RETURNS (tuple[Tensor, Tensor]): 0 at and after each sequence's length, *Shape:* (seq_len, batch, n_tags), nats;
        log Z as `partition_from_forward` gives it, *Shape:* (batch,), nats.
    """
    positions = torch.arange(scores.seq_len, device=scores.emissions.device).unsqueeze(1)
    inside = (positions < scores.lengths).unsqueeze(2)
    onward = scores.emissions + backward_scores(scores)
    onward = torch.where(inside, onward, onward.new_zeros(()))
    totals = onward.new_zeros(scores.lengths.shape)
    if scores.seq_len:
        totals = torch.where(scores.lengths > 0, torch.logsumexp(scores.start + onward[0], dim=1), totals)
    return onward, totals


def partition_from_forward(scores: LogScores, alphas: Tensor) -> Tensor:
    """log Z of each sequence from its forward scores.

    scores (LogScores): The batch.
    alphas (Tensor): What `forward_scores` returned.
    RETURNS (Tensor): 0 for empty sequences, -inf without an allowed path. *Shape:* (batch,), float64, nats.
    """
    if scores.seq_len == 0:
        return scores.emissions.new_zeros(scores.lengths.shape)
    totals = torch.logsumexp(alphas[-1] + scores.end, dim=1)
    return torch.where(scores.lengths > 0, totals, totals.new_zeros(()))


def _masked(values: Tensor, allowed: Tensor | None) -> Tensor:
    if allowed is None:
        return values
    return torch.where(allowed, values, values.new_full((), FORBIDDEN))
