"""The single best path."""

import torch
from torch import Tensor

from .potentials import Potentials
from .recursions import LogScores, log_scores, raise_unless_finite

PADDING_TAG = -1


def viterbi(potentials: Potentials) -> tuple[Tensor, Tensor]:
    """The path with the highest score, by the Viterbi algorithm (Rabiner 1989, equations 32-35, in log space).

    potentials (Potentials): The batch.
    RETURNS (tuple[Tensor, Tensor]): Tag ids, -1 at and after each sequence's length, *Shape:* (batch, seq_len), int64;
        scores of the paths, *Shape:* (batch,), dtype of the emissions, nats, 0 for empty sequences.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf.
    """
    scores = log_scores(potentials)
    if scores.seq_len == 0:
        empty = torch.empty_like(potentials.emissions[:, :, 0], dtype=torch.int64)
        return empty, potentials.emissions.new_zeros(potentials.batch_size)
    best, pointers = _best_prefixes(scores)
    totals, tag = (best + scores.end).max(dim=1)
    totals = torch.where(scores.lengths > 0, totals, totals.new_zeros(()))
    raise_unless_finite(totals)
    tags = torch.empty(best.shape[0], scores.seq_len, dtype=torch.int64, device=best.device)
    for t in range(scores.seq_len - 1, -1, -1):
        tags[:, t] = tag
        tag = pointers[t].gather(1, tag.unsqueeze(1)).squeeze(1)
    tags = tags.masked_fill(~potentials.token_mask(), PADDING_TAG)
    return tags, totals.to(potentials.emissions.dtype)


def _best_prefixes(scores: LogScores) -> tuple[Tensor, Tensor]:
    """Best score of a path into each last tag, (batch, n_tags), and where it came from, (seq_len, batch, n_tags).

    From a sequence's length on, the back-pointers lead from every tag to itself, so that the way back can begin at the
    end of the padding for all sequences together.
    """
    n_tags = scores.start.shape[0]
    incoming = scores.transitions.t().contiguous()
    stay = torch.arange(n_tags, device=incoming.device).expand(scores.lengths.shape[0], n_tags)
    pointers = torch.empty_like(scores.emissions, dtype=torch.int64)
    pointers[0] = stay
    best = scores.start + scores.emissions[0]
    for t in range(1, scores.seq_len):
        moved, origin = (best.unsqueeze(1) + incoming).max(dim=2)
        active = (scores.lengths > t).unsqueeze(1)
        best = torch.where(active, moved + scores.emissions[t], best)
        pointers[t] = torch.where(active, origin, stay)
    return best, pointers
