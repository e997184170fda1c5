"""Docs for the tests here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import spacy
from spacy.tokens import Doc, Span

from spacy_crf_ner.data.checks import Finding

VOCAB = spacy.blank("en").vocab
Counts = TypeVar("Counts")


def doc(text: str, *entities: tuple[int, int, str], sentences: Iterable[int] | None = None) -> Doc:
    """A Doc with its words at spaces.

    text (str): Words, with a space between each two of them.
    entities (tuple[int, int, str]): First token, token after the last, label. All other tokens are outside.
    sentences (Iterable[int] | None): First tokens of sentences; None, and there are no boundaries.
    """
    words = text.split(" ") if text else []
    starts = None if sentences is None else [place in set(sentences) for place in range(len(words))]
    spaces = [True] * (len(words) - 1) + [False] * bool(words)
    result = Doc(VOCAB, words=words, spaces=spaces, sent_starts=starts)
    result.set_ents([Span(result, start, end, label=label) for start, end, label in entities])
    return result


def unannotated(text: str) -> Doc:
    """A Doc without entities, of which nobody says that it has none."""
    return Doc(VOCAB, words=text.split(" "))


def counted(counts: Counts, docs: Sequence[Doc]) -> Counts:
    """Add Docs to the counts of a check, which may want to know their numbers."""
    add: Callable[..., Any] = counts.add  # type: ignore[attr-defined]
    for number, one in enumerate(docs, start=1):
        if "number" in add.__code__.co_varnames:
            add(number, one)
        else:
            add(one)
    return counts


def levels(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """Level and name of each."""
    return [(finding.level, finding.name) for finding in findings]
