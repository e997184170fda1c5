"""Triton programs: the best path of each sequence (Viterbi), and the score and the counts of given paths.

Plain functions: `toolchain.programs` hands those in PROGRAMS to Triton, and binds the names `tl`, `tensor` and
`constexpr`, which Triton looks up here.
"""

from __future__ import annotations

from typing import Any, TypeAlias

tl: Any = None
tensor: TypeAlias = Any
constexpr: TypeAlias = Any

PROGRAMS = (
    "scores_of",
    "best_moves",
    "best_moves_from_memory",
    "trace_back",
    "ceiling_of",
    "best_paths",
    "given_paths",
)


def scores_of(
    emissions: tensor, allowed: tensor, row: tensor, n_tags: tensor, KP: constexpr, HAS_ALLOWED: constexpr
) -> tensor:
    """Emissions of a row, -inf for what is forbidden and for what is no tag."""
    tags = tl.arange(0, KP)
    is_tag = tags < n_tags
    scores = tl.load(emissions + row * n_tags + tags, mask=is_tag, other=float("-inf"))
    if HAS_ALLOWED:
        usable = tl.load(allowed + row * n_tags + tags, mask=is_tag, other=0) != 0
        scores = tl.where(usable, scores, float("-inf"))
    return scores


def best_moves(scores: tensor, transitions: tensor) -> tensor:
    """For each tag j the highest scores[i] + transitions[i, j], and its i."""
    return tl.max(scores[:, None] + transitions, axis=0, return_indices=True)


def best_moves_from_memory(
    row: tensor, transitions: tensor, n_tags: tensor, KP: constexpr, BI: constexpr
) -> tensor:
    """`best_moves`, tile by tile, for transitions too large to stay on chip."""
    tags = tl.arange(0, KP)
    best = tl.full([KP], float("-inf"), dtype=transitions.dtype.element_ty)
    origin = tl.zeros([KP], dtype=tl.int32)
    for begin in range(0, n_tags, BI):
        origins = begin + tl.arange(0, BI)
        is_origin = origins < n_tags
        inside = is_origin[:, None] & (tags < n_tags)[None, :]
        places = origins[:, None] * n_tags + tags[None, :]
        values = tl.load(row + origins, mask=is_origin, other=float("-inf"))
        tile = tl.load(transitions + places, mask=inside, other=float("-inf"))
        found, where = tl.max(values[:, None] + tile, axis=0, return_indices=True)
        origin = tl.where(found > best, begin + where, origin)
        best = tl.where(found > best, found, best)
    return best, origin


def trace_back(
    pointers: tensor, paths: tensor, row: tensor, tag: tensor, length: tensor, n_tags: tensor
) -> None:
    """Write the path that ends in a tag at a row, from there to its first token."""
    # Comparisons with NaN may leave a lane that is no tag; it must not lead out of the memory.
    tag = tl.minimum(tag, n_tags - 1)
    for _t in range(1, length):
        tl.store(paths + row, tag.to(tl.int64))
        tag = tl.minimum(tl.load(pointers + row * n_tags + tag).to(tl.int32), n_tags - 1)
        row -= 1
    tl.store(paths + row, tag.to(tl.int64))


def ceiling_of(highest: tensor, broken: tensor) -> tensor:
    """What can be said of the best path's score before it is added up; `broken` are the tags that met NaN."""
    is_broken = (tl.sum(broken.to(tl.int32), axis=0) > 0) | (highest == float("inf"))
    ceiling = tl.where(highest == float("-inf"), float("-inf"), 0.0)
    return tl.where(is_broken, float("nan"), ceiling)


def best_paths(
    emissions: tensor,
    allowed: tensor,
    transitions: tensor,
    start: tensor,
    end: tensor,
    first_rows: tensor,
    lengths: tensor,
    pointers: tensor,
    work: tensor,
    paths: tensor,
    ceilings: tensor,
    n_tags: tensor,
    KP: constexpr,
    BI: constexpr,
    TILED: constexpr,
    HAS_ALLOWED: constexpr,
) -> None:
    """Tags of the best path of each sequence, in the dtype of the scores, which are kept relative to their maximum.

    pointers (integer pointer): Best tag before each. *Shape:* (n_rows, n_tags).
    work (float pointer): A row for each sequence. *Shape:* (batch, n_tags).
    ceilings (float64 pointer): 0; -inf without an allowed path; NaN if a score was NaN or +inf. *Shape:* (batch,).
    """
    sequence = tl.program_id(0)
    length = tl.load(lengths + sequence)
    if length > 0:
        row = tl.load(first_rows + sequence)
        tags = tl.arange(0, KP)
        is_tag = tags < n_tags
        here = work + sequence * n_tags
        places = tags[:, None] * n_tags + tags[None, :]
        inside = is_tag[:, None] & is_tag[None, :]
        matrix = 0.0 if TILED else tl.load(transitions + places, mask=inside, other=float("-inf"))
        best = tl.load(start + tags, mask=is_tag, other=float("-inf"))
        best += scores_of(emissions, allowed, row, n_tags, KP, HAS_ALLOWED)
        broken = best != best
        for _t in range(1, length):
            row += 1
            scores = scores_of(emissions, allowed, row, n_tags, KP, HAS_ALLOWED)
            highest = tl.max(best, axis=0)
            best -= tl.where(highest == float("-inf"), 0.0, highest)
            broken = broken | (best != best)
            if TILED:
                tl.debug_barrier()
                tl.store(here + tags, best, mask=is_tag)
                tl.debug_barrier()
                moved, origin = best_moves_from_memory(here, transitions, n_tags, KP, BI)
            else:
                moved, origin = best_moves(best, matrix)
            tl.store(pointers + row * n_tags + tags, origin.to(pointers.dtype.element_ty), mask=is_tag)
            best = moved + scores
            broken = broken | (best != best)
        best += tl.load(end + tags, mask=is_tag, other=float("-inf"))
        broken = broken | (best != best)
        highest, tag = tl.max(best, axis=0, return_indices=True)
        tl.store(ceilings + sequence, ceiling_of(highest, broken))
        tl.debug_barrier()
        trace_back(pointers, paths, row, tag, length, n_tags)


def given_paths(
    emissions: tensor,
    allowed: tensor,
    transitions: tensor,
    start: tensor,
    end: tensor,
    first_rows: tensor,
    lengths: tensor,
    sequence_weights: tensor,
    paths: tensor,
    scores: tensor,
    probs: tensor,
    moves: tensor,
    starts: tensor,
    ends: tensor,
    n_tags: tensor,
    BT: constexpr,
    HAS_ALLOWED: constexpr,
    COUNT: constexpr,
) -> None:
    """Score of one path per sequence in float64; with COUNT its uses, times the weight, are taken off the counts
    `probs` (n_rows, n_tags), `moves` (n_tags, n_tags), `starts` and `ends` (n_tags,).

    transitions, start, end (float64 pointer): -inf where a mask forbids them.
    """
    sequence = tl.program_id(0)
    first = tl.load(first_rows + sequence)
    length = tl.load(lengths + sequence)
    total = tl.zeros([], dtype=tl.float64)
    forbidden = tl.zeros([], dtype=tl.int32)
    for begin in range(0, length, BT):
        t = begin + tl.arange(0, BT)
        inside = t < length
        later = inside & (t > 0)
        is_last = t == length - 1
        tag = tl.load(paths + first + t, mask=inside, other=0)
        before = tl.load(paths + first + t - 1, mask=later, other=0)
        places = (first + t) * n_tags + tag
        score = tl.load(emissions + places, mask=inside, other=0.0).to(tl.float64)
        if HAS_ALLOWED:
            usable = tl.load(allowed + places, mask=inside, other=1) != 0
            score = tl.where(usable, score, float("-inf"))
        entry = tl.load(start + tag, mask=t == 0, other=0.0)
        move = tl.load(transitions + before * n_tags + tag, mask=later, other=0.0)
        leave = tl.load(end + tag, mask=is_last, other=0.0)
        total += tl.sum(tl.where(inside, score + entry + move + leave, 0.0), axis=0)
        lost = tl.minimum(tl.minimum(score, entry), tl.minimum(move, leave)) == float("-inf")
        forbidden += tl.sum((lost & inside).to(tl.int32), axis=0)
        if COUNT:
            weight = tl.load(sequence_weights + sequence)
            used = tl.zeros([BT], dtype=tl.float64) - weight
            kept = tl.load(probs + places, mask=inside, other=0.0)
            tl.store(probs + places, kept + used.to(kept.dtype), mask=inside)
            tl.atomic_add(moves + before * n_tags + tag, used, mask=later, sem="relaxed")
            tl.atomic_add(starts + tag, used, mask=t == 0, sem="relaxed")
            tl.atomic_add(ends + tag, used, mask=is_last, sem="relaxed")
    tl.store(scores + sequence, tl.where(forbidden > 0, float("-inf"), total))
