"""Docs with every kind of annotation, and what to compare of them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup, Token
from spacy.training import Example

WORDS = ["Anna", "Schmidt", "sings", "in", "New", "York", ".", "Boris", "left", "Acme", "Tools", "."]
SPACES = [True, True, True, True, True, False, True, True, True, True, False, False]
ENTS = ["B-PER", "I-PER", "O", "O", "B-LOC", "I-LOC", "O", "B-PER", "O", "B-ORG", "I-ORG", "O"]
TAGS = ["NNP", "NNP", "VBZ", "IN", "NNP", "NNP", ".", "NNP", "VBD", "NNP", "NNP", "."]
HEADS = [1, 2, 2, 2, 5, 3, 2, 8, 8, 10, 8, 8]
DEPS = [
    "compound",
    "nsubj",
    "ROOT",
    "prep",
    "compound",
    "pobj",
    "punct",
    "nsubj",
    "ROOT",
    "compound",
    "dobj",
    "punct",
]

SOFT, NOTE = "crf_label_probs", "note"


@cache
def make_nlp() -> Language:
    """A pipeline, always the same, whose custom attributes are there."""
    for name in (SOFT, NOTE):
        if not Token.has_extension(name):
            Token.set_extension(name, default=None)
    if not Span.has_extension(NOTE):
        Span.set_extension(NOTE, default=None)
    return spacy.blank("en")


def make_doc(nlp: Language, **others: Any) -> Doc:
    """Two sentences with entities, tags, lemmas and dependencies."""
    layers: dict[str, Any] = {
        "words": WORDS,
        "spaces": SPACES,
        "ents": ENTS,
        "tags": TAGS,
        "lemmas": [word.lower() for word in WORDS],
        "heads": HEADS,
        "deps": DEPS,
    }
    return Doc(nlp.vocab, **{**layers, **others})


def group(doc: Doc, name: str, *spans: tuple[int, int, str]) -> None:
    """Put spans, with scores that tell them apart, into a span group of a Doc."""
    found = [Span(doc, *span) for span in spans]
    scores = np.arange(len(spans)) / 10
    doc.spans[name] = SpanGroup(doc, name=name, attrs={"scores": scores}, spans=found)


def example_of(doc: Doc) -> Example:
    """An Example of this reference Doc, on the same tokens."""
    spaces = [bool(token.whitespace_) for token in doc]
    return Example(Doc(doc.vocab, words=[token.text for token in doc], spaces=spaces), doc)


def words_of(doc: Doc) -> list[str]:
    """The texts of the tokens."""
    return [token.text for token in doc]


def entities_of(doc: Doc) -> list[tuple[str, str]]:
    """The entities' texts and labels."""
    return [(entity.text, entity.label_) for entity in doc.ents]


def iob_of(doc: Doc) -> list[tuple[str, str]]:
    """What each token is said to be part of."""
    return [(token.ent_iob_, token.ent_type_) for token in doc]


def starts_of(doc: Doc) -> list[int]:
    """The first tokens of the sentences."""
    return [token.i for token in doc if token.is_sent_start]


def heads_of(doc: Doc) -> list[str | None]:
    """The text of each token's head; None where no relation is known."""
    return [token.head.text if token.has_dep() else None for token in doc]


def groups_of(doc: Doc, name: str) -> list[tuple[str, str]]:
    """The texts and labels of a group's spans."""
    return [(span.text, span.label_) for span in doc.spans[name]]


def contents(example: Example) -> tuple[bytes, bytes]:
    """All that an Example holds."""
    return example.reference.to_bytes(), example.predicted.to_bytes()
