"""Triton programs: forward-backward in scaled exponential space, float32, one program a sequence and direction.

Plain functions: `toolchain.programs` hands those in PROGRAMS to Triton, and binds the names `tl`, `tensor` and
`constexpr`, which Triton looks up here. Block sizes (KP tags, at least as many as there are; BT tokens; BI from-tags)
are powers of two.

The chains alternate between `peaks` (nats, float64) and exponentials of at most 1 (float32), so that what is
subtracted before `exp` is exact. Token t's exponentials are e_t = exp(emission + shift - peak_t), its shift being the
start score for the first token and the highest score of a move into the tag for the others; W = exp(transitions -
shift) has columns whose highest entry is 1.

What is too small for float32 is lost. Whether that counts, the end does not show: both chains can lose the same paths,
on either side of the place where these win, and then agree at every token. So each step looks at what arrives.
"""

from __future__ import annotations

from typing import Any, TypeAlias

tl: Any = None
tensor: TypeAlias = Any
constexpr: TypeAlias = Any

PROGRAMS = (
    "exponentials",
    "whole_matrix",
    "product",
    "product_from_memory",
    "may_miss",
    "chain",
    "totals",
    "log_scales",
    "write_block",
    "combine",
)


def exponentials(
    emissions: tensor,
    allowed: tensor,
    shifts: tensor,
    first_rows: tensor,
    lengths: tensor,
    exps: tensor,
    peaks: tensor,
    n_tags: tensor,
    KP: constexpr,
    BT: constexpr,
    SPLIT: constexpr,
    HAS_ALLOWED: constexpr,
) -> None:
    """e_t and peak_t of every token: program (b, part) computes each SPLIT-th block of tokens of sequence b.

    shifts (float64 pointer): Start scores, then the highest score of a move into each tag. *Shape:* (2, n_tags).
    """
    sequence = tl.program_id(0)
    first = tl.load(first_rows + sequence)
    length = tl.load(lengths + sequence)
    tags = tl.arange(0, KP)
    is_tag = tags < n_tags
    at_start = tl.load(shifts + tags, mask=is_tag, other=0.0)
    later = tl.load(shifts + n_tags + tags, mask=is_tag, other=0.0)
    for begin in range(tl.program_id(1) * BT, length, SPLIT * BT):
        t = begin + tl.arange(0, BT)
        inside = (t < length)[:, None] & is_tag[None, :]
        places = (first + t)[:, None] * n_tags + tags[None, :]
        scores = tl.load(emissions + places, mask=inside, other=0.0).to(tl.float64)
        scores += tl.where((t == 0)[:, None], at_start[None, :], later[None, :])
        usable = inside
        if HAS_ALLOWED:
            usable = inside & (tl.load(allowed + places, mask=inside, other=0) != 0)
        scores = tl.where(usable, scores, float("-inf"))
        peak = tl.max(scores, axis=1)
        peak = tl.where(peak == float("-inf"), 0.0, peak)
        exp = tl.exp((scores - peak[:, None]).to(tl.float32))
        # 0 is for what is forbidden; all else is at least the smallest normal number, which a device keeps.
        faded = (scores > float("-inf")) & (exp < 1.1754943508222875e-38)
        tl.store(exps + places, tl.where(faded, 1.1754943508222875e-38, exp), mask=inside)
        tl.store(peaks + first + t, peak, mask=t < length)


def whole_matrix(matrix: tensor, n_tags: tensor, KP: constexpr) -> tensor:
    """It, with zeros for what is no tag."""
    tags = tl.arange(0, KP)
    inside = (tags < n_tags)[:, None] & (tags < n_tags)[None, :]
    return tl.load(matrix + tags[:, None] * n_tags + tags[None, :], mask=inside, other=0.0)


def product(vector: tensor, matrix: tensor) -> tensor:
    """vector @ matrix, both on chip. For one row a sum of products beats a matrix unit, which needs 16."""
    return tl.sum(vector[:, None] * matrix, axis=0)


def product_from_memory(
    row: tensor,
    factors: tensor,
    use_factors: tensor,
    matrix: tensor,
    n_tags: tensor,
    KP: constexpr,
    BI: constexpr,
) -> tensor:
    """(row * factors if use_factors else row) @ matrix, tile by tile, for matrices too large to stay on chip."""
    tags = tl.arange(0, KP)
    is_tag = tags < n_tags
    total = tl.zeros([KP], dtype=tl.float32)
    for begin in range(0, n_tags, BI):
        origins = begin + tl.arange(0, BI)
        is_origin = origins < n_tags
        vector = tl.load(row + origins, mask=is_origin, other=0.0)
        factor = tl.load(factors + origins, mask=is_origin, other=0.0)
        vector = tl.where(use_factors, vector * factor, vector)
        inside = is_origin[:, None] & is_tag[None, :]
        tile = tl.load(matrix + origins[:, None] * n_tags + tags[None, :], mask=inside, other=0.0)
        total += tl.sum(vector[:, None] * tile, axis=0)
    return total


def may_miss(
    arrived: tensor,
    state: tensor,
    expected: tensor,
    enlarged: tensor,
    faint: tensor,
    n_tags: tensor,
    KP: constexpr,
) -> tensor:
    """1 if too little arrives at a tag, unless it is nothing at all and no state was lost on the way, else 0.

    expected (tensor): Tags whose state cannot be 0. Below `faint` it may arrive nowhere.
    enlarged (tensor): What has divided the state, and what was lost of it, since it was computed.
    """
    is_tag = tl.arange(0, KP) < n_tags
    # A million times what is lost if every state and every product loses the smallest normal number.
    floor = n_tags * 2.350988701644575e-32
    # Both halves of a number count tags, so that one sum will do. NaN compares false, and so is never enough.
    marks = tl.where(arrived * enlarged >= floor, 0, tl.where(arrived == 0, 1, 65537))
    marks = tl.where(is_tag, marks, 0) + tl.where(expected & ((state >= faint) == 0), 65536, 0)
    count = tl.sum(marks, axis=0)
    return (((count & 65535) != 0) & (count > 65535)).to(tl.int32)


def chain(
    exps: tensor,
    matrices: tensor,
    ends: tensor,
    faint: tensor,
    first_rows: tensor,
    lengths: tensor,
    rows: tensor,
    scales: tensor,
    losses: tensor,
    n_tags: tensor,
    KP: constexpr,
    BI: constexpr,
    TILED: constexpr,
) -> None:
    """Program (b, 0): A_t, forward with token t's exponentials; (b, 1): B_t, backward without them. Both sum to 1.

    matrices (float32 pointer): W [from, to], then its transpose. *Shape:* (2, n_tags, n_tags).
    rows (float32 pointer): A_t, then B_t, of each token. *Shape:* (n_rows, 2, n_tags).
    scales (float32 pointer): What each of them was divided by. *Shape:* (n_rows, 2).
    losses (int32 pointer): Steps at which paths may have been lost. *Shape:* (batch, 2).
    """
    sequence = tl.program_id(0)
    side = tl.program_id(1)
    backward = side == 1
    length = tl.load(lengths + sequence)
    if length > 0:
        # Row of the token at hand, and the step to the next one.
        at = tl.load(first_rows + sequence) + side * (length - 1)
        step = 1 - 2 * side
        tags = tl.arange(0, KP)
        is_tag = tags < n_tags
        weights = matrices + side * n_tags * n_tags
        matrix = 0.0 if TILED else whole_matrix(weights, n_tags, KP)
        exp = tl.load(exps + at * n_tags + tags, mask=is_tag, other=0.0)
        result = tl.where(backward, tl.load(ends + tags, mask=is_tag, other=0.0), exp)
        # From here on 0 also for tags that nothing arrives at: what is left is expected to be more than 0.
        exp = tl.where(result > 0, exp, 0.0)
        missed, least = tl.zeros([], dtype=tl.int32), tl.load(faint)
        for done in range(1, length + 1):
            scale = tl.sum(result, axis=0)
            result = result / scale
            tl.store(rows + (2 * at + side) * n_tags + tags, result, mask=is_tag)
            tl.store(scales + 2 * at + side, scale)
            if done < length:
                # Not needed before the product is there: the load runs beside it.
                following = tl.load(exps + (at + step) * n_tags + tags, mask=is_tag, other=0.0)
                state = tl.where(backward, result * exp, result)
                if TILED:
                    tl.debug_barrier()
                    here = rows + (2 * at + side) * n_tags
                    moved = product_from_memory(here, exps + at * n_tags, backward, weights, n_tags, KP, BI)
                else:
                    moved = product(state, matrix)
                enlarged = tl.where(backward, 1.0, tl.minimum(scale, 1.0))
                missed += may_miss(moved, state, exp > 0, enlarged, least, n_tags, KP)
                result = tl.where(backward, moved, moved * following)
                exp = tl.where(moved > 0, following, 0.0)
                at += step
        tl.store(losses + 2 * sequence + side, missed)


def totals(
    scales: tensor, peaks: tensor, losses: tensor, first: tensor, length: tensor, BT: constexpr
) -> tensor:
    """Sums over a sequence: peaks and logs of the backward scales, in nats; and how often something was too small."""
    peak_sum = tl.zeros([], dtype=tl.float64)
    backward = tl.zeros([], dtype=tl.float64)
    bad = tl.load(losses) + tl.load(losses + 1)
    for begin in range(0, length, BT):
        t = begin + tl.arange(0, BT)
        inside = t < length
        peak_sum += tl.sum(tl.load(peaks + first + t, mask=inside, other=0.0), axis=0)
        left = tl.load(scales + 2 * (first + t), mask=inside, other=1.0)
        right = tl.load(scales + 2 * (first + t) + 1, mask=inside, other=1.0)
        backward += tl.sum(tl.log(right.to(tl.float64)), axis=0)
        # NaN compares false, which is why what is asked is whether all is well.
        fine = (left >= 1e-20) & (right >= 1e-20)
        bad += tl.sum((fine == 0).to(tl.int32), axis=0)
    return peak_sum, backward, bad


def log_scales(scales: tensor, first: tensor, t: tensor, is_token: tensor) -> tensor:
    """Scales of A_t, and the logs of the scales of A_t and B_t, float64."""
    left = tl.load(scales + 2 * (first + t), mask=is_token, other=1.0)
    right = tl.load(scales + 2 * (first + t) + 1, mask=is_token, other=1.0)
    return left, tl.log(left.to(tl.float64)), tl.log(right.to(tl.float64))


def write_block(places: tensor, arriving_places: tensor, probs: tensor, beta: tensor, inside: tensor) -> None:
    """`probs` in place of e_t, and e_t * beta in place of B_t."""
    arriving = tl.load(places, mask=inside, other=0.0) * beta
    tl.store(places, probs, mask=inside)
    tl.store(arriving_places, arriving, mask=inside)


def combine(
    exps: tensor,
    rows: tensor,
    scales: tensor,
    peaks: tensor,
    end_peak: tensor,
    first_rows: tensor,
    lengths: tensor,
    sequence_weights: tensor,
    log_partition: tensor,
    flags: tensor,
    losses: tensor,
    n_tags: tensor,
    KP: constexpr,
    BT: constexpr,
    WRITE: constexpr,
) -> None:
    """log Z, and whether it may be wrong; then weight * P(y_t) in place of e_t, and in place of B_t its G_t, so that
    A_(t-1) W G_t is weight * P(y_(t-1), y_t). Nothing is written for empty sequences.

    It is trusted if no step of `chain` may have lost paths, no scale and no A_t . B_t was below 1e-20, and log Z, which
    can be read off at every token, is the same at all of them within 1e-3 nats.
    """
    sequence = tl.program_id(0)
    first = tl.load(first_rows + sequence)
    length = tl.load(lengths + sequence)
    weight = tl.load(sequence_weights + sequence).to(tl.float32)
    tags = tl.arange(0, KP)
    peak_sum, backward, bad = totals(scales, peaks, losses + 2 * sequence, first, length, BT)
    zero = tl.zeros([], dtype=tl.float64)
    forward, total, lowest, highest = zero, zero, zero + float("inf"), zero - float("inf")
    for begin in range(0, length, BT):
        t = begin + tl.arange(0, BT)
        is_token = t < length
        inside = is_token[:, None] & (tags < n_tags)[None, :]
        pairs = rows + 2 * (first + t)[:, None] * n_tags + tags[None, :]
        alpha = tl.load(pairs, mask=inside, other=0.0)
        beta = tl.load(pairs + n_tags, mask=inside, other=0.0)
        common = tl.where(is_token, tl.sum(alpha * beta, axis=1), 1.0)
        left, left_log, right_log = log_scales(scales, first, t, is_token)
        seen = forward + tl.cumsum(left_log, axis=0) + backward - tl.cumsum(right_log, axis=0) + right_log
        seen += tl.log(common.to(tl.float64))
        lowest = tl.minimum(lowest, tl.min(tl.where(is_token, seen, float("inf")), axis=0))
        highest = tl.maximum(highest, tl.max(tl.where(is_token, seen, float("-inf")), axis=0))
        fine = (common >= 1e-20) & (left * common >= 1e-30)
        bad += tl.sum((fine == 0).to(tl.int32), axis=0)
        total += tl.sum(tl.where(t == length - 1, seen, 0.0), axis=0)
        forward += tl.sum(left_log, axis=0)
        backward -= tl.sum(right_log, axis=0)
        if WRITE:
            places = exps + (first + t)[:, None] * n_tags + tags[None, :]
            beta = beta / common[:, None]
            factors = tl.where(t > 0, weight / left, 0.0)[:, None]
            write_block(places, pairs + n_tags, weight * (alpha * beta), factors * beta, inside)
    if length > 0:
        trusted = (highest - lowest <= 1e-3) & (bad == 0)
        tl.store(log_partition + sequence, peak_sum + tl.load(end_peak) + total)
        tl.store(flags + sequence, tl.where(trusted, 0, 1))
