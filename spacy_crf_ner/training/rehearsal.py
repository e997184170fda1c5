"""Pseudo-rehearsal: what an earlier pipeline says of raw text is learned beside what is new.

`nlp.rehearse` knows nothing of listeners: their upstream component gets no gradient, and where its vectors have
changed, what the earlier model says of them has changed, too. Examples that the earlier pipeline has annotated are
learned by `nlp.update` like all others, the encoder included (Robins 1995,
https://doi.org/10.1080/09540099550039318).
"""

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import load_model, minibatch

from ..errors import Errors, TrainingError
from .augmenters.outside_unknown import forget_outside

Corpus = Callable[[Language], Iterable[Example]]
Item = TypeVar("Item")

NAME = "spacy-crf-ner.RehearsalCorpus.v1"
# Docs that the earlier pipeline annotates at a time.
BATCH = 32


class RehearsalCorpus:
    """New Examples, and between them raw text that an earlier pipeline annotates.

    model (str | Path): The earlier pipeline, a folder or an installed package; loaded at the first call.
    corpus (Callable[[Language], Iterable[Example]]): The new Examples.
    raw (Callable[[Language], Iterable[Example]] | None): The raw text, taken from the start again where it ends.
    ratio (float): Examples of raw text for each new one.
    complete (bool): Add the entities that the earlier pipeline finds to the new Examples, too.
    outside_unknown (bool): Know nothing of the tokens of raw text that the earlier pipeline takes to be in no entity.
    RAISES (TrainingError): A ratio that is negative or not finite.
    """

    def __init__(
        self,
        model: str | Path,
        corpus: Corpus,
        raw: Corpus | None = None,
        *,
        ratio: float = 1.0,
        complete: bool = True,
        outside_unknown: bool = False,
    ) -> None:
        if not 0.0 <= ratio < math.inf:
            raise TrainingError(Errors.R203.format(name=NAME, got=ratio))
        self.model = model
        self.corpus = corpus
        self.raw = raw
        self.ratio = ratio if raw is not None else 0.0
        self.complete = complete
        self.outside_unknown = outside_unknown
        self._teacher: Language | None = None

    def __call__(self, nlp: Language) -> Iterator[Example]:
        """Yield new Examples, and after each of them its share of annotated raw text.

        nlp (Language): The pipeline that is being trained.
        YIELDS (Example): Examples.
        RAISES (TrainingError): There is no such earlier pipeline, or no raw text.
        """
        if self._teacher is None:
            try:
                self._teacher = load_model(self.model)
            except (OSError, ValueError) as error:
                raise TrainingError(Errors.R204.format(name=NAME, model=self.model, reason=error)) from error
        teacher, new = self._teacher, self.corpus(nlp)
        if self.complete:
            new = complete_entities(teacher, new)
        old = rehearsal_examples(teacher, self._endless(nlp), outside_unknown=self.outside_unknown)
        due = 0.0
        for example in new:
            yield example
            due += self.ratio
            while due >= 1.0:
                yield next(old)
                due -= 1.0

    def _endless(self, nlp: Language) -> Iterator[Doc]:
        while True:
            empty = True
            for example in self.raw(nlp) if self.raw is not None else ():
                if len(example.predicted):
                    empty = False
                    yield example.predicted
            if empty:
                raise TrainingError(Errors.R205.format(name=NAME))


def rehearsal_examples(
    teacher: Language, docs: Iterable[Doc], *, outside_unknown: bool = False
) -> Iterator[Example]:
    """Annotate raw text by an earlier pipeline: all that its components set becomes the annotation to be learned.

    teacher (Language): The earlier pipeline, which is not the one that is being trained: a copy, or loaded again.
    docs (Iterable[Doc]): Tokenized text, which becomes the predicted Docs of the Examples.
    outside_unknown (bool): Know nothing of the tokens that it takes to be in no entity: raw text in which there are
        entities with new labels says nothing against them then.
    YIELDS (Example): Examples, in order.
    """
    for batch in _batches(docs):
        for doc, annotated in zip(batch, _annotated(teacher, batch), strict=True):
            example = Example(doc, annotated)
            yield from forget_outside(teacher, example) if outside_unknown else (example,)


def complete_entities(teacher: Language, examples: Iterable[Example]) -> Iterator[Example]:
    """Add to Examples, in which entities with new labels alone are annotated, those that an earlier pipeline finds.

    The new entities stay, and the earlier pipeline decodes around them. Tokens without annotation that it puts into no
    entity stay without.

    teacher (Language): The earlier pipeline, which is not the one that is being trained.
    examples (Iterable[Example]): The Examples, which are not changed.
    YIELDS (Example): Copies, in order.
    """
    for batch in _batches(examples):
        copies = [example.copy() for example in batch]
        references = [example.reference for example in copies]
        for example, annotated in zip(copies, _annotated(teacher, references), strict=True):
            reference = example.reference
            taken = {token.i for token in reference if token.ent_type or token.ent_iob_ == "B"}
            found = [
                Span(reference, entity.start, entity.end, entity.label_)
                for entity in annotated.ents
                if taken.isdisjoint(range(entity.start, entity.end))
            ]
            reference.set_ents([*reference.ents, *found], default="unmodified")
            yield example


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    # spaCy's function has no types.
    yield from cast(Any, minibatch)(items, BATCH)


def _annotated(teacher: Language, docs: Iterable[Doc]) -> Iterator[Doc]:
    """What a pipeline makes of Docs that only hold entities, with the vocabulary of these."""
    docs = list(docs)
    bare = []
    for doc in docs:
        words, spaces = [token.text for token in doc], [bool(token.whitespace_) for token in doc]
        copy = Doc(teacher.vocab, words=words, spaces=spaces)
        bare.append(copy)
        entities = [Span(copy, entity.start, entity.end, entity.label_) for entity in doc.ents]
        copy.set_ents(entities, default="missing")
    for doc, annotated in zip(docs, teacher.pipe(bare, batch_size=BATCH), strict=True):
        data = annotated.to_bytes(exclude=["tensor", "user_data"])
        yield Doc(doc.vocab).from_bytes(data)


def build_rehearsal_corpus_v1(
    model: str | Path,
    corpus: Callable[[Language], Iterable[Example]],
    raw: Callable[[Language], Iterable[Example]] | None = None,
    ratio: float = 1.0,
    complete: bool = True,
    outside_unknown: bool = False,
) -> Callable[[Language], Iterable[Example]]:
    """A reader that mixes new Examples with raw text that an earlier pipeline annotates, so that what this one knew is
    not forgotten.

    model (str | Path): The earlier pipeline, a folder or an installed package; loaded when the corpus is first read.
    corpus (Callable[[Language], Iterable[Example]]): The reader of the new Examples.
    raw (Callable[[Language], Iterable[Example]] | None): The reader of the raw text, such as `spacy.JsonlCorpus.v1`. It
        is read again where it ends.
    ratio (float): Examples of raw text for each new one, at least 0.
    complete (bool): Add the entities that the earlier pipeline finds to the new Examples, too. Without, the new
        Examples should be annotated with all labels, or their other tokens be missing.
    outside_unknown (bool): Know nothing of the tokens of raw text that the earlier pipeline takes to be in no entity.
    RETURNS (Callable[[Language], Iterable[Example]]): The reader.
    RAISES (TrainingError): A ratio that is negative or not finite.
    """
    return RehearsalCorpus(
        model, corpus, raw, ratio=ratio, complete=complete, outside_unknown=outside_unknown
    )
