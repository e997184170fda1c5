"""What of each Doc is one sequence for the CRF: all of it, or every sentence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from spacy.tokens import Doc
from spacy.training import Example

from ..errors import ComponentError, Errors
from ..functional import Potentials
from ..layers import DecodedSpan
from ..tags import BoolArray, IntArray, TagSet, TagSpan, allowed_tags

SHOWN_CHARACTERS = 60


@dataclass(frozen=True, eq=False)
class Segments:
    """The sequences of a batch of Docs, in the order of their tokens.

    owners (IntArray): The Doc that each belongs to. *Shape:* (n_segments,).
    starts (IntArray): Its first token in that Doc. *Shape:* (n_segments,).
    lengths (IntArray): Its tokens. *Shape:* (n_segments,).
    n_docs (int): Number of Docs.
    """

    owners: IntArray
    starts: IntArray
    lengths: IntArray
    n_docs: int

    def cut(self, potentials: Potentials) -> Potentials:
        """RETURNS (Potentials): The same tokens as these sequences.

        potentials (Potentials): A batch with a sequence for each Doc, packed.
        """
        if len(self.lengths) == self.n_docs:
            return potentials
        return replace(potentials, lengths=torch.from_numpy(self.lengths))

    def by_doc(self, spans: Sequence[Sequence[DecodedSpan]]) -> list[list[DecodedSpan]]:
        """RETURNS (list[list[DecodedSpan]]): For each Doc its spans, as tokens of the Doc.

        spans (Sequence[Sequence[DecodedSpan]]): For each segment its spans, as tokens of the segment.
        """
        result: list[list[DecodedSpan]] = [[] for _ in range(self.n_docs)]
        places = zip(self.owners.tolist(), self.starts.tolist(), strict=True)
        for (owner, start), found in zip(places, spans, strict=True):
            result[owner] += [replace(one, span=one.span.moved(start)) for one in found] if start else found
        return result

    def by_segment(self, spans: Sequence[Iterable[TagSpan]]) -> list[list[TagSpan]]:
        """RETURNS (list[list[TagSpan]]): For each segment its spans, as tokens of the segment.

        spans (Sequence[Iterable[TagSpan]]): For each Doc spans that lie within its segments, as tokens of the Doc.
        """
        result: list[list[TagSpan]] = [[] for _ in self.owners]
        for owner, found in enumerate(spans):
            for span in found:
                segment, inside = self.place(owner, span)
                result[segment].append(inside)
        return result

    def place(self, owner: int, span: TagSpan) -> tuple[int, TagSpan]:
        """RETURNS (tuple[int, TagSpan]): The segment of a span, and the span as tokens of the segment.

        owner (int): Its Doc.
        span (TagSpan): A span that lies within a segment, as tokens of the Doc.
        """
        segment = self.find(owner, span.start)
        return segment, span.moved(-int(self.starts[segment]))

    def find(self, owner: int, token: int) -> int:
        """RETURNS (int): The segment of a token.

        owner (int): Its Doc.
        token (int): Its position in the Doc.
        """
        first, after = np.searchsorted(self.owners, (owner, owner + 1))
        return int(first + np.searchsorted(self.starts[first:after], token, side="right") - 1)

    def allowed_tags(
        self,
        owner: int,
        tagset: TagSet,
        *,
        spans: Sequence[TagSpan] = (),
        outside: Sequence[int] = (),
        is_space: Sequence[bool] | BoolArray,
    ) -> BoolArray:
        """`tags.allowed_tags` for the tokens of a Doc, in segments that know nothing of one another.

        owner (int): The Doc.
        tagset (TagSet): The tags.
        spans (Sequence[TagSpan]): Spans known to be entities, each within a segment.
        outside (Sequence[int]): Tokens known to be in no entity.
        is_space (Sequence[bool]): Which tokens are whitespace. *Shape:* (length,).
        RETURNS (BoolArray): *Shape:* (length, n_tags).
        """
        first, after = np.searchsorted(self.owners, (owner, owner + 1))
        # Where the scheme marks the ends of entities, a neighbour of one says nothing across a boundary.
        if after - first == 1 or tagset.rules.bounded:
            return allowed_tags(tagset, len(is_space), spans=spans, outside=outside, is_space=is_space)
        masks = []
        starts = self.starts[first:after].tolist()
        for start, end in zip(starts, [*starts[1:], len(is_space)], strict=True):
            within = [span.moved(-start) for span in spans if start <= span.start < end]
            free = [position - start for position in outside if start <= position < end]
            space = is_space[start:end]
            masks.append(allowed_tags(tagset, end - start, spans=within, outside=free, is_space=space))
        return np.concatenate(masks)

    def sums(self, values: Sequence[float]) -> list[float]:
        """RETURNS (list[float]): For each Doc the sum over its segments.

        values (Sequence[float]): One for each segment.
        """
        result: list[float] = np.bincount(self.owners, values, self.n_docs).tolist()
        return result


def whole_docs(docs: Sequence[Doc]) -> Segments:
    """RETURNS (Segments): A segment for each Doc.

    docs (Sequence[Doc]): The Docs.
    """
    lengths = np.array([len(doc) for doc in docs], dtype=np.int64)
    return Segments(np.arange(len(docs)), np.zeros_like(lengths), lengths, len(docs))


def sentences(
    name: str, firsts: Sequence[BoolArray | None], docs: Sequence[Doc], together: Sequence[Iterable[TagSpan]]
) -> Segments:
    """A segment for each sentence, and one for an empty Doc.

    name (str): The component's name, for the message.
    firsts (Sequence[BoolArray | None]): Which tokens of each Doc begin a sentence; None if nobody knows.
    docs (Sequence[Doc]): The Docs.
    together (Sequence[Iterable[TagSpan]]): Spans of each Doc that stay in one piece: a boundary within them is none.
    RETURNS (Segments): The segments.
    RAISES (ComponentError): A Doc without sentences.
    """
    owners: list[int] = []
    starts: list[int] = []
    lengths: list[int] = []
    for owner, (doc, first, spans) in enumerate(zip(docs, firsts, together, strict=True)):
        if first is None:
            raise ComponentError(Errors.C013.format(name=name, text=doc.text[:SHOWN_CHARACTERS]))
        begins = first.copy()
        begins[:1] = True
        for span in spans:
            begins[span.start + 1 : span.end] = False
        places = np.flatnonzero(begins).tolist() or [0]
        owners += [owner] * len(places)
        starts += places
        lengths += [after - start for start, after in zip(places, [*places[1:], len(doc)], strict=True)]
    by_owner, by_start, by_length = (np.array(column, dtype=np.int64) for column in (owners, starts, lengths))
    return Segments(by_owner, by_start, by_length, len(docs))


def sentence_starts(doc: Doc) -> BoolArray | None:
    """RETURNS (BoolArray | None): Which tokens begin a sentence, *Shape:* (n_tokens,); None if that is not annotated.

    doc (Doc): The Doc.
    """
    if len(doc) > 1 and not doc.has_annotation("SENT_START"):
        return None
    found: BoolArray = doc.to_array("SENT_START").reshape(len(doc)) == 1
    return found


def example_sentence_starts(example: Example) -> BoolArray | None:
    """The sentences of a training example: those of its predicted Doc, else of its reference Doc, on the same tokens.

    example (Example): The example.
    RETURNS (BoolArray | None): As `sentence_starts`.
    """
    found = sentence_starts(example.predicted)
    if found is not None or not example.reference.has_annotation("SENT_START"):
        return found
    # Not typed by spaCy: a bool for each token.
    return np.array(cast(Any, example).get_aligned_sent_starts(), dtype=np.bool_)
