"""Files of columns: which of their lines are tokens, and where a sentence and a document end."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..errors import DataError, Errors
from .token_lines import read_token_lines, shown

TAB, SPACES = "\t", " "
_NAMES = {TAB: "tabs", SPACES: "spaces"}
# What begins a document: in CoNLL-2003, and in CoNLL-2012, which also marks its end.
_DOCUMENT_BEGINS, _DOCUMENT_ENDS = ("-DOCSTART-", "#begin document"), "#end document"
_RUNS = re.compile(r"[ \t]+")


@dataclass(frozen=True)
class Columns:
    """Where the columns of a file are.

    separator (str): What is between two of them: a tab, " " for runs of spaces and tabs, or other characters.
    token (int): The column of tokens, from 0, or from the end, from -1.
    tag (int): The column of tags, likewise.
    count (int): Number of columns.
    line (int): The line that has this number, counted from 1.
    tags (frozenset[str]): What is in the column of tags on lines that do not begin with "#"; empty if the separator
        tells comments from tokens.
    """

    separator: str
    token: int
    tag: int
    count: int
    line: int
    tags: frozenset[str] = frozenset()

    def split(self, line: str) -> list[str]:
        """The columns of a line.

        line (str): A line.
        RETURNS (list[str]): What is in each.
        """
        if self.separator == SPACES:
            # Only these are separators: tokens may have no-break spaces and such in them.
            return _RUNS.split(line.strip(" \t"))
        return line.split(self.separator)


class ColumnSentence(NamedTuple):
    """Neighbouring lines with tokens.

    document (int): Number of the document, counted from 1.
    lines (list[int]): Their lines in the file, counted from 1.
    words (list[str]): The tokens.
    tags (list[str]): Their tags.
    """

    document: int
    lines: list[int]
    words: list[str]
    tags: list[str]


def find_columns(path: Path, token: int, tag: int, separator: str | None) -> Columns:
    """Find out where the columns of a file are, from the first line with a token.

    path (Path): The file.
    token (int): The column of tokens.
    tag (int): The column of tags.
    separator (str | None): What separates columns; None for tabs if there are any on that line, and else spaces.
    RETURNS (Columns): Where they are.
    RAISES (DataError): No token, a separator that cannot be one, or not these columns.
    """
    if separator is not None and (not separator or separator.strip("\r\n") != separator):
        raise DataError(Errors.D013.format(got=separator))
    number, line = _first_token(path)
    if separator is None:
        separator = TAB if TAB in line.strip() else SPACES
    columns = Columns(separator, token, tag, count=0, line=number)
    cells = columns.split(line)
    if not _has_both(columns, len(cells)):
        raise _missing_column(path, columns, number, line, len(cells))
    tags = frozenset(_tags(path, columns)) if separator == SPACES else frozenset()
    return Columns(separator, token, tag, len(cells), number, tags)


def _first_token(path: Path) -> tuple[int, str]:
    comment = None
    for number, line in read_token_lines(path):
        if not line.strip() or _is_mark(line):
            continue
        if not line.startswith("#"):
            return number, line
        comment = comment or (number, line)
    if comment is None:
        raise DataError(Errors.D002.format(path=path))
    return comment


def _tags(path: Path, columns: Columns) -> Iterator[str]:
    for _, line in read_token_lines(path):
        if line.strip() and not line.startswith("#") and not _is_mark(line):
            cells = columns.split(line)
            if _has_both(columns, len(cells)):
                yield cells[columns.tag]


def _is_mark(line: str) -> bool:
    return line.lstrip().startswith((*_DOCUMENT_BEGINS, _DOCUMENT_ENDS))


def _has_both(columns: Columns, count: int) -> bool:
    """Whether so many columns have room for a token and a tag, side by side."""
    wanted = (columns.token, columns.tag)
    return all(-count <= one < count for one in wanted) and wanted[0] % count != wanted[1] % count


def _missing_column(path: Path, columns: Columns, number: int, line: str, count: int) -> DataError:
    return DataError(
        Errors.D003.format(
            path=path,
            token_column=columns.token,
            tag_column=columns.tag,
            line=number,
            count=count,
            text=shown(line),
            separator=_NAMES.get(columns.separator, repr(columns.separator)),
        )
    )


class ColumnFile:
    """A file of columns, to be gone through as often as needed.

    path (Path): The file.
    columns (Columns): Where its columns are.
    """

    def __init__(self, path: Path, columns: Columns) -> None:
        self.path = path
        self.columns = columns
        # Of the last time that all sentences were asked for.
        self.n_comments = 0
        self.n_marks = 0

    def sentences(self) -> Iterator[ColumnSentence]:
        """YIELDS (ColumnSentence): The sentences, in order.

        RAISES (DataError): A line without the columns that it should have.
        """
        self.n_comments = self.n_marks = 0
        document = 1
        filled = False
        sentence = ColumnSentence(document, [], [], [])
        for number, line in read_token_lines(self.path):
            begins = line.lstrip().startswith(_DOCUMENT_BEGINS)
            if not begins and self._is_comment(line, first=not sentence.lines):
                self.n_comments += 1
                continue
            if not begins and line.strip():
                self._add(sentence, number, line)
                continue
            if sentence.lines:
                yield sentence
                filled = True
            if begins:
                self.n_marks += 1
                # Documents without sentences have no number: a mark may begin the file, or stand at its end.
                document += filled
                filled = False
            sentence = ColumnSentence(document, [], [], [])
        if sentence.lines:
            yield sentence

    def _is_comment(self, line: str, *, first: bool) -> bool:
        """Whether a line is a comment: it begins with "# ", at the beginning of a sentence, and is no token.

        A token has as many columns as others, and, if spaces separate these, a tag that others have, too.
        """
        if line.startswith(_DOCUMENT_ENDS):
            return True
        if not first or not line.startswith(("# ", "#\t")):
            return False
        cells = self.columns.split(line)
        if len(cells) != self.columns.count:
            return True
        return self.columns.separator == SPACES and cells[self.columns.tag] not in self.columns.tags | {"O"}

    def _add(self, sentence: ColumnSentence, number: int, line: str) -> None:
        columns = self.columns
        cells = columns.split(line)
        if len(cells) != columns.count and min(columns.token, columns.tag) < 0:
            # Columns counted from the end would be others here.
            raise DataError(
                Errors.D004.format(
                    path=self.path,
                    first=columns.line,
                    expected=columns.count,
                    line=number,
                    count=len(cells),
                    text=shown(line),
                    separator=_NAMES.get(columns.separator, repr(columns.separator)),
                )
            )
        if not _has_both(columns, len(cells)):
            raise _missing_column(self.path, columns, number, line, len(cells))
        # A token may be a space, as one of spaCy's, but has none around it.
        word, tag = cells[columns.token].strip(" ") or cells[columns.token], cells[columns.tag].strip()
        for what, cell in (("token", word), ("tag", tag)):
            if not cell:
                raise DataError(Errors.D005.format(path=self.path, line=number, what=what, text=shown(line)))
        sentence.lines.append(number)
        sentence.words.append(word)
        sentence.tags.append(tag)
