"""The report of a conversion: a line for all that is not in the Docs as it stands in the files."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from ..files import Replacement, name_errors
from .alignment import Finding

COLUMNS = ("file", "line", "text", "label", "reason", "done")
# Characters of a text in the report.
MAX_TEXT = 200
# A spreadsheet computes cells that begin with these, and the texts are not ours.
FORMULAS = ("=", "+", "-", "@")
SEPARATORS = str.maketrans({"\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Report:
    """A table for spreadsheets, separated by tabs.

    path (Path): What it will be called.
    file (TextIO): Where its lines go.
    """

    def __init__(self, path: Path, file: TextIO) -> None:
        self.n_lines = 0
        self._path = path
        self._file = file
        self._write(COLUMNS)

    def add(self, finding: Finding) -> None:
        """Add a line.

        finding (Finding): A Problem and what was done about it.
        """
        path, line, text, label, reason = finding.problem
        text = text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}..."
        self._write((str(path), str(line), text, label, reason, finding.done))
        self.n_lines += 1

    def _write(self, cells: tuple[str, ...]) -> None:
        with name_errors(self._path):
            self._file.write("\t".join(_cell(text) for text in cells) + "\n")


@contextmanager
def open_report(path: Path) -> Iterator[Report]:
    """Begin a report: it is written whole when the `with` block ends, and not at all if that fails.

    path (Path): The file; one that is there is replaced.
    YIELDS (Report): What lines are added to.
    RAISES (DataError): There is a folder of this name, or it cannot be written.
    """
    replacement = Replacement(path)
    # Without a mark at its beginning, spreadsheets take UTF-8 for another encoding.
    file = replacement.temporary.open("w", encoding="utf-8-sig", newline="\n")
    try:
        yield Report(path, file)
        with name_errors(path):
            file.close()
        replacement.commit()
    finally:
        # What could not be written before cannot be now, either.
        with suppress(OSError):
            file.close()
        replacement.discard()


def _cell(text: str) -> str:
    """A text on one line, without characters that are not seen, that is no formula."""
    text = "".join(_visible(char) for char in text.translate(SEPARATORS))
    return f"'{text}" if text.startswith(FORMULAS) else text


def _visible(char: str) -> str:
    # Spaces other than ours are not "printable", and the zero-width joiner is part of emoji.
    if char.isprintable() or char == "\u200d" or unicodedata.category(char) == "Zs":
        return char
    return ascii(char)[1:-1]
