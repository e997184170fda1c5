"""Reading and writing a component's directory: whole or not at all, and a clear word when it is damaged."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import srsly

from ..errors import ComponentError, Errors
from .label_counts import are_counts


def write_files(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write files under temporary names and rename them when all are whole.

    directory (Path): Made if it is not there.
    files (Mapping[str, bytes]): Contents by file name.
    RAISES (OSError): No space, no permission; the old files are as they were.
    """
    directory.mkdir(parents=True, exist_ok=True)
    written: list[tuple[Path, Path]] = []
    try:
        for name, content in files.items():
            handle, made = tempfile.mkstemp(prefix=f".{name}-", dir=directory)
            temporary = Path(made)
            written.append((temporary, directory / name))
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            # mkstemp makes files that only their owner may read; models are installed for others, too.
            temporary.chmod(0o644)
        _rename(written)
    finally:
        for temporary, _ in written:
            temporary.unlink(missing_ok=True)


def _rename(written: Sequence[tuple[Path, Path]]) -> None:
    """Put new files in place of old ones. All old ones come back if one fails: labels and weights belong together."""
    replaced: list[tuple[Path | None, Path]] = []
    try:
        for temporary, final in written:
            old = temporary.with_name(f"{temporary.name}.old") if final.exists() else None
            if old is not None:
                final.replace(old)
            replaced.append((old, final))
            temporary.replace(final)
    except BaseException:
        for old, final in reversed(replaced):
            if old is None:
                final.unlink(missing_ok=True)
            else:
                old.replace(final)
        raise
    for old, _ in replaced:
        if old is not None:
            old.unlink()


def read_file(component: str, path: Path) -> bytes:
    """Read one file of a component.

    component (str): Its name, for the message.
    path (Path): The file.
    RETURNS (bytes): Its content.
    RAISES (ComponentError): It is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        reason = f"`{path.name}` cannot be read ({error.strerror or error})"
        raise ComponentError(Errors.C007.format(name=component, path=path.parent, reason=reason)) from error


def parse_settings(component: str, content: bytes, origin: object) -> dict[str, Any]:
    """Parse the `cfg` file of a component.

    component (str): Its name, for the message.
    content (bytes): JSON.
    origin (object): Where it came from, for the message.
    RETURNS (dict[str, Any]): The settings, among them `labels` and `scheme`.
    RAISES (ComponentError): No JSON, or not what a component writes.
    """
    try:
        settings = srsly.json_loads(content.decode("utf8"))
    except ValueError as error:
        reason = f"`cfg` is not valid JSON ({error})"
        raise ComponentError(Errors.C007.format(name=component, path=origin, reason=reason)) from error
    labels = settings.get("labels") if isinstance(settings, dict) else None
    if not isinstance(labels, list) or not isinstance(settings.get("scheme"), str):
        reason = "`cfg` does not hold `labels` and `scheme`"
        raise ComponentError(Errors.C007.format(name=component, path=origin, reason=reason))
    if not are_counts(settings.get("label_counts", {})):
        reason = "`label_counts` in `cfg` are no numbers of tokens"
        raise ComponentError(Errors.C007.format(name=component, path=origin, reason=reason))
    result: dict[str, Any] = settings
    return result
