"""CoNLL-U (https://universaldependencies.org/format.html): its sentences, words, and the whitespace between them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ..errors import DataError, Errors
from .token_lines import read_token_lines, shown

N_COLUMNS = 10
FORM, MISC = 1, 9
# Numbers of more digits are none of words, and slow to read.
_NUMBER = "[1-9][0-9]{0,11}"
_ID = re.compile(rf"({_NUMBER})(?:-({_NUMBER}))?|[0-9]+\.[0-9]+")
_TEXT = re.compile(r"#\s*text\s*=(.*)")
_DOCUMENT = re.compile(r"#\s*newdoc(?:\s+id\s*=\s*(.*?)|\s*)\s*")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\(.)")
_ESCAPED = {"s": " ", "t": "\t", "r": "\r", "n": "\n", "p": "|", "\\": "\\"}
_BLANK = re.compile(r"\s*")


class Syntactic(NamedTuple):
    """A syntactic word: a line with a number.

    line (int): Its line, counted from 1.
    columns (list[str]): Its columns.
    """

    line: int
    columns: list[str]


class Surface(NamedTuple):
    """A token of the text: a syntactic word, or several that are written as one.

    line (int): Its line, counted from 1.
    form (str): What is written.
    columns (list[str]): The columns of its line.
    first (int): Its first syntactic word, counted from 0.
    last (int): The one after its last.
    """

    line: int
    form: str
    columns: list[str]
    first: int
    last: int


@dataclass
class ConlluSentence:
    """A sentence.

    document (str | None): Id or number of the document; None before the first one that the file names.
    text (str | None): The text that it says it has, without whitespace around it.
    text_line (int): The line of that text, counted from 1.
    tokens (list[Surface]): The tokens of the text, in order. Empty nodes are not among them.
    words (list[Syntactic]): Its syntactic words, in order.
    """

    document: str | None
    text: str | None = None
    text_line: int = 0
    tokens: list[Surface] = field(default_factory=list)
    words: list[Syntactic] = field(default_factory=list)

    @property
    def covered(self) -> int:
        """Number of syntactic words that its tokens have, or will have."""
        return self.tokens[-1].last if self.tokens else 0


def read_sentences(path: Path) -> Iterator[ConlluSentence]:
    """The sentences of a CoNLL-U file; further columns are allowed.

    path (Path): The file.
    YIELDS (ConlluSentence): The sentences, in order.
    RAISES (DataError): A line that is none of CoNLL-U, or words that are not numbered from 1 on; the message names it.
    """
    document, n_documents, empty = None, 0, True
    sentence = ConlluSentence(document)
    for number, line in read_token_lines(path):
        if line.startswith("#"):
            found = _DOCUMENT.fullmatch(line)
            if found:
                n_documents += 1
                document = found[1] or str(n_documents)
            _add_comment(sentence, number, line, document)
        elif line.strip():
            _add_line(path, sentence, number, line)
        else:
            if sentence.tokens:
                _check_end(path, sentence)
                empty = False
                yield sentence
            sentence = ConlluSentence(document)
    if sentence.tokens:
        _check_end(path, sentence)
        yield sentence
    elif empty:
        raise DataError(Errors.D002.format(path=path))


def _add_comment(sentence: ConlluSentence, number: int, line: str, document: str | None) -> None:
    sentence.document = document
    found = _TEXT.fullmatch(line)
    if found:
        sentence.text, sentence.text_line = found[1].strip(), number


def _add_line(path: Path, sentence: ConlluSentence, number: int, line: str) -> None:
    columns = line.split("\t")
    if len(columns) < N_COLUMNS:
        reason = f"it has {len(columns)} columns separated by tabs, and not {N_COLUMNS}"
        raise _broken(path, number, line, reason)
    found = _ID.fullmatch(columns[0])
    if not found:
        reason = f"its first column is {shown(columns[0])!r}, and not a number such as 1, 1-2 or 1.1"
        raise _broken(path, number, line, reason)
    if found[1] is None:
        return
    if not columns[FORM]:
        raise _broken(path, number, line, "its second column, the word, is empty")
    first, last = int(found[1]), int(found[2] or found[1])
    expected = len(sentence.words) + 1
    if first != expected or last < first or (found[2] and first <= sentence.covered):
        raise _broken(path, number, line, f"the word after number {expected - 1} is numbered {columns[0]}")
    if not found[2]:
        sentence.words.append(Syntactic(number, columns))
    if last > sentence.covered:
        sentence.tokens.append(Surface(number, columns[FORM], columns, first - 1, last))


def _check_end(path: Path, sentence: ConlluSentence) -> None:
    token = sentence.tokens[-1]
    if len(sentence.words) < token.last:
        reason = f"the words of the multiword token {token.columns[0]} are not complete"
        raise _broken(path, token.line, "\t".join(token.columns), reason)


def _broken(path: Path, number: int, line: str, reason: str) -> DataError:
    return DataError(Errors.D011.format(path=path, line=number, reason=reason, text=shown(line)))


def misc_of(columns: Sequence[str]) -> dict[str, str]:
    """What the column MISC says.

    columns (Sequence[str]): The columns of a line.
    RETURNS (dict[str, str]): Its keys and values; without what has no value.
    """
    pairs = (item.partition("=") for item in columns[MISC].split("|"))
    return {key.strip(): value.strip() for key, equals, value in pairs if equals}


def gaps_in_text(sentence: ConlluSentence) -> list[str] | None:
    """The whitespace after each token in the text that the sentence says it has.

    sentence (ConlluSentence): The sentence.
    RETURNS (list[str] | None): As many strings as tokens, the last of them empty; None if it has no text, or not one
        that consists of its tokens.
    """
    if sentence.text is None:
        return None
    gaps, position = [], 0
    for token in sentence.tokens:
        if not sentence.text.startswith(token.form, position):
            return None
        position += len(token.form)
        found = _BLANK.match(sentence.text, position)
        gaps.append(found[0] if found else "")
        position += len(gaps[-1])
    return gaps if position == len(sentence.text) else None


def gaps_in_misc(sentence: ConlluSentence) -> list[str]:
    """The whitespace after each token, as SpaceAfter and SpacesAfter in the column MISC tell it.

    sentence (ConlluSentence): The sentence.
    RETURNS (list[str]): As many strings as tokens, the last of them empty.
    """
    return [*(_gap(token.columns) for token in sentence.tokens[:-1]), ""]


def _gap(columns: Sequence[str]) -> str:
    misc = misc_of(columns)
    if misc.get("SpaceAfter") == "No":
        return ""
    gap = _ESCAPE.sub(_unescaped, misc.get("SpacesAfter", " "))
    return " " if gap.strip() else gap


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else _ESCAPED.get(found[2], found[0])
