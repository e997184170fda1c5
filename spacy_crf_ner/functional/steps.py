"""Tokens in the order in which a chain that begins with the first of each sequence comes to them."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .layout import Layout, sent


@dataclass(frozen=True, eq=False)
class Steps:
    """First the first tokens of all sequences, then the second ones, and so on: one row for each token, no padding.

    Within a step the longest sequences come first, so that those which go on are the first rows of the step before.

    bounds (tuple[int, ...]): First row of each step, and the number of rows.
    tokens (Tensor): Token of each row, in packed order. *Shape:* (n_tokens,), int64.
    before (Tensor): Row of the token before it; anything in the first step. *Shape:* (n_tokens,), int64.
    ranks (Tensor): Place of each row in its step. *Shape:* (n_tokens,), int64.
    """

    bounds: tuple[int, ...]
    tokens: Tensor
    before: Tensor
    ranks: Tensor

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def rows(self, step: int) -> slice:
        """RETURNS (slice): Rows of a step.

        step (int): Which.
        """
        return slice(self.bounds[step], self.bounds[step + 1])

    def rows_before(self, step: int) -> slice:
        """RETURNS (slice): Rows of the tokens before those of a step.

        step (int): Which, from 1 on.
        """
        begin = self.bounds[step - 1]
        return slice(begin, begin + self.bounds[step + 1] - self.bounds[step])

    def parts(self, most: int) -> Iterator[range]:
        """YIELDS (range): Successive steps, the first step left out, which together have few rows.

        most (int): Rows that are few enough; a step with more stands alone.
        """
        begin = 1
        for step in range(1, len(self)):
            if step > begin and self.bounds[step + 1] - self.bounds[begin] > most:
                yield range(begin, step)
                begin = step
        if begin < len(self):
            yield range(begin, len(self))


def steps_of(layout: Layout) -> Steps:
    """Order the tokens of a batch.

    layout (Layout): The tokens.
    RETURNS (Steps): Their order, on the device of the layout.
    """
    _, order = layout.lengths.sort(descending=True, stable=True)
    ranks = torch.empty_like(order).index_copy_(0, order, torch.arange(len(order)))
    ranks = ranks.index_select(0, layout.owners)
    tokens = torch.arange(layout.n_tokens)
    positions = tokens - layout.offsets.index_select(0, layout.owners)
    ends = positions.bincount().cumsum(0)
    bounds = torch.cat((ends.new_zeros(1), ends))
    rows = bounds.index_select(0, positions).add_(ranks)
    before = rows.roll(1)
    device = layout.sequences.device
    ordered = (torch.empty_like(values).index_copy_(0, rows, values) for values in (tokens, before, ranks))
    return Steps(tuple(bounds.tolist()), *(sent(values, device) for values in ordered))
