"""From `Potentials` to spans with their exact probabilities."""

from dataclasses import dataclass

import torch

from ..functional import Potentials, SpanPaths
from ..kernels import span_log_probs, viterbi
from ..tags import IntArray, SpanPathArrays, TagSet, TagSpan, find_spans, found_paths, span_paths


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
    if not potentials.is_packed:
        tags = tags[potentials.token_mask()]
    ids, lengths = tags.cpu().numpy(), potentials.lengths.cpu().numpy()
    found = find_spans(tagset, ids, lengths)
    decoded: list[list[DecodedSpan]] = [[] for _ in lengths]
    chances: list[float] | list[None] = [None] * len(found.starts)
    if probabilities and len(found.starts):
        chances = _probabilities(potentials, found_paths(tagset, ids, lengths, found))
    for sequence, start, end, label, probability in zip(*map(_as_list, found), chances, strict=True):
        span = TagSpan(start, end, tagset.labels[label])
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
    return _probabilities(potentials, span_paths(tagset, spans))


def _probabilities(potentials: Potentials, arrays: SpanPathArrays) -> list[float]:
    device = potentials.emissions.device
    paths = SpanPaths(*(torch.as_tensor(array, device=device) for array in arrays))
    result: list[float] = span_log_probs(potentials, paths).exp().tolist()
    return result


def _as_list(array: IntArray) -> list[int]:
    values: list[int] = array.tolist()
    return values
