"""The best path by two chains that meet in the middle of each sequence, and go back from there to both ends.

There is no matrix product in the space of maxima: each step adds the states to the transitions and takes maxima over
the tags to come from, which stand first in memory, so that the rest, rows times tags, is one long vector. Where a
maximum came from is found again on the way back, for one tag of each row and not for all.
"""

import torch
from torch import Tensor

from .layout import Layout
from .potentials import Potentials
from .scaled_chains import allowed_scores, token_scores
from .schedule import Meeting, Schedule, halves_of
from .workspace import Workspace

# Steps between two subtractions of the maximum, which keep the digits of float32 for differences of scores.
LEVEL_EVERY = 8
# Numbers in the buffer of states plus transitions, which should fit into a processor's cache, whatever the batch.
MOST_SUMS = 3 * 2**19


def best_paths(potentials: Potentials, layout: Layout) -> tuple[Tensor, Tensor | None]:
    """The tags of each sequence's best path.

    potentials (Potentials): The batch.
    layout (Layout): Its tokens, at least one.
    RETURNS (tuple[Tensor, Tensor | None]): Tags, *Shape:* (n_tokens,), int64; indices of the sequences without a best
        path, for lack of a path or because of scores that are no numbers, None if there are none.
    """
    schedule = halves_of(layout, potentials.n_tags)
    meeting = schedule.meeting
    assert meeting is not None
    transitions = allowed_scores(potentials.transitions, potentials.allowed_transitions)
    # [from, chain, 1, to]: the backward chain comes from the tag that a transition leads to.
    moves = torch.stack((transitions, transitions.t()), 1).unsqueeze(2)
    n_tokens, n_slots = layout.n_tokens, schedule.sources.shape[0]
    space = Workspace(potentials.emissions, n_tokens + 2 * n_slots)
    scores = _edged_scores(potentials, layout, space.take(n_tokens))
    states = torch.index_select(scores, 0, schedule.sources, out=space.take(n_slots))
    arriving = space.take(n_slots)
    _run(moves, arriving, states, schedule)
    best, tags = _join(moves, arriving, states, meeting)
    broken = torch.isfinite(best).logical_not_()
    path = _trace(moves, states, meeting.ends, tags, schedule).index_select(0, schedule.forward)
    if not bool(broken.any()):
        return path, None
    lost = broken.nonzero().squeeze(1)
    return path, lost if layout.filled is None else layout.filled.index_select(0, lost)


def _edged_scores(potentials: Potentials, layout: Layout, out: Tensor) -> Tensor:
    """Scores of all tokens, with start and end at the first and last of each sequence."""
    scores = token_scores(potentials, layout, out)
    start = allowed_scores(potentials.start, potentials.allowed_start)
    end = allowed_scores(potentials.end, potentials.allowed_end)
    n_filled = layout.first.shape[0]
    scores.index_add_(0, layout.first, start.expand(n_filled, -1))
    return scores.index_add_(0, layout.last, end.expand(n_filled, -1))


def _run(moves: Tensor, arriving: Tensor, states: Tensor, schedule: Schedule) -> None:
    """Fill `arriving`, and make of the scores in `states` the highest score of all ways to each tag."""
    rows, step = schedule.n_rows, 0
    sums = _buffer(moves, rows)
    # Nothing arrives at the first step; so these are only of the right shape.
    columns = _columns(schedule.parts(states)[0][0])
    for parts in zip(*map(schedule.parts, (arriving, states)), strict=True):
        if parts[0].shape[2] != rows:
            rows = parts[0].shape[2]
            sums, columns = _buffer(moves, rows), columns[:, :, :rows]
        views = (*parts, _columns(parts[1]))
        for arrived, state, onward in zip(*(view.unbind(0) for view in views), strict=True):
            if step:
                _arrive(columns, moves, sums, arrived)
            else:
                arrived.zero_()
            state.add_(arrived)
            step += 1
            if step % LEVEL_EVERY == 0:
                state.sub_(state.amax(2, keepdim=True))
            columns = onward


def _columns(states: Tensor) -> Tensor:
    """States as the tags to come from. *Shape:* (..., 2, rows, n_tags) -> (..., n_tags, 2, rows, 1)"""
    return states.movedim(-1, -3).unsqueeze(-1)


def _buffer(moves: Tensor, rows: int) -> Tensor:
    """Memory for the sums of states and transitions of all rows, or of an equal part. *Shape:* (from, 2, part, to)."""
    n_tags = moves.shape[0]
    parts = -(-rows * 2 * n_tags * n_tags // MOST_SUMS)
    return moves.new_empty((n_tags, 2, -(-rows // parts), n_tags))


def _arrive(columns: Tensor, moves: Tensor, sums: Tensor, arrived: Tensor) -> None:
    """Highest sum of state and move into each tag. *Shape:* (n_tags, 2, rows, 1) -> (2, rows, n_tags)"""
    size = sums.shape[2]
    if size == columns.shape[2]:
        torch.add(columns, moves, out=sums)
        torch.amax(sums, 0, out=arrived)
        return
    for part, result in zip(torch.split(columns, size, 2), torch.split(arrived, size, 1), strict=True):
        some = sums[:, :, : part.shape[2]]
        torch.add(part, moves, out=some)
        torch.amax(some, 0, out=result)


def _join(moves: Tensor, arriving: Tensor, states: Tensor, meeting: Meeting) -> tuple[Tensor, Tensor]:
    """Highest sum of both chains of each filled sequence, (n_filled,), and the tags where they end, (2, n_filled)."""
    ends = states.index_select(0, meeting.ends.flatten()).view(2, -1, states.shape[1])
    prefixes, suffixes = ends.unbind(0)
    reached = torch.empty_like(ends)
    _arrive(_columns(ends), moves, _buffer(moves, len(prefixes)), reached)
    followed = arriving.index_select(0, meeting.ends[1])
    odd = meeting.odd.unsqueeze(1)
    best, right = torch.where(odd, prefixes + followed, reached[0] + suffixes).max(1)
    left = (prefixes + moves[:, 1, 0].index_select(0, right)).argmax(1)
    return best, torch.stack((torch.where(meeting.odd, right, left), right))


def _trace(moves: Tensor, states: Tensor, ends: Tensor, tags: Tensor, schedule: Schedule) -> Tensor:
    """Tags of all slots, from those at the given ends of both chains back to the ends of the sequences."""
    n_tags = moves.shape[0]
    # Where a chain ends its tag is known. NaN is the highest number for `argmax`, whatever is added to it: so the known
    # tag comes out by the same calls as all others.
    states.view(-1).index_fill_(0, torch.add(tags, ends, alpha=n_tags).flatten(), torch.nan)
    # Rows [chain * n_tags + to] of what leads there; what is found is such rows.
    origins = moves.permute(1, 2, 3, 0).reshape(2 * n_tags, n_tags)
    shift = torch.arange(0, 2 * n_tags, n_tags, device=states.device).unsqueeze(1)
    found = torch.empty((states.shape[0], 1), dtype=torch.int64, device=states.device)
    known = found.new_zeros(0)
    parts = zip(schedule.parts(states), schedule.parts(found), strict=True)
    for blocks, places in reversed(list(parts)):
        steps, _, rows, _ = places.shape
        if known.shape[0] != 2 * rows:
            known = _with_more_rows(known, rows)
        flat, places = blocks.view(steps, 2 * rows, n_tags), places.squeeze(3)
        views = (flat, blocks, places, places.view(steps, 2 * rows))
        for state, block, place, row in zip(*(reversed(view.unbind(0)) for view in views), strict=True):
            state += origins.index_select(0, known)
            torch.argmax(block, 2, out=place)
            place += shift
            known = row
    return found.squeeze(1) % n_tags


def _with_more_rows(known: Tensor, rows: int) -> Tensor:
    """The same for chains that have more rows, with anything in the new ones. *Shape:* (2 * before,) -> (2 * rows,)"""
    more = known.new_zeros((2, rows))
    before = known.view(2, -1)
    more[:, : before.shape[1]] = before
    return more.flatten()
