"""Files that are written whole or not at all."""

import json
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import DataError, Errors


class Replacement:
    """A file on its way: under a temporary name beside its own, which it takes when it is whole.

    Devices and pipes, such as /dev/null and /dev/stdout, are written to: in their place there would be a file.

    path (Path): The file, or a link to it. Folders above it are made.
    RAISES (DataError): There is a folder of this name.
    """

    def __init__(self, path: Path) -> None:
        if path.is_dir():
            raise DataError(Errors.F001.format(path=path))
        self.path = path
        self.temporary = path
        self._in_place = is_stream(path)
        if self._in_place:
            return
        # The link stays: what it leads to is replaced.
        self.path = path.resolve() if path.is_symlink() else path
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.temporary = self.path.with_name(f".{path.name}.{os.getpid()}.part")
        # A process that was killed may have had this number: in containers they are the same again and again.
        self.discard()

    def commit(self) -> None:
        """Put what was written in the place of the file, or of an earlier one."""
        if self._in_place:
            return
        if self.temporary.is_dir():
            self.path.unlink(missing_ok=True)
        self.temporary.replace(self.path)

    def discard(self) -> None:
        """Remove what was written under the temporary name, if there is anything."""
        if self._in_place:
            return
        if self.temporary.is_dir():
            shutil.rmtree(self.temporary)
        else:
            self.temporary.unlink(missing_ok=True)


def is_stream(path: Path) -> bool:
    """RETURNS (bool): Whether there is something of this name that is neither a file nor a folder: a device, a pipe.

    path (Path): The name, or a link.
    """
    return path.exists() and not path.is_file() and not path.is_dir()


@contextmanager
def name_errors(path: Path) -> Iterator[None]:
    """Say which file it is that cannot be written: what the system says of a full disk does not.

    path (Path): The file.
    RAISES (DataError): Something could not be written in the `with` block.
    """
    try:
        yield
    except OSError as error:
        raise DataError(Errors.F005.format(path=path, reason=error)) from error


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file whole or not at all.

    path (Path): As for `write_text`.
    content (Any): As for `to_json`.
    RAISES (DataError): As `write_text`.
    RAISES (OSError): As `write_text`.
    """
    # Half of a surrogate pair, which a text may hold, is no UTF-8.
    write_text(path, to_json(content, ascii_only=False) + "\n", errors="backslashreplace")


def to_json(content: Any, *, ascii_only: bool = True) -> str:
    """Write JSON that every program reads: what is no finite number, for which it has no word, is null.

    content (Any): What JSON can hold, and NaN and infinity.
    ascii_only (bool): Whether all other characters are escaped, so that every terminal takes them.
    RETURNS (str): The JSON, in several lines.
    """
    try:
        return json.dumps(content, indent=2, ensure_ascii=ascii_only, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(content), indent=2, ensure_ascii=ascii_only, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_text(path: Path, text: str, *, errors: str = "strict") -> None:
    """Write a text file whole or not at all, with line ends as they are.

    path (Path): The file; one that is there is replaced, and folders above it are made.
    text (str): What it will hold, in UTF-8.
    errors (str): What becomes of characters that UTF-8 has not, as of `str.encode`.
    RAISES (DataError): There is a folder of this name.
    RAISES (OSError): It cannot be written; what was there before is as it was.
    """
    replacement = Replacement(path)
    try:
        replacement.temporary.write_text(text, encoding="utf8", errors=errors, newline="")
        replacement.commit()
    finally:
        replacement.discard()
