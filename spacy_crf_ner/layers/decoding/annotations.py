"""Whole annotations: their log-probabilities, the best few of them, and random ones."""

from collections.abc import Sequence

import numpy as np
import torch

from ...functional import Potentials, path_scores, raise_unless_finite
from ...kernels import entropy, k_best, recursions_for, sample
from ...tags import BoolArray, IntArray, TagSet, TagSpan, find_spans, spans_to_tags, tags_to_spans
from .spans import Decoded, DecodedSpan, by_sequence

IMPOSSIBLE = -float("inf")


def annotation_log_probs(
    potentials: Potentials,
    tagset: TagSet,
    annotations: Sequence[Sequence[TagSpan]],
    log_partitions: Sequence[float] | None = None,
) -> list[float]:
    """Log-probability of one set of spans per sequence, as a whole.

    potentials (Potentials): The batch, with the masks of the scheme.
    tagset (TagSet): What the tag ids mean.
    annotations (Sequence[Sequence[TagSpan]]): All spans of each sequence.
    log_partitions (Sequence[float] | None): log Z of each sequence, if it is known already.
    RETURNS (list[float]): Nats, at most 0; -inf for what the masks or the scheme exclude.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf.
    RAISES (TagError): Spans that overlap or leave their sequence, or an unknown label.
    """
    potentials = potentials.packed()
    if log_partitions is None:
        totals = recursions_for(potentials).log_partition(potentials)
        raise_unless_finite(totals)
        log_partitions = totals.tolist()
    lengths = potentials.lengths.tolist()
    spelled = [spans_to_tags(tagset, spans, n) for spans, n in zip(annotations, lengths, strict=True)]
    tags = torch.as_tensor(np.concatenate([np.zeros(0, dtype=np.int64), *spelled]))
    scores = path_scores(potentials, tags.to(potentials.emissions.device)).tolist()
    result = []
    for spans, path, score, total in zip(annotations, spelled, scores, log_partitions, strict=True):
        # IO spells neighbours of one label as one span: no path means the two.
        merged = not tagset.rules.bounded and len(tags_to_spans(tagset, path)) != len(spans)
        result.append(IMPOSSIBLE if merged else min(0.0, score - total))
    return result


def k_best_annotations(potentials: Potentials, tagset: TagSet, k: int) -> list[list[Decoded]]:
    """The k most probable annotations of each sequence, without probabilities of their spans.

    potentials (Potentials): The batch, with the masks of the scheme.
    tagset (TagSet): What the tag ids mean.
    k (int): How many, at least 1.
    RETURNS (list[list[Decoded]]): For each sequence its annotations, the best first; fewer where there are fewer.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf; a k below 1.
    """
    potentials = potentials.packed()
    tags, log_probs = k_best(potentials, k)
    there = torch.isfinite(log_probs).t().cpu().numpy()
    read = _read_paths(potentials, tagset, tags, there)
    return [
        [Decoded(spans, one) for spans, one in zip(options, chances, strict=True) if one > IMPOSSIBLE]
        for options, chances in zip(read, log_probs.tolist(), strict=True)
    ]


def sample_annotations(
    potentials: Potentials, tagset: TagSet, n: int, generator: torch.Generator | None = None
) -> list[list[list[TagSpan]]]:
    """Independent random annotations of each sequence, each as often as it is probable.

    potentials (Potentials): The batch, with the masks of the scheme.
    tagset (TagSet): What the tag ids mean.
    n (int): How many for each sequence, at least 1.
    generator (Generator | None): Where chance comes from; torch's own if None.
    RETURNS (list[list[list[TagSpan]]]): For each sequence n sets of spans.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf; an n below 1.
    """
    potentials = potentials.packed()
    tags = sample(potentials, n, generator)
    read = _read_paths(potentials, tagset, tags, np.ones((n, potentials.batch_size), dtype=bool))
    return [[[one.span for one in spans] for spans in drawn] for drawn in read]


def sequence_entropies(potentials: Potentials) -> list[float]:
    """Entropy of the distribution over the annotations of each sequence.

    potentials (Potentials): The batch, with the masks of the scheme.
    RETURNS (list[float]): Nats, at least 0.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf.
    """
    found: list[float] = entropy(potentials).tolist()
    return found


def _read_paths(
    potentials: Potentials, tagset: TagSet, tags: torch.Tensor, there: BoolArray
) -> list[list[list[DecodedSpan]]]:
    """The spans of several paths of each sequence, by sequence and then by path; none where there is no path.

    tags (Tensor): *Shape:* (n_paths, n_tokens), int64.
    there (BoolArray): Whether there is such a path. *Shape:* (n_paths, batch).
    """
    lengths: IntArray = potentials.lengths.cpu().numpy()
    ids = tags.cpu().numpy()[np.repeat(there, lengths, axis=1)]
    spans = by_sequence(tagset, find_spans(tagset, ids, (there * lengths).ravel()), None, there.size)
    return [spans[sequence :: len(lengths)] for sequence in range(len(lengths))]
