"""Files that `crf-ner convert` is often given and cannot read, and what to make of them first."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import DataError, Errors

DOCS = "a file of Docs, which `crf-ner check` and `spacy train` read as it is"
SHEET = "a spreadsheet. Save its sheet as text with tabs: a token and its tag in each line, a blank line after a text"
LAYOUT = (
    "a document without annotation. Save its text, and annotate that with a tool of those in docs/data.md"
)
ARCHIVE = "compressed. Unpack it, and name what is in it"
KINDS = {
    ".spacy": DOCS,
    **dict.fromkeys((".xls", ".xlsx", ".ods"), SHEET),
    **dict.fromkeys((".pdf", ".doc", ".docx", ".odt", ".rtf"), LAYOUT),
    **dict.fromkeys((".zip", ".gz", ".bz2", ".xz", ".tar", ".7z"), ARCHIVE),
}


def refuse_foreign(paths: Iterable[Path]) -> None:
    """Raise if the name of a file tells that it is none of the formats.

    paths (Iterable[Path]): What is to be converted; of folders nothing is said.
    RAISES (DataError): A file is of another kind; the message says what to do with it.
    """
    for path in paths:
        kind = KINDS.get(path.suffix.lower())
        if kind is not None and path.is_file():
            raise DataError(Errors.O010.format(path=path, kind=kind))
