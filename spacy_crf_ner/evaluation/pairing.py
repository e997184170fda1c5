"""Which predicted entity was meant to be which annotated one."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..tags import TagSpan

EXACT, LABEL, BOUNDARY, BOTH = "exact", "label", "boundary", "label_and_boundary"
MISSED, SPURIOUS = "missed", "spurious"
# From the best to the worst.
KINDS = (EXACT, LABEL, BOUNDARY, BOTH, MISSED, SPURIOUS)


class Pair(NamedTuple):
    """An annotated entity and the predicted one that is its counterpart, or one of both alone.

    kind (str): "exact"; "label" (the same tokens, another label); "boundary" (common tokens, the same label);
        "label_and_boundary" (common tokens, another label); "missed" (nothing is predicted); "spurious" (nothing is
        annotated).
    gold (int | None): Position of the annotated entity among those of its Doc.
    predicted (int | None): Position of the predicted entity.
    """

    kind: str
    gold: int | None
    predicted: int | None


def pair_entities(gold: Sequence[TagSpan], predicted: Sequence[TagSpan]) -> list[Pair]:
    """Pair the entities of a Doc, each with at most one of the other side with which it has tokens in common.

    Of all pairs that overlap the best one is taken, then the best of those that are left, and so on. Best means: exact;
    then the same tokens; then the same label; then more tokens in common; then further to the left in the annotation;
    then in the prediction. So an entity that was split into two counts as one wrong boundary and one spurious entity.

    gold (Sequence[TagSpan]): Annotated entities, from left to right; none overlap.
    predicted (Sequence[TagSpan]): Predicted entities, in any order.
    RETURNS (list[Pair]): Pairs and entities that are alone, from left to right.
    """
    candidates = sorted(_overlapping(gold, predicted))
    golds, predictions = set(range(len(gold))), set(range(len(predicted)))
    pairs: list[Pair] = []
    for rank, _, left, right in candidates:
        if left in golds and right in predictions:
            golds.remove(left)
            predictions.remove(right)
            pairs.append(Pair(KINDS[rank], left, right))
    pairs += [Pair(MISSED, index, None) for index in golds]
    pairs += [Pair(SPURIOUS, None, index) for index in predictions]

    def place(pair: Pair) -> tuple[int, int, int]:
        spans = [gold[pair.gold]] if pair.gold is not None else []
        spans += [predicted[pair.predicted]] if pair.predicted is not None else []
        index = pair.predicted if pair.predicted is not None else -1
        return min(span.start for span in spans), max(span.end for span in spans), index

    return sorted(pairs, key=place)


def _overlapping(
    gold: Sequence[TagSpan], predicted: Sequence[TagSpan]
) -> Iterator[tuple[int, int, int, int]]:
    """All pairs with common tokens as (rank, -common tokens, position in gold, position in predicted)."""
    ends = [span.end for span in gold]
    for right, span in enumerate(predicted):
        for left in range(bisect_right(ends, span.start), len(gold)):
            other = gold[left]
            if other.start >= span.end:
                break
            common = min(other.end, span.end) - max(other.start, span.start)
            yield _rank(other, span), -common, left, right


def _rank(gold: TagSpan, predicted: TagSpan) -> int:
    """The position in `KINDS` of what two overlapping entities are to each other."""
    same_tokens = gold[:2] == predicted[:2]
    if gold.label == predicted.label:
        return KINDS.index(EXACT if same_tokens else BOUNDARY)
    return KINDS.index(LABEL if same_tokens else BOTH)
