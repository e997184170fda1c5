"""Examples with spans and tokens of uncertain truth, and what they have to add to the loss, by enumeration."""

import math
from collections.abc import Iterable
from typing import Any

import spacy
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

from spacy_crf_ner.pipeline import CRFEntityRecognizer
from spacy_crf_ner.tags import TagSpan
from tests.pipeline.scripted import Sets, component, covered, random_scores, span_probability

VOCAB = spacy.blank("en").vocab
LABELS = ("A", "B")
WORDS = ["a", "b", "c", "d"]
WRONG, SOFT = "wrong", "soft"

Entity = tuple[int, int, str]


def recognizer(scheme: str = "BILUO", seed: int = 0, **settings: Any) -> CRFEntityRecognizer:
    keys = {"incorrect_spans_key": WRONG, "soft_spans_key": SOFT, **settings}
    return component(VOCAB, random_scores(seed, scale=1.0), LABELS, scheme, seed=seed, **keys)


def example(
    ents: Iterable[Entity] = (),
    *,
    wrong: Iterable[Entity] = (),
    soft: dict[Entity, float] | None = None,
    tokens: dict[int, Any] | None = None,
    missing: Iterable[int] = (),
    words: list[str] = WORDS,
    predicted: list[str] | None = None,
) -> Example:
    """An Example in which all tokens are annotated that are not missing."""
    doc = Doc(VOCAB, words=words, spaces=[False] * len(words))
    unknown = [doc[position : position + 1] for position in missing]
    doc.set_ents([Span(doc, *ent) for ent in ents], missing=unknown, default="outside")
    doc.spans[WRONG] = [Span(doc, *span) for span in wrong]
    if soft:
        doc.spans[SOFT] = SpanGroup(doc, spans=[Span(doc, *span) for span in soft])
        doc.spans[SOFT].attrs["scores"] = list(soft.values())
    for position, named in (tokens or {}).items():
        doc[position]._.crf_label_probs = named
    others = predicted or words
    return Example(Doc(VOCAB, words=others, spaces=[False] * len(others)), doc)


def loss_of(crf: CRFEntityRecognizer, *examples: Example) -> float:
    loss, _ = crf.get_loss(examples, crf.model.predict([one.predicted for one in examples]))
    return loss


def agreement(sets: Sets, ents: Iterable[Entity], known: Iterable[int]) -> float:
    """-log of the probability of all that agrees with entities and with the other known tokens, nats."""
    ents = {TagSpan(*ent) for ent in ents}

    def holds(spans: tuple[TagSpan, ...]) -> bool:
        return ents <= {*spans} and not covered({*spans} - ents) & {*known}

    return -math.log(sum(probability for spans, probability in sets.items() if holds(spans)))


def cross_entropy(given: float, probability: float) -> float:
    return -(given * math.log(probability) + (1 - given) * math.log(1 - probability))


def any_label(sets: Sets, start: int, end: int) -> float:
    """Probability that some tokens are an entity, whatever its label."""
    return sum(span_probability(sets, (start, end, label)) for label in LABELS)


def label_probability(sets: Sets, position: int, name: str) -> float:
    """Probability that a token is in an entity of a label, or in none."""
    return sum(
        probability
        for spans, probability in sets.items()
        if name == next((label for start, end, label in spans if start <= position < end), "O")
    )
