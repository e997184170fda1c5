"""The launches of forward-backward: in scaled space for float32, and in log space for float64 and what was flagged."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .batch import Batch, ScaledScores
from .toolchain import launch

# Programs that share the tokens of one sequence where these do not depend on each other.
SPLIT = 16


@dataclass(frozen=True, eq=False)
class Counts:
    """Expected use of every score, each sequence times its weight.

    tokens (Tensor): *Shape:* (n_rows, n_tags), dtype of the emissions, 0 in padding.
    moves (Tensor): *Shape:* (n_tags, n_tags), float64.
    starts (Tensor): *Shape:* (n_tags,), float64.
    ends (Tensor): *Shape:* (n_tags,), float64.
    """

    tokens: Tensor
    moves: Tensor
    starts: Tensor
    ends: Tensor


def log_partitions(batch: Batch) -> Tensor:
    """RETURNS (Tensor): log Z. *Shape:* (batch,), float64, nats.

    batch (Batch): The sequences.
    """
    totals, _, _ = _run(batch, _ones(batch), "")
    return totals


def token_marginals(batch: Batch) -> tuple[Tensor, Tensor]:
    """RETURNS (tuple[Tensor, Tensor]): log Z; P(y_t = tag) of every row.

    batch (Batch): The sequences.
    """
    totals, probs, _ = _run(batch, _ones(batch), "tokens")
    return totals, probs


def expected_counts(batch: Batch, weights: Tensor | None) -> tuple[Tensor, Counts]:
    """RETURNS (tuple[Tensor, Counts]): log Z; expected use of every score.

    batch (Batch): The sequences.
    weights (Tensor | None): Of each, 1 if None. *Shape:* (batch,).
    """
    if weights is None:
        weights = _ones(batch)
    totals, tokens, moves = _run(batch, weights.to(batch.device, torch.float64).contiguous(), "counts")
    if batch.is_empty:
        return totals, Counts(tokens, moves, batch.zeros(batch.n_tags), batch.zeros(batch.n_tags))
    first = batch.first_rows.clamp(max=batch.n_rows - 1)
    last = (batch.first_rows + batch.lengths - 1).clamp(min=0)
    nonempty = (batch.lengths > 0).unsqueeze(1)
    borders = torch.where(nonempty, tokens[torch.stack((first, last))].double(), batch.zeros())
    starts, ends = borders.sum(1)
    return totals, Counts(tokens, moves, starts, ends)


def log_space_rows(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """RETURNS (tuple[Tensor, Tensor, Tensor]): log Z; alpha_t, token t's emission included, and beta_t, without it, of
        every row. *Shape:* (batch,), (n_rows, n_tags), (n_rows, n_tags), float64, nats.

    batch (Batch): The sequences, not all of them empty.
    """
    alphas, betas = (batch.rows(batch.n_tags, dtype=torch.float64) for _ in range(2))
    totals, flags = batch.zeros(batch.size), _all_flagged(batch)
    _log_forward(batch, flags, alphas, totals)
    _log_backward(batch, flags, _ones(batch), alphas, totals, "betas", betas, betas, betas)
    return totals, alphas, betas


def _run(batch: Batch, weights: Tensor, write: str) -> tuple[Tensor, Tensor, Tensor]:
    """log Z, weighted token marginals and weighted transition counts, as far as `write` asks for them."""
    tokens = batch.rows(batch.n_tags, dtype=batch.emissions.dtype)
    moves = batch.zeros(batch.n_tags, batch.n_tags)
    totals = batch.zeros(batch.size)
    if batch.is_empty:
        return totals, tokens, moves
    # A_t and B_t of scaled space; alpha_t of log space fills the same memory.
    rows = batch.rows(2 * batch.n_tags, dtype=torch.float32)
    matrix = None
    if batch.emissions.dtype == torch.float64:
        flags = _all_flagged(batch)
    else:
        flags = torch.zeros(batch.size, dtype=torch.int32, device=batch.device)
        matrix = _scaled(batch, weights, rows, tokens, totals, flags, write != "")
    alphas = rows.view(torch.float64)
    _log_forward(batch, flags, alphas, totals)
    if write:
        _log_backward(batch, flags, weights, alphas, totals, write, batch.zeros(1), tokens, moves)
    if write == "counts" and matrix is not None:
        pairs = rows.view(-1, 2, batch.n_tags)
        products = pairs[:-1, 0].t() @ pairs[1:, 1]
        # What W forbids may be large in the product.
        moves += torch.where(matrix > 0, matrix * products, torch.zeros_like(matrix))
    return totals, tokens, moves


def _scaled(
    batch: Batch, weights: Tensor, rows: Tensor, tokens: Tensor, totals: Tensor, flags: Tensor, write: bool
) -> Tensor:
    """Fill all that is given, from `rows` on; returns exp(transitions - shift)."""
    scores, blocks, n_tags = ScaledScores.of(batch), batch.blocks, batch.n_tags
    peaks = torch.empty(batch.n_rows, dtype=torch.float64, device=batch.device)
    scales = torch.empty((batch.n_rows, 2), dtype=torch.float32, device=batch.device)
    losses = torch.empty((batch.size, 2), dtype=torch.int32, device=batch.device)
    places = (batch.first_rows, batch.lengths)
    launch(
        "exponentials",
        (batch.size, SPLIT),
        batch.device,
        4,
        *(batch.emissions, batch.allowed, scores.shifts, *places, tokens, peaks, n_tags),
        KP=blocks.tags,
        BT=blocks.tokens,
        SPLIT=SPLIT,
        HAS_ALLOWED=batch.has_allowed,
    )
    launch(
        "chain",
        (batch.size, 2),
        batch.device,
        blocks.matrix_warps,
        *(tokens, scores.matrices, scores.ends, scores.faint, *places, rows, scales, losses, n_tags),
        KP=blocks.tags,
        BI=blocks.tile,
        TILED=blocks.tiled,
    )
    launch(
        "combine",
        (batch.size,),
        batch.device,
        4,
        *(tokens, rows, scales, peaks, scores.end_peak, *places, weights, totals, flags, losses, n_tags),
        KP=blocks.tags,
        BT=blocks.tokens,
        WRITE=write,
    )
    return scores.matrices[0]


def _log_forward(batch: Batch, flags: Tensor, alphas: Tensor, totals: Tensor) -> None:
    blocks = batch.blocks
    scores = (batch.emissions, batch.allowed, batch.transitions, batch.start, batch.end)
    launch(
        "log_forward",
        (batch.size,),
        batch.device,
        blocks.warps,
        *(*scores, batch.first_rows, batch.lengths, flags, alphas, totals, batch.n_tags),
        KP=blocks.tags,
        BI=blocks.exact_tile,
        HAS_ALLOWED=batch.has_allowed,
    )


def _log_backward(
    batch: Batch,
    flags: Tensor,
    weights: Tensor,
    alphas: Tensor,
    totals: Tensor,
    write: str,
    betas: Tensor,
    probs: Tensor,
    moves: Tensor,
) -> None:
    blocks = batch.blocks
    scores = (batch.emissions, batch.allowed, batch.transitions, batch.end)
    work = torch.empty((batch.size, batch.n_tags), dtype=torch.float64, device=batch.device)
    sizes = {"KP": blocks.tags, "BI": blocks.exact_tile, "HAS_ALLOWED": batch.has_allowed, "WRITE": write}
    places = (batch.first_rows, batch.lengths, flags)
    launch(
        "log_backward",
        (batch.size,),
        batch.device,
        blocks.warps,
        *(*scores, *places, weights, alphas, totals, betas, work, probs, moves, batch.n_tags),
        **sizes,
    )


def _ones(batch: Batch) -> Tensor:
    return torch.ones(batch.size, dtype=torch.float64, device=batch.device)


def _all_flagged(batch: Batch) -> Tensor:
    return torch.ones(batch.size, dtype=torch.int32, device=batch.device)
