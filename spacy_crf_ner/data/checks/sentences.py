"""Sentence boundaries: whether there are any, and whether entities cross them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spacy.tokens import Doc

from .findings import Cases, Finding, count, shown

SENTS = "sents"
ADVICE = (
    "Put a sentencizer before the component, and its name into `training.annotating_components`; or set `segments` to "
    '"doc", if each Doc is a sentence.'
)


@dataclass
class SentenceCounts:
    """Docs with sentence boundaries, and entities that cross them.

    unmarked (int): Docs without sentence boundaries.
    marked (int): Docs with them.
    sentences (int): Sentences of `marked`.
    single (int): Docs of one token, which need none.
    """

    unmarked: int = 0
    marked: int = 0
    sentences: int = 0
    single: int = 0
    crossing: Cases = field(default_factory=Cases)

    def add(self, number: int, doc: Doc) -> None:
        """Count a Doc.

        number (int): Its number in the part, counted from 1.
        doc (Doc): The Doc.
        """
        if len(doc) < 2:
            self.single += len(doc)
            return
        if not doc.has_annotation("SENT_START"):
            self.unmarked += 1
            return
        self.marked += 1
        self.sentences += 1 + sum(token.is_sent_start is True for token in doc[1:])
        for ent in doc.ents:
            if any(token.is_sent_start for token in ent[1:]):
                self.crossing.add(f"{shown(ent.text)} ({ent.label_}), Doc {number}")


def check_sentences(parts: Mapping[str, SentenceCounts], segments: str, *, sets: str | None) -> list[Finding]:
    """Docs without sentence boundaries, against `segments`.

    parts (Mapping[str, SentenceCounts]): Counts of each part of the corpus.
    segments (str): "doc" or "sents".
    sets (str | None): When a component of the pipeline sets sentences: "training" (and later), "prediction" only, or
        "never"; None if that is not known.
    RETURNS (list[Finding]): "sentences".
    """
    found = [
        _check_part(part, counts, segments, sets)
        for part, counts in parts.items()
        if counts.marked + counts.unmarked
    ]
    if segments != SENTS and not any(counts.marked for counts in parts.values()):
        found = [Finding("info", "sentences", "No Doc has sentence boundaries; each is one sequence")]
    if segments == SENTS and sets == "never":
        message = (
            'No component of the pipeline sets sentences, and `segments = "sents"` needs them in prediction'
        )
        found.append(Finding("fail", "sentences", message, ADVICE))
    return found


def check_crossing(parts: Mapping[str, SentenceCounts], segments: str) -> list[Finding]:
    """Entities that cross sentence boundaries, against `segments`.

    parts (Mapping[str, SentenceCounts]): Counts of each part of the corpus.
    segments (str): "doc" or "sents".
    RETURNS (list[Finding]): "crossing-sentences"; nothing if no Doc has boundaries.
    """
    found = []
    for part, counts in parts.items():
        if not counts.crossing.n:
            continue
        message = f"{count(counts.crossing.n, 'entity', 'entities')} of {part} that cross sentence boundaries"
        if segments == SENTS:
            message += ': with `segments = "sents"` they can never be predicted'
            advice = 'Correct the boundaries or the entities, or set `segments` to "doc".'
            found.append(Finding("fail", "crossing-sentences", message, advice, counts.crossing.examples))
        else:
            advice = 'With `segments = "doc"` that does no harm, but boundaries or entities may be wrong.'
            found.append(Finding("info", "crossing-sentences", message, advice, counts.crossing.examples))
    if found or not any(counts.sentences > counts.marked for counts in parts.values()):
        return found
    return [Finding("good", "crossing-sentences", "No entity crosses a sentence boundary")]


def _check_part(part: str, counts: SentenceCounts, segments: str, sets: str | None) -> Finding:
    described = _described(part, counts)
    if segments != SENTS:
        return Finding("info", "sentences", f"{described}; each Doc is one sequence")
    if sets == "training":
        return Finding("info", "sentences", f"{described}; a component of the pipeline sets sentences")
    if counts.unmarked:
        return Finding("fail", "sentences", f"{described}: training stops at such a Doc", ADVICE)
    return Finding("good", "sentences", f"{described}; each is a sequence of its own")


def _described(part: str, counts: SentenceCounts) -> str:
    if not counts.marked:
        return f"No Doc of {part} has sentence boundaries"
    found = f"{count(counts.marked, 'Doc')} of {part} with {count(counts.sentences, 'sentence')}"
    return f"{found}, {counts.unmarked:,} without sentence boundaries" if counts.unmarked else found
