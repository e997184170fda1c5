"""Where the tokens of a batch stand, computed once per call on the CPU and sent to the device of the scores."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .potentials import Potentials


@dataclass(frozen=True, eq=False)
class Layout:
    """The tokens of a batch in packed order: those of its first sequence, then of the second.

    lengths (Tensor): Of all sequences, on the CPU. *Shape:* (batch,), int64.
    offsets (Tensor): Token that each sequence begins with, on the CPU. *Shape:* (batch,), int64.
    owners (Tensor): Index of each token's sequence, on the CPU. *Shape:* (n_tokens,), int64.
    sequences (Tensor): The same on the device of the scores. *Shape:* (n_tokens,), int64.
    rows (Tensor | None): Row of each token among those of the emissions as a matrix; None where the two are the same.
        *Shape:* (n_tokens,), int64.
    filled (Tensor | None): Indices of the sequences that are not empty; None if none is empty. *Shape:* (n_filled,).
    first (Tensor): Token that each filled sequence begins with. *Shape:* (n_filled,), int64.
    last (Tensor): Token that it ends with. *Shape:* (n_filled,), int64.
    """

    lengths: Tensor
    offsets: Tensor
    owners: Tensor
    sequences: Tensor
    rows: Tensor | None
    filled: Tensor | None
    first: Tensor
    last: Tensor

    @property
    def n_tokens(self) -> int:
        """Tokens in the batch."""
        return self.owners.shape[0]

    def any_token(self, flags: Tensor) -> Tensor:
        """RETURNS (Tensor): True for sequences with a token that is flagged. *Shape:* (batch,), bool.

        flags (Tensor): *Shape:* (n_tokens,), bool.
        """
        counts = torch.zeros(self.lengths.shape, device=flags.device)
        return counts.index_add_(0, self.sequences, flags.float()) > 0

    def of_all(self, values: Tensor) -> Tensor:
        """RETURNS (Tensor): A value for each sequence, 0 for empty ones. *Shape:* (batch,).

        values (Tensor): *Shape:* (n_filled,).
        """
        if self.filled is None:
            return values
        return values.new_zeros(self.lengths.shape).index_copy_(0, self.filled, values)

    def gather(self, values: Tensor, n_axes: int) -> Tensor:
        """The tokens' values out of a tensor in the layout of the batch.

        values (Tensor): *Shape:* (batch, seq_len, ...) or (n_tokens, ...).
        n_axes (int): How many axes belong to each value.
        RETURNS (Tensor): Perhaps the same memory. *Shape:* (n_tokens, ...).
        """
        flat = values.reshape(-1, *values.shape[values.dim() - n_axes :])
        return flat if self.rows is None else flat.index_select(0, self.rows)

    def spread(self, values: Tensor, like: Tensor, padding: int = 0) -> Tensor:
        """Values of tokens in the layout of the batch.

        values (Tensor): *Shape:* (n_tokens, ...).
        like (Tensor): Something in the layout of the batch with as many axes as the result. *Shape:* (batch, seq_len,
            ...) or (n_tokens, ...).
        padding (int): What to fill in where there is no token.
        RETURNS (Tensor): Perhaps the same memory. *Shape:* As `like`.
        """
        if self.rows is None:
            return values.reshape(like.shape)
        flat = values.new_full((like.shape[0] * like.shape[1], *values.shape[1:]), padding)
        return flat.index_copy_(0, self.rows, values).reshape(like.shape)


def layout_of(potentials: Potentials) -> Layout:
    """Find the tokens of a batch; waits for its device only if the lengths are there.

    potentials (Potentials): The batch.
    RETURNS (Layout): Its tokens.
    """
    lengths = potentials.lengths.cpu()
    device = potentials.emissions.device
    batch = lengths.shape[0]
    ends = lengths.cumsum(0)
    offsets = ends - lengths
    owners = torch.arange(batch).repeat_interleave(lengths)
    n_tokens = owners.shape[0]
    rows = None
    if not potentials.is_packed and batch * potentials.seq_len != n_tokens:
        shifts = torch.arange(0, batch * potentials.seq_len, potentials.seq_len) - offsets
        rows = shifts.index_select(0, owners).add_(torch.arange(n_tokens))
    filled, first, last = None, offsets, ends - 1
    if batch and int(lengths.min()) == 0:
        filled = lengths.nonzero().squeeze(1)
        first, last = first.index_select(0, filled), last.index_select(0, filled)
    return Layout(
        lengths=lengths,
        offsets=offsets,
        owners=owners,
        sequences=sent(owners, device),
        rows=None if rows is None else sent(rows, device),
        filled=None if filled is None else sent(filled, device),
        first=sent(first, device),
        last=sent(last, device),
    )


def sent(values: Tensor, device: torch.device) -> Tensor:
    """The same values on another device, for which nothing here waits.

    values (Tensor): On the CPU.
    device (torch.device): Where they are needed.
    RETURNS (Tensor): Perhaps the same memory.
    """
    return values if device.type == "cpu" else values.to(device, non_blocking=True)


def some_sequences(potentials: Potentials, indices: Tensor, dtype: torch.dtype) -> tuple[Potentials, Tensor]:
    """A batch of some of the sequences, packed.

    potentials (Potentials): The batch.
    indices (Tensor): Sequences, on the CPU. *Shape:* (n_sequences,), int64.
    dtype (torch.dtype): That of the new batch.
    RETURNS (tuple[Potentials, Tensor]): The new batch without graph for autograd; for each of its tokens its row among
        those of `potentials.emissions` as a matrix, *Shape:* (n_tokens,), int64.
    """
    lengths = potentials.lengths.cpu()
    chosen = lengths.index_select(0, indices)
    starts = potentials.seq_len * torch.arange(len(lengths))
    if potentials.is_packed:
        starts = lengths.cumsum(0) - lengths
    shifts = starts.index_select(0, indices) - (chosen.cumsum(0) - chosen)
    rows = torch.arange(int(chosen.sum())) + shifts.repeat_interleave(chosen)
    rows = sent(rows, potentials.emissions.device)
    n_tags, allowed = potentials.n_tags, potentials.allowed_tags
    batch = replace(
        potentials,
        emissions=potentials.emissions.detach().reshape(-1, n_tags).index_select(0, rows).to(dtype),
        lengths=chosen,
        transitions=potentials.transitions.detach().to(dtype),
        start=potentials.start.detach().to(dtype),
        end=potentials.end.detach().to(dtype),
        allowed_tags=None if allowed is None else allowed.reshape(-1, n_tags).index_select(0, rows),
    )
    return batch, rows
