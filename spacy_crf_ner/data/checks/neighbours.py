"""Entities of one label with nothing between them, which not every tag scheme tells from one long entity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from spacy.tokens import Doc

from .findings import Cases, Finding, count, shown

IO = "IO"


@dataclass
class NeighbourCounts:
    """Pairs of neighbours of one label."""

    pairs: Cases = field(default_factory=Cases)

    def add(self, number: int, doc: Doc) -> None:
        """Count the pairs of a Doc.

        number (int): Its number in the part, counted from 1.
        doc (Doc): The Doc.
        """
        for first, second in pairwise(doc.ents):
            if first.end == second.start and first.label == second.label:
                self.pairs.add(f"{shown(first.text)} and {shown(second.text)} ({first.label_}), Doc {number}")


def check_neighbours(parts: Mapping[str, NeighbourCounts], scheme: str) -> list[Finding]:
    """Neighbouring entities of one label, against the scheme.

    parts (Mapping[str, NeighbourCounts]): Counts of each part of the corpus.
    scheme (str): "BILUO", "BIO" or "IO".
    RETURNS (list[Finding]): "neighbours".
    """
    found = []
    for part, counts in parts.items():
        if not counts.pairs.n:
            continue
        message = f"{count(counts.pairs.n, 'pair')} of entities of {part} with the same label and nothing between them"
        if scheme == IO:
            message += ": in the scheme IO no tags exist for them, and they are learned and predicted as one"
            advice = 'Set `scheme` to "BILUO" or "BIO".'
            found.append(Finding("fail", "neighbours", message, advice, counts.pairs.examples))
        else:
            message += f": the scheme {scheme} keeps them apart, IO would not"
            found.append(Finding("info", "neighbours", message, examples=counts.pairs.examples))
    return found or [Finding("good", "neighbours", f"The scheme {scheme} has tags for all entities")]
