"""What a pipeline finds in annotated Docs, beside the annotation: the evidence of all measures of entities."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..tags import IntArray, TagSpan


@dataclass(frozen=True, eq=False)
class JudgedDoc:
    """The entities of the annotation and those of a pipeline, by the tokens of the annotation. The Doc is not kept.

    number (int): Which Doc of the data it is, from 1; Docs without tokens are not counted.
    text (str): Its text.
    starts (IntArray): First character of each token in the text. *Shape:* (n_tokens,).
    ends (IntArray): Character after each token. *Shape:* (n_tokens,).
    gold (tuple[TagSpan, ...]): Annotated entities, from left to right; none overlap.
    predicted (tuple[TagSpan, ...]): Entities of the pipeline on annotated tokens, from left to right. If its tokenizer
        is another one, two of them may be on the same tokens.
    probabilities (tuple[float | None, ...]): `span._.crf_prob` of each, None where there is none.
    unjudged (tuple[TagSpan, ...]): Further entities of the pipeline, of which the annotation does not say whether they
        are right: on tokens without annotation, or (then they are empty) on no token of the annotation.
    unknown (frozenset[int]): Tokens without annotation.
    sentences (tuple[int, ...] | None): First tokens of the sentences of the annotation; None if it has none.
    """

    number: int
    text: str
    starts: IntArray
    ends: IntArray
    gold: tuple[TagSpan, ...]
    predicted: tuple[TagSpan, ...]
    probabilities: tuple[float | None, ...]
    unjudged: tuple[TagSpan, ...] = ()
    unknown: frozenset[int] = frozenset()
    sentences: tuple[int, ...] | None = None

    def __len__(self) -> int:
        return len(self.starts)

    def characters(self, start: int, end: int) -> tuple[int, int]:
        """RETURNS (tuple[int, int]): First character of some tokens, and the one after the last.

        start (int): First token.
        end (int): Token after the last.
        """
        return (int(self.starts[start]), int(self.ends[end - 1])) if start < end else (0, 0)

    def text_of(self, span: TagSpan) -> str:
        """RETURNS (str): The text of an entity.

        span (TagSpan): The entity.
        """
        start, end = self.characters(span.start, span.end)
        return self.text[start:end]


def judge_pipeline(nlp: Language, examples: Iterable[Example]) -> Iterator[JudgedDoc | None]:
    """Run a pipeline on annotated Docs, as `nlp.evaluate` does, but without keeping them.

    nlp (Language): Any pipeline that sets `doc.ents`.
    examples (Iterable[Example]): Examples with predicted Docs that are not annotated yet.
    YIELDS (JudgedDoc | None): One for each Example, as `judge` makes it.
    """
    pairs = ((example.predicted, example) for example in examples)
    for number, (doc, example) in enumerate(nlp.pipe(pairs, as_tuples=True), start=1):
        example.predicted = doc
        yield judge(example, number)


def judge(example: Example, number: int = 1) -> JudgedDoc | None:
    """Set the entities of a predicted Doc beside those of the annotation, as spaCy's scorer does.

    Of predicted entities the tokens of the annotation count that align with theirs. Entities on tokens of which some
    have no annotation are neither right nor wrong.

    example (Example): Predicted and annotated Doc.
    number (int): Which Doc of the data it is, from 1.
    RETURNS (JudgedDoc | None): None if no token says whether it is in an entity.
    """
    gold = example.reference
    if not gold.has_annotation("ENT_IOB"):
        return None
    unknown = frozenset(np.flatnonzero(gold.to_array(["ENT_IOB"]).reshape(len(gold)) == 0).tolist())
    predicted: list[TagSpan] = []
    probabilities: list[float | None] = []
    unjudged: list[TagSpan] = []
    for entity in example.predicted.ents:
        span = _aligned(example, entity)
        if span.start == span.end or not unknown.isdisjoint(range(span.start, span.end)):
            unjudged.append(span)
            continue
        predicted.append(span)
        probabilities.append(entity._.get("crf_prob"))
    starts = np.fromiter((token.idx for token in gold), dtype=np.int64, count=len(gold))
    sizes = np.fromiter((len(token) for token in gold), dtype=np.int64, count=len(gold))
    return JudgedDoc(
        number=number,
        text=gold.text,
        starts=starts,
        ends=starts + sizes,
        gold=tuple(TagSpan(entity.start, entity.end, entity.label_) for entity in gold.ents),
        predicted=tuple(predicted),
        probabilities=tuple(probabilities),
        unjudged=tuple(unjudged),
        unknown=unknown,
        sentences=_sentences(gold),
    )


def _aligned(example: Example, entity: Span) -> TagSpan:
    """The tokens of the annotation from the first to the last that align with an entity's; empty if none does."""
    positions = example.alignment.x2y[entity.start : entity.end]
    if not len(positions):
        return TagSpan(0, 0, entity.label_)
    return TagSpan(int(positions[0]), int(positions[-1]) + 1, entity.label_)


def _sentences(doc: Doc) -> tuple[int, ...] | None:
    if len(doc) == 1:
        return (0,)
    return tuple(sentence.start for sentence in doc.sents) if doc.has_annotation("SENT_START") else None
