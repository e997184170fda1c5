"""Stretches of tags in a batch, such as the entities of its sentences."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import Errors, PotentialsError
from .potentials import Potentials


@dataclass(frozen=True, eq=False)
class SpanPaths:
    """Stretches of tags in a batch, each with the tags that may stand next to it.

    sequences (Tensor): The sequence each lies in. *Shape:* (n_spans,), int64.
    starts (Tensor): First token. *Shape:* (n_spans,), int64.
    ends (Tensor): Token after the last. *Shape:* (n_spans,), int64.
    tags (Tensor): Tag ids from start to end, then anything. *Shape:* (n_spans, longest span), int64.
    before (Tensor): Tags that token start - 1 may have; ignored at the start of a sequence. *Shape:* (n_spans,
        n_tags), bool.
    after (Tensor): Tags that token end may have; ignored at the end of a sequence. *Shape:* (n_spans, n_tags), bool.
    """

    sequences: Tensor
    starts: Tensor
    ends: Tensor
    tags: Tensor
    before: Tensor
    after: Tensor

    def check(self, potentials: Potentials) -> None:
        """Raise unless the arrays fit together and every span lies within its sequence.

        potentials (Potentials): The batch.
        RAISES (PotentialsError): Wrong shapes or dtypes; a span that is empty or leaves its sequence; a sequence or a
            tag that does not exist.
        """
        self._check_arrays(potentials.n_tags)
        outside = (self.sequences < 0) | (self.sequences >= potentials.batch_size)
        if bool(outside.any()):
            index, last = _first(outside), potentials.batch_size - 1
            raise PotentialsError(Errors.P009.format(last=last, index=index, got=int(self.sequences[index])))
        lengths = potentials.lengths.to(self.starts.device)[self.sequences]
        wrong = (self.starts < 0) | (self.starts >= self.ends) | (self.ends > lengths)
        if bool(wrong.any()):
            index = _first(wrong)
            start, end = int(self.starts[index]), int(self.ends[index])
            message = Errors.P008.format(index=index, start=start, end=end, length=int(lengths[index]))
            raise PotentialsError(message)
        self._check_tags(potentials.n_tags)

    def inside(self) -> Tensor:
        """RETURNS (Tensor): True where `tags` belongs to a span. *Shape:* (n_spans, longest span), bool."""
        offsets = torch.arange(self.tags.shape[1], device=self.tags.device)
        return offsets < (self.ends - self.starts).unsqueeze(1)

    def some(self, indices: Tensor, sequences: Tensor) -> "SpanPaths":
        """RETURNS (SpanPaths): Some of these, in a batch with other sequences.

        indices (Tensor): Which. *Shape:* (n_chosen,), int64.
        sequences (Tensor): New index of each sequence. *Shape:* (batch,), int64.
        """
        fields = (self.starts, self.ends, self.tags, self.before, self.after)
        numbers = sequences.index_select(0, self.sequences.index_select(0, indices))
        return SpanPaths(numbers, *(values.index_select(0, indices) for values in fields))

    def _check_arrays(self, n_tags: int) -> None:
        n_spans = self.sequences.shape[0]
        longest = int((self.ends - self.starts).max()) if self.starts.shape == self.ends.shape != (0,) else 0
        width = max(longest, self.tags.shape[-1]) if self.tags.dim() == 2 else longest
        whole, mask = torch.int64, torch.bool
        for name, shape, dtype in (
            ("sequences", (n_spans,), whole),
            ("starts", (n_spans,), whole),
            ("ends", (n_spans,), whole),
            ("tags", (n_spans, width), whole),
            ("before", (n_spans, n_tags), mask),
            ("after", (n_spans, n_tags), mask),
        ):
            value = getattr(self, name)
            if tuple(value.shape) != shape:
                raise PotentialsError(Errors.P010.format(name=name, expected=shape, got=tuple(value.shape)))
            if value.dtype != dtype:
                raise PotentialsError(Errors.P010.format(name=name, expected=dtype, got=value.dtype))

    def _check_tags(self, n_tags: int) -> None:
        wrong = self.inside() & ((self.tags < 0) | (self.tags >= n_tags))
        if bool(wrong.any()):
            row = _first(wrong.any(1))
            got = int(self.tags[row, _first(wrong[row])])
            raise PotentialsError(Errors.P011.format(last=n_tags - 1, index=row, got=got))


def _first(flags: Tensor) -> int:
    return int(flags.nonzero()[0])
