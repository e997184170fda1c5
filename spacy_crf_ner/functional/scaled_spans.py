"""Probabilities of stretches of tags out of the chains in scaled exponential space."""

import torch
from torch import Tensor

from .layout import Layout
from .potentials import Potentials
from .scaled_chains import allowed_scores, lowest_sum, token_scores
from .scaled_sums import Solved
from .span_paths import SpanPaths


def score_spans(
    potentials: Potentials, layout: Layout, solved: Solved, spans: SpanPaths
) -> tuple[Tensor, Tensor]:
    """log P of every span.

    potentials (Potentials): The batch, in float64.
    layout (Layout): Its tokens, at least one.
    solved (Solved): What `solve` returned.
    spans (SpanPaths): The stretches, at least one.
    RETURNS (tuple[Tensor, Tensor]): Log-probabilities, *Shape:* (n_spans,), float64, nats; True where they may be
        wrong, because the neighbours admitted are too improbable, *Shape:* (n_spans,), bool.
    """
    lengths = layout.lengths.to(layout.sequences.device)
    stops = lengths.cumsum(0).index_select(0, spans.sequences)
    origins = stops - lengths.index_select(0, spans.sequences)
    starts, ends = origins + spans.starts, origins + spans.ends
    entering, weak_before = _entering(potentials, solved, spans, origins, starts)
    leaving, weak_after = _leaving(potentials, solved, spans, ends, stops)
    within = _inside(potentials, layout, spans, starts)
    totals = solved.totals.index_select(0, spans.sequences)
    return entering + within + leaving - totals, weak_before | weak_after


def _entering(
    potentials: Potentials, solved: Solved, spans: SpanPaths, origins: Tensor, starts: Tensor
) -> tuple[Tensor, Tensor]:
    """log of the sum over all that leads to the first tag, and whether the sum is too small to have its digits."""
    first = spans.tags[:, 0]
    states = solved.alphas.index_select(0, (starts - 1).clamp(min=0)).masked_fill_(~spans.before, 0.0)
    sums = (states * solved.factors.moves[1].index_select(0, first)).sum(1)
    divisors = log_divisors(solved, solved.schedule.forward)
    moved = sums.log() + divisors.index_select(0, starts) - divisors.index_select(0, origins)
    moved += solved.factors.highest.index_select(0, first)
    edge = allowed_scores(potentials.start, potentials.allowed_start).index_select(0, first)
    at_edge = spans.starts == 0
    admitted = spans.before & (solved.factors.relative.t().index_select(0, first) > -torch.inf)
    return torch.where(at_edge, edge, moved), ~at_edge & admitted.any(1) & (sums < lowest_sum(states))


def _leaving(
    potentials: Potentials, solved: Solved, spans: SpanPaths, ends: Tensor, stops: Tensor
) -> tuple[Tensor, Tensor]:
    """log of the sum over all that follows the last tag, likewise."""
    last = spans.tags.gather(1, (spans.ends - spans.starts - 1).unsqueeze(1)).squeeze(1)
    slots = solved.schedule.backward
    following = slots.index_select(0, ends.clamp(max=len(slots) - 1))
    states = solved.chains.states.index_select(0, following).masked_fill_(~spans.after, 0.0)
    sums = (states * solved.factors.moves[0].index_select(0, last)).sum(1)
    divisors = log_divisors(solved, slots)
    moved = sums.log() + divisors.index_select(0, stops) - divisors.index_select(0, ends)
    edge = allowed_scores(potentials.end, potentials.allowed_end).index_select(0, last)
    at_edge = ends == stops
    admitted = spans.after & (solved.factors.relative.index_select(0, last) > -torch.inf)
    return torch.where(at_edge, edge, moved), ~at_edge & admitted.any(1) & (sums < lowest_sum(states))


def log_divisors(solved: Solved, slots: Tensor) -> Tensor:
    """Logarithm of all that the states of the tokens before each of the batch were divided by, lost sequences left out.

    solved (Solved): What `solve` returned.
    slots (Tensor): Slot of each token in one of the chains. *Shape:* (n_tokens,), int64.
    RETURNS (Tensor): *Shape:* (n_tokens + 1,), nats.
    """
    divided = solved.chains.scales.index_select(0, slots).log_().add_(solved.factors.peaks.unsqueeze(1))
    if solved.lost_tokens is not None:
        # A state of sum 0 has no logarithm, and sums go on into the sequences that follow.
        divided.masked_fill_(solved.lost_tokens, 0.0)
    return torch.nn.functional.pad(divided.squeeze(1).cumsum(0), (1, 0))


def _inside(potentials: Potentials, layout: Layout, spans: SpanPaths, starts: Tensor) -> Tensor:
    inside = spans.inside()
    offsets = torch.arange(spans.tags.shape[1], device=spans.tags.device)
    tags = spans.tags.masked_fill(~inside, 0)
    tokens = (starts.unsqueeze(1) + offsets).masked_fill(~inside, 0)
    scores = potentials.emissions.new_empty((layout.n_tokens, potentials.n_tags))
    emissions = token_scores(potentials, layout, scores)[tokens, tags].masked_fill(~inside, 0.0)
    transitions = allowed_scores(potentials.transitions, potentials.allowed_transitions)
    moves = transitions[tags[:, :-1], tags[:, 1:]].masked_fill(~inside[:, 1:], 0.0)
    return emissions.sum(1) + moves.sum(1)
