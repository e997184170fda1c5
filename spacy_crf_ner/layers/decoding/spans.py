"""Spans with their exact probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ...errors import Errors, SpacyCrfNerError
from ...functional import Potentials, SpanPaths, raise_unless_finite
from ...kernels import recursions_for
from ...tags import FoundSpans, SpanPathArrays, TagSet, TagSpan, span_paths


@dataclass(frozen=True)
class DecodedSpan:
    """A predicted entity.

    span (TagSpan): Its tokens and label.
    probability (float | None): P(exactly these tokens are one entity of this label), 0 to 1; None where it was not
        asked for.
    """

    span: TagSpan
    probability: float | None = None


@dataclass(frozen=True)
class Decoded:
    """What was decoded of one sequence.

    spans (list[DecodedSpan]): Its entities, in order.
    log_prob (float | None): Log-probability of the annotation as a whole, in nats; None where it was not asked for.
    """

    spans: list[DecodedSpan]
    log_prob: float | None = None


def span_probabilities(
    potentials: Potentials, tagset: TagSet, spans: list[tuple[int, TagSpan]]
) -> list[float]:
    """Exact probabilities that given spans are entities.

    potentials (Potentials): The batch, with the masks of the scheme.
    tagset (TagSet): What the tag ids mean.
    spans (list[tuple[int, TagSpan]]): Spans, each with the index of its sequence.
    RETURNS (list[float]): Probabilities, 0 to 1, in the order of `spans`.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf, or a span leaves its sequence.
    RAISES (TagError): An unknown label.
    """
    if not spans:
        return []
    return chances(potentials, span_paths(tagset, spans))[0]


def chances(potentials: Potentials, arrays: SpanPathArrays) -> tuple[list[float], list[float]]:
    """Probabilities of spans, and log Z, which the same recursions give.

    potentials (Potentials): The batch, with the masks of the scheme.
    arrays (SpanPathArrays): The spans.
    RETURNS (tuple[list[float], list[float]]): The probability of each span, 0 to 1; log Z of each sequence, nats.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf, or a span leaves its sequence.
    """
    recursions = recursions_for(potentials)
    if not len(arrays.starts):
        totals = recursions.log_partition(potentials)
        raise_unless_finite(totals)
        return [], totals.tolist()
    device = potentials.emissions.device
    paths = SpanPaths(*(torch.as_tensor(array, device=device) for array in arrays))
    paths.check(potentials)
    totals, log_probs = recursions.span_log_probs(potentials, paths)
    raise_unless_finite(totals)
    # All paths through a span are among all paths: rounding must not lift it over probability 1.
    return log_probs.clamp(max=0.0).exp().tolist(), totals.tolist()


def by_sequence(
    tagset: TagSet, found: FoundSpans, probabilities: Sequence[float] | None, n_sequences: int
) -> list[list[DecodedSpan]]:
    """Spans of a batch as lists, one for each sequence.

    tagset (TagSet): The tags.
    found (FoundSpans): The spans.
    probabilities (Sequence[float] | None): Of each span.
    n_sequences (int): Sequences in the batch.
    RETURNS (list[list[DecodedSpan]]): The spans of each sequence, in their order.
    """
    decoded: list[list[DecodedSpan]] = [[] for _ in range(n_sequences)]
    known: Sequence[float | None] = [None] * len(found.starts) if probabilities is None else probabilities
    columns = (column.tolist() for column in found)
    for sequence, start, end, label, probability in zip(*columns, known, strict=True):
        decoded[sequence].append(DecodedSpan(TagSpan(start, end, tagset.labels[label]), probability))
    return decoded


def check_probability(name: str, value: float, *, above_zero: bool) -> None:
    """Raise unless a number is a probability.

    name (str): Of the argument, for the message.
    value (float): The number.
    above_zero (bool): Whether 0 will not do.
    RAISES (SpacyCrfNerError): It is not between 0 and 1.
    """
    if not 0.0 <= value <= 1.0 or (above_zero and value == 0.0):
        expected = "above 0 and at most 1" if above_zero else "between 0 and 1"
        raise SpacyCrfNerError(Errors.L031.format(name=name, expected=expected, got=value))
