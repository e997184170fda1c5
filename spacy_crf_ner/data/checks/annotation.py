"""Which Docs and tokens are annotated at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from spacy.tokens import Doc

from .findings import Finding, count, percent

SET_ENTS = (
    "Tokens without annotation are unknown, not outside of entities: nothing is learned from such a Doc, and it is not "
    "scored. If it has no entities, say so when it is made: `doc.set_ents([])`."
)


@dataclass
class AnnotationCounts:
    """Docs and tokens by what is known of them. `partly` are Docs with annotation on some tokens only."""

    docs: int = 0
    empty: int = 0
    tokens: int = 0
    unannotated: int = 0
    partly: int = 0
    without_entities: int = 0
    unknown_tokens: int = 0

    def add(self, doc: Doc) -> None:
        """Count a Doc."""
        self.docs += 1
        if not len(doc):
            self.empty += 1
            return
        unknown = int(np.count_nonzero(doc.to_array("ENT_IOB") == 0))
        self.tokens += len(doc)
        self.unknown_tokens += unknown
        self.unannotated += unknown == len(doc)
        self.partly += 0 < unknown < len(doc)
        self.without_entities += unknown < len(doc) and not doc.ents


def check_docs(parts: Mapping[str, AnnotationCounts]) -> list[Finding]:
    """Whether there is anything to read.

    parts (Mapping[str, AnnotationCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "docs".
    """
    found = []
    for part, counts in parts.items():
        if not counts.tokens:
            message = f"{part} has {count(counts.docs, 'Doc')} and no tokens"
            found.append(Finding("fail", "docs", message, "Name another file, or write this one again."))
        elif counts.empty:
            message = f"{part} has {count(counts.empty, 'Doc')} without tokens, which spaCy leaves out"
            found.append(Finding("info", "docs", message))
    return found


def check_annotation(parts: Mapping[str, AnnotationCounts]) -> list[Finding]:
    """Docs without annotation, and tokens whose annotation is unknown.

    parts (Mapping[str, AnnotationCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "annotation"; nothing without tokens.
    """
    found = [_unknown(part, counts) for part, counts in parts.items() if counts.unknown_tokens]
    if found or not any(counts.tokens for counts in parts.values()):
        return found
    return [Finding("good", "annotation", "All tokens are annotated, as entities or as outside of them")]


def check_docs_without_entities(parts: Mapping[str, AnnotationCounts]) -> list[Finding]:
    """Annotated Docs without entities.

    parts (Mapping[str, AnnotationCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "docs-without-entities"; nothing without annotated Docs.
    """
    annotated = {part: counts.docs - counts.empty - counts.unannotated for part, counts in parts.items()}
    shares = [
        f"{parts[part].without_entities:,} of {n:,} in {part} ({percent(parts[part].without_entities, n)})"
        for part, n in annotated.items()
        if n
    ]
    if not shares:
        return []
    message = f"Annotated Docs that have no entities: {', '.join(shares)}"
    return [Finding("info", "docs-without-entities", message)]


def _unknown(part: str, counts: AnnotationCounts) -> Finding:
    docs = counts.docs - counts.empty
    share = percent(counts.unknown_tokens, counts.tokens)
    if counts.unannotated == docs:
        return Finding("fail", "annotation", f"No Doc of {part} is annotated with entities", SET_ENTS)
    if counts.unannotated:
        message = f"{counts.unannotated:,} of {count(docs, 'Doc')} of {part} are not annotated with entities"
        return Finding("warn", "annotation", f"{message}: {share} of the tokens are unknown", SET_ENTS)
    message = (
        f"{count(counts.unknown_tokens, 'token')} of {part} ({share}), in {count(counts.partly, 'Doc')}, without "
        "annotation: they are unknown, not outside of entities"
    )
    return Finding("info", "annotation", message, "docs/partial_annotation.md has what is learned of them.")
