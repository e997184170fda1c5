"""The scores of a batch of sequences, validated once, and the masks that restrict its paths."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import Errors, PotentialsError

FLOAT_TYPES = (torch.float32, torch.float64)


@dataclass(frozen=True, eq=False)
class Potentials:
    """Scores of a linear-chain CRF for a batch of sequences, in nats.

    The score of a path y of n tags is start[y_0] + sum_t emissions[t, y_t] + sum_t transitions[y_t, y_(t+1)] +
    end[y_(n-1)]; its probability is proportional to the exponential of that (Lafferty, McCallum and Pereira 2001,
    https://repository.upenn.edu/handle/20.500.14332/6188). A path that a mask forbids has probability 0: masks
    exclude structurally, they are never large negative scores.

    emissions (Tensor): Token scores. *Shape:* (batch, seq_len, n_tags), float32 or float64. Values at and after a
        sequence's length are ignored, whatever they are.
    lengths (Tensor): Tokens per sequence, 0 included. *Shape:* (batch,), int64.
    transitions (Tensor): Scores of moving [from, to]. *Shape:* (n_tags, n_tags).
    start (Tensor): Scores of the first tag. *Shape:* (n_tags,).
    end (Tensor): Scores of the last tag. *Shape:* (n_tags,).
    allowed_transitions (Tensor | None): Moves that may be used. *Shape:* (n_tags, n_tags), bool.
    allowed_start (Tensor | None): Tags that may come first. *Shape:* (n_tags,), bool.
    allowed_end (Tensor | None): Tags that may come last. *Shape:* (n_tags,), bool.
    allowed_tags (Tensor | None): Tags that a token may take. *Shape:* (batch, seq_len, n_tags), bool.
    RAISES (PotentialsError): Shapes, dtypes, devices or lengths that do not fit together.
    """

    emissions: Tensor
    lengths: Tensor
    transitions: Tensor
    start: Tensor
    end: Tensor
    allowed_transitions: Tensor | None = None
    allowed_start: Tensor | None = None
    allowed_end: Tensor | None = None
    allowed_tags: Tensor | None = None

    def __post_init__(self) -> None:
        if self.emissions.dim() != 3:
            got = tuple(self.emissions.shape)
            raise PotentialsError(
                Errors.P001.format(name="emissions", expected="(batch, seq_len, n_tags)", got=got)
            )
        if self.emissions.dtype not in FLOAT_TYPES:
            raise PotentialsError(
                Errors.P002.format(name="emissions", expected="float32 or float64", got=self.emissions.dtype)
            )
        n_tags = self.n_tags
        self._check("lengths", (self.batch_size,), torch.int64)
        for name in ("transitions", "allowed_transitions"):
            self._check(name, (n_tags, n_tags))
        for name in ("start", "end", "allowed_start", "allowed_end"):
            self._check(name, (n_tags,))
        self._check("allowed_tags", tuple(self.emissions.shape))
        self._check_lengths()

    @property
    def batch_size(self) -> int:
        """Number of sequences."""
        return self.emissions.shape[0]

    @property
    def seq_len(self) -> int:
        """Padded length, in tokens."""
        return self.emissions.shape[1]

    @property
    def n_tags(self) -> int:
        """Number of tags."""
        return self.emissions.shape[2]

    def token_mask(self) -> Tensor:
        """RETURNS (Tensor): True at positions before each sequence's length. *Shape:* (batch, seq_len), bool."""
        positions = torch.arange(self.seq_len, device=self.lengths.device)
        return positions < self.lengths.unsqueeze(1)

    def _check(self, name: str, shape: tuple[int, ...], dtype: torch.dtype | None = None) -> None:
        value = getattr(self, name)
        if value is None:
            return
        if dtype is None:
            dtype = torch.bool if name.startswith("allowed") else self.emissions.dtype
        if tuple(value.shape) != shape:
            raise PotentialsError(Errors.P001.format(name=name, expected=shape, got=tuple(value.shape)))
        if value.dtype != dtype:
            raise PotentialsError(Errors.P002.format(name=name, expected=dtype, got=value.dtype))
        if value.device != self.emissions.device:
            raise PotentialsError(
                Errors.P004.format(name=name, expected=self.emissions.device, got=value.device)
            )

    def _check_lengths(self) -> None:
        wrong = (self.lengths < 0) | (self.lengths > self.seq_len)
        if bool(wrong.any()):
            index = int(wrong.nonzero()[0])
            raise PotentialsError(
                Errors.P003.format(seq_len=self.seq_len, index=index, got=int(self.lengths[index]))
            )


@dataclass(frozen=True, eq=False)
class PotentialsGradient:
    """Gradient of a loss with respect to each score of `Potentials`, with the same shapes and dtypes.

    emissions (Tensor): *Shape:* (batch, seq_len, n_tags), 0 at and after each sequence's length.
    transitions (Tensor): *Shape:* (n_tags, n_tags).
    start (Tensor): *Shape:* (n_tags,).
    end (Tensor): *Shape:* (n_tags,).
    """

    emissions: Tensor
    transitions: Tensor
    start: Tensor
    end: Tensor
