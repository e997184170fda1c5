"""Folders that `datasets` of Hugging Face saved: sentences of tokens, with a tag for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import DataError, Errors
from .drafts import Draft, is_encodable, is_whole_number, shown
from .records import Record
from .tag_schemes import Tagging
from .tag_survey import TagSurvey, find_tagging
from .tagged_sentences import Word, make_record, read_entities

UNKNOWN_TAG = "-"
# Characters of an error of `datasets` that are shown.
SHOWN = 500
# What is raised of files of Arrow or JSON that are not as `datasets` wrote them, depending on where it stumbles.
DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RuntimeError)


class _Row(NamedTuple):
    """A row of a data set; if there is a fault, it is no sentence."""

    number: int
    words: list[Any]
    tags: list[str]
    fault: str


def read_datasets(
    path: Path,
    *,
    split: str | None = None,
    token_column: str = "tokens",
    tag_column: str = "ner_tags",
    scheme: str | None = None,
) -> Iterator[Record]:
    """Sentences of a data set that was saved by `save_to_disk`.

    path (Path): The folder. Nothing is downloaded.
    split (str | None): Which split to read, if there are several.
    token_column (str): The column of tokens; they are joined by single spaces.
    tag_column (str): The column of tags: strings, or numbers that have names (ClassLabel). Of tokens with null or a
        negative number the annotation is unknown.
    scheme (str | None): The scheme of the tags; by default it is found.
    YIELDS (Record): One for each row; its line is the number of the row, counted from 1. A row that is no sentence has
        no text, and a problem that says why.
    RAISES (DataError): `datasets` is not installed, no such folder, no such split or columns, tags of no scheme, or
        files that are damaged.
    """
    dataset = _validated(path, _chosen(path, _load(path), split))
    for column, expected, setting in (
        (token_column, "tokens", "--token-column"),
        (tag_column, "tags", "--tag-column"),
    ):
        if column not in dataset.column_names:
            got = f"it has {', '.join(dataset.column_names) or 'none'}"
            raise _no_column(path, column, expected, got, setting)
    feature = dataset.features[tag_column]
    names = getattr(getattr(feature, "feature", feature), "names", None)
    dataset = dataset.select_columns([token_column, tag_column])
    survey = TagSurvey()
    for row in _rows(path, dataset, token_column, tag_column, names):
        if not row.fault:
            survey.add(row.tags, [row.number] * len(row.tags))
    tagging = find_tagging(path, survey, scheme)
    for row in _rows(path, dataset, token_column, tag_column, names):
        yield _record(path, row, tagging)


def _load(path: Path) -> Any:
    # `load_from_disk` takes addresses of remote file systems, too.
    if not path.is_dir():
        reason = "it is no folder" if path.exists() else "there is no such folder"
        raise DataError(Errors.D110.format(path=path, reason=reason))
    try:
        from datasets import load_from_disk  # noqa: PLC0415
    except ImportError as error:
        raise DataError(Errors.D109.format(path=path, reason=error)) from error
    try:
        return load_from_disk(str(path))
    except DAMAGE as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    # The error may quote a whole file, and what no terminal can print.
    reason = str(error).encode("utf8", errors="backslashreplace").decode("utf8")
    reason = reason if len(reason) <= SHOWN else f"{reason[:SHOWN]}..."
    return DataError(Errors.D110.format(path=path, reason=reason))


def _chosen(path: Path, loaded: Any, split: str | None) -> Any:
    """The data set of a split, or the only one."""
    if not isinstance(loaded, dict):
        return loaded
    names = list(loaded)
    if split is None and len(names) == 1:
        return loaded[names[0]]
    if split not in loaded:
        example = path / names[0] if names else path
        raise DataError(
            Errors.D111.format(path=path, splits=", ".join(names), got=shown(split), example=example)
        )
    return loaded[split]


def _validated(path: Path, dataset: Any) -> Any:
    """The data set, if its files are whole: Arrow follows offsets out of memory that nobody has checked."""
    try:
        dataset.data.validate(full=True)
    except DAMAGE as error:
        raise _unreadable(path, error) from error
    return dataset


def _rows(
    path: Path, dataset: Any, token_column: str, tag_column: str, names: Sequence[str] | None
) -> Iterator[_Row]:
    for number, row in enumerate(dataset, start=1):
        words, tags = row[token_column], row[tag_column]
        fault = _fault(words, tags)
        named = [] if fault else [_named(path, tag_column, number, tag, names) for tag in tags]
        yield _Row(number, words, named, fault)


def _fault(words: object, tags: object) -> str:
    """Why a row is no sentence; empty if it is one."""
    if not isinstance(words, list) or not isinstance(tags, list):
        return f"expected lists of tokens and tags, got {shown(words)} and {shown(tags)}"
    if not words:
        return "it has no tokens"
    if len(words) != len(tags):
        return f"it has {len(words)} tokens, but {len(tags)} tags"
    strange = [word for word in words if not isinstance(word, str) or not word.strip()]
    return f"expected a string that is not blank as each token, got {shown(strange[0])}" if strange else ""


def _named(path: Path, column: str, row: int, tag: object, names: Sequence[str] | None) -> str:
    """The tag as a string."""
    if isinstance(tag, str):
        return tag if is_encodable(tag) else shown(tag)
    if tag is None or (is_whole_number(tag) and tag < 0):
        return UNKNOWN_TAG
    if is_whole_number(tag) and names is not None and tag < len(names):
        return names[tag]
    got = f"row {row} has {shown(tag)}, which has no name"
    raise _no_column(path, column, "tags with names", got, "--tag-column")


def _record(path: Path, row: _Row, tagging: Tagging) -> Record:
    if row.fault:
        words = row.words if isinstance(row.words, list) else []
        text = " ".join(word for word in words if isinstance(word, str))
        return Draft(path, row.number, text).left_out(row.fault)
    pairs = zip(row.words, row.tags, strict=True)
    tokens = [Word(word, " ", row.number, tag == UNKNOWN_TAG) for word, tag in pairs]
    return make_record(path, tokens, read_entities(row.tags, tagging))


def _no_column(path: Path, column: str, expected: str, got: str, setting: str) -> DataError:
    return DataError(
        Errors.D112.format(path=path, column=column, expected=expected, got=got, setting=setting)
    )
