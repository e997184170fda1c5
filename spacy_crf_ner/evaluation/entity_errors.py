"""The errors of a pipeline, sorted by what is wrong, with what stands around them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..tags import TagSpan
from .judged_docs import JudgedDoc
from .pairing import BOTH, BOUNDARY, EXACT, LABEL, MISSED, SPURIOUS, Pair, pair_entities

# What can be wrong, in the order in which it is shown.
ERROR_KINDS = (MISSED, SPURIOUS, LABEL, BOUNDARY, BOTH)
# Tokens of context on either side.
CONTEXT = 5


@dataclass(frozen=True)
class EntityError:
    """An entity that is wrong, missed, or both.

    kind (str): "missed", "spurious", "label", "boundary" or "label_and_boundary", as `pair_entities` says.
    doc (int): Which Doc of the data, from 1.
    start (int): First character of the entities in its text.
    end (int): Character after the last.
    before (str): Up to five tokens to the left.
    text (str): The text of both entities together.
    after (str): Up to five tokens to the right.
    gold_label (str | None): Label of the annotated entity; None if there is none.
    gold_text (str | None): Its text.
    predicted_label (str | None): Label of the predicted entity; None if there is none.
    predicted_text (str | None): Its text, by the tokens of the annotation.
    probability (float | None): What the pipeline gave the predicted entity, if it has a component `crf_ner`.
    """

    kind: str
    doc: int
    start: int
    end: int
    before: str
    text: str
    after: str
    gold_label: str | None
    gold_text: str | None
    predicted_label: str | None
    predicted_text: str | None
    probability: float | None


def find_errors(docs: Iterable[JudgedDoc]) -> Iterator[EntityError]:
    """Find all errors.

    docs (Iterable[JudgedDoc]): The Docs.
    YIELDS (EntityError): Each error, Doc by Doc and from left to right.
    """
    for doc in docs:
        for pair in pair_entities(doc.gold, doc.predicted):
            if pair.kind != EXACT:
                yield _described(doc, pair)


def _described(doc: JudgedDoc, pair: Pair) -> EntityError:
    gold = None if pair.gold is None else doc.gold[pair.gold]
    predicted = None if pair.predicted is None else doc.predicted[pair.predicted]
    first, last = _extent([span for span in (gold, predicted) if span is not None])
    start, end = doc.characters(first, last)
    left, _ = doc.characters(max(0, first - CONTEXT), last)
    _, right = doc.characters(first, min(len(doc), last + CONTEXT))
    return EntityError(
        kind=pair.kind,
        doc=doc.number,
        start=start,
        end=end,
        before=doc.text[left:start],
        text=doc.text[start:end],
        after=doc.text[end:right],
        gold_label=gold.label if gold else None,
        gold_text=doc.text_of(gold) if gold else None,
        predicted_label=predicted.label if predicted else None,
        predicted_text=doc.text_of(predicted) if predicted else None,
        probability=None if pair.predicted is None else doc.probabilities[pair.predicted],
    )


def _extent(spans: list[TagSpan]) -> tuple[int, int]:
    return min(span.start for span in spans), max(span.end for span in spans)
