"""The k best paths in log space: the Viterbi algorithm with a list of the best prefixes into each tag, not only one."""

import torch
from torch import Tensor

from .log_space import FORBIDDEN, LogScores

# Sums of prefixes and moves that are held at once, in float64.
MOST_SUMS = 2**22


def best_lists(scores: LogScores, k: int) -> tuple[Tensor, Tensor]:
    """Paths with the highest scores (Seshadri and Sundberg 1994, https://doi.org/10.1109/TCOMM.1994.577040, the
    parallel algorithm).

    Of all paths that leave a token by one tag only the k best prefixes can be among the k best paths. As long as there
    are fewer, lists are shorter: a k beyond the number of paths costs nothing.

    scores (LogScores): The batch.
    k (int): How many, at least 1.
    RETURNS (tuple[Tensor, Tensor]): Tags, best path first, anything in padding and for paths that do not exist,
        *Shape:* (batch, k, seq_len), int64; their scores, -inf for those that do not exist, *Shape:* (batch, k),
        float64, nats.
    """
    batch = scores.lengths.shape[0]
    totals = scores.emissions.new_full((batch, k), FORBIDDEN)
    tags = torch.zeros((batch, k, scores.seq_len), dtype=torch.int64, device=totals.device)
    if scores.seq_len:
        best, pointers = _best_prefixes(scores, k)
        sums = (best + scores.end.unsqueeze(1)).flatten(1)
        n_found = min(k, sums.shape[1])
        totals[:, :n_found], ends = sums.topk(n_found, dim=1)
        _trace(ends, pointers, tags[:, :n_found])
    nothing = torch.full_like(totals, FORBIDDEN)
    nothing[:, 0] = 0.0
    return tags, torch.where(scores.lengths.unsqueeze(1) > 0, totals, nothing)


def _best_prefixes(scores: LogScores, k: int) -> tuple[Tensor, list[Tensor]]:
    """Scores of the best prefixes into each last tag, (batch, n_tags, ranks), and for each token but the first where
    they came from: tag times ranks plus rank, int32 of the same shape.

    From a sequence's length on they come from themselves, so that the way back can begin at the end of the padding.
    """
    best = (scores.start + scores.emissions[0]).unsqueeze(2)
    pointers = []
    for t in range(1, scores.seq_len):
        moved, origins = _moved(best, scores.transitions, k)
        active = (scores.lengths > t).reshape(-1, 1, 1)
        before, ranks = best.shape[2], moved.shape[2]
        stay = _places(best, ranks)
        best = torch.nn.functional.pad(best, (0, ranks - before), value=FORBIDDEN)
        best = torch.where(active, moved + scores.emissions[t].unsqueeze(2), best)
        pointers.append(torch.where(active, origins, stay).int())
    return best, pointers


def _places(best: Tensor, ranks: int) -> Tensor:
    """Place of each prefix among those of all tags, for as many ranks; the last again where it has fewer. *Shape:*
    (n_tags, ranks), int64.
    """
    n_tags, before = best.shape[1:]
    rank = torch.arange(ranks, device=best.device).clamp(max=before - 1)
    return torch.arange(0, n_tags * before, before, device=best.device).unsqueeze(1) + rank


def _moved(best: Tensor, transitions: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The best of all prefixes with a move, for each tag to move to. *Shape:* (batch, n_tags, ranks), twice."""
    n_found = min(k, best.shape[1] * best.shape[2])
    parts = []
    for arriving in torch.split(transitions.t(), max(1, MOST_SUMS // max(1, best.numel()))):
        sums = best.unsqueeze(1) + arriving.unsqueeze(2)
        parts.append(sums.flatten(2).topk(n_found, dim=2))
    moved, origins = zip(*parts, strict=True)
    return torch.cat(moved, 1), torch.cat(origins, 1)


def _trace(ends: Tensor, pointers: list[Tensor], tags: Tensor) -> None:
    """Fill in the tags that lead to the given places among the prefixes of the last token. *Shape:* (batch, n_found)"""
    places = ends
    for t in range(tags.shape[2] - 1, 0, -1):
        origins = pointers[t - 1]
        torch.div(places, origins.shape[2], rounding_mode="floor", out=tags[:, :, t])
        places = origins.flatten(1).gather(1, places).long()
    tags[:, :, 0] = places
