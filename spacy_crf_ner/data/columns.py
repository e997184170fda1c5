"""Files with a token and its tag on each line, in columns, as of the CoNLL shared tasks, WNUT and many others."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError, Errors
from .column_files import ColumnFile, Columns, ColumnSentence, find_columns
from .records import Record
from .tag_schemes import UNKNOWN_TAGS, Tagging
from .tag_survey import TagSurvey, find_tagging
from .tagged_sentences import Word, make_record, read_entities

# A character, and its place in its word, as in Weibo NER; what was an emoji there is two characters now.
_NUMBERED = re.compile(r"(.|.\D)([0-9]+)", re.DOTALL)


@dataclass(frozen=True)
class ColumnLayout:
    """What a file of columns looks like, as far as it was found or told.

    columns (Columns): Where tokens and tags are.
    tagging (Tagging): The scheme of its tags, and how they are written.
    numbered (bool): Whether tokens are characters with a number that is no part of the text.
    documents (bool): Whether lines such as -DOCSTART- divide it into documents.
    n_sentences (int): Number of sentences.
    n_comments (int): Number of lines that were taken for comments.
    tags (Mapping[str, int]): Number of tokens with each tag, in the order of the file.
    """

    columns: Columns
    tagging: Tagging
    numbered: bool
    documents: bool
    n_sentences: int
    n_comments: int
    tags: Mapping[str, int]


class _NumberSurvey:
    """Whether all tokens are characters that are numbered within words from 0."""

    def __init__(self) -> None:
        self._all = True
        self._goes_on = False

    def add(self, words: list[str]) -> None:
        found = [_NUMBERED.fullmatch(word) for word in words]
        numbers = [match[2] if match else "" for match in found]
        # Codes such as A1 and B2 would match, but a sentence begins with a word.
        self._all = self._all and numbers[0] == "0" and all(numbers)
        self._goes_on = self._goes_on or "1" in numbers

    @property
    def numbered(self) -> bool:
        return self._all and self._goes_on


def find_column_layout(
    path: Path,
    *,
    token_column: int = 0,
    tag_column: int = -1,
    separator: str | None = None,
    scheme: str | None = None,
    numbered: bool | None = None,
) -> ColumnLayout:
    """Find out how a file of columns is to be read.

    path (Path): The file, in UTF-8. Blank lines divide it into sentences. A line that begins with "# " before the first
        token of a sentence is a comment, if it has other columns than the tokens.
    token_column (int): The column of tokens, from 0, or counted from the end, from -1.
    tag_column (int): The column of tags, likewise.
    separator (str | None): What is between columns: a tab, " " for runs of spaces and tabs, or other characters; None
        for tabs, if there are any on the first line with a token, and otherwise spaces.
    scheme (str | None): The scheme of the tags: "IO", "IOB1", "IOB2", "BIOES", "BILOU", "BMES", "BMEWO", one of their
        other names, or "BARE" for labels without letters; None to find it, see `find_tagging`.
    numbered (bool | None): Whether each token is a character with its place in its word, counted from 0, behind it, as
        in the files of Weibo NER; None to find it.
    RETURNS (ColumnLayout): What was found.
    RAISES (DataError): A file that cannot be read so; the message names its first line where that is so.
    """
    columns = find_columns(path, token_column, tag_column, separator)
    file = ColumnFile(path, columns)
    survey, numbers = TagSurvey(), _NumberSurvey()
    n_sentences = 0
    for sentence in file.sentences():
        survey.add(sentence.tags, sentence.lines)
        numbers.add(sentence.words)
        n_sentences += 1
    if not n_sentences:
        raise DataError(Errors.D002.format(path=path))
    return ColumnLayout(
        columns,
        find_tagging(path, survey, scheme),
        numbered=numbers.numbered if numbered is None else numbered,
        documents=bool(file.n_marks),
        n_sentences=n_sentences,
        n_comments=file.n_comments,
        tags=survey.counts,
    )


def read_columns(
    path: Path,
    *,
    token_column: int = 0,
    tag_column: int = -1,
    separator: str | None = None,
    scheme: str | None = None,
    numbered: bool | None = None,
    spaces: bool = True,
) -> Iterator[Record]:
    """Read a file of columns: three times, to find out how it is to be read before a Record is made.

    path (Path): As for `find_column_layout`, and so are all other arguments but the last.
    token_column (int): The column of tokens.
    tag_column (int): The column of tags.
    separator (str | None): What is between columns.
    scheme (str | None): The scheme of the tags.
    numbered (bool | None): Whether tokens are numbered characters.
    spaces (bool): Whether tokens are joined by spaces in the text; false for languages that are written without.
    YIELDS (Record): A sentence each.
    RAISES (DataError): As `find_column_layout`.
    """
    layout = find_column_layout(
        path,
        token_column=token_column,
        tag_column=tag_column,
        separator=separator,
        scheme=scheme,
        numbered=numbered,
    )
    yield from read_columns_as(path, layout, spaces=spaces)


def read_columns_as(path: Path, layout: ColumnLayout, *, spaces: bool = True) -> Iterator[Record]:
    """Read a file of which the layout is known.

    Tags "-", "?" and "_" say that a token's annotation is unknown. Entities with an invalid sequence of tags are
    mentions, and in `Record.repaired`.

    path (Path): The file.
    layout (ColumnLayout): Its layout.
    spaces (bool): Whether tokens are joined by spaces in the text.
    YIELDS (Record): A sentence each. Those of one document have the file's name and the document's number, such as
        "train.conll#3", as `document`; it is empty in a file without documents.
    RAISES (DataError): The file is not as the layout says.
    """
    for sentence in ColumnFile(path, layout.columns).sentences():
        document = f"{path.name}#{sentence.document}" if layout.documents else ""
        entities = read_entities(sentence.tags, layout.tagging)
        yield make_record(path, _words(sentence, layout, spaces), entities, document=document)


def _words(sentence: ColumnSentence, layout: ColumnLayout, spaces: bool) -> list[Word]:
    gap = " " if spaces else ""
    texts = [_without_number(word) for word in sentence.words] if layout.numbered else sentence.words
    return [
        Word(text, gap, line, tag in UNKNOWN_TAGS)
        for text, line, tag in zip(texts, sentence.lines, sentence.tags, strict=True)
    ]


def _without_number(word: str) -> str:
    found = _NUMBERED.fullmatch(word)
    return found[1] if found else word
