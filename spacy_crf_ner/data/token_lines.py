"""Lines of files that have a token on each."""

from collections.abc import Iterator
from pathlib import Path

from ..errors import DataError, Errors
from .text_files import read_lines

# Only errors put them there: UTF-16 that was taken for UTF-8, and lines that end with CR alone.
_CONTROLS = {"\0": "NUL", "\r": "a carriage return"}
# Characters of a line that messages show.
_SHOWN = 100


def read_token_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file, one after the other, those without tokens included.

    path (Path): UTF-8, with or without a byte order mark; lines end with LF or CRLF, and no other character ends one.
    YIELDS (tuple[int, str]): The number of a line, counted from 1, and the line without its end.
    RAISES (DataError): No file, or one that is not UTF-8, or has NUL or a carriage return within a line; the message
        names the line.
    """
    for number, line in read_lines(path):
        for character, name in _CONTROLS.items():
            if character in line:
                raise DataError(Errors.D001.format(path=path, line=number, name=name))
        yield number, line


def shown(line: str) -> str:
    """What messages show of a line.

    line (str): The line.
    RETURNS (str): Its beginning, if it is long.
    """
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
