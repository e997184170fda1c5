"""Log-probabilities of spans from the rows of log space: sums of gathers, the same number for any batch."""

import torch
from torch import Tensor

from ...functional import SpanPaths
from .batch import FORBIDDEN, Batch


def span_scores(batch: Batch, alphas: Tensor, betas: Tensor, spans: SpanPaths) -> Tensor:
    """Log-sum over the paths through each span.

    batch (Batch): The sequences.
    alphas (Tensor): Forward scores, the emission of their token included. *Shape:* (n_rows, n_tags), nats.
    betas (Tensor): Backward scores, without it. *Shape:* (n_rows, n_tags), nats.
    spans (SpanPaths): At least one.
    RETURNS (Tensor): *Shape:* (n_spans,), float64, nats.
    """
    first_rows = batch.first_rows[spans.sequences]
    starts, ends = first_rows + spans.starts, first_rows + spans.ends
    into = _entering(batch, alphas, spans, starts)
    return into + _inside(batch, spans, starts) + _leaving(batch, betas, spans, ends)


def _entering(batch: Batch, alphas: Tensor, spans: SpanPaths, starts: Tensor) -> Tensor:
    first = spans.tags[:, 0]
    before = _restricted(alphas[(starts - 1).clamp(min=0)], spans.before)
    moved = torch.logsumexp(before + batch.transitions.t()[first], dim=1)
    return torch.where(spans.starts == 0, batch.start[first], moved)


def _inside(batch: Batch, spans: SpanPaths, starts: Tensor) -> Tensor:
    inside = spans.inside()
    offsets = torch.arange(spans.tags.shape[1], device=batch.device)
    tags = torch.where(inside, spans.tags, spans.tags.new_zeros(()))
    rows = torch.where(inside, starts.unsqueeze(1) + offsets, offsets.new_zeros(()))
    emissions = batch.emissions[rows, tags].double()
    if batch.has_allowed:
        emissions = _restricted(emissions, batch.allowed.view(-1, batch.n_tags)[rows, tags] > 0)
    moves = batch.transitions[tags[:, :-1], tags[:, 1:]]
    zero = emissions.new_zeros(())
    total: Tensor = torch.where(inside, emissions, zero).sum(1)
    return total + torch.where(inside[:, 1:], moves, zero).sum(1)


def _leaving(batch: Batch, betas: Tensor, spans: SpanPaths, ends: Tensor) -> Tensor:
    last = spans.tags.gather(1, (spans.ends - spans.starts - 1).unsqueeze(1)).squeeze(1)
    following = ends.clamp(max=batch.n_rows - 1)
    onward = batch.emissions[following].double() + betas[following]
    if batch.has_allowed:
        onward = _restricted(onward, batch.allowed.view(-1, batch.n_tags)[following] > 0)
    moved = torch.logsumexp(_restricted(onward, spans.after) + batch.transitions[last], dim=1)
    return torch.where(spans.ends == batch.lengths[spans.sequences], batch.end[last], moved)


def _restricted(scores: Tensor, allowed: Tensor) -> Tensor:
    return torch.where(allowed, scores, scores.new_full((), FORBIDDEN))
