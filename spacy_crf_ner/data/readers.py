"""One way to read files of every format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import DataError, Errors
from .brat import read_brat
from .columns import ColumnLayout, find_column_layout, read_columns_as
from .conllu import find_conllu_layout, read_conllu_as
from .doccano import LABEL_CONFIG, read_doccano
from .drafts import is_encodable
from .formats import (
    BRAT,
    COLUMNS,
    CONLLU,
    DATASET_FILES,
    DATASETS,
    DOCCANO,
    FORMATS,
    JSONL,
    LABEL_STUDIO,
    find_format,
)
from .hub_datasets import read_datasets
from .jsonl import read_jsonl
from .label_studio import read_label_studio
from .records import Record
from .targets import DOCS

Read = Callable[[], Iterator[Record]]
# Bytes of a name, which no file system allows to be longer.
MAX_NAME = 255


@dataclass(frozen=True)
class ReaderOptions:
    """How files are to be read, where it is not to be found out. A format takes those of TAKEN.

    token_column (str | None): Column of tokens: its number in columns, from 0, or from the end, from -1; its name in
        `datasets`.
    tag_column (str | None): Column of tags, likewise; in CoNLL-U a number, or a key of the column MISC.
    separator (str | None): What is between columns.
    scheme (str | None): The scheme of the tags.
    no_spaces (bool): Whether tokens of columns are joined without spaces.
    utf16 (bool): Whether offsets count units of UTF-16 instead of characters.
    text_key (str | None): Which of a task's data is the text.
    annotation (int): Which annotation of a task is read, counted from 1.
    label_config (Path | None): Names of labels that are numbers; by default a file beside each input.
    hub_split (str | None): The split to read of a data set that has several; by default all, each by itself.
    """

    token_column: str | None = None
    tag_column: str | None = None
    separator: str | None = None
    scheme: str | None = None
    no_spaces: bool = False
    utf16: bool = False
    text_key: str | None = None
    annotation: int = 1
    label_config: Path | None = None
    hub_split: str | None = None


TAKEN = {
    COLUMNS: ("token_column", "tag_column", "separator", "scheme", "no_spaces"),
    CONLLU: ("tag_column", "scheme"),
    JSONL: ("utf16",),
    DOCCANO: ("label_config", "utf16"),
    LABEL_STUDIO: ("utf16", "text_key", "annotation"),
    BRAT: (),
    DATASETS: ("token_column", "tag_column", "scheme", "hub_split"),
}


class Input(NamedTuple):
    """A file or folder that is to be read.

    path (Path): Where it is.
    name (Path): What it is called below the output folder.
    format (str): One of FORMATS.
    scheme (str): The scheme of its tags; empty if it has none, or it is not known before it is read.
    read (Read): Reads it from the beginning, whenever it is called.
    """

    path: Path
    name: Path
    format: str
    scheme: str
    read: Read


def find_inputs(paths: Iterable[Path], file_format: str | None, options: ReaderOptions) -> list[Input]:
    """Find out what is to be read, and how.

    paths (Iterable[Path]): Files and folders. A folder of brat or `datasets` is one input, and so is each split of a
        data set; of other folders each file, but for those whose names begin with a dot, and for doccano's labels. What
        is named twice is read once.
    file_format (str | None): One of FORMATS; None to find it for each file.
    options (ReaderOptions): How they are to be read.
    RETURNS (list[Input]): At least one.
    RAISES (DataError): An unknown format, a file in none of them, an empty folder, or an option that nothing takes.
    """
    if file_format is not None and file_format not in FORMATS:
        raise DataError(Errors.D200.format(name="format", expected=", ".join(FORMATS), got=file_format))
    found: dict[Path, tuple[Path, Path, str]] = {}
    for path in paths:
        for one, name in _walk(path, file_format, options.hub_split):
            one_format = file_format or _find_format(one, path)
            # The .txt and .ann file of one text.
            key = one.with_suffix("") if one_format == BRAT and one.is_file() else one
            found.setdefault(key.resolve(), (one, name, one_format))
    _check_options({one_format for _, _, one_format in found.values()}, options)
    return [_open(*one, options) for one in found.values()]


def _find_format(path: Path, named: Path) -> str:
    """The format of what is read of a path that was named."""
    try:
        return find_format(path)
    except DataError as error:
        if path == named:
            raise
        raise DataError(Errors.D214.format(path=path, folder=named, reason=error)) from error


def _walk(path: Path, file_format: str | None, hub_split: str | None) -> Iterator[tuple[Path, Path]]:
    """What is read of a path, and its name below the output folder."""
    if not path.is_dir():
        yield path, Path(path.name)
        return
    splits = _splits(path)
    if hub_split is not None and any((path / name).is_file() for name in DATASET_FILES):
        splits = [_chosen(path, splits, hub_split)]
    if splits:
        yield from ((path / split, Path(f"{split}{DOCS}")) for split in splits)
    elif _is_one(path, file_format):
        # A dot in the name of a folder does not begin an ending.
        yield path, Path(f"{path.resolve().name}{DOCS}")
    else:
        files = sorted(file for file in path.rglob("*") if file.is_file())
        names = [(file, file.relative_to(path)) for file in files]
        shown = [(file, name) for file, name in names if not _is_hidden(name)]
        if not shown:
            raise DataError(Errors.D210.format(path=path))
        yield from shown


def _is_hidden(name: Path) -> bool:
    """Whether a file of a folder holds no texts."""
    return name.name == LABEL_CONFIG or any(part.startswith(".") for part in name.parts)


def _chosen(path: Path, splits: list[str], wanted: str) -> str:
    if wanted not in splits:
        shown, example = ", ".join(splits) or "none", path / splits[0] if splits else path
        raise DataError(Errors.D111.format(path=path, splits=shown, got=repr(wanted), example=example))
    return wanted


def _splits(path: Path) -> list[str]:
    """The splits of a data set that has several."""
    file = path / DATASET_FILES[0]
    if not file.is_file():
        return []
    try:
        splits = [str(split) for split in json.loads(file.read_text(encoding="utf8"))["splits"]]
    # Its reader says what is wrong with it.
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return splits if all(_is_folder_name(split) for split in splits) else []


def _is_folder_name(name: str) -> bool:
    """Whether a folder can be called so."""
    allowed = is_encodable(name) and "\0" not in name and len(name.encode("utf8")) <= MAX_NAME
    return allowed and name not in ("", ".", "..") and Path(name).name == name


def _is_one(path: Path, file_format: str | None) -> bool:
    """Whether a folder is read as a whole."""
    if file_format is not None:
        return file_format in (BRAT, DATASETS)
    try:
        return bool(find_format(path))
    except DataError:
        return False


def _check_options(formats: set[str], options: ReaderOptions) -> None:
    taken = {name for one in formats for name in TAKEN[one]}
    for option in fields(options):
        if option.name not in taken and getattr(options, option.name) != option.default:
            takers = [one for one, names in TAKEN.items() if option.name in names]
            raise DataError(
                Errors.D213.format(
                    name=option.name.replace("_", "-"),
                    takers=", ".join(takers),
                    formats=", ".join(sorted(formats)),
                )
            )


def _open(path: Path, name: Path, file_format: str, options: ReaderOptions) -> Input:
    if file_format == COLUMNS:
        layout = find_column_layout(
            path,
            token_column=_number("token-column", options.token_column, 0),
            tag_column=_number("tag-column", options.tag_column, -1),
            separator=options.separator,
            scheme=options.scheme,
        )
        return Input(
            path, name, file_format, layout.tagging.scheme, partial(_read_columns, path, layout, options)
        )
    if file_format == CONLLU:
        tag_from = _number_or_name(options.tag_column)
        conllu = find_conllu_layout(path, tag_from=tag_from, scheme=options.scheme)
        scheme = "" if conllu.tag_from is None else conllu.tagging.scheme
        return Input(path, name, file_format, scheme, partial(read_conllu_as, path, conllu))
    if file_format == DATASETS:
        return Input(path, name, file_format, options.scheme or "", partial(_read_datasets, path, options))
    readers: dict[str, Callable[..., Iterator[Record]]] = {
        JSONL: read_jsonl,
        DOCCANO: read_doccano,
        LABEL_STUDIO: read_label_studio,
        BRAT: read_brat,
    }
    given = {option: getattr(options, option) for option in TAKEN[file_format]}
    return Input(path, name, file_format, "", partial(readers[file_format], path, **given))


def _read_columns(path: Path, layout: ColumnLayout, options: ReaderOptions) -> Iterator[Record]:
    # Characters that are numbered within words are Chinese.
    spaces = not (options.no_spaces or layout.numbered)
    records = read_columns_as(path, layout, spaces=spaces)
    return _without_spaces(records) if spaces else records


def _read_datasets(path: Path, options: ReaderOptions) -> Iterator[Record]:
    columns: dict[str, Any] = {
        name: getattr(options, name)
        for name in ("token_column", "tag_column")
        if getattr(options, name) is not None
    }
    return _without_spaces(read_datasets(path, scheme=options.scheme, **columns))


def _without_spaces(records: Iterable[Record]) -> Iterator[Record]:
    """Records of files that have tokens, but do not tell where spaces are: `spacy train` then takes these tokens."""
    return (replace(record, spaces=None) for record in records)


def _number(name: str, value: str | None, default: int) -> int:
    number = default if value is None else _number_or_name(value)
    if not isinstance(number, int):
        raise DataError(Errors.D200.format(name=name, expected="the number of a column", got=value))
    return number


def _number_or_name(value: str | None) -> int | str | None:
    try:
        return None if value is None else int(value)
    except ValueError:
        return value
