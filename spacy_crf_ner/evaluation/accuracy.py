"""The share of texts in which every entity is right, and the share of tokens whose tag is."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..tags import TagSpan
from .entity_counts import sort_out
from .judged_docs import JudgedDoc


class Share(NamedTuple):
    """How many of some things are right.

    right (int): How many are.
    all (int): How many there are.
    """

    right: int = 0
    all: int = 0

    @property
    def share(self) -> float | None:
        """0 to 1; None if there is nothing."""
        return self.right / self.all if self.all else None


def doc_accuracy(docs: Iterable[JudgedDoc]) -> Share:
    """Docs in which all annotated entities are found and no other is predicted.

    docs (Iterable[JudgedDoc]): The Docs. Predictions on tokens without annotation count for nothing.
    RETURNS (Share): How many there are; those without entities among them.
    """
    outcomes = [not (sorted_out.wrong or sorted_out.missed) for sorted_out in map(sort_out, docs)]
    return Share(sum(outcomes), len(outcomes))


def sentence_accuracy(docs: Iterable[JudgedDoc]) -> Share | None:
    """Sentences of the annotation in which all entities are found and no other is predicted.

    docs (Iterable[JudgedDoc]): The Docs. An entity belongs to the sentence in which it begins.
    RETURNS (Share | None): How many there are; None if some Doc does not say where its sentences begin.
    """
    n_right = n_all = 0
    for doc in docs:
        if doc.sentences is None:
            return None
        _, wrong, missed = sort_out(doc)
        faulty = {bisect_right(doc.sentences, span.start) for span in (*wrong, *missed)}
        n_all += len(doc.sentences)
        n_right += len(doc.sentences) - len(faulty)
    return Share(n_right, n_all)


def token_accuracy(docs: Iterable[JudgedDoc]) -> tuple[Share, Share]:
    """Annotated tokens with the right tag in the BILUO scheme.

    Most tokens are in no entity, so that the share among all says little. Predictions that reach onto tokens without
    annotation count, too, on those that have one.

    docs (Iterable[JudgedDoc]): The Docs.
    RETURNS (tuple[Share, Share]): Among all annotated tokens; and among those that are in an entity by annotation or
        prediction.
    """
    n_tokens = n_inside = n_wrong = 0
    for doc in docs:
        gold, predicted = _tags(doc.gold), _tags((*doc.predicted, *doc.unjudged))
        inside = (gold.keys() | predicted.keys()) - doc.unknown
        n_tokens += len(doc) - len(doc.unknown)
        n_inside += len(inside)
        n_wrong += sum(gold.get(position) != predicted.get(position) for position in inside)
    return Share(n_tokens - n_wrong, n_tokens), Share(n_inside - n_wrong, n_inside)


def _tags(spans: Iterable[TagSpan]) -> dict[int, str]:
    """The tags of all tokens in entities, by position; where entities overlap, that of the first."""
    tags: dict[int, str] = {}
    for span in spans:
        for position, tag in _spelled(span):
            tags.setdefault(position, tag)
    return tags


def _spelled(span: TagSpan) -> Iterator[tuple[int, str]]:
    size = span.end - span.start
    prefixes = "U" if size == 1 else "B" + "I" * (size - 2) + "L"
    # Of an entity without tokens nothing is left.
    return ((span.start + index, f"{prefix}-{span.label}") for index, prefix in enumerate(prefixes[:size]))
