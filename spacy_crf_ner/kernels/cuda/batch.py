"""A batch as the Triton programs take it: rows, lengths and masked scores on the device, and the sizes of blocks."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ...functional import Potentials

# The largest matrix that a program keeps in registers, in tags: 64 KiB of float32.
ON_CHIP = 128
FORBIDDEN = -torch.inf


@dataclass(frozen=True)
class Blocks:
    """Sizes of what a program works on at once: powers of two, so that a thread holds some 32 registers of a matrix.

    tags (int): At least the number of tags.
    warps (int): Groups of 32 threads.
    matrix_warps (int): The same for programs that may keep a whole matrix in registers.
    tile (int): Rows of a float32 matrix that is too large to stay on chip.
    exact_tile (int): Rows of a float64 matrix.
    tokens (int): Rows of tokens that are independent of each other.
    """

    tags: int
    warps: int
    matrix_warps: int
    tile: int
    exact_tile: int
    tokens: int

    @classmethod
    def of(cls, n_tags: int) -> "Blocks":
        """RETURNS (Blocks): For a number of tags.

        n_tags (int): At least 1.
        """
        tags = max(16, 1 << (n_tags - 1).bit_length())
        warps = 1 if tags <= 32 else 4 if tags <= 64 else 8
        return cls(
            tags=tags,
            warps=warps,
            matrix_warps=16 if tags == ON_CHIP else warps,
            tile=max(1, 8192 // tags),
            exact_tile=max(1, min(tags, 512 * warps // tags)),
            tokens=max(1, 2048 // tags),
        )

    @property
    def tiled(self) -> bool:
        """Whether the transitions are too many to stay on chip."""
        return self.tags > ON_CHIP


@dataclass(frozen=True, eq=False)
class Batch:
    """Potentials by rows. Row r of the emissions is token r of the packed layout, or cell r of the padded one.

    emissions (Tensor): *Shape:* (n_rows, n_tags), nats.
    allowed (Tensor): 0 where a tag is forbidden; anything if there is no such mask. *Shape:* as the emissions, uint8.
    has_allowed (bool): Whether there is.
    is_packed (bool): Whether every row is a token.
    first_rows (Tensor): *Shape:* (batch,), int64.
    lengths (Tensor): *Shape:* (batch,), int64, tokens.
    transitions (Tensor): -inf where forbidden, as `start` and `end`. *Shape:* (n_tags, n_tags), float64, nats.
    start (Tensor): *Shape:* (n_tags,), float64, nats.
    end (Tensor): *Shape:* (n_tags,), float64, nats.
    blocks (Blocks): For this number of tags.
    """

    emissions: Tensor
    allowed: Tensor
    has_allowed: bool
    is_packed: bool
    first_rows: Tensor
    lengths: Tensor
    transitions: Tensor
    start: Tensor
    end: Tensor
    blocks: Blocks

    @classmethod
    def of(cls, potentials: Potentials) -> "Batch":
        """RETURNS (Batch): Without waiting for the device.

        potentials (Potentials): The batch.
        """
        emissions = potentials.emissions.detach().contiguous()
        places = _places(potentials)
        mask = potentials.allowed_tags
        return cls(
            emissions=emissions.flatten(0, -2),
            allowed=emissions if mask is None else mask.contiguous().view(torch.uint8),
            has_allowed=mask is not None,
            is_packed=potentials.is_packed,
            first_rows=places[0],
            lengths=places[1],
            transitions=_masked(potentials.transitions, potentials.allowed_transitions),
            start=_masked(potentials.start, potentials.allowed_start),
            end=_masked(potentials.end, potentials.allowed_end),
            blocks=Blocks.of(potentials.n_tags),
        )

    @property
    def n_tags(self) -> int:
        """Number of tags."""
        return self.start.shape[0]

    @property
    def n_rows(self) -> int:
        """Rows of the emissions, padding included."""
        return self.emissions.shape[0]

    @property
    def size(self) -> int:
        """Number of sequences."""
        return self.lengths.shape[0]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that a program could be started on."""
        return self.n_rows == 0 or self.size == 0

    @property
    def device(self) -> torch.device:
        """Where everything is."""
        return self.emissions.device

    def token_scores(self) -> Tensor:
        """RETURNS (Tensor): The emissions with -inf where the mask of tags forbids. *Shape:* (n_rows, n_tags), float64,
        nats.
        """
        scores = self.emissions.double()
        if self.has_allowed:
            usable = self.allowed.view(scores.shape) > 0
            scores = torch.where(usable, scores, scores.new_full((), FORBIDDEN))
        return scores

    def rows(self, *shape: int, dtype: torch.dtype) -> Tensor:
        """RETURNS (Tensor): Memory for something of every token, 0 in padding. *Shape:* (n_rows, *shape).

        shape (int): Of each row.
        dtype (torch.dtype): Of the values.
        """
        make = torch.empty if self.is_packed else torch.zeros
        return make((self.n_rows, *shape), dtype=dtype, device=self.device)

    def zeros(self, *shape: int) -> Tensor:
        """RETURNS (Tensor): float64 zeros on the device.

        shape (int): Its shape.
        """
        return torch.zeros(shape, dtype=torch.float64, device=self.device)


@dataclass(frozen=True, eq=False)
class ScaledScores:
    """Transitions and ends in exponential space, as `scaled_programs` explains.

    shifts (Tensor): Start scores, then the highest score of a move into each tag. *Shape:* (2, n_tags), float64, nats.
    matrices (Tensor): exp(transitions - shift) and its transpose. *Shape:* (2, n_tags, n_tags), float32.
    ends (Tensor): exp(end - end_peak), 0 only where it is forbidden. *Shape:* (n_tags,), float32.
    faint (Tensor): The largest state that an allowed move may carry below the smallest normal number. *Shape:* (),
        float32.
    end_peak (Tensor): *Shape:* (), float64, nats.
    """

    shifts: Tensor
    matrices: Tensor
    ends: Tensor
    faint: Tensor
    end_peak: Tensor

    @classmethod
    def of(cls, batch: Batch) -> "ScaledScores":
        """RETURNS (ScaledScores): Of a batch.

        batch (Batch): With at least one tag.
        """
        into = _finite_or_zero(batch.transitions.amax(0))
        moves = batch.transitions - into
        matrix = torch.exp(moves).to(torch.float32)
        end_peak = _finite_or_zero(batch.end.amax())
        ends = torch.exp(batch.end - end_peak).to(torch.float32)
        smallest = torch.finfo(torch.float32).tiny
        return cls(
            shifts=torch.stack((batch.start, into)),
            matrices=torch.stack((matrix, matrix.t())),
            ends=torch.where(torch.isneginf(batch.end), ends, ends.clamp(min=smallest)),
            # Twice: the matrix is rounded.
            faint=(2 * smallest * torch.exp(-_finite_or_zero(moves).amin())).to(torch.float32),
            end_peak=end_peak,
        )


def _places(potentials: Potentials) -> Tensor:
    """First row and length of each sequence, on the device. *Shape:* (2, batch)"""
    lengths = potentials.lengths
    if potentials.is_packed:
        first_rows = potentials.offsets()
    else:
        first_rows = torch.arange(potentials.batch_size, device=lengths.device) * potentials.seq_len
    places = torch.stack((first_rows, lengths))
    device = potentials.emissions.device
    if device.type == "cuda" and places.device.type == "cpu":
        # From pageable memory the copy would wait for the device.
        places = places.pin_memory()
    return places.to(device, non_blocking=True)


def _masked(values: Tensor, allowed: Tensor | None) -> Tensor:
    values = values.detach().double()
    if allowed is not None:
        values = torch.where(allowed, values, values.new_full((), FORBIDDEN))
    return values.contiguous()


def _finite_or_zero(values: Tensor) -> Tensor:
    return torch.where(torch.isneginf(values), torch.zeros_like(values), values)
