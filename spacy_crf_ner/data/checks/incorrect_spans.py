"""Entities that are said to be wrong at the same time, in the span group of `incorrect_spans_key`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spacy.tokens import Doc

from .findings import Cases, Finding, Level, count, shown

NAME = "incorrect-spans"
TRAIN = "train"


@dataclass
class IncorrectCounts:
    """Spans that are known to be wrong, and those of them that are entities. `key` is that of their group, if any."""

    key: str | None = None
    spans: int = 0
    contradictions: Cases = field(default_factory=Cases)

    def add(self, number: int, doc: Doc) -> None:
        """Count the spans of a Doc.

        number (int): Its number in the part, counted from 1.
        doc (Doc): The Doc.
        """
        if self.key is None or self.key not in doc.spans:
            return
        group = doc.spans[self.key]
        self.spans += len(group)
        wrong = {(span.start, span.end, span.label) for span in group}
        for ent in doc.ents:
            # A span without a label is no entity of whatever label.
            if wrong & {(ent.start, ent.end, ent.label), (ent.start, ent.end, 0)}:
                self.contradictions.add(f"{shown(ent.text)} ({ent.label_}), Doc {number}")


def check_incorrect_spans(parts: Mapping[str, IncorrectCounts]) -> list[Finding]:
    """Contradictions between entities and spans that are known to be wrong.

    parts (Mapping[str, IncorrectCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "incorrect-spans"; nothing without a key.
    """
    known = {part: counts for part, counts in parts.items() if counts.key is not None}
    found = [_contradiction(part, counts) for part, counts in known.items() if counts.contradictions.n]
    train = known.get(TRAIN)
    if train is not None and not train.spans:
        message = f"No Doc of {TRAIN} has spans in {_group(train)}, where those that are wrong are looked for"
        advice = "Correct `incorrect_spans_key`, or take it out of the config."
        found.append(Finding("warn", NAME, message, advice))
    if found or not known:
        return found
    numbers = ", ".join(f"{counts.spans:,} in {part}" for part, counts in known.items())
    return [Finding("good", NAME, f"No entity is among the spans that are known to be wrong: {numbers}")]


def _contradiction(part: str, counts: IncorrectCounts) -> Finding:
    level: Level = "warn"
    entities = count(counts.contradictions.n, "entity", "entities")
    message = f"{entities} of {part} also in {_group(counts)}, which holds spans that are known to be wrong"
    if part == TRAIN:
        level = "fail"
        message += ": training ends with an error there"
    advice = "It cannot be both: take each out of one of the two."
    return Finding(level, NAME, message, advice, counts.contradictions.examples)


def _group(counts: IncorrectCounts) -> str:
    return f"doc.spans[{counts.key!r}]"
