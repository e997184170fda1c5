"""Files that are written whole or not at all."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import DataError, Errors


class Replacement:
    """A file on its way: under a temporary name beside its own, which it takes when it is whole.

    path (Path): The file. Folders above it are made.
    RAISES (DataError): There is a folder of this name.
    """

    def __init__(self, path: Path) -> None:
        if path.is_dir():
            raise DataError(Errors.F001.format(path=path))
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        # A process that was killed may have had this number: in containers they are the same again and again.
        self.discard()

    def commit(self) -> None:
        """Put what was written in the place of the file, or of an earlier one."""
        if self.temporary.is_dir():
            self.path.unlink(missing_ok=True)
        self.temporary.replace(self.path)

    def discard(self) -> None:
        """Remove what was written under the temporary name, if there is anything."""
        if self.temporary.is_dir():
            shutil.rmtree(self.temporary)
        else:
            self.temporary.unlink(missing_ok=True)


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
    content (Any): What JSON can hold.
    RAISES (DataError): As `write_text`.
    RAISES (OSError): As `write_text`.
    """
    # Half of a surrogate pair, which a text may hold, is no UTF-8.
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n", errors="backslashreplace")


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
