"""Triton programs: forward-backward in log space, float64, one program a sequence: for what scaled space cannot do.

Plain functions: `toolchain.programs` hands those in PROGRAMS to Triton, and binds the names `tl`, `tensor` and
`constexpr`, which Triton looks up here. All scores of moves, starts and ends are float64 with -inf where a mask forbids
them. A program whose sequence's flag is 0 does nothing. Maxima go over tiles of BI tags, sums over the same tiles
again.
"""

from __future__ import annotations

from typing import Any, TypeAlias

tl: Any = None
tensor: TypeAlias = Any
constexpr: TypeAlias = Any

PROGRAMS = ("log_sum_exp", "move_scores", "token_scores", "add_moves", "log_forward", "log_backward")


def log_sum_exp(values: tensor) -> tensor:
    """Of a vector; -inf, +inf and NaN come out as they do in torch."""
    highest = tl.max(values, axis=0)
    base = tl.where(highest == float("-inf"), 0.0, highest)
    # Infinities that are equal have no difference.
    terms = tl.where(values == highest, 1.0, tl.exp(values - base))
    return highest + tl.log(tl.sum(terms, axis=0))


def move_scores(
    row: tensor,
    transitions: tensor,
    from_stride: tensor,
    to_stride: tensor,
    n_tags: tensor,
    KP: constexpr,
    BI: constexpr,
) -> tensor:
    """Log-sum over tags i of row[i] + transitions[i * from_stride + j * to_stride], for each tag j."""
    tags = tl.arange(0, KP)
    highest = tl.full([KP], float("-inf"), dtype=tl.float64)
    for begin in range(0, n_tags, BI):
        origins = begin + tl.arange(0, BI)
        inside = (origins < n_tags)[:, None] & (tags < n_tags)[None, :]
        values = tl.load(row + origins, mask=origins < n_tags, other=float("-inf"))
        places = origins[:, None] * from_stride + tags[None, :] * to_stride
        sums = values[:, None] + tl.load(transitions + places, mask=inside, other=float("-inf"))
        highest = tl.maximum(highest, tl.max(sums, axis=0))
    base = tl.where(highest == float("-inf"), 0.0, highest)
    total = tl.zeros([KP], dtype=tl.float64)
    for begin in range(0, n_tags, BI):
        origins = begin + tl.arange(0, BI)
        inside = (origins < n_tags)[:, None] & (tags < n_tags)[None, :]
        values = tl.load(row + origins, mask=origins < n_tags, other=float("-inf"))
        places = origins[:, None] * from_stride + tags[None, :] * to_stride
        sums = values[:, None] + tl.load(transitions + places, mask=inside, other=float("-inf"))
        terms = tl.where(sums == highest[None, :], 1.0, tl.exp(sums - base[None, :]))
        total += tl.sum(terms, axis=0)
    return highest + tl.log(total)


def token_scores(
    emissions: tensor, allowed: tensor, row: tensor, n_tags: tensor, KP: constexpr, HAS_ALLOWED: constexpr
) -> tensor:
    """Emissions of a row in float64, -inf for what is forbidden and for what is no tag."""
    tags = tl.arange(0, KP)
    is_tag = tags < n_tags
    scores = tl.load(emissions + row * n_tags + tags, mask=is_tag, other=float("-inf")).to(tl.float64)
    if HAS_ALLOWED:
        usable = tl.load(allowed + row * n_tags + tags, mask=is_tag, other=0) != 0
        scores = tl.where(usable, scores, float("-inf"))
    return scores


def add_moves(
    alpha: tensor,
    onward: tensor,
    transitions: tensor,
    weight: tensor,
    moves: tensor,
    n_tags: tensor,
    KP: constexpr,
    BI: constexpr,
) -> None:
    """Add weight * exp(alpha[i] + transitions[i, j] + onward[j]) to moves[i, j]; several programs may do so at once."""
    tags = tl.arange(0, KP)
    for begin in range(0, n_tags, BI):
        targets = begin + tl.arange(0, BI)
        inside = (targets < n_tags)[:, None] & (tags < n_tags)[None, :]
        places = tags[None, :] * n_tags + targets[:, None]
        sums = tl.load(transitions + places, mask=inside, other=float("-inf")) + alpha[None, :]
        sums += tl.load(onward + targets, mask=targets < n_tags, other=float("-inf"))[:, None]
        used = tl.exp(sums)
        tl.atomic_add(moves + places, weight * used, mask=inside & (used > 0), sem="relaxed")


def log_forward(
    emissions: tensor,
    allowed: tensor,
    transitions: tensor,
    start: tensor,
    end: tensor,
    first_rows: tensor,
    lengths: tensor,
    flags: tensor,
    alphas: tensor,
    log_partition: tensor,
    n_tags: tensor,
    KP: constexpr,
    BI: constexpr,
    HAS_ALLOWED: constexpr,
) -> None:
    """alpha_t, token t's emission included, of every token of the flagged sequences, and their log Z.

    alphas (float64 pointer): *Shape:* (n_rows, n_tags), nats.
    """
    sequence = tl.program_id(0)
    length = tl.load(lengths + sequence)
    if (tl.load(flags + sequence) != 0) & (length > 0):
        row = tl.load(first_rows + sequence)
        tags = tl.arange(0, KP)
        is_tag = tags < n_tags
        alpha = tl.load(start + tags, mask=is_tag, other=float("-inf"))
        alpha += token_scores(emissions, allowed, row, n_tags, KP, HAS_ALLOWED)
        tl.store(alphas + row * n_tags + tags, alpha, mask=is_tag)
        for _t in range(1, length):
            tl.debug_barrier()
            moved = move_scores(alphas + row * n_tags, transitions, n_tags, 1, n_tags, KP, BI)
            row += 1
            alpha = moved + token_scores(emissions, allowed, row, n_tags, KP, HAS_ALLOWED)
            tl.store(alphas + row * n_tags + tags, alpha, mask=is_tag)
        last = alpha + tl.load(end + tags, mask=is_tag, other=float("-inf"))
        tl.store(log_partition + sequence, log_sum_exp(last))


def log_backward(
    emissions: tensor,
    allowed: tensor,
    transitions: tensor,
    end: tensor,
    first_rows: tensor,
    lengths: tensor,
    flags: tensor,
    sequence_weights: tensor,
    alphas: tensor,
    log_partition: tensor,
    betas: tensor,
    onward: tensor,
    probs: tensor,
    moves: tensor,
    n_tags: tensor,
    KP: constexpr,
    BI: constexpr,
    HAS_ALLOWED: constexpr,
    WRITE: constexpr,
) -> None:
    """For the flagged sequences, with WRITE "betas": beta_t of every token, its own emission not included; else
    weight * P(y_t), with "counts" also the sum of weight * P(y_t, y_(t+1)) into `moves`; alpha_t is zeroed behind.

    betas, probs (float64 pointer, pointer): *Shape:* (n_rows, n_tags), nats, weighted probability.
    onward (float64 pointer): One row to work in for each sequence. *Shape:* (batch, n_tags).
    moves (float64 pointer): *Shape:* (n_tags, n_tags), [from, to].
    """
    sequence = tl.program_id(0)
    length = tl.load(lengths + sequence)
    if (tl.load(flags + sequence) != 0) & (length > 0):
        row = tl.load(first_rows + sequence) + length - 1
        weight = tl.load(sequence_weights + sequence)
        total = tl.load(log_partition + sequence)
        tags = tl.arange(0, KP)
        is_tag = tags < n_tags
        here = onward + sequence * n_tags
        beta = tl.load(end + tags, mask=is_tag, other=float("-inf"))
        for t in range(length, 0, -1):
            # Between reading what lies in memory and writing there again.
            tl.debug_barrier()
            if WRITE == "betas":
                tl.store(betas + row * n_tags + tags, beta, mask=is_tag)
            else:
                alpha = tl.load(alphas + row * n_tags + tags, mask=is_tag, other=float("-inf"))
                if WRITE == "counts":  # noqa: SIM102 (the program is compiled for one value of the first, not the second)
                    if t < length:
                        add_moves(alpha - total, here, transitions, weight, moves, n_tags, KP, BI)
                tl.store(probs + row * n_tags + tags, weight * tl.exp(alpha + beta - total), mask=is_tag)
                tl.debug_barrier()
                tl.store(alphas + row * n_tags + tags, tl.zeros([KP], dtype=tl.float64), mask=is_tag)
            if t > 1:
                leaving = beta + token_scores(emissions, allowed, row, n_tags, KP, HAS_ALLOWED)
                tl.store(here + tags, leaving, mask=is_tag)
                tl.debug_barrier()
                beta = move_scores(here, transitions, 1, n_tags, n_tags, KP, BI)
                row -= 1
