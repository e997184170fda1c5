"""How JSON holds a text and its annotation: what formats of lists and objects have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import DataError, Errors
from .drafts import Draft, shown
from .json_records import JsonRecord


def require_object(path: Path, found: JsonRecord, expected: str) -> dict[str, Any]:
    """The object that a record is.

    path (Path): The file, for the message.
    found (JsonRecord): The record.
    expected (str): What is expected, for the message.
    RETURNS (dict[str, Any]): The object.
    RAISES (DataError): It is none.
    """
    if not isinstance(found.value, dict):
        raise unexpected(path, found, expected, shown(found.value))
    return found.value


def unexpected(path: Path, found: JsonRecord, expected: str, got: str) -> DataError:
    """The error of a record that is not what its format asks for.

    path (Path): The file.
    found (JsonRecord): The record.
    expected (str): What is expected.
    got (str): What it is.
    RETURNS (DataError): To be raised.
    """
    return DataError(
        Errors.D102.format(path=path, line=found.line, place=in_brackets(found), expected=expected, got=got)
    )


def in_brackets(found: JsonRecord) -> str:
    """Where a record is, to follow its line in a message.

    found (JsonRecord): The record.
    RETURNS (str): Its place, or nothing if the line says it.
    """
    return f" ({found.place})" if found.place else ""


def draft_of(
    path: Path,
    found: JsonRecord,
    text: object,
    *,
    expected: str = "an object with a string `text`",
    utf16: bool,
) -> Draft:
    """A draft of a record.

    path (Path): The file.
    found (JsonRecord): The record.
    text (object): Its text.
    expected (str): What is expected of the record, for the message.
    utf16 (bool): Whether offsets count units of UTF-16 instead of characters.
    RETURNS (Draft): Without annotation yet.
    RAISES (DataError): The text is no string.
    """
    if not isinstance(text, str):
        raise unexpected(path, found, expected, shown(found.value))
    return Draft(path, found.line, text, place=found.place, utf16=utf16)


def add_annotation(draft: Draft, annotation: object) -> None:
    """Add an annotation to a draft.

    draft (Draft): Where to.
    annotation (object): [start, end, label], or an object with `start`, `end` and `label`, and perhaps the `text` that
        is there; doccano calls the offsets `start_offset` and `end_offset`. Anything else becomes a problem.
    """
    if isinstance(annotation, list) and len(annotation) == 3:
        draft.add(*annotation)
    elif isinstance(annotation, dict):
        start = annotation.get("start", annotation.get("start_offset"))
        end = annotation.get("end", annotation.get("end_offset"))
        draft.add(start, end, annotation.get("label"), quote=annotation.get("text"))
    else:
        expected = "[start, end, label] or an object with `start`, `end` and `label`"
        draft.problem(f"expected {expected}, got {shown(annotation)}")


def add_annotations(
    draft: Draft,
    record: Mapping[str, Any],
    keys: Sequence[str],
    *,
    add: Callable[[Draft, object], None] = add_annotation,
) -> None:
    """Add the annotation of a record to its draft.

    draft (Draft): Where to.
    record (Mapping[str, Any]): The record.
    keys (Sequence[str]): Where the list of annotations may be. With none of them the annotation of the text is not
        known; with several, the first that is not empty is read.
    add (Callable[[Draft, object], None]): What adds one of them.
    """
    present = sorted((key for key in keys if record.get(key) is not None), key=lambda key: not record[key])
    if not present:
        draft.leave_unknown(f"it has no {' or '.join(f'`{key}`' for key in keys)}")
        return
    chosen, *others = present
    if not isinstance(record[chosen], list):
        draft.leave_unknown(f"expected a list as `{chosen}`, got {shown(record[chosen])}")
        return
    for annotation in record[chosen]:
        add(draft, annotation)
    for other in others:
        draft.count(f"`{other}`, since `{chosen}` is read", n_items(record[other]))


def n_items(value: object) -> int:
    """How many parts a value has.

    value (object): A value of a JSON file.
    RETURNS (int): The length of a list or an object; 1 for anything else that is not null, false, 0 or empty.
    """
    return len(value) if isinstance(value, (list, dict)) else int(bool(value))
