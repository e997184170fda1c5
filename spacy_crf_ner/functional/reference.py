"""The recursions in float64 log space, whatever the dtype of the scores: slow, and exact for scores of any size."""

import torch
from torch import Tensor

from .log_k_best import best_lists
from .log_space import (
    FORBIDDEN,
    LogScores,
    backward_scores,
    forward_scores,
    log_scores,
    onward_scores_and_partition,
    partition_from_forward,
)
from .paths import path_scores, subtract_path
from .potentials import Potentials, PotentialsGradient
from .recursions import Expectations, PathExpectations
from .span_paths import SpanPaths

PADDING_TAG = -1


class LogSpace:
    """`Recursions` in float64 log space. What is packed is padded for the loop over time."""

    name = "log space"

    def log_partition(self, potentials: Potentials) -> Tensor:
        """RETURNS (Tensor): See `Recursions`."""
        scores = log_scores(potentials.padded())
        return partition_from_forward(scores, forward_scores(scores))

    def marginals(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        scores = log_scores(potentials.padded())
        alphas = forward_scores(scores)
        totals = partition_from_forward(scores, alphas)
        tokens = _token_marginals(scores, alphas, backward_scores(scores), totals)
        return totals, _in_layout(potentials, tokens.transpose(0, 1)).to(potentials.emissions.dtype)

    def expectations(self, potentials: Potentials, weights: Tensor | None = None) -> Expectations:
        """RETURNS (Expectations): See `Recursions`."""
        scores = log_scores(potentials.padded())
        alphas = forward_scores(scores)
        totals = partition_from_forward(scores, alphas)
        if weights is None:
            weights = torch.ones_like(totals)
        emissions, *others = _weighted_counts(scores, alphas, totals, weights.double())
        gradient = (_in_layout(potentials, emissions).contiguous(), *others)
        dtype = potentials.emissions.dtype
        return Expectations(totals, PotentialsGradient(*(counts.to(dtype) for counts in gradient)))

    def path_expectations(
        self, potentials: Potentials, tags: Tensor, weights: Tensor | None = None
    ) -> PathExpectations:
        """RETURNS (PathExpectations): See `Recursions`."""
        scores = path_scores(potentials, tags)
        expected = self.expectations(potentials, weights)
        gradient = subtract_path(expected.gradient, potentials, tags, weights)
        return PathExpectations(expected.log_partition, scores, gradient)

    def viterbi(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        padded = potentials.padded()
        scores = log_scores(padded)
        if scores.seq_len == 0:
            empty = torch.empty(
                potentials.emissions.shape[:-1], dtype=torch.int64, device=scores.start.device
            )
            return empty, scores.start.new_zeros(potentials.batch_size)
        best, pointers = _best_prefixes(scores)
        totals, tag = (best + scores.end).max(dim=1)
        totals = torch.where(scores.lengths > 0, totals, totals.new_zeros(()))
        tags = torch.empty(best.shape[0], scores.seq_len, dtype=torch.int64, device=best.device)
        for t in range(scores.seq_len - 1, -1, -1):
            tags[:, t] = tag
            tag = pointers[t].gather(1, tag.unsqueeze(1)).squeeze(1)
        tags = tags.masked_fill(~padded.token_mask(), PADDING_TAG)
        return _in_layout(potentials, tags), totals

    def k_best(self, potentials: Potentials, k: int) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        padded = potentials.padded()
        tags, totals = best_lists(log_scores(padded), k)
        nothing = ~padded.token_mask().unsqueeze(1) | torch.isneginf(totals).unsqueeze(2)
        tags = tags.masked_fill(nothing, PADDING_TAG)
        if potentials.is_packed:
            tags = _in_layout(potentials, tags.transpose(1, 2)).t().contiguous()
        return tags, totals

    def onward_scores(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        onward, totals = onward_scores_and_partition(log_scores(potentials.padded()))
        return totals, _in_layout(potentials, onward.transpose(0, 1)).contiguous()

    def span_log_probs(self, potentials: Potentials, spans: SpanPaths) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        scores = log_scores(potentials.padded())
        alphas = forward_scores(scores)
        totals = partition_from_forward(scores, alphas)
        into = _entering(scores, alphas, spans)
        within = _inside(scores, spans)
        onward = _leaving(scores, backward_scores(scores), spans)
        return totals, into + within + onward - totals[spans.sequences]


LOG_SPACE = LogSpace()


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


def _in_layout(potentials: Potentials, padded: Tensor) -> Tensor:
    return padded[potentials.token_mask()] if potentials.is_packed else padded


def _token_marginals(scores: LogScores, alphas: Tensor, betas: Tensor, totals: Tensor) -> Tensor:
    positions = torch.arange(scores.seq_len, device=alphas.device).unsqueeze(1)
    inside = (positions < scores.lengths).unsqueeze(2)
    tokens = torch.exp(alphas + betas - totals.unsqueeze(1))
    return torch.where(inside, tokens, tokens.new_zeros(()))


def _weighted_counts(
    scores: LogScores, alphas: Tensor, totals: Tensor, weights: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Expected use of every score, each sequence times its weight: emissions, transitions, start, end."""
    n_tags = scores.start.shape[0]
    if scores.seq_len == 0:
        empty = scores.emissions.transpose(0, 1)
        return empty, alphas.new_zeros((n_tags, n_tags)), alphas.new_zeros(n_tags), alphas.new_zeros(n_tags)
    betas = backward_scores(scores)
    weights = weights.unsqueeze(1)
    tokens = _token_marginals(scores, alphas, betas, totals) * weights
    moves = alphas.new_zeros((n_tags, n_tags))
    for t in range(scores.seq_len - 1):
        used = pair_log_probs(scores, alphas[t], betas[t + 1], totals, t).exp() * weights.unsqueeze(2)
        active = (scores.lengths > t + 1).reshape(-1, 1, 1)
        moves += torch.where(active, used, used.new_zeros(())).sum(0)
    last = (scores.lengths - 1).clamp(min=0)
    final = tokens.gather(0, last.reshape(1, -1, 1).expand(1, -1, n_tags)).squeeze(0)
    return tokens.transpose(0, 1), moves, tokens[0].sum(0), final.sum(0)


def _entering(scores: LogScores, alphas: Tensor, spans: SpanPaths) -> Tensor:
    first = spans.tags[:, 0]
    before = alphas[(spans.starts - 1).clamp(min=0), spans.sequences]
    before = torch.where(spans.before, before, before.new_full((), FORBIDDEN))
    moved = torch.logsumexp(before + scores.transitions[:, first].t(), dim=1)
    return torch.where(spans.starts == 0, scores.start[first], moved)


def _inside(scores: LogScores, spans: SpanPaths) -> Tensor:
    inside = spans.inside()
    offsets = torch.arange(spans.tags.shape[1], device=spans.tags.device)
    tags = torch.where(inside, spans.tags, spans.tags.new_zeros(()))
    positions = torch.where(inside, spans.starts.unsqueeze(1) + offsets, offsets.new_zeros(()))
    emissions = scores.emissions[positions, spans.sequences.unsqueeze(1), tags]
    moves = scores.transitions[tags[:, :-1], tags[:, 1:]]
    zero = emissions.new_zeros(())
    total: Tensor = torch.where(inside, emissions, zero).sum(1)
    return total + torch.where(inside[:, 1:], moves, zero).sum(1)


def _leaving(scores: LogScores, betas: Tensor, spans: SpanPaths) -> Tensor:
    offsets = (spans.ends - spans.starts - 1).unsqueeze(1)
    last = spans.tags.gather(1, offsets).squeeze(1)
    following = spans.ends.clamp(max=scores.seq_len - 1)
    onward = (scores.emissions + betas)[following, spans.sequences]
    onward = torch.where(spans.after, onward, onward.new_full((), FORBIDDEN))
    moved = torch.logsumexp(onward + scores.transitions[last], dim=1)
    return torch.where(spans.ends == scores.lengths[spans.sequences], scores.end[last], moved)


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
