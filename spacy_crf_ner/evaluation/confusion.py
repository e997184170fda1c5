"""Which labels are taken for which."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..tags import IntArray
from .judged_docs import JudgedDoc
from .pairing import BOUNDARY, pair_entities


@dataclass(frozen=True, eq=False)
class Confusion:
    """How often entities of each label were predicted as entities of each other.

    labels (tuple[str, ...]): The labels.
    matrix (IntArray): Pairs by annotated label (rows) and predicted label (columns). The last column has the annotated
        entities for which nothing is predicted, the last row the predicted ones where nothing is annotated. *Shape:*
        (n_labels + 1, n_labels + 1).
    boundary (IntArray): How many pairs of the diagonal have the right label, but other tokens. *Shape:* (n_labels,).
    """

    labels: tuple[str, ...]
    matrix: IntArray
    boundary: IntArray

    @property
    def mistaken(self) -> int:
        """Pairs of two labels that differ."""
        among_labels = self.matrix[:-1, :-1]
        return int(among_labels.sum() - among_labels.trace())

    def to_dict(self) -> dict[str, list[str] | list[int] | list[list[int]]]:
        """RETURNS (dict): Labels, matrix and boundary as lists."""
        return {
            "labels": list(self.labels),
            "matrix": self.matrix.tolist(),
            "boundary": self.boundary.tolist(),
        }


def count_confusions(docs: Iterable[JudgedDoc], labels: Sequence[str]) -> Confusion:
    """Count the pairs that `pair_entities` makes by their two labels.

    docs (Iterable[JudgedDoc]): The Docs.
    labels (Sequence[str]): All labels that occur, in the order of rows and columns.
    RETURNS (Confusion): The counts. Sums of rows are annotated entities, sums of columns predicted ones.
    """
    places = {label: index for index, label in enumerate(labels)}
    nothing = len(labels)
    matrix = np.zeros((nothing + 1, nothing + 1), dtype=np.int64)
    boundary = np.zeros(nothing, dtype=np.int64)
    for doc in docs:
        for kind, gold, predicted in pair_entities(doc.gold, doc.predicted):
            row = nothing if gold is None else places[doc.gold[gold].label]
            column = nothing if predicted is None else places[doc.predicted[predicted].label]
            matrix[row, column] += 1
            if kind == BOUNDARY:
                boundary[row] += 1
    return Confusion(tuple(labels), matrix, boundary)
