"""Whether a file can be written, before hours of work go into what it will hold."""

import os
from pathlib import Path

from ..errors import DataError, Errors
from .replacement import is_stream


def require_writable(path: Path) -> None:
    """Raise if a file cannot be written, as far as that can be told without writing.

    path (Path): The file; folders above it may be missing, as for `write_text`.
    RAISES (DataError): There is a folder of this name, or what stands above it is no folder or cannot be written to.
    """
    try:
        if path.is_dir():
            raise DataError(Errors.F001.format(path=path))
        if is_stream(path):
            # Nothing is made beside it.
            if not os.access(path, os.W_OK):
                raise DataError(Errors.F005.format(path=path, reason="it cannot be written to"))
            return
        folder = next(above for above in path.absolute().parents if above.exists())
    except OSError as error:
        # In a closed folder nothing can be looked up, and not all names are possible.
        raise DataError(Errors.F005.format(path=path, reason=error)) from error
    if not folder.is_dir():
        raise DataError(Errors.F005.format(path=path, reason=f"{folder} is a file, not a folder"))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(Errors.F005.format(path=path, reason=f"the folder {folder} cannot be written to"))
