"""Learning from spans that are known to be wrong, or to be right with some probability."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...errors import Errors, PotentialsError
from ...functional import Potentials
from ...tags import BoolArray, TagSet, complement_masks, span_masks
from .copies import CopyTokens, copies_log_partition, raise_for_sequences
from .supervision import JudgedSpan, Supervision


def judged_spans_loss(potentials: Potentials, supervision: Supervision) -> Tensor:
    """Cross-entropy of the model against what is known of spans, summed over spans.

        loss = sum over spans of -(q log P(span) + (1 - q) log(1 - P(span)))

    with q the probability that the span is an entity of exactly these tokens, and P(span) that of the model. Both
    logarithms are exact, also where P(span) is nearly 1: 1 - P(span) is never computed by subtraction. All paths
    without the span fall into a few sets, each of which one mask describes (`complement_masks`); log(1 - P) is the
    log-sum of their log Z, minus log Z.

    potentials (Potentials): The batch, packed.
    supervision (Supervision): What is known of it, checked.
    RETURNS (Tensor): A scalar, in nats, at least 0.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): The masks rule out what a span says, or scores are NaN or +inf.
    RAISES (TagError): An unknown label.
    """
    lengths = potentials.lengths.tolist()
    judgements = [one for span in supervision.spans for one in _judgements(span, supervision.tagset, lengths)]
    concerned = torch.tensor(sorted({one.span.sequence for one in judgements}), dtype=torch.int64)
    windows = _Windows.of(judgements, potentials)
    # First one copy of each sequence without a mask of its own, for log Z.
    sequences = torch.cat([concerned, windows.sequences])
    n_free = len(concerned)

    def masks(tokens: CopyTokens) -> Tensor:
        return windows.masks(tokens, n_free)

    totals = copies_log_partition(potentials, sequences, masks)
    raise_for_sequences(potentials, concerned, totals[:n_free])
    reached = _log_sums(totals[n_free:], windows.groups, len(judgements))
    _check(judgements, reached)
    place = torch.searchsorted(concerned, torch.tensor([one.span.sequence for one in judgements]))
    log_probs = reached - totals[:n_free].index_select(0, place.to(totals.device))
    weights = torch.tensor([one.weight for one in judgements], dtype=torch.float64, device=totals.device)
    # All paths of a set are among all paths: rounding must not lift its probability over 1.
    return -(weights * log_probs.clamp(max=0.0)).sum()


class _Judgement(NamedTuple):
    """One side of what is known of a span.

    span (JudgedSpan): The span.
    holds (bool): Whether this is about the paths that hold the span, or about the others.
    weight (float): The probability of this side, above 0.
    start (int): First token that `masks` are about.
    masks (BoolArray): Sets of paths without overlap. *Shape:* (n_sets, n_tokens, n_tags).
    """

    span: JudgedSpan
    holds: bool
    weight: float
    start: int
    masks: BoolArray


def _judgements(span: JudgedSpan, tagset: TagSet, lengths: list[int]) -> Iterator[_Judgement]:
    """The sides that are not known to be impossible, with masks for the tokens of the span and those beside it."""
    labels = tagset.labels if span.label is None else (span.label,)
    start = max(span.start - 1, 0)
    length = min(span.end + 1, lengths[span.sequence]) - start
    shifted = (length, span.start - start, span.end - start)
    if span.probability > 0.0:
        yield _Judgement(span, True, span.probability, start, span_masks(tagset, *shifted, labels))
    if span.probability < 1.0:
        masks = complement_masks(tagset, *shifted, labels)
        yield _Judgement(span, False, 1.0 - span.probability, start, masks)


class _Windows(NamedTuple):
    """The masks of all judgements, each about a few tokens of a sequence. *Shape of all but rows:* (n_sets,), int64.

    sequences (Tensor): The sequence of each, on the CPU.
    groups (Tensor): The judgement each belongs to.
    starts (Tensor): First token it is about.
    ends (Tensor): Token after the last.
    offsets (Tensor): Where its masks begin among the rows.
    rows (Tensor): Tags that the tokens may have. *Shape:* (n_rows, n_tags), bool.
    """

    sequences: Tensor
    groups: Tensor
    starts: Tensor
    ends: Tensor
    offsets: Tensor
    rows: Tensor

    @classmethod
    def of(cls, judgements: list[_Judgement], potentials: Potentials) -> "_Windows":
        """Collect the masks of all judgements."""
        device = potentials.emissions.device
        counts = [len(one.masks) for one in judgements]

        def per_set(values: list[int]) -> Tensor:
            return torch.tensor(np.repeat(np.array(values, dtype=np.int64), counts))

        sequences = per_set([one.span.sequence for one in judgements])
        groups = per_set(list(range(len(judgements))))
        starts = per_set([one.start for one in judgements])
        sizes = per_set([one.masks.shape[1] for one in judgements])
        parts = [one.masks.reshape(-1, potentials.n_tags) for one in judgements]
        rows = torch.tensor(np.concatenate([np.ones((0, potentials.n_tags), dtype=bool), *parts]))
        fields = (groups, starts, starts + sizes, sizes.cumsum(0) - sizes, rows)
        return cls(sequences, *(field.to(device) for field in fields))

    def masks(self, tokens: CopyTokens, n_free: int) -> Tensor:
        """Masks of copies, the first of which are free. *Shape:* (n, n_tags)."""
        allowed = self.rows.new_ones((len(tokens.copies), self.rows.shape[1]))
        chosen = (tokens.copies >= n_free).nonzero().flatten()
        sets = tokens.copies.index_select(0, chosen) - n_free
        positions = tokens.positions.index_select(0, chosen)
        starts = self.starts.index_select(0, sets)
        inside = (positions >= starts) & (positions < self.ends.index_select(0, sets))
        places = self.offsets.index_select(0, sets) + positions - starts
        allowed[chosen[inside]] = self.rows.index_select(0, places[inside])
        return allowed


def _log_sums(values: Tensor, groups: Tensor, n_groups: int) -> Tensor:
    """log of the sum of the exponentials of each group; -inf for one without a finite value. *Shape:* (n_groups,)."""
    highest = values.new_full((n_groups,), -torch.inf)
    highest.scatter_reduce_(0, groups, values.detach(), "amax")
    finite = torch.where(torch.isneginf(highest), 0.0, highest)
    parts = (values - finite.index_select(0, groups)).exp()
    sums = values.new_zeros(n_groups).index_add(0, groups, parts)
    return finite + sums.log()


def _check(judgements: list[_Judgement], reached: Tensor) -> None:
    for one, value in zip(judgements, reached.tolist(), strict=True):
        if value == -torch.inf:
            span = one.span
            raise PotentialsError(
                Errors.L008.format(
                    expected=0 if one.holds else 1,
                    start=span.start,
                    end=span.end,
                    sequence=span.sequence,
                    label="an entity of any label" if span.label is None else repr(span.label),
                    leave="no path" if one.holds else "only paths",
                    got=span.probability,
                )
            )
