"""Texts that a command is given: as arguments, in files, and on standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

STDIN = "-"


class GivenText(NamedTuple):
    """A text, and where it comes from, for people; None if it was an argument."""

    text: str
    source: str | None


def read_given(texts: Sequence[str], files: Sequence[Path], *, whole: bool) -> Iterator[GivenText]:
    """All texts, one after the other, as they are asked for.

    texts (Sequence[str]): Texts as they are; "-" for standard input, which is also read if nothing else is given.
    files (Sequence[Path]): Files of texts: one in each line that is not blank, an object with `text` in each line if
        the name ends with .jsonl, Docs if it ends with .spacy.
    whole (bool): Whether each file, and standard input, is one text instead.
    YIELDS (GivenText): The texts.
    RAISES (SpacyCrfNerError): What is not UTF-8, with its line; a .jsonl or .spacy file that is none.
    """
    for text in texts or ([] if files else [STDIN]):
        if text == STDIN:
            yield from _read_stdin(whole)
        else:
            yield GivenText(text, None)
    for path in files:
        yield from _read_file(path, whole)


def _read_stdin(whole: bool) -> Iterator[GivenText]:
    from ..data.text_files import decode_lines

    source = "standard input"
    lines = decode_lines(sys.stdin.buffer, source)
    if whole:
        yield GivenText("".join(line for _, line in lines), source)
        return
    for number, line in lines:
        if line.strip():
            yield GivenText(line.rstrip("\r\n"), f"{source}, line {number}")


def _read_file(path: Path, whole: bool) -> Iterator[GivenText]:
    from ..data.text_files import read_text
    from ..training.raw_texts import read_raw_texts

    texts = [read_text(path)] if whole else read_raw_texts(path)
    for text in texts:
        yield GivenText(text, str(path))
