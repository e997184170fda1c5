"""Precision, recall and F1 of entities: an entity is right if its first and last token and its label are."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from ..tags import TagSpan
from .judged_docs import JudgedDoc

Group = TypeVar("Group")


class Counts(NamedTuple):
    """How many entities are right, wrong and missing, and what follows from that.

    tp (int): True positives: entities that are both predicted and annotated.
    fp (int): False positives: predicted, but not annotated.
    fn (int): False negatives: annotated, but not predicted.
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @property
    def annotated(self) -> int:
        """Entities of the annotation."""
        return self.tp + self.fn

    @property
    def predicted(self) -> int:
        """Entities of the pipeline."""
        return self.tp + self.fp

    @property
    def precision(self) -> float:
        """The share of predicted entities that is right; 0 without any."""
        return self.tp / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """The share of annotated entities that is found; 0 without any."""
        return self.tp / self.annotated if self.annotated else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 if both are."""
        # In the order of spaCy's operations, for the last digit.
        return 2 * (self.precision * self.recall / (self.precision + self.recall)) if self.tp else 0.0

    def plus(self, other: "Counts") -> "Counts":
        """RETURNS (Counts): Both together.

        other (Counts): Counts of other entities.
        """
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)


class Average(NamedTuple):
    """Means over labels, each of which counts the same, however rare it is.

    precision (float): 0 to 1.
    recall (float): 0 to 1.
    f1 (float): The mean of the labels' F1, 0 to 1.
    """

    precision: float
    recall: float
    f1: float


class Sorted(NamedTuple):
    """The entities of one Doc.

    right (list[TagSpan]): Both predicted and annotated.
    wrong (list[TagSpan]): Predicted only.
    missed (list[TagSpan]): Annotated only.
    """

    right: list[TagSpan]
    wrong: list[TagSpan]
    missed: list[TagSpan]


def sort_out(doc: JudgedDoc) -> Sorted:
    """Tell which entities of a Doc are right. An annotated entity makes one prediction right, and no second one.

    doc (JudgedDoc): The Doc.
    RETURNS (Sorted): Its entities.
    """
    waiting = set(doc.gold)
    right: list[TagSpan] = []
    wrong: list[TagSpan] = []
    for span in doc.predicted:
        if span in waiting:
            waiting.remove(span)
            right.append(span)
        else:
            wrong.append(span)
    return Sorted(right, wrong, [span for span in doc.gold if span in waiting])


def count_by(
    docs: Iterable[JudgedDoc], group_of: Callable[[JudgedDoc, TagSpan], Group]
) -> dict[Group, Counts]:
    """Count entities group by group, so that precision is that of the predictions that belong to a group, and recall
    that of the annotated entities that do.

    docs (Iterable[JudgedDoc]): The Docs.
    group_of (Callable[[JudgedDoc, TagSpan], Group]): The group of an entity; the same for equal entities of a Doc.
    RETURNS (dict[Group, Counts]): Of the groups that occur.
    """
    tallies: defaultdict[Group, list[int]] = defaultdict(lambda: [0, 0, 0])
    for doc in docs:
        for outcome, spans in enumerate(sort_out(doc)):
            for span in spans:
                tallies[group_of(doc, span)][outcome] += 1
    return {group: Counts(*tally) for group, tally in tallies.items()}


def count_by_label(docs: Iterable[JudgedDoc]) -> dict[str, Counts]:
    """Count entities label by label, as spaCy's `ents_per_type` does.

    docs (Iterable[JudgedDoc]): The Docs; they are iterated once.
    RETURNS (dict[str, Counts]): Sorted by label. Labels of predictions on tokens without annotation are there, too,
        with no entity that counts if there is none.
    """
    unjudged: set[str] = set()

    def noting_labels() -> Iterable[JudgedDoc]:
        for doc in docs:
            unjudged.update(span.label for span in doc.unjudged)
            yield doc

    counts = count_by(noting_labels(), lambda _, span: span.label)
    return {label: counts.get(label, Counts()) for label in sorted(unjudged.union(counts))}


def total(counts: Iterable[Counts]) -> Counts:
    """All entities together: what micro-averaged scores are computed from.

    counts (Iterable[Counts]): Counts of disjoint groups.
    RETURNS (Counts): Their sum.
    """
    result = Counts()
    for one in counts:
        result = result.plus(one)
    return result


def macro_average(counts: Iterable[Counts]) -> Average:
    """Means over labels.

    counts (Iterable[Counts]): Counts of each label; labels of which no entity counts are left out.
    RETURNS (Average): The means; 0 without labels.
    """
    filled = [one for one in counts if any(one)]
    size = max(1, len(filled))
    return Average(
        sum(one.precision for one in filled) / size,
        sum(one.recall for one in filled) / size,
        sum(one.f1 for one in filled) / size,
    )
