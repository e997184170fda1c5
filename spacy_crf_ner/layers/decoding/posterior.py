"""Decoding for the entities instead of for the annotation as a whole."""

from bisect import bisect_right
from collections.abc import Sequence

from ...functional import Potentials
from ...tags import TagSet
from .annotations import annotation_log_probs
from .candidates import candidate_spans
from .spans import Decoded, DecodedSpan, check_probability

# At a threshold of 0 every span of every Doc would be worth a look.
LEAST_PROBABILITY = 1e-3


def decode_posterior(potentials: Potentials, tagset: TagSet, *, threshold: float = 0.5) -> list[Decoded]:
    """The spans that do not overlap and whose probabilities, less `threshold` for each, add up to the most.

    This is the annotation with the highest expected number of correct entities, where every entity that is predicted
    costs `threshold` (minimum Bayes risk decoding, Goodman 1996, https://aclanthology.org/P96-1024/, for spans).
    From 0.5 on it is all spans that are more probable than `threshold`, of which no two overlap; below, the best choice
    among those that do. The lower the threshold, the more entities are found, and the fewer of them are right.

    potentials (Potentials): The batch, with the masks of the scheme.
    tagset (TagSet): What the tag ids mean.
    threshold (float): What an entity costs, 0 to 1. Spans that are less probable than 0.001 are never chosen.
    RETURNS (list[Decoded]): One for each sequence; in the IO scheme neighbours of one label are possible, which no path
        spells: such an annotation has the log-probability -inf.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf.
    RAISES (SpacyCrfNerError): A threshold outside of its range.
    """
    check_probability("threshold", threshold, above_zero=False)
    candidates = candidate_spans(potentials, tagset, max(threshold, LEAST_PROBABILITY))
    chosen = [best_disjoint(spans, threshold) for spans in candidates]
    annotations = [[one.span for one in spans] for spans in chosen]
    log_probs = annotation_log_probs(potentials, tagset, annotations)
    return [Decoded(spans, log_prob) for spans, log_prob in zip(chosen, log_probs, strict=True)]


def best_disjoint(candidates: Sequence[DecodedSpan], cost: float) -> list[DecodedSpan]:
    """The candidates that share no token and whose probabilities less `cost` have the highest sum.

    Weighted interval scheduling (Kleinberg and Tardos 2006, Algorithm Design, section 6.1): sorted by their ends, each
    either is chosen after the best choice among those that end before it begins, or is left out.

    candidates (Sequence[DecodedSpan]): Spans with probabilities.
    cost (float): What is taken off for each.
    RETURNS (list[DecodedSpan]): Those chosen, in order; none that is worth nothing.
    """
    worthy = [one for one in candidates if one.probability is not None and one.probability > cost]
    worthy.sort(key=lambda one: (one.span.end, one.span.start, one.span.label))
    ends = [one.span.end for one in worthy]
    # best[i]: of the first i; before[i]: how many of them end before candidate i begins.
    best, before = [0.0], []
    for index, one in enumerate(worthy):
        before.append(bisect_right(ends, one.span.start, hi=index))
        assert one.probability is not None
        best.append(max(best[-1], best[before[-1]] + one.probability - cost))
    chosen: list[DecodedSpan] = []
    index = len(worthy)
    while index:
        if best[index] == best[index - 1]:
            index -= 1
            continue
        chosen.append(worthy[index - 1])
        index = before[index - 1]
    return chosen[::-1]
