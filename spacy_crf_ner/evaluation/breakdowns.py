"""Where a pipeline is good and where it is not: by what it has seen, and by the length of entities and texts."""

from collections.abc import Iterable, Sequence

import numpy as np
from spacy.tokens import Doc

from .entity_counts import Counts, count_by
from .judged_docs import JudgedDoc

# Entities as long as this, in tokens, and longer ones are one group.
LONG = 4

EntityTexts = frozenset[tuple[str, str]]


def entity_texts(docs: Iterable[Doc]) -> EntityTexts:
    """The entities that training data holds.

    docs (Iterable[Doc]): Annotated Docs.
    RETURNS (EntityTexts): Text, with single spaces, and label of each.
    """
    return frozenset((_normal(entity.text), entity.label_) for doc in docs for entity in doc.ents)


def count_seen(docs: Iterable[JudgedDoc], known: EntityTexts) -> dict[str, Counts]:
    """Count entities by whether training data has an entity of the same text and label.

    What is seen can be learned by heart; what is unseen has to be recognised (Augenstein et al. 2017,
    https://doi.org/10.1016/j.csl.2017.01.012). Recall is that of the annotated entities, precision that of the
    predictions that are seen or unseen.

    docs (Iterable[JudgedDoc]): The Docs.
    known (EntityTexts): What `entity_texts` found in the training data; upper and lower case differ.
    RETURNS (dict[str, Counts]): "seen" and "unseen".
    """
    counts = count_by(docs, lambda doc, span: (_normal(doc.text_of(span)), span.label) in known)
    return {name: counts.get(seen, Counts()) for name, seen in (("seen", True), ("unseen", False))}


def count_by_entity_length(docs: Iterable[JudgedDoc]) -> dict[str, Counts]:
    """Count entities by their length: annotated ones by the annotation's, predicted ones by the prediction's.

    docs (Iterable[JudgedDoc]): The Docs.
    RETURNS (dict[str, Counts]): For "1", "2", "3" and "4+" tokens of the annotation.
    """
    counts = count_by(docs, lambda _, span: min(span.end - span.start, LONG))
    return {f"{size}{'+' if size == LONG else ''}": counts.get(size, Counts()) for size in range(1, LONG + 1)}


def count_by_text_length(docs: Sequence[JudgedDoc]) -> dict[str, Counts]:
    """Count entities by the length of their Doc.

    docs (Sequence[JudgedDoc]): The Docs.
    RETURNS (dict[str, Counts]): For each quarter of the Docs, from the shortest ones, under its lengths in tokens, such
        as "3-17". Docs of one length are in the same quarter, so that there may be fewer than four.
    """
    lengths = np.array([len(doc) for doc in docs])
    if not len(lengths):
        return {}
    quartiles = np.quantile(lengths, [0.25, 0.5, 0.75])
    quarters = np.searchsorted(quartiles, lengths)
    counts = count_by(docs, lambda doc, _: int(np.searchsorted(quartiles, len(doc))))
    groups = {quarter: lengths[quarters == quarter] for quarter in np.unique(quarters).tolist()}
    return {
        _range(int(group.min()), int(group.max())): counts.get(quarter, Counts())
        for quarter, group in groups.items()
    }


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


def _normal(text: str) -> str:
    return " ".join(text.split())
