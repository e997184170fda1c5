"""The scores of a batch of sequences, validated once, and the masks that restrict its paths."""

from dataclasses import dataclass, replace

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

    A batch is padded or packed, by the shape of its emissions. Packed, it holds the tokens of all sequences one after
    another and nothing else, so that memory grows with the tokens and not with the longest sequence. Results have the
    layout of the emissions.

    emissions (Tensor): Token scores. *Shape:* (batch, seq_len, n_tags), padded, or (n_tokens, n_tags), packed;
        float32 or float64. Values at and after a padded sequence's length are ignored, whatever they are.
    lengths (Tensor): Tokens per sequence, 0 included, on the device of the emissions or on the CPU, where they are
        read without waiting for a device. *Shape:* (batch,), int64.
    transitions (Tensor): Scores of moving [from, to]. *Shape:* (n_tags, n_tags).
    start (Tensor): Scores of the first tag. *Shape:* (n_tags,).
    end (Tensor): Scores of the last tag. *Shape:* (n_tags,).
    allowed_transitions (Tensor | None): Moves that may be used. *Shape:* (n_tags, n_tags), bool.
    allowed_start (Tensor | None): Tags that may come first. *Shape:* (n_tags,), bool.
    allowed_end (Tensor | None): Tags that may come last. *Shape:* (n_tags,), bool.
    allowed_tags (Tensor | None): Tags that a token may take. *Shape:* as the emissions, bool.
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
        if self.emissions.dim() not in (2, 3):
            expected = "(batch, seq_len, n_tags) or (n_tokens, n_tags)"
            got = tuple(self.emissions.shape)
            raise PotentialsError(Errors.P001.format(name="emissions", expected=expected, got=got))
        if self.emissions.dtype not in FLOAT_TYPES:
            raise PotentialsError(
                Errors.P002.format(name="emissions", expected="float32 or float64", got=self.emissions.dtype)
            )
        n_tags = self.n_tags
        n_sequences = self.lengths.shape[:1] if self.is_packed else self.emissions.shape[:1]
        self._check("lengths", tuple(n_sequences), torch.int64)
        for name in ("transitions", "allowed_transitions"):
            self._check(name, (n_tags, n_tags))
        for name in ("start", "end", "allowed_start", "allowed_end"):
            self._check(name, (n_tags,))
        self._check("allowed_tags", tuple(self.emissions.shape))
        self._check_lengths()

    @property
    def is_packed(self) -> bool:
        """Whether the emissions are (n_tokens, n_tags), without padding."""
        return self.emissions.dim() == 2

    @property
    def batch_size(self) -> int:
        """Number of sequences."""
        return self.lengths.shape[0]

    @property
    def seq_len(self) -> int:
        """Padded length, in tokens: in the packed layout, that of the longest sequence."""
        if not self.is_packed:
            return self.emissions.shape[1]
        return int(self.lengths.max()) if self.batch_size else 0

    @property
    def n_tags(self) -> int:
        """Number of tags."""
        return self.emissions.shape[-1]

    def token_mask(self) -> Tensor:
        """RETURNS (Tensor): True at positions before each sequence's length. *Shape:* (batch, seq_len), bool."""
        device = self.emissions.device
        positions = torch.arange(self.seq_len, device=device)
        return positions < self.lengths.to(device, non_blocking=True).unsqueeze(1)

    def offsets(self) -> Tensor:
        """RETURNS (Tensor): Row of each sequence's first token in the packed layout. *Shape:* (batch,), int64."""
        return self.lengths.cumsum(0) - self.lengths

    def packed(self) -> "Potentials":
        """RETURNS (Potentials): The same batch without padding; itself if it has none."""
        if self.is_packed:
            return self
        inside = self.token_mask()
        allowed = self.allowed_tags
        return replace(
            self,
            emissions=self.emissions[inside],
            allowed_tags=None if allowed is None else allowed[inside],
        )

    def padded(self) -> "Potentials":
        """RETURNS (Potentials): The same batch with 0 and False as padding; itself if it is padded."""
        if not self.is_packed:
            return self
        inside = self.token_mask()
        allowed = self.allowed_tags
        return replace(
            self,
            emissions=pad(self.emissions, inside),
            allowed_tags=None if allowed is None else pad(allowed, inside),
        )

    def _check(self, name: str, shape: tuple[int, ...], dtype: torch.dtype | None = None) -> None:
        value = getattr(self, name)
        if value is None:
            return
        if dtype is None:
            dtype = torch.bool if name.startswith("allowed") else self.emissions.dtype
        if value.shape != shape:
            raise PotentialsError(Errors.P001.format(name=name, expected=shape, got=tuple(value.shape)))
        if value.dtype != dtype:
            raise PotentialsError(Errors.P002.format(name=name, expected=dtype, got=value.dtype))
        device = value.device
        if device != self.emissions.device and not (name == "lengths" and device.type == "cpu"):
            raise PotentialsError(
                Errors.P004.format(name=name, expected=self.emissions.device, got=value.device)
            )

    def _check_lengths(self) -> None:
        limit = self.emissions.shape[-2]
        # A list: for a short text, the same by torch's operations takes longer than to decode it.
        lengths = self.lengths.tolist()
        if min(lengths, default=0) < 0 or max(lengths, default=0) > limit:
            index, got = next((i, n) for i, n in enumerate(lengths) if not 0 <= n <= limit)
            raise PotentialsError(Errors.P003.format(seq_len=limit, index=index, got=got))
        if self.is_packed and sum(lengths) != limit:
            raise PotentialsError(Errors.P012.format(expected=limit, got=sum(lengths)))


def pad(rows: Tensor, inside: Tensor) -> Tensor:
    """Rows of the packed layout at their places in the padded one, zeros elsewhere.

    rows (Tensor): *Shape:* (n_tokens, ...).
    inside (Tensor): What `Potentials.token_mask` returned. *Shape:* (batch, seq_len), bool.
    RETURNS (Tensor): *Shape:* (batch, seq_len, ...), detached.
    """
    padded = rows.new_zeros((*inside.shape, *rows.shape[1:]))
    padded[inside] = rows.detach()
    return padded


@dataclass(frozen=True, eq=False)
class PotentialsGradient:
    """Gradient of a loss with respect to each score of `Potentials`, with the same shapes and dtypes.

    emissions (Tensor): *Shape:* (batch, seq_len, n_tags), 0 at and after each sequence's length; or (n_tokens,
        n_tags).
    transitions (Tensor): *Shape:* (n_tags, n_tags).
    start (Tensor): *Shape:* (n_tags,).
    end (Tensor): *Shape:* (n_tags,).
    """

    emissions: Tensor
    transitions: Tensor
    start: Tensor
    end: Tensor
