"""Docs in the word pieces of a transformer: what is longer than its window, or than the transformer itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from spacy.tokens import Doc

from ...errors import DataError, Errors
from .findings import Cases, Finding, count, percent, shown

# Tokenizers that do not know the limit of their model say a number beyond all texts.
NO_LIMIT = 1_000_000


@dataclass(frozen=True)
class Pieces:
    """How a transformer counts.

    name (str): Its name or folder.
    count (Callable[[list[str]], list[int]]): Word pieces of texts, the special ones included.
    limit (int | None): Word pieces that it reads at once; None if its tokenizer does not know.
    window (int | None): Tokens that it is given at once; None for whole Docs.
    stride (int | None): Tokens from the beginning of a window to the next one's.
    """

    name: str
    count: Callable[[list[str]], list[int]]
    limit: int | None
    window: int | None
    stride: int | None


@dataclass
class PieceCounts:
    """Docs by word pieces.

    pieces (Pieces | None): How they are counted; None, and nothing is.
    docs (int): Docs with tokens.
    windowed (int): Those that are longer than one window.
    longest (int): Word pieces of the longest window.
    cut (Cases): Windows with more word pieces than the transformer reads.
    """

    pieces: Pieces | None = None
    docs: int = 0
    windowed: int = 0
    longest: int = 0
    cut: Cases = field(default_factory=Cases)

    def add(self, number: int, doc: Doc) -> None:
        """Count a Doc.

        number (int): Its number in the part, counted from 1.
        doc (Doc): The Doc.
        """
        if self.pieces is None or not len(doc):
            return
        texts = list(divide(doc, self.pieces.window, self.pieces.stride))
        self.docs += 1
        self.windowed += len(texts) > 1
        for text, n_pieces in zip(texts, self.pieces.count(texts), strict=True):
            self.longest = max(self.longest, n_pieces)
            if self.pieces.limit is not None and n_pieces > self.pieces.limit:
                self.cut.add(f"{n_pieces:,} word pieces: {shown(text)}, Doc {number}", worth=n_pieces)


def load_pieces(name: str, window: int | None, stride: int | None) -> Pieces:
    """The tokenizer of a transformer.

    name (str): Name of a Hugging Face model, or a folder. Of a model only the tokenizer is loaded.
    window (int | None): Tokens that it is given at once; None for whole Docs.
    stride (int | None): Tokens from the beginning of a window to the next one's.
    RETURNS (Pieces): How it counts.
    RAISES (DataError): There is no such tokenizer.
    """
    # Slow to import.
    from transformers import AutoTokenizer  # noqa: PLC0415

    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(name)  # type: ignore[no-untyped-call]
    # Also what the package of a tokenizer that is not installed raises.
    except (OSError, ValueError, ImportError, KeyError, TypeError) as error:
        raise DataError(Errors.D305.format(name=name, reason=str(error).strip().rstrip("."))) from error
    limit = tokenizer.model_max_length

    def count_pieces(texts: list[str]) -> list[int]:
        return [len(ids) for ids in tokenizer(texts, verbose=False)["input_ids"]]

    return Pieces(name, count_pieces, limit if limit < NO_LIMIT else None, window, stride)


def check_pieces(parts: Mapping[str, PieceCounts]) -> list[Finding]:
    """Docs that are longer than a window, and windows that the transformer does not read to their end.

    parts (Mapping[str, PieceCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "windows" and "cut-windows", for each part with Docs, if there is a transformer.
    """
    found = []
    for part, counts in parts.items():
        pieces = counts.pieces
        if pieces is None or not counts.docs:
            continue
        if pieces.window is not None and counts.windowed:
            message = (
                f"{count(counts.windowed, 'Doc')} of {part} ({percent(counts.windowed, counts.docs)}) longer than "
                f"a window of {count(pieces.window, 'token')}, and read in several"
            )
            found.append(Finding("info", "windows", message))
        found.append(_limits(part, counts, pieces))
    return found


def _limits(part: str, counts: PieceCounts, pieces: Pieces) -> Finding:
    what = "Doc" if pieces.window is None else "window"
    longest = f"the longest {what} of {part} has {count(counts.longest, 'word piece')}"
    if pieces.limit is None:
        message = f"The tokenizer of {pieces.name} does not know how much its model reads; {longest}"
        return Finding("info", "cut-windows", message)
    if not counts.cut.n:
        message = f"{pieces.name} reads {pieces.limit:,} word pieces at once; {longest}"
        return Finding("good", "cut-windows", message)
    message = (
        f"{count(counts.cut.n, what)} of {part} with more word pieces than the {pieces.limit:,} that {pieces.name} "
        "reads at once: the rest is cut off, and its tokens have no vectors"
    )
    advice = "Make the window of `get_spans` shorter (strided_spans), and its stride."
    return Finding(
        "warn" if pieces.window is not None else "fail", "cut-windows", message, advice, counts.cut.examples
    )


def divide(doc: Doc, window: int | None, stride: int | None) -> Iterator[str]:
    """The texts that a transformer is given.

    doc (Doc): A Doc with tokens.
    window (int | None): Tokens of each; None for the whole Doc.
    stride (int | None): Tokens from the beginning of one to the next one's; by default `window`.
    YIELDS (str): The texts, as spacy-transformers divides them.
    """
    if window is None:
        yield doc.text
        return
    for start in range(0, len(doc), stride or window):
        yield doc[start : start + window].text
        if start + window >= len(doc):
            return
