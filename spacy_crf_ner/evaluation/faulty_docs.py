"""Docs with errors, as they are to be shown: the text, with all entities of both sides."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..tags import TagSpan
from .judged_docs import JudgedDoc
from .pairing import EXACT, pair_entities

GOLD, PREDICTED = "gold", "predicted"
CORRECT = "correct"


@dataclass(frozen=True)
class ShownEntity:
    """An entity in the text of a Doc.

    start (int): Its first character.
    end (int): The character after its last.
    label (str): Its label.
    side (str): "gold" or "predicted".
    kind (str): "correct", or one of `ERROR_KINDS`.
    probability (float | None): What the pipeline gave to a predicted entity, if it has a component `crf_ner`.
    """

    start: int
    end: int
    label: str
    side: str
    kind: str
    probability: float | None = None


@dataclass(frozen=True)
class FaultyDoc:
    """A Doc with at least one error.

    number (int): Which Doc of the data, from 1.
    text (str): Its whole text.
    entities (list[ShownEntity]): Entities of the annotation and predicted ones that count, correct ones included, from
        left to right.
    """

    number: int
    text: str
    entities: list[ShownEntity]


def find_faulty_docs(docs: Iterable[JudgedDoc]) -> Iterator[FaultyDoc]:
    """Find the Docs with errors.

    docs (Iterable[JudgedDoc]): The Docs.
    YIELDS (FaultyDoc): Each Doc in which something is wrong or missed, in their order.
    """
    for doc in docs:
        pairs = pair_entities(doc.gold, doc.predicted)
        if all(pair.kind == EXACT for pair in pairs):
            continue
        entities = []
        for kind, gold, predicted in pairs:
            shown_kind = CORRECT if kind == EXACT else kind
            if gold is not None:
                entities.append(_shown(doc, doc.gold[gold], GOLD, shown_kind))
            if predicted is not None:
                probability = doc.probabilities[predicted]
                entities.append(_shown(doc, doc.predicted[predicted], PREDICTED, shown_kind, probability))
        entities.sort(key=lambda entity: (entity.start, entity.end, entity.side))
        yield FaultyDoc(doc.number, doc.text, entities)


def _shown(
    doc: JudgedDoc, span: TagSpan, side: str, kind: str, probability: float | None = None
) -> ShownEntity:
    start, end = doc.characters(span.start, span.end)
    return ShownEntity(start, end, span.label, side, kind, probability)
