"""The first and last tokens of entities: whitespace and punctuation that hardly belong to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spacy.tokens import Doc, Span, Token

from .findings import Cases, Finding, Level, count, percent, shown

OPENING = {"(": ")", "[": "]", "{": "}", "«": "»", "“": "”", "‘": "’", "「": "」", "『": "』", "《": "》"}
CLOSING = {end: start for start, end in OPENING.items()}
# What is punctuation for Unicode, and part of names and numbers.
IN_NAMES = frozenset("%‰&#@*§†°'’")
# Share of entities from which it is more than a few odd names.
MANY = 0.01


@dataclass
class BoundaryCounts:
    """Entities that begin or end with something that hardly belongs to them."""

    entities: int = 0
    whitespace: Cases = field(default_factory=Cases)
    punctuation: Cases = field(default_factory=Cases)
    only_punctuation: Cases = field(default_factory=Cases)

    def add(self, number: int, doc: Doc) -> None:
        """Count the entities of a Doc.

        number (int): Its number in the part, counted from 1.
        doc (Doc): The Doc.
        """
        for ent in doc.ents:
            self.entities += 1
            example = f"{shown(ent.text)} ({ent.label_}), Doc {number}"
            if ent.text != ent.text.strip():
                self.whitespace.add(example)
            elif all(token.is_punct for token in ent):
                self.only_punctuation.add(example)
            elif _is_odd(ent[0], ent) or _is_odd(ent[-1], ent):
                self.punctuation.add(example)


def check_whitespace(parts: Mapping[str, BoundaryCounts]) -> list[Finding]:
    """Entities that begin or end with whitespace.

    parts (Mapping[str, BoundaryCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "whitespace".
    """
    advice = (
        "No prediction begins or ends with whitespace: they count as missed. Trim them in the annotation."
    )
    found = []
    for part, counts in parts.items():
        if counts.whitespace.n:
            n_entities = count(counts.whitespace.n, "entity", "entities")
            message = f"{n_entities} of {part} with whitespace at the beginning or end"
            found.append(Finding("fail", "whitespace", message, advice, counts.whitespace.examples))
    return found or [Finding("good", "whitespace", "No entity begins or ends with whitespace")]


def check_punctuation(parts: Mapping[str, BoundaryCounts]) -> list[Finding]:
    """Entities that begin or end with punctuation, or are nothing else.

    parts (Mapping[str, BoundaryCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "punctuation" and "only-punctuation".
    """
    found = []
    for part, counts in parts.items():
        if counts.only_punctuation.n:
            n_entities = count(counts.only_punctuation.n, "entity", "entities")
            message = f"{n_entities} of {part} of nothing but punctuation"
            advice = "These are usually slips of annotation. Take them out."
            examples = counts.only_punctuation.examples
            found.append(Finding("warn", "only-punctuation", message, advice, examples))
        n_odd = counts.punctuation.n
        if n_odd:
            level: Level = "warn" if n_odd >= MANY * counts.entities else "info"
            message = (
                f"{count(n_odd, 'entity', 'entities')} of {part} ({percent(n_odd, counts.entities)}) with punctuation "
                "at the beginning or end"
            )
            advice = "Some names have it. Else be consistent: what belongs to entities only at times is hard to learn."
            found.append(Finding(level, "punctuation", message, advice, counts.punctuation.examples))
    return found or [Finding("good", "punctuation", "No entity begins or ends with punctuation")]


def _is_odd(token: Token, ent: Span) -> bool:
    """Whether a token at the beginning or end is punctuation, but for brackets and quotes whose partner is inside."""
    text = token.text
    if not token.is_punct or text in IN_NAMES or _abbreviates(token, ent):
        return False
    partner = OPENING.get(text) or CLOSING.get(text)
    texts = [other.text for other in ent]
    if partner is not None:
        return partner not in texts
    return not (text == '"' and texts.count(text) % 2 == 0)


def _abbreviates(token: Token, ent: Span) -> bool:
    """Whether it is the full stop of an initial, or of "U . S ."."""
    return token.text == "." and token.i > ent.start and len(ent.doc[token.i - 1]) == 1
