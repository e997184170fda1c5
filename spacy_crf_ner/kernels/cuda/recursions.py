"""`Recursions` by Triton programs."""

import torch
from torch import Tensor

from ...functional import (
    LOG_SPACE,
    Expectations,
    PathExpectations,
    Potentials,
    PotentialsGradient,
    SpanPaths,
)
from .batch import Batch
from .forward_backward import Counts, expected_counts, log_partitions, log_space_rows, token_marginals
from .spans import span_scores
from .toolchain import launch

PADDING_TAG = -1
# Tokens of a path that are looked up at once.
PATH_BLOCK = 256


class TritonRecursions:
    """`Recursions` on a CUDA device; the host decides nothing from results, and waits for none.

    Scores in float32 take scaled exponential space; programs redo in float64 log space what it cannot represent.
    Scores in float64 take log space throughout. Sums over sequences are added in any order: in float64, except for
    the product of matrices behind the transitions' counts, which obeys torch's setting for TF32.
    """

    name = "Triton"

    def log_partition(self, potentials: Potentials) -> Tensor:
        """RETURNS (Tensor): See `Recursions`."""
        return log_partitions(Batch.of(potentials))

    def marginals(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        totals, tokens = token_marginals(Batch.of(potentials))
        return totals, tokens.view(potentials.emissions.shape)

    def expectations(self, potentials: Potentials, weights: Tensor | None = None) -> Expectations:
        """RETURNS (Expectations): See `Recursions`."""
        totals, counts = expected_counts(Batch.of(potentials), weights)
        return Expectations(totals, _gradient(potentials, counts))

    def path_expectations(
        self, potentials: Potentials, tags: Tensor, weights: Tensor | None = None
    ) -> PathExpectations:
        """RETURNS (PathExpectations): See `Recursions`."""
        batch = Batch.of(potentials)
        totals, counts = expected_counts(batch, weights)
        scores = _given_paths(batch, tags, counts, weights)
        return PathExpectations(totals, scores, _gradient(potentials, counts))

    def viterbi(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        batch = Batch.of(potentials)
        blocks = batch.blocks
        paths = torch.full((batch.n_rows,), PADDING_TAG, dtype=torch.int64, device=batch.device)
        ceilings = batch.zeros(batch.size)
        if not batch.is_empty:
            dtype = batch.emissions.dtype
            pointers = batch.rows(batch.n_tags, dtype=torch.uint8 if batch.n_tags <= 256 else torch.int16)
            work = torch.empty((batch.size, batch.n_tags), dtype=dtype, device=batch.device)
            launch(
                "best_paths",
                (batch.size,),
                batch.device,
                blocks.matrix_warps,
                *(batch.emissions, batch.allowed, batch.transitions.to(dtype)),
                *(batch.start.to(dtype), batch.end.to(dtype), batch.first_rows, batch.lengths),
                *(pointers, work, paths, ceilings, batch.n_tags),
                KP=blocks.tags,
                BI=blocks.tile,
                TILED=blocks.tiled,
                HAS_ALLOWED=batch.has_allowed,
            )
            # A maximum may pass over NaN.
            broken = torch.isnan(batch.transitions).any() & (batch.lengths > 1)
            ceilings = torch.where(broken, ceilings.new_full((), torch.nan), ceilings)
        scores = _given_paths(batch, paths, None, None) + ceilings
        return paths.view(potentials.emissions.shape[:-1]), scores

    def k_best(self, potentials: Potentials, k: int) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`; by torch's operations, in a loop over time."""
        return LOG_SPACE.k_best(potentials, k)

    def onward_scores(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`; in log space."""
        batch = Batch.of(potentials)
        shape = potentials.emissions.shape
        if batch.is_empty:
            return batch.zeros(batch.size), batch.zeros(*shape)
        totals, _, betas = log_space_rows(batch)
        onward = (batch.token_scores() + betas).view(shape)
        if not batch.is_packed:
            inside = torch.arange(shape[1], device=batch.device) < batch.lengths.unsqueeze(1)
            onward = torch.where(inside.unsqueeze(2), onward, onward.new_zeros(()))
        return totals, onward

    def span_log_probs(self, potentials: Potentials, spans: SpanPaths) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): See `Recursions`."""
        batch = Batch.of(potentials)
        if spans.sequences.shape[0] == 0:
            return log_partitions(batch), batch.zeros(0)
        totals, alphas, betas = log_space_rows(batch)
        return totals, span_scores(batch, alphas, betas, spans) - totals[spans.sequences]


TRITON = TritonRecursions()


def _given_paths(batch: Batch, tags: Tensor, counts: Counts | None, weights: Tensor | None) -> Tensor:
    """Scores of paths, (batch,), float64; their uses, times the weights, are taken off `counts`."""
    scores = batch.zeros(batch.size)
    if batch.is_empty:
        return scores
    if weights is None:
        weights = torch.ones_like(scores)
    nothing = scores
    observed = (nothing,) * 4
    if counts is not None:
        observed = (counts.tokens, counts.moves, counts.starts, counts.ends)
    launch(
        "given_paths",
        (batch.size,),
        batch.device,
        4,
        *(batch.emissions, batch.allowed, batch.transitions, batch.start, batch.end),
        *(batch.first_rows, batch.lengths, weights.to(batch.device, torch.float64).contiguous()),
        *(tags.contiguous(), scores, *observed, batch.n_tags),
        BT=PATH_BLOCK,
        HAS_ALLOWED=batch.has_allowed,
        COUNT=counts is not None,
    )
    return scores


def _gradient(potentials: Potentials, counts: Counts) -> PotentialsGradient:
    dtype = potentials.emissions.dtype
    tokens = counts.tokens.view(potentials.emissions.shape)
    return PotentialsGradient(tokens, counts.moves.to(dtype), counts.starts.to(dtype), counts.ends.to(dtype))
