"""A new text for an Example, and what of its annotation still holds for it."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

from ...pipeline.annotations import LABEL_PROBABILITIES, UNDERSCORE

# What is said of a word, wherever it stands; and what is said of a place in the text, whatever word stands there.
WORD_ATTRIBUTES = ["TAG", "POS", "MORPH", "LEMMA", "NORM", "DEP", "HEAD"]
PLACE_ATTRIBUTES = ["ENT_IOB", "ENT_TYPE", "ENT_KB_ID", "ENT_ID", "SENT_START"]
LEMMA, NORM, DEP, HEAD = (WORD_ATTRIBUTES.index(name) for name in ("LEMMA", "NORM", "DEP", "HEAD"))
LINKS = [PLACE_ATTRIBUTES.index(name) for name in ("ENT_KB_ID", "ENT_ID")]


@dataclass(eq=False)
class Rewriting:
    """A new text for the reference Doc of an Example. It begins as the old one, for augmenters to change.

    doc (Doc): The reference Doc, which is not changed.
    words (list[str]): The new tokens.
    spaces (list[bool]): Which of them a space follows.
    origins (list[int | None]): For each of them the old token that what is said of words comes from; None for a token
        of which nothing is known.
    places (NDArray[uint64]): What is said of places, PLACE_ATTRIBUTES. *Shape:* (number of new tokens, 5).
    bounds (list[int]): For each boundary between old tokens, the new one that spans of span groups get.
        *Shape:* (number of old tokens + 1,).
    replaced (set[int]): Old tokens that other words stand for: their custom attributes and entity links are dropped.
    moved (set[int]): Old tokens whose syntactic relations no longer hold.
    lemmas (dict[int, str]): Other lemmas, by old token.
    topic (bool): Whether the text is still about the same: `doc.cats` are dropped if not.
    """

    doc: Doc
    words: list[str] = field(init=False)
    spaces: list[bool] = field(init=False)
    origins: list[int | None] = field(init=False)
    places: NDArray[np.uint64] = field(init=False)
    bounds: list[int] = field(init=False)
    replaced: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    lemmas: dict[int, str] = field(default_factory=dict)
    topic: bool = True

    def __post_init__(self) -> None:
        self.words = [token.text for token in self.doc]
        self.spaces = [bool(token.whitespace_) for token in self.doc]
        self.origins = list(range(len(self.doc)))
        self.places = _untyped(self.doc).to_array(PLACE_ATTRIBUTES)
        self.bounds = list(range(len(self.doc) + 1))

    def example(self, nlp: Language) -> Example:
        """RETURNS (Example): The new text, on the same tokens in the predicted and in the reference Doc.

        nlp (Language): The pipeline.
        """
        reference = self._reference()
        spaces = [bool(token.whitespace_) for token in reference]
        return Example(Doc(nlp.vocab, words=self.words, spaces=spaces), reference)

    def _reference(self) -> Doc:
        old = self.doc
        new = Doc(old.vocab, words=self.words, spaces=None if old.has_unknown_spaces else self.spaces)
        where = {origin: place for place, origin in enumerate(self.origins) if origin is not None}
        _untyped(new).from_array(WORD_ATTRIBUTES, self._word_rows(where))
        # After the heads, from which spaCy makes sentences of its own.
        _untyped(new).from_array(PLACE_ATTRIBUTES, self.places)
        for key, group in old.spans.items():
            attrs = copy.deepcopy(group.attrs)
            new.spans[key] = SpanGroup(new, name=group.name, attrs=attrs, spans=list(self._spans(new, group)))
        new.user_data = dict(self._user_data(new, where))
        new.cats = dict(old.cats) if self.topic else {}
        new.sentiment = old.sentiment
        return new

    def _word_rows(self, where: dict[int, int]) -> NDArray[np.uint64]:
        """What is said of words. A syntactic relation needs both of its words where they were."""
        old = _untyped(self.doc).to_array(WORD_ATTRIBUTES)
        rows = np.zeros((len(self.words), len(WORD_ATTRIBUTES)), dtype=np.uint64)
        for place, origin in enumerate(self.origins):
            if origin is None:
                continue
            token, row = self.doc[origin], rows[place]
            row[:] = old[origin]
            if self.words[place] != token.text:
                row[NORM] = 0
            if origin in self.lemmas:
                row[LEMMA] = self.doc.vocab.strings.add(self.lemmas[origin])
            head = token.head.i
            if not row[DEP] or head not in where or {origin, head} & self.moved:
                row[[DEP, HEAD]] = 0
            else:
                row[HEAD] = np.int64(where[head] - place).astype(np.uint64)
        return rows

    def _spans(self, doc: Doc, group: SpanGroup) -> Iterator[Span]:
        for span in group:
            start, end = self.bounds[span.start], self.bounds[span.end]
            kept = self.replaced.isdisjoint(range(span.start, span.end))
            yield Span(
                doc, start, end, span.label, kb_id=span.kb_id if kept else 0, span_id=span.id if kept else 0
            )

    def _user_data(self, doc: Doc, where: dict[int, int]) -> Iterator[tuple[Any, Any]]:
        """User data; custom attributes of tokens and spans whose words are the same, at their new offsets."""
        starts = {token.idx: token.i for token in self.doc}
        ends = {token.idx + len(token): token.i for token in self.doc}
        for key, value in cast(dict[Any, Any], self.doc.user_data).items():
            new_key = key
            if isinstance(key, tuple) and len(key) == 4 and key[0] == UNDERSCORE and key[2] is not None:
                first, last = starts.get(key[2]), starts.get(key[2]) if key[3] is None else ends.get(key[3])
                if first is None or last is None or not self._same(first, last, where, key[3] is None):
                    continue
                new_first, new_last = doc[where[first]], doc[where[last]]
                end = None if key[3] is None else new_last.idx + len(new_last)
                new_key = (*key[:2], new_first.idx, end)
            yield copy.deepcopy(new_key), copy.deepcopy(value)

    def _same(self, first: int, last: int, where: dict[int, int], alone: bool) -> bool:
        """Whether what is said of these old tokens, both included, holds for the new ones."""
        tokens = range(first, last + 1)
        gone = any(token not in where or token in self.replaced for token in tokens)
        return not gone and (alone or self.moved.isdisjoint(tokens))


def _untyped(doc: Doc) -> Any:
    # As spaCy types them, neither list nor array would fit `to_array` and `from_array`.
    return doc


def soft_tokens(doc: Doc) -> set[int]:
    """RETURNS (set[int]): Tokens with probabilities of their own, `token._.crf_label_probs`.

    doc (Doc): The Doc.
    """
    marked = {
        key[2]
        for key in cast(dict[Any, Any], doc.user_data)
        if isinstance(key, tuple) and key[:2] == (UNDERSCORE, LABEL_PROBABILITIES)
    }
    return {token.i for token in doc if token.idx in marked} if marked else set()


def grouped_spans(doc: Doc) -> list[tuple[int, int]]:
    """RETURNS (list[tuple[int, int]]): First token, and token after the last, of every span in every span group.

    doc (Doc): The Doc.
    """
    return [(span.start, span.end) for group in doc.spans.values() for span in group]
