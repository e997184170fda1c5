"""From `Potentials` to spans with their exact probabilities."""

from dataclasses import dataclass

import torch

from ..functional import Potentials, SpanPaths, span_log_probs, viterbi
from ..tags import TagSet, TagSpan, span_paths, tags_to_spans


@dataclass(frozen=True)
class DecodedSpan:
    """A predicted entity.

    span (TagSpan): Its tokens and label.
    probability (float | None): P(exactly these tokens are one entity of this label), 0 to 1; None where it was not
        asked for.
    """

    span: TagSpan
    probability: float | None = None


def decode_viterbi(potentials: Potentials, tagset: TagSet, *, probabilities: bool) -> list[list[DecodedSpan]]:
    """The spans of each sequence's best path.

    potentials (Potentials): The batch, with the masks of the scheme.
    tagset (TagSet): What the tag ids mean.
    probabilities (bool): Whether to compute the probability of each span, which costs a forward and a backward pass.
    RETURNS (list[list[DecodedSpan]]): One list per sequence.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf.
    """
    tags, _ = viterbi(potentials)
    rows, lengths = tags.tolist(), potentials.lengths.tolist()
    found = [tags_to_spans(tagset, row[:length]) for row, length in zip(rows, lengths, strict=True)]
    if not probabilities:
        return [[DecodedSpan(span) for span in spans] for spans in found]
    flat = [(sequence, span) for sequence, spans in enumerate(found) for span in spans]
    decoded: list[list[DecodedSpan]] = [[] for _ in found]
    for (sequence, span), probability in zip(flat, span_probabilities(potentials, tagset, flat), strict=True):
        decoded[sequence].append(DecodedSpan(span, probability))
    return decoded


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
    device = potentials.emissions.device
    arrays = span_paths(tagset, spans)
    paths = SpanPaths(*(torch.as_tensor(array, device=device) for array in arrays))
    result: list[float] = span_log_probs(potentials, paths).exp().tolist()
    return result
