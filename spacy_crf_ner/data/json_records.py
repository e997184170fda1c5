"""The objects of JSON files: one in each line, or the elements of one array."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import DataError, Errors
from .text_files import read_lines, read_text

ONE_DOCUMENT = ".json"
# A line may be an array, too: a text and its annotation. An array of records begins with something else.
_ARRAY = re.compile(r"\s*\[\s*(?=[\[{\]]|\Z)")
_BLANK = re.compile(r"\s*")
_decode = json.JSONDecoder().raw_decode


class JsonRecord(NamedTuple):
    """A value of a JSON file.

    line (int): Line where it begins, counted from 1.
    place (str): Where in the file, if the line does not say it: its place in the array.
    value (Any): What it is.
    """

    line: int
    place: str
    value: Any


def read_json_records(path: Path) -> Iterator[JsonRecord]:
    """The records of a file, one after the other.

    path (Path): UTF-8: an object in each line, one array of objects, or, if its name ends with .json, objects one after
        the other. Only lines are read without holding the file in memory.
    YIELDS (JsonRecord): At least one.
    RAISES (DataError): No file, not UTF-8, not JSON, or without any record; the message names the line.
    """
    n_records = 0
    for record in _records(path):
        n_records += 1
        yield record
    if not n_records:
        raise DataError(Errors.D101.format(path=path))


def _records(path: Path) -> Iterator[JsonRecord]:
    if path.suffix == ONE_DOCUMENT or _holds_array(path):
        yield from _values(path, read_text(path))
        return
    for number, line in read_lines(path):
        if line.strip():
            value, end = _parsed(path, number, line, _next(line, 0))
            if line[end:].strip():
                raise _no_json(path, number, "something follows the first value of the line")
            yield JsonRecord(number, "", value)


def _holds_array(path: Path) -> bool:
    first = next((line for _, line in read_lines(path) if line.strip()), "")
    return _ARRAY.match(first) is not None


def _values(path: Path, text: str) -> Iterator[JsonRecord]:
    """Each value of a text, parsed on its own, so that its line is known."""
    array = _ARRAY.match(text)
    position = _next(text, array.end() if array else 0)
    counted, line, index = 0, 1, 0
    while position < len(text) and not (array and text[position] == "]"):
        line += text.count("\n", counted, position)
        counted = position
        index += 1
        value, end = _parsed(path, line, text, position)
        yield JsonRecord(line, f"record {index} of the array" if array else "", value)
        position = _next(text, end)
        if array and text[position : position + 1] == ",":
            position = _next(text, position + 1)
        elif array and text[position : position + 1] != "]":
            break
    if array:
        _require_end(path, text, position)


def _require_end(path: Path, text: str, position: int) -> None:
    """Check that an array ends at a position, and the file with it."""
    line = text.count("\n", 0, position) + 1
    if text[position : position + 1] != "]":
        reason = "a comma or ] is missing" if position < len(text) else "the array does not end"
        raise _no_json(path, line, reason)
    if text[position + 1 :].strip():
        raise _no_json(path, line, "something follows the array")


def _parsed(path: Path, line: int, text: str, position: int) -> tuple[Any, int]:
    """The value that begins at a position, and the character after it; `line` is that of the position."""
    try:
        return _decode(text, position)
    except json.JSONDecodeError as error:
        inside = text.count("\n", position, error.pos)
        raise _no_json(path, line + inside, f"{error.msg}, column {error.colno}") from error
    # Brackets within brackets without end, and numbers of thousands of digits.
    except (RecursionError, ValueError) as error:
        raise _no_json(path, line, str(error)) from error


def _next(text: str, position: int) -> int:
    """The first character from a position on that is not blank."""
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _no_json(path: Path, line: int, reason: str) -> DataError:
    return DataError(Errors.D100.format(path=path, line=line, reason=reason))
