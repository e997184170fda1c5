"""What tests of explanations share: scores of single tags, and a constraint."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from spacy.tokens import Doc

from spacy_crf_ner.tags import BoolArray, TagSet


def emitting(scores: dict[int, dict[str, float]]) -> Callable[[Doc, TagSet], np.ndarray]:
    """Emissions by token and name of the tag; "O" has 1 and others 0 where nothing else is said."""

    def emit(doc: Doc, tagset: TagSet) -> np.ndarray:
        emissions = np.zeros((len(doc), tagset.n_tags))
        emissions[:, 0] = 1.0
        for position, tags in scores.items():
            # The Doc that a component is initialized with may be too short for them.
            for name, value in tags.items() if position < len(doc) else ():
                emissions[position, tagset.tags.index(name)] = value
        return emissions

    return emit


def only_outside(*positions: int) -> Callable[[Doc, TagSet], BoolArray]:
    """A constraint that leaves "O" alone to these tokens."""

    def constraint(doc: Doc, tagset: TagSet) -> BoolArray:
        allowed = np.ones((len(doc), tagset.n_tags), dtype=bool)
        allowed[list(positions), 1:] = False
        return allowed

    return constraint
