"""Components to be asked about Docs of every kind, with the exact distribution over the Doc's annotations."""

from typing import Any

import spacy
from spacy.tokens import Doc, Span

from spacy_crf_ner.pipeline import CRFEntityRecognizer
from spacy_crf_ner.tags import TagSpan
from tests.pipeline.scripted import (
    Sets,
    component,
    conditional,
    covered,
    distribution,
    edged_with_words,
    random_scores,
)

VOCAB = spacy.blank("en").vocab
LABELS = ("A", "B")
WORDS = ["a", "b", "c", "d"]


def doc_of(words: list[str] = WORDS) -> Doc:
    return Doc(VOCAB, words=words)


def cut_doc() -> Doc:
    """A Doc of two sentences of two tokens."""
    return Doc(VOCAB, words=WORDS, sent_starts=[True, False, True, False])


def preset_doc() -> Doc:
    """A Doc with an entity, one of an unknown label, and a blocked token."""
    doc = doc_of(["a", "b", "c", "d", "e"])
    doc.set_ents([Span(doc, 1, 2, "B"), Span(doc, 3, 4, "UNKNOWN")], blocked=[doc[2:3]])
    return doc


GIVEN = ((1, 2, "B"), (3, 4, "UNKNOWN"))


def around(sets: Sets) -> Sets:
    """The distribution over the entities of `preset_doc`, with those that it holds."""
    chosen = conditional(sets, lambda spans: (1, 2, "B") in spans and not covered(spans) & {2, 3})
    unknown = TagSpan(3, 4, "UNKNOWN")
    return {tuple(sorted((*spans, unknown))): probability for spans, probability in chosen.items()}


def scorer(scheme: str = "BILUO", seed: int = 1, **settings: Any) -> CRFEntityRecognizer:
    return component(VOCAB, random_scores(seed, scale=1.0), LABELS, scheme, seed=seed, **settings)


Case = tuple[CRFEntityRecognizer, Doc, Sets]


def free(scheme: str) -> Case:
    crf = scorer(scheme)
    return crf, doc_of(), distribution(crf, doc_of())


def constrained(scheme: str) -> Case:
    crf = scorer(scheme)
    return crf, preset_doc(), around(distribution(crf, preset_doc()))


def sentence_by_sentence(scheme: str) -> Case:
    crf = scorer(scheme, segments="sents")
    return crf, cut_doc(), distribution(crf, cut_doc(), [2, 2])


def annotated_before(scheme: str) -> Case:
    crf = scorer(scheme)
    doc = crf(doc_of())
    assert doc.ents
    return crf, doc, distribution(crf, doc_of())


def annotated_around(scheme: str) -> Case:
    crf, _, sets = constrained(scheme)
    doc = crf(preset_doc())
    assert len(doc.ents) > len(GIVEN)
    return crf, doc, sets


def overwriting(scheme: str) -> Case:
    crf = scorer(scheme, overwrite=True)
    return crf, preset_doc(), distribution(crf, preset_doc())


def with_whitespace(scheme: str) -> Case:
    crf = scorer(scheme)
    words = ["a", "\n", "c", "\n"]
    return crf, doc_of(words), edged_with_words(distribution(crf, doc_of(words)), scheme, words)


CASES = [
    free,
    constrained,
    sentence_by_sentence,
    annotated_before,
    annotated_around,
    overwriting,
    with_whitespace,
]
