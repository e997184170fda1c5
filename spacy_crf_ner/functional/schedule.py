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

# At most so many different numbers of rows in one batch: each costs calls, and each spares rows.
MOST_LEAPS = 4
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


def schedule_of(layout: Layout) -> Schedule:
    """Plan two chains, each from one end of every sequence to the other.

    layout (Layout): The tokens, at least one.
    RETURNS (Schedule): The plan, on the device of the layout.
    """
    plan = _Plan(layout, layout.lengths)
    tokens = torch.arange(layout.n_tokens)
    ahead, behind = _distances(layout, tokens)
    return plan.schedule(tokens, plan.forward(ahead), plan.backward(behind), None)


def halves_of(layout: Layout) -> Schedule:
    """Plan two chains that end where they meet.

    layout (Layout): The tokens, at least one.
    RETURNS (Schedule): The plan, on the device of the layout.
    """
    steps = (layout.lengths + 1) // 2
    plan = _Plan(layout, steps)
    tokens = torch.arange(layout.n_tokens)
    ahead, behind = _distances(layout, tokens)
    allotted = steps.index_select(0, layout.owners)
    in_forward, in_backward = ahead < allotted, behind < allotted
    forward = plan.forward(ahead.clamp_(max=plan.n_steps - 1))
    backward = plan.backward(behind.clamp_(max=plan.n_steps - 1))
    forward, backward = (
        torch.where(in_forward, forward, backward),
        torch.where(in_backward, backward, forward),
    )
    lengths = layout.lengths[layout.lengths > 0]
    middles = (layout.offsets + steps - 1)[layout.lengths > 0]
    ends = torch.stack(
        (forward.index_select(0, middles), backward.index_select(0, middles + 1 - lengths % 2))
    )
    device = layout.sequences.device
    meeting = Meeting(*(sent(value, device) for value in (ends, lengths % 2 == 1, in_forward, in_backward)))
    return plan.schedule(tokens, forward, backward, meeting)


class _Plan:
    """Slots of chains with given numbers of steps; all on the CPU."""

    def __init__(self, layout: Layout, steps: Tensor) -> None:
        self.device = layout.sequences.device
        ordered, order = steps.sort(descending=True)
        ranks = torch.empty_like(order).index_copy_(0, order, torch.arange(len(order)))
        self.rows = ranks.index_select(0, layout.owners)
        self.runs = tuple(_runs(ordered.tolist()))
        counts = torch.tensor([run.rows for run in self.runs])
        self.counts = counts.repeat_interleave(torch.tensor([run.steps for run in self.runs]))
        ends = self.counts.cumsum(0).mul_(2)
        # First slots of each step's forward and backward states.
        self.backward_begins = ends - self.counts
        self.forward_begins = self.backward_begins - self.counts
        self.n_slots = sum(run.n_slots for run in self.runs)

    @property
    def n_steps(self) -> int:
        return self.counts.shape[0]

    def forward(self, steps: Tensor) -> Tensor:
        return self.forward_begins.index_select(0, steps).add_(self.rows)

    def backward(self, steps: Tensor) -> Tensor:
        return self.backward_begins.index_select(0, steps).add_(self.rows)

    def schedule(
        self, tokens: Tensor, forward: Tensor, backward: Tensor, meeting: Meeting | None
    ) -> Schedule:
        sources = torch.zeros(self.n_slots, dtype=torch.int64)
        sources.index_copy_(0, forward, tokens).index_copy_(0, backward, tokens)
        device = self.device
        return Schedule(
            self.runs, sent(sources, device), sent(forward, device), sent(backward, device), meeting
        )


def _distances(layout: Layout, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Tokens before each one in its sequence, and after it."""
    ahead = tokens - layout.offsets.index_select(0, layout.owners)
    last = layout.offsets + layout.lengths - 1
    return ahead, last.index_select(0, layout.owners) - tokens


def _runs(steps: list[int]) -> list[Run]:
    """Runs for chains of these numbers of steps, in descending order."""
    filled = sum(count > 0 for count in steps)
    leap = max(1, -(-filled // MOST_LEAPS))
    runs: list[Run] = []
    done = 0
    for rows in range(filled, 0, -leap):
        until = steps[max(rows - leap, 0)]
        while done < until:
            size = min(until - done, STEPS_AT_ONCE)
            runs.append(Run(rows, size))
            done += size
    return runs
