"""Texts without annotation, from files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import spacy
import srsly

from ..errors import Errors, TrainingError
from ..files import read_docbin

JSON_LINES, DOCS = ".jsonl", ".spacy"


def read_raw_texts(path: Path) -> Iterator[str]:
    """The texts of a file, one after the other.

    path (Path): A text in each line; an object with `text` in each line, if its name ends with .jsonl; Docs, if it ends
        with .spacy. What has no text is left out.
    YIELDS (str): Texts that are not blank.
    RAISES (TrainingError): A line that is not UTF-8, or one of a .jsonl file without `text`; the message names it.
    RAISES (DataError): A .spacy file that is none.
    """
    if path.suffix == DOCS:
        docs = read_docbin(path, spacy.blank("xx").vocab)
        yield from (doc.text for doc in docs if doc.text.strip())
        return
    # Decoded line by line, for the number of the line that is no text.
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                text = _text_of(path, line.decode("utf-8-sig" if number == 1 else "utf8"))
            except ValueError as error:
                raise TrainingError(Errors.R014.format(path=path, number=number, reason=error)) from error
            if text.strip():
                yield text


def _text_of(path: Path, line: str) -> str:
    if path.suffix != JSON_LINES or not line.strip():
        return line.rstrip("\r\n")
    found: Any = srsly.json_loads(line)
    text = found.get("text") if isinstance(found, dict) else None
    if not isinstance(text, str):
        raise ValueError("it is no JSON object with a string `text`")
    return text
