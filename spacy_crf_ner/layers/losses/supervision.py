"""What is known of a training batch: all that a loss learns from."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...errors import Errors, PotentialsError
from ...functional import Potentials
from ...tags import OUTSIDE, TagSet, tags_named

# What a token belongs to, beside OUTSIDE and 1 + the position of a label.
SEVERAL = -1
# Sums of probabilities that were rounded may be a little above 1.
ROUNDING = 1e-6


@dataclass(frozen=True)
class JudgedSpan:
    """A stretch of tokens, and how likely it is to be an entity of exactly these tokens.

    sequence (int): Its sequence in the batch.
    start (int): First token.
    end (int): Token after the last.
    label (str | None): The label of the entity; None for an entity of whatever label.
    probability (float): 0 to 1: 0 for a span known to be wrong, 1 for one known to be right.
    """

    sequence: int
    start: int
    end: int
    label: str | None
    probability: float


@dataclass(frozen=True, eq=False)
class SoftTokens:
    """Probabilities that annotators or another model give to the tags of single tokens.

    Each says that a token has one of a set of tags. What the sets of a token leave of probability 1 is not known.

    rows (Tensor): Tokens, in the packed layout. *Shape:* (n,), int64.
    sets (Tensor): The tags of each set. *Shape:* (n, n_tags), bool.
    probabilities (Tensor): 0 to 1. *Shape:* (n,), float64.
    """

    rows: Tensor
    sets: Tensor
    probabilities: Tensor

    def some(self, chosen: Tensor) -> "SoftTokens":
        """RETURNS (SoftTokens): Those that are chosen.

        chosen (Tensor): *Shape:* (n,), bool.
        """
        return SoftTokens(self.rows[chosen], self.sets[chosen], self.probabilities[chosen])


class Gold(NamedTuple):
    """What the annotation says of each token of a batch.

    owners (Tensor): OUTSIDE, or 1 + the position of the label whose tags alone are left; SEVERAL if tags of more
        than one are. *Shape:* (n_tokens,), int64.
    known (Tensor): Whether the annotation excludes a tag that the masks allow. *Shape:* (n_tokens,), bool.
    admitted (Tensor): Tags that both annotation and masks allow. *Shape:* (n_tokens, n_tags), bool.
    """

    owners: Tensor
    known: Tensor
    admitted: Tensor


@dataclass(frozen=True, eq=False)
class Supervision:
    """What is known of a training batch, in the packed layout and on the device of its scores.

    tagset (TagSet): What the tag ids mean.
    allowed (Tensor): Tags that the annotation admits; all of them for a token that nothing is known of. *Shape:*
        (n_tokens, n_tags), bool.
    spans (tuple[JudgedSpan, ...]): Spans with a probability of their own.
    tokens (SoftTokens | None): Tokens with probabilities of their own.
    label_counts (Mapping[str, int] | None): How many tokens of the training data each label and "O" have; None if
        nobody counted.
    """

    tagset: TagSet
    allowed: Tensor
    spans: tuple[JudgedSpan, ...] = ()
    tokens: SoftTokens | None = None
    label_counts: Mapping[str, int] | None = None

    @cached_property
    def target(self) -> Tensor:
        """Tag ids, *Shape:* (n_tokens,), int64, if the annotation leaves one tag to every token; else `allowed`."""
        single = bool((self.allowed.sum(1) == 1).all())
        return self.allowed.int().argmax(1) if single else self.allowed

    def gold(self, potentials: Potentials) -> Gold:
        """What the annotation says of each token, beyond what the masks say.

        potentials (Potentials): The batch, packed.
        RETURNS (Gold): One entry per token.
        """
        possible = potentials.allowed_tags
        admitted = self.allowed if possible is None else self.allowed & possible
        known = (~self.allowed if possible is None else possible & ~self.allowed).any(1)
        owners = tag_owners(self.tagset, self.allowed.device)
        lowest = torch.where(admitted, owners, owners.numel()).amin(1)
        highest = torch.where(admitted, owners, SEVERAL).amax(1)
        return Gold(torch.where(lowest == highest, lowest, SEVERAL), known, admitted)

    def check(self, potentials: Potentials) -> None:
        """Raise unless all of this belongs to a batch.

        potentials (Potentials): The batch, packed.
        RAISES (PotentialsError): Other tokens or tags, spans that leave their sequence, values that are no
            probabilities.
        """
        shape = tuple(potentials.emissions.shape)
        _check(tuple(self.allowed.shape) == shape, "allowed", f"of shape {shape}", tuple(self.allowed.shape))
        _check(self.allowed.dtype == torch.bool, "allowed", "of dtype torch.bool", self.allowed.dtype)
        n_tags = self.tagset.n_tags
        _check(shape[1] == n_tags, "tagset", f"one of {shape[1]} tags", f"{n_tags} tags")
        lengths = potentials.lengths.tolist()
        for span in self.spans:
            _check_span(span, lengths)
        if self.tokens is not None:
            _check_tokens(self.tokens, shape)


# A scalar in nats, summed over the batch, differentiable by the scores of the potentials, which are packed.
Loss = Callable[[Potentials, Supervision], Tensor]


def soft_tokens(
    tagset: TagSet,
    distributions: Iterable[tuple[int, Mapping[str, float]]],
    device: torch.device | None = None,
) -> SoftTokens | None:
    """Collect probabilities that are given by name.

    tagset (TagSet): What the tag ids mean.
    distributions (Iterable[tuple[int, Mapping[str, float]]]): Tokens, by their place in the packed layout, each with
        probabilities of "O", of labels, which stand for all of their tags, or of single tags.
    device (torch.device | None): Where the scores are; the CPU if None.
    RETURNS (SoftTokens | None): One row for each name of each token; None if there is none.
    RAISES (TagError): A name that is none of these.
    """
    entries = [(row, name, value) for row, named in distributions for name, value in named.items()]
    if not entries:
        return None
    rows, names, values = zip(*entries, strict=True)
    sets = np.stack([tags_named(tagset, name) for name in names])
    return SoftTokens(
        rows=torch.tensor(rows, dtype=torch.int64, device=device),
        sets=torch.tensor(sets, device=device),
        probabilities=torch.tensor(values, dtype=torch.float64, device=device),
    )


def tag_owners(tagset: TagSet, device: torch.device) -> Tensor:
    """What each tag belongs to: OUTSIDE, or 1 + the position of its label. *Shape:* (n_tags,), int64.

    tagset (TagSet): The tags.
    device (torch.device): Where to put the result.
    RETURNS (Tensor): The owners.
    """
    prefixes = len(tagset.rules.prefixes)
    labels = 1 + torch.arange(len(tagset.labels), device=device).repeat_interleave(prefixes)
    return torch.cat([labels.new_full((1,), OUTSIDE), labels])


def _check_span(span: JudgedSpan, lengths: list[int]) -> None:
    there = 0 <= span.sequence < len(lengths)
    _check(there, "spans", f"in one of {len(lengths)} sequences", span)
    length = lengths[span.sequence]
    fits = 0 <= span.start < span.end <= length
    _check(fits, "spans", f"within a sequence of {length} tokens", span)
    _check(0.0 <= span.probability <= 1.0, "spans", "of probability 0 to 1", span)


def _check_tokens(tokens: SoftTokens, shape: tuple[int, ...]) -> None:
    n_tokens, n_tags = shape
    count = tokens.rows.numel()
    shapes = (tuple(tokens.sets.shape), tuple(tokens.probabilities.shape))
    expected = ((count, n_tags), (count,))
    _check(shapes == expected, "tokens", f"sets and probabilities of shapes {expected}", shapes)
    outside = (tokens.rows < 0) | (tokens.rows >= n_tokens)
    _check(not bool(outside.any()), "tokens.rows", f"between 0 and {n_tokens - 1}", tokens.rows.tolist())
    values = tokens.probabilities
    # Written so that NaN is refused, too.
    fits = bool(((values >= 0.0) & (values <= 1.0)).all())
    _check(fits, "tokens.probabilities", "between 0 and 1", values.tolist())
    sums = values.new_zeros(n_tokens).index_add(0, tokens.rows, values)
    most = float(sums.max()) if n_tokens else 0.0
    _check(most <= 1.0 + ROUNDING, "tokens.probabilities", "at most 1 in sum for each token", most)


def _check(condition: bool, name: str, expected: str, got: object) -> None:
    if not condition:
        raise PotentialsError(Errors.L007.format(name=name, expected=expected, got=got))
