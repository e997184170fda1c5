"""Files of UTF-8 text, with the line of whatever is wrong in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import DataError, Errors


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file, one after the other.

    path (Path): UTF-8, with or without a byte order mark; lines end with LF or CRLF, and no other character ends one.
    YIELDS (tuple[int, str]): The number of a line, counted from 1, and the line without its end.
    RAISES (DataError): No file, or one that is not UTF-8; the message names the line.
    """
    for number, line in _read(path):
        yield number, line.rstrip("\r\n")


def read_text(path: Path) -> str:
    """A whole file, with its line ends as they are: offsets count them.

    path (Path): UTF-8, with or without a byte order mark.
    RETURNS (str): Its text, without the mark.
    RAISES (DataError): No file, or one that is not UTF-8; the message names the line.
    """
    return "".join(line for _, line in _read(path))


def decode_lines(lines: Iterable[bytes], name: object) -> Iterator[tuple[int, str]]:
    """Decode line by line, for the number of the line that is no text.

    lines (Iterable[bytes]): UTF-8, with or without a byte order mark.
    name (object): What they come from, for the message.
    YIELDS (tuple[int, str]): The number of a line, counted from 1, and the line with its end.
    RAISES (DataError): A line that is not UTF-8; the message names it.
    """
    for number, line in enumerate(lines, start=1):
        try:
            yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(Errors.D114.format(path=name, line=number, reason=error)) from error


def _read(path: Path) -> Iterator[tuple[int, str]]:
    if not path.is_file():
        raise DataError(Errors.D113.format(path=path, got="a folder" if path.is_dir() else "nothing"))
    with path.open("rb") as lines:
        yield from decode_lines(lines, path)
