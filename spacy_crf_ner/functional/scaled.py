"""The recursions in scaled exponential space, with other spaces for the few sequences that do not fit into it."""

from dataclasses import replace

import torch
from torch import Tensor

from .layout import Layout, layout_of, some_sequences
from .paths import places_of, scores_at, subtract_at
from .potentials import Potentials, PotentialsGradient
from .recursions import Expectations, PathExpectations, Recursions
from .reference import LOG_SPACE, PADDING_TAG
from .scaled_onward import score_onward
from .scaled_spans import score_spans
from .scaled_sums import meet, solve, weighted_counts
from .scaled_viterbi import best_paths
from .span_paths import SpanPaths


class Scaled:
    """`Recursions` in scaled exponential space, in the dtype of the scores, on any device.

    Sequences that float32 cannot hold are computed again in float64, and those that float64 cannot hold in log space.
    """

    name = "scaled"

    def log_partition(self, potentials: Potentials) -> Tensor:
        """RETURNS (Tensor): See `Recursions`."""
        with torch.inference_mode():
            totals = _log_partition(potentials, layout_of(potentials))
        return totals.clone()

    def marginals(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        with torch.inference_mode():
            totals, tokens = _marginals(potentials, layout_of(potentials))
        return totals.clone(), tokens.clone()

    def expectations(self, potentials: Potentials, weights: Tensor | None = None) -> Expectations:
        """RETURNS (Expectations): See `Recursions`."""
        with torch.inference_mode():
            totals, gradient = _expectations(potentials, layout_of(potentials), weights)
        return Expectations(totals.clone(), _copied(gradient))

    def path_expectations(
        self, potentials: Potentials, tags: Tensor, weights: Tensor | None = None
    ) -> PathExpectations:
        """RETURNS (PathExpectations): See `Recursions`."""
        with torch.inference_mode():
            layout = layout_of(potentials)
            places = places_of(potentials, tags, layout)
            scores = scores_at(potentials, places)
            totals, gradient = _expectations(potentials, layout, weights)
            subtract_at(gradient, places, weights)
        return PathExpectations(totals.clone(), scores.clone(), _copied(gradient))

    def viterbi(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        with torch.inference_mode():
            tags, totals = _viterbi(potentials, layout_of(potentials))
        return tags.clone(), totals.clone()

    def k_best(self, potentials: Potentials, k: int) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`. There is no exponential in it: log space does it."""
        return LOG_SPACE.k_best(potentials, k)

    def onward_scores(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        with torch.inference_mode():
            totals, onward = _onward_scores(_in_double(potentials), layout_of(potentials))
        return totals.clone(), onward.clone()

    def span_log_probs(self, potentials: Potentials, spans: SpanPaths) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        with torch.inference_mode():
            totals, log_probs = _span_log_probs(_in_double(potentials), layout_of(potentials), spans)
        return totals.clone(), log_probs.clone()


SCALED: Recursions = Scaled()


def _log_partition(potentials: Potentials, layout: Layout) -> Tensor:
    if not layout.n_tokens:
        return _no_totals(potentials)
    totals, lost = meet(potentials, layout)
    if lost is not None:
        again, _ = some_sequences(potentials, lost.cpu(), torch.float64)
        totals.index_copy_(0, lost, _after(potentials).log_partition(again))
    return totals


def _marginals(potentials: Potentials, layout: Layout) -> tuple[Tensor, Tensor]:
    if not layout.n_tokens:
        return _no_totals(potentials), torch.zeros_like(potentials.emissions)
    solved = solve(potentials, layout)
    tokens = layout.spread(solved.products.div_(solved.sums), potentials.emissions)
    if solved.lost is not None:
        again, rows = some_sequences(potentials, solved.lost.cpu(), torch.float64)
        totals, others = _after(potentials).marginals(again)
        solved.totals.index_copy_(0, solved.lost, totals)
        _rows_of(tokens).index_copy_(0, rows, others.to(tokens.dtype))
    return solved.totals, tokens


def _expectations(
    potentials: Potentials, layout: Layout, weights: Tensor | None
) -> tuple[Tensor, PotentialsGradient]:
    if not layout.n_tokens:
        scores = (potentials.emissions, potentials.transitions, potentials.start, potentials.end)
        return _no_totals(potentials), PotentialsGradient(*map(torch.zeros_like, scores))
    solved = solve(potentials, layout)
    gradient = weighted_counts(potentials, layout, solved, weights)
    if solved.lost is not None:
        again, rows = some_sequences(potentials, solved.lost.cpu(), torch.float64)
        chosen = None if weights is None else weights.to(solved.lost.device).index_select(0, solved.lost)
        redone = _after(potentials).expectations(again, chosen)
        solved.totals.index_copy_(0, solved.lost, redone.log_partition)
        emissions = _rows_of(gradient.emissions)
        emissions.index_copy_(0, rows, redone.gradient.emissions.to(emissions.dtype))
        for name in ("transitions", "start", "end"):
            getattr(gradient, name).add_(getattr(redone.gradient, name))
    return solved.totals, gradient


def _viterbi(potentials: Potentials, layout: Layout) -> tuple[Tensor, Tensor]:
    template = potentials.emissions[..., 0]
    if not layout.n_tokens:
        return torch.full_like(template, PADDING_TAG, dtype=torch.int64), _no_totals(potentials)
    path, broken = best_paths(potentials, layout)
    tags = layout.spread(path, template, PADDING_TAG)
    totals = scores_at(potentials, places_of(potentials, tags, layout))
    if broken is not None:
        again, rows = some_sequences(potentials, broken.cpu(), torch.float64)
        others, redone = LOG_SPACE.viterbi(again)
        totals.index_copy_(0, broken, redone)
        tags.view(-1).index_copy_(0, rows, others)
    return tags, totals


def _onward_scores(potentials: Potentials, layout: Layout) -> tuple[Tensor, Tensor]:
    if not layout.n_tokens:
        return _no_totals(potentials), torch.zeros_like(potentials.emissions)
    solved = solve(potentials, layout)
    onward = layout.spread(score_onward(potentials, layout, solved), potentials.emissions)
    if solved.lost is not None:
        again, rows = some_sequences(potentials, solved.lost.cpu(), torch.float64)
        totals, others = LOG_SPACE.onward_scores(again)
        solved.totals.index_copy_(0, solved.lost, totals)
        _rows_of(onward).index_copy_(0, rows, others)
    return solved.totals, onward


def _span_log_probs(potentials: Potentials, layout: Layout, spans: SpanPaths) -> tuple[Tensor, Tensor]:
    solved = solve(potentials, layout)
    log_probs, weak = score_spans(potentials, layout, solved, spans)
    lost = torch.zeros_like(solved.totals, dtype=torch.bool).index_put_(
        (spans.sequences[weak],), weak.new_ones(())
    )
    if solved.lost is not None:
        lost[solved.lost] = True
    if bool(lost.any()):
        indices = lost.nonzero().squeeze(1)
        again, _ = some_sequences(potentials, indices.cpu(), torch.float64)
        chosen = lost.index_select(0, spans.sequences).nonzero().squeeze(1)
        totals, others = LOG_SPACE.span_log_probs(again, spans.some(chosen, lost.cumsum(0) - 1))
        solved.totals.index_copy_(0, indices, totals)
        log_probs.index_copy_(0, chosen, others)
    return solved.totals, log_probs


def _in_double(potentials: Potentials) -> Potentials:
    """The same batch in float64, in which probabilities far from 1 keep the digits that an entity's score shows."""
    if potentials.emissions.dtype == torch.float64:
        return potentials
    return replace(
        potentials,
        emissions=potentials.emissions.detach().double(),
        transitions=potentials.transitions.detach().double(),
        start=potentials.start.detach().double(),
        end=potentials.end.detach().double(),
    )


def _after(potentials: Potentials) -> Recursions:
    """What computes the sequences that do not fit into this dtype."""
    return LOG_SPACE if potentials.emissions.dtype == torch.float64 else SCALED


def _no_totals(potentials: Potentials) -> Tensor:
    return potentials.emissions.new_zeros(potentials.batch_size, dtype=torch.float64)


def _rows_of(values: Tensor) -> Tensor:
    return values.view(-1, values.shape[-1])


def _copied(gradient: PotentialsGradient) -> PotentialsGradient:
    return PotentialsGradient(
        gradient.emissions.clone(), gradient.transitions.clone(), gradient.start.clone(), gradient.end.clone()
    )
