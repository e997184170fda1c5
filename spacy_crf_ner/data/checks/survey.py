"""One pass over the parts of a corpus, which counts what all checks need. No Doc is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ...errors import DataError, Errors
from ...files import read_docs
from .annotation import AnnotationCounts
from .boundaries import BoundaryCounts
from .incorrect_spans import IncorrectCounts
from .labels import LabelCounts
from .lengths import LengthCounts
from .mentions import MentionCounts
from .neighbours import NeighbourCounts
from .reading import ReadingCounts
from .sentences import SentenceCounts
from .texts import TextIndex
from .tokenization import TokenizationCounts
from .word_pieces import PieceCounts, Pieces
from .words import WordCounts

SCHEMES = ("BILUO", "BIO", "IO")
SEGMENTS = ("doc", "sents")
Counts = TypeVar("Counts")


@dataclass(frozen=True)
class Pipeline:
    """What the Docs are checked against.

    vocab (Vocab): Vocab of the Docs, and of the tokenizer.
    tokenizer (Callable[[str], Doc] | None): Tokenizer of the pipeline, if it is known.
    scheme (str): Tag scheme of the component: "BILUO", "BIO" or "IO".
    segments (str): What is one sequence: "doc" or "sents".
    sentences (str | None): When another component sets sentences: "training" (and later), "prediction" only, or
        "never"; None if that is not known.
    max_lengths (Mapping[str, int]): For parts of the corpus, `max_length` of its reader, in tokens.
    pieces (Pieces | None): How the transformer counts, if there is one.
    incorrect_spans_key (str | None): Span group of spans that are known to be wrong, if the component reads one.
    RAISES (DataError): No such scheme, or no such segments.
    """

    vocab: Vocab
    tokenizer: Callable[[str], Doc] | None = None
    scheme: str = "BILUO"
    segments: str = "doc"
    sentences: str | None = None
    max_lengths: Mapping[str, int] = field(default_factory=dict)
    pieces: Pieces | None = None
    incorrect_spans_key: str | None = None

    def __post_init__(self) -> None:
        for name, known, got in (
            ("scheme", SCHEMES, self.scheme),
            ("segments", SEGMENTS, self.segments),
        ):
            if got not in known:
                raise DataError(Errors.D304.format(name=name, known=", ".join(known), got=got))


class Part(NamedTuple):
    """The counts of a part of a corpus."""

    path: Path
    annotation: AnnotationCounts
    reading: ReadingCounts
    labels: LabelCounts
    mentions: MentionCounts
    words: WordCounts
    lengths: LengthCounts
    boundaries: BoundaryCounts
    neighbours: NeighbourCounts
    incorrect_spans: IncorrectCounts
    sentences: SentenceCounts
    tokenization: TokenizationCounts
    pieces: PieceCounts

    def add(self, number: int, doc: Doc) -> None:
        """Count a Doc.

        number (int): Its number in the part, counted from 1.
        doc (Doc): The Doc.
        """
        for whole in (self.annotation, self.reading, self.labels, self.mentions, self.words):
            whole.add(doc)
        for placed in (
            self.lengths,
            self.boundaries,
            self.neighbours,
            self.incorrect_spans,
            self.sentences,
            self.tokenization,
            self.pieces,
        ):
            placed.add(number, doc)


class Survey(NamedTuple):
    """The counts of a corpus.

    parts (dict[str, Part]): By name; the first is "train".
    texts (TextIndex): Which texts are there twice.
    """

    parts: dict[str, Part]
    texts: TextIndex

    def each(self, take: Callable[[Part], Counts]) -> dict[str, Counts]:
        """Some of the counts.

        take (Callable[[Part], Counts]): Which.
        RETURNS (dict[str, Counts]): Those of each part.
        """
        return {name: take(part) for name, part in self.parts.items()}


def survey(
    paths: Mapping[str, Path],
    pipeline: Pipeline,
    progress: Callable[[Iterable[Doc], str], Iterable[Doc]] = lambda docs, name: docs,
) -> Survey:
    """Count.

    paths (Mapping[str, Path]): The .spacy file of each part of a corpus, or a folder of such files.
    pipeline (Pipeline): What the Docs are checked against.
    progress (Callable[[Iterable[Doc], str], Iterable[Doc]]): What shows how far it is, with the name of the part.
    RETURNS (Survey): The counts.
    RAISES (DataError): A file that cannot be read.
    """
    texts = TextIndex()
    parts = {name: _empty(name, path, pipeline) for name, path in paths.items()}
    for name, part in parts.items():
        docs = progress(read_docs(part.path, pipeline.vocab), name)
        for number, doc in enumerate(docs, start=1):
            part.add(number, doc)
            texts.add(name, number, doc)
    return Survey(parts, texts)


def _empty(name: str, path: Path, pipeline: Pipeline) -> Part:
    strings = pipeline.vocab.strings
    return Part(
        path=path,
        annotation=AnnotationCounts(),
        reading=ReadingCounts(pipeline.max_lengths.get(name, 0)),
        labels=LabelCounts(),
        mentions=MentionCounts(),
        words=WordCounts(lambda orth: str(strings[orth])),
        lengths=LengthCounts(),
        boundaries=BoundaryCounts(),
        neighbours=NeighbourCounts(),
        incorrect_spans=IncorrectCounts(pipeline.incorrect_spans_key),
        sentences=SentenceCounts(),
        tokenization=TokenizationCounts(pipeline.tokenizer),
        pieces=PieceCounts(pipeline.pieces),
    )
