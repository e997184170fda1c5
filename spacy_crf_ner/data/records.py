"""What every reader makes of a file, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Mention(NamedTuple):
    """An annotated part of a text.

    start (int): First character.
    end (int): Character after the last one.
    label (str): The label, as the file has it.
    line (int): Line of the file that annotates it, counted from 1.
    """

    start: int
    end: int
    label: str
    line: int


class Problem(NamedTuple):
    """Something in a file that cannot become an annotation of a Doc as it stands.

    path (Path): The file.
    line (int): Its line, counted from 1.
    text (str): The text concerned.
    label (str): Its label; empty if it has none.
    reason (str): What is wrong, as a sentence without full stop.
    """

    path: Path
    line: int
    text: str
    label: str
    reason: str


@dataclass(frozen=True)
class Record:
    """A text with annotation: a sentence of a column file, a line of JSON, a file of brat.

    path (Path): The file it comes from.
    line (int): Line where it begins, counted from 1.
    text (str): The text. Of tokens without spaces in the file, joined by single spaces.
    mentions (tuple[Mention, ...]): Its annotation, in the order of the file; they may nest, overlap, or cut through
        words.
    words (tuple[str, ...] | None): The tokens, if the file has tokens.
    spaces (tuple[bool, ...] | None): Whether a space follows each token.
    unknown (tuple[tuple[int, int], ...]): Parts of the text, in characters, whose annotation is not known.
    document (str): Records with the same one, not empty, are parts of one document and stay together in a split.
    problems (tuple[Problem, ...]): What the reader could not make a mention of, such as an annotation in several parts.
    repaired (tuple[Problem, ...]): What is among the mentions, or in the text, though the file contradicts itself
        there, such as an invalid sequence of tags: what it was, and how it was read.
    """

    path: Path
    line: int
    text: str
    mentions: tuple[Mention, ...] = ()
    words: tuple[str, ...] | None = None
    spaces: tuple[bool, ...] | None = None
    unknown: tuple[tuple[int, int], ...] = ()
    document: str = ""
    problems: tuple[Problem, ...] = ()
    repaired: tuple[Problem, ...] = ()
