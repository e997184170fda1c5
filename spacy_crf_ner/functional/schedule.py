"""The order in which two chains walk over all sequences at once, from both ends, without computing much padding.

Sequences are sorted by length, longest first. At step u the forward chain is at token u of every sequence that is
longer than u, and the backward chain at token length - 1 - u. The two times so many states lie together as one block
(2, rows, width), a slot for each state, the blocks of one step after those of another, so that every step is a few
calls on views of large buffers. The number of rows shrinks as sequences end, in a few leaps and not at every step:
views of blocks of equal size come from one call, and what little is computed for sequences that have ended is never
looked at.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .layout import Layout, sent

# The number of rows shrinks where that spares this part of what is left, and enough multiplications to be worth the
# calls that it costs.
PART_SPARED = 1 / 12
LEAST_SPARED = 100_000
# With thousands of views alive, Python's garbage collector looks through all that it knows: so views are made for so
# many steps at a time.
STEPS_AT_ONCE = 64


@dataclass(frozen=True)
class Run:
    """Successive steps with the same number of rows.

    rows (int): Sequences in each of the two chains.
    steps (int): Number of steps.
    """

    rows: int
    steps: int

    @property
    def n_slots(self) -> int:
        """States of both chains."""
        return 2 * self.rows * self.steps


@dataclass(frozen=True, eq=False)
class Schedule:
    """Slots of one batch whose chains go from one end of each sequence to the other, or only until they meet.

    runs (tuple[Run, ...]): All steps, in order; none for a batch without tokens.
    sources (Tensor): Token of each slot; any token in slots that are never looked at. *Shape:* (n_slots,), int64.
    forward (Tensor): Slot of each token in the forward chain, else in the backward chain. *Shape:* (n_tokens,), int64.
    backward (Tensor): Slot of each token in the backward chain, else in the forward chain. *Shape:* (n_tokens,), int64.
    meeting (Meeting | None): Where the two chains end if they end where they meet.
    """

    runs: tuple[Run, ...]
    sources: Tensor
    forward: Tensor
    backward: Tensor
    meeting: "Meeting | None" = None

    @property
    def n_rows(self) -> int:
        """Rows at the first step."""
        return self.runs[0].rows

    def parts(self, buffer: Tensor) -> list[Tensor]:
        """Views of the blocks of each run.

        buffer (Tensor): *Shape:* (n_slots, width).
        RETURNS (list[Tensor]): *Shape of each:* (steps, 2, rows, width).
        """
        width = buffer.shape[1]
        runs = torch.split(buffer, [run.n_slots for run in self.runs])
        return [part.view(run.steps, 2, run.rows, width) for part, run in zip(runs, self.runs, strict=True)]


@dataclass(frozen=True, eq=False)
class Meeting:
    """Chains that end where they meet: both at the middle token of an odd length, next to each other in an even one.

    ends (Tensor): Last slots of the two chains of each filled sequence. *Shape:* (2, n_filled), int64.
    odd (Tensor): Whether both end at the same token. *Shape:* (n_filled,), bool.
    in_forward (Tensor): Which tokens are in the forward chain. *Shape:* (n_tokens,), bool.
    in_backward (Tensor): Which tokens are in the backward chain. *Shape:* (n_tokens,), bool.
    """

    ends: Tensor
    odd: Tensor
    in_forward: Tensor
    in_backward: Tensor


def schedule_of(layout: Layout, n_tags: int) -> Schedule:
    """Plan two chains, each from one end of every sequence to the other.

    layout (Layout): The tokens, at least one.
    n_tags (int): Number of tags.
    RETURNS (Schedule): The plan, on the device of the layout.
    """
    plan = _Plan(layout, layout.lengths, n_tags)
    forward = plan.begins.index_select(0, plan.ahead).add_(plan.rows)
    backward = (plan.begins + plan.counts).index_select(0, plan.behind).add_(plan.rows)
    plan.sources.index_copy_(0, forward, plan.tokens).index_copy_(0, backward, plan.tokens)
    return plan.schedule(forward, backward)


def halves_of(layout: Layout, n_tags: int) -> Schedule:
    """Plan two chains that end where they meet.

    layout (Layout): The tokens, at least one.
    n_tags (int): Number of tags.
    RETURNS (Schedule): The plan, on the device of the layout.
    """
    steps = (layout.lengths + 1) // 2
    plan = _Plan(layout, steps, n_tags)
    nearer_end = plan.behind < plan.ahead
    before = torch.minimum(plan.ahead, plan.behind)
    forward = plan.begins.index_select(0, before).add_(plan.rows)
    forward += plan.counts.index_select(0, before).mul_(nearer_end)
    # Last tokens of both chains: one and the same in the middle of an odd length.
    stops = torch.stack((layout.offsets + steps - 1, layout.offsets + layout.lengths - steps))
    odd = layout.lengths % 2 == 1
    if layout.filled is not None:
        filled = layout.lengths > 0
        stops, steps, odd = stops[:, filled], steps[filled], odd[filled]
    ends = forward.index_select(0, stops[0])
    ends = torch.stack((ends, ends + plan.counts.index_select(0, steps - 1)))
    backward = forward.index_copy(0, stops[1], ends[1])
    plan.sources.index_copy_(0, forward, plan.tokens).index_copy_(0, ends[1], stops[1])
    device = layout.sequences.device
    in_backward = plan.behind <= plan.ahead
    values = (ends, odd, nearer_end.logical_not_(), in_backward)
    return plan.schedule(forward, backward, Meeting(*(sent(value, device) for value in values)))


class _Plan:
    """Where chains with given numbers of steps stand; all on the CPU."""

    def __init__(self, layout: Layout, steps: Tensor, n_tags: int) -> None:
        self.device = layout.sequences.device
        ordered, order = steps.sort(descending=True)
        ranks = torch.empty_like(order).index_copy_(0, order, torch.arange(len(order)))
        self.runs = tuple(_runs(ordered.tolist(), n_tags))
        # Rows of each step, and first slot of its forward states; those of the backward states follow.
        counts = torch.tensor([run.rows for run in self.runs])
        self.counts = counts.repeat_interleave(torch.tensor([run.steps for run in self.runs]))
        self.begins = (self.counts.cumsum(0) - self.counts).mul_(2)
        self.sources = torch.zeros(sum(run.n_slots for run in self.runs), dtype=torch.int64)
        # Of each token: its row in a block, and the tokens before it and after it in its sequence.
        self.tokens = torch.arange(layout.n_tokens)
        self.rows = ranks.index_select(0, layout.owners)
        self.ahead = self.tokens - layout.offsets.index_select(0, layout.owners)
        self.behind = (layout.offsets + layout.lengths - 1).index_select(0, layout.owners) - self.tokens

    def schedule(self, forward: Tensor, backward: Tensor, meeting: Meeting | None = None) -> Schedule:
        return Schedule(
            runs=self.runs,
            sources=sent(self.sources, self.device),
            forward=sent(forward, self.device),
            backward=sent(backward, self.device),
            meeting=meeting,
        )


def _runs(steps: list[int], n_tags: int) -> list[Run]:
    """Runs for chains of these numbers of steps, in descending order."""
    runs: list[Run] = []
    rows, done = len(steps), 0
    for fewer in range(len(steps) - 1, -1, -1):
        # From this step on fewer rows are enough.
        until = steps[fewer]
        left = steps[0] - until
        least = max(LEAST_SPARED / n_tags**2, PART_SPARED * rows * (steps[0] - done))
        if fewer and (rows - fewer) * left < least:
            continue
        runs += [Run(rows, min(STEPS_AT_ONCE, until - begin)) for begin in range(done, until, STEPS_AT_ONCE)]
        rows, done = fewer, until
    return runs
