"""Docs with entities by annotation and prediction, as tests want them or drawn by chance."""

import random
from collections.abc import Iterable, Sequence

import numpy as np
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_crf_ner.evaluation import JudgedDoc
from spacy_crf_ner.tags import TagSpan

LABELS = ("PER", "LOC", "ORG")

SpanTuple = tuple[int, int, str]


def judged(
    gold: Iterable[SpanTuple] = (),
    predicted: Iterable[SpanTuple] = (),
    text: str = "a b c d e f g h",
    unjudged: Iterable[SpanTuple] = (),
    unknown: Iterable[int] = (),
    sentences: tuple[int, ...] | None = None,
    probabilities: Sequence[float | None] | None = None,
    number: int = 1,
) -> JudgedDoc:
    """A Doc of the words of a text, which are separated by single spaces."""
    sizes = np.array([len(word) for word in text.split(" ")])
    starts = np.cumsum(sizes + 1) - sizes - 1
    spans = tuple(TagSpan(*span) for span in predicted)
    return JudgedDoc(
        number=number,
        text=text,
        starts=starts,
        ends=starts + sizes,
        gold=tuple(TagSpan(*span) for span in gold),
        predicted=spans,
        probabilities=tuple(probabilities or [None] * len(spans)),
        unjudged=tuple(TagSpan(*span) for span in unjudged),
        unknown=frozenset(unknown),
        sentences=sentences,
    )


def random_spans(
    chance: random.Random, n_tokens: int, labels: Sequence[str] = LABELS, longest: int = 5
) -> list[SpanTuple]:
    """Spans that do not overlap, from left to right."""
    spans, position = [], 0
    while position < n_tokens:
        size = min(chance.randint(1, longest), n_tokens - position)
        if chance.random() < 0.4:
            spans.append((position, position + size, chance.choice(labels)))
        position += size
    return spans


def disturbed(chance: random.Random, spans: Iterable[SpanTuple], n_tokens: int) -> list[SpanTuple]:
    """What a middling pipeline would make of annotated spans: some are missed, others a little wrong."""
    found: list[SpanTuple] = []
    for start, end, label in spans:
        what = chance.random()
        if what < 0.2:
            continue
        if what < 0.4:
            label = chance.choice(LABELS)
        if what > 0.75:
            start, end = max(0, start - chance.randint(0, 1)), min(n_tokens, end + chance.randint(0, 1))
        if not found or found[-1][1] <= start:
            found.append((start, end, label))
    return found


def random_docs(count: int, seed: int = 0, n_tokens: int = 12) -> list[JudgedDoc]:
    """Docs with entities that are right, wrong, missed and spurious."""
    chance = random.Random(seed)
    text = " ".join("abcdefghijklmnopqrstuvwxyz"[:n_tokens])
    docs = []
    for number in range(1, count + 1):
        gold = random_spans(chance, n_tokens)
        copy = disturbed(chance, gold, n_tokens) if chance.random() < 0.8 else random_spans(chance, n_tokens)
        docs.append(judged(gold, copy, text, number=number))
    return docs


def random_examples(count: int, seed: int = 0) -> list[Example]:
    """Examples in which anything may happen: other tokens, tokens without annotation, Docs without any."""
    chance = random.Random(seed)
    vocab = spacy.blank("en").vocab
    return [_random_example(chance, vocab) for _ in range(count)]


def _random_example(chance: random.Random, vocab: Vocab) -> Example:
    words = [chance.choice(["abcd", "efgh", "ijkl"]) for _ in range(chance.randint(1, 12))]
    predicted, reference = (_tokenized(chance, vocab, words) for _ in range(2))
    _annotate(predicted, random_spans(chance, len(predicted)))
    kind = chance.random()
    if kind < 0.1:
        return Example(predicted, reference)
    spans = random_spans(chance, len(reference))
    if kind < 0.5:
        # Some of the predictions, where the tokens allow it, so that some are right.
        copied = [
            reference.char_span(entity.start_char, entity.end_char, entity.label_)
            for entity in predicted.ents
            if chance.random() < 0.8
        ]
        spans = [(span.start, span.end, span.label_) for span in copied if span is not None]
    inside = {position for start, end, _ in spans for position in range(start, end)}
    missing = [
        position for position in range(len(reference)) if position not in inside and chance.random() < 0.15
    ]
    _annotate(reference, spans, missing)
    return Example(predicted, reference)


def _tokenized(chance: random.Random, vocab: Vocab, words: Iterable[str]) -> Doc:
    """A Doc in which some of the words are two tokens."""
    tokens: list[str] = []
    spaces: list[bool] = []
    for word in words:
        parts = [word] if chance.random() < 0.7 else [word[:2], word[2:]]
        tokens += parts
        spaces += [False] * (len(parts) - 1) + [True]
    return Doc(vocab, words=tokens, spaces=spaces)


def _annotate(doc: Doc, spans: Iterable[SpanTuple], missing: Iterable[int] = ()) -> None:
    doc.set_ents(
        [Span(doc, *span) for span in spans],
        missing=[doc[position : position + 1] for position in missing],
        default="outside",
    )
