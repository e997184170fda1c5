"""How commands save what they print: as JSON and as a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from wasabi import msg

from ..errors import DataError, Errors

# As the path of the JSON: print it, and nothing else.
STDOUT = Path("-")


def check_outputs(
    inputs: Iterable[Path],
    json_path: Path | None = None,
    html_path: Path | None = None,
    *,
    folder: Path | None = None,
) -> None:
    """Raise, before anything takes long, if something cannot be written or would take the place of another file.

    inputs (Iterable[Path]): What is read.
    json_path (Path | None): Where the JSON goes.
    html_path (Path | None): Where the page goes.
    folder (Path | None): A folder that files go to.
    RAISES (DataError): It cannot, or would.
    """
    from ..data.targets import check_paths
    from ..files import require_writable

    outputs = {"--json": None if json_path == STDOUT else json_path, "--html": html_path}
    check_paths(inputs, [], outputs)
    # Of a name that no file in the folder has.
    files = [*outputs.values(), None if folder is None else folder / ".new"]
    for path in files:
        if path is not None:
            require_writable(path)


def refuse_stdout(json_path: Path | None) -> None:
    """Raise if the JSON of a command that prints tables is to go to standard output, too.

    json_path (Path | None): Where the JSON goes.
    RAISES (DataError): It is to; "-" would else become the name of a file.
    """
    if json_path == STDOUT:
        raise DataError(Errors.O015.format(path=json_path))


def save_outputs(
    data: dict[str, Any],
    json_path: Path | None,
    html_path: Path | None,
    make_page: Callable[[dict[str, Any]], str],
) -> None:
    """Save what was found, and say where.

    data (dict[str, Any]): What was found.
    json_path (Path | None): Where it goes as JSON; `STDOUT` to print it.
    html_path (Path | None): Where it goes as a page.
    make_page (Callable[[dict[str, Any]], str]): Makes the page.
    RAISES (DataError): A file cannot be written.
    """
    from ..files import name_errors, write_text

    if html_path is not None:
        page = make_page(data)
        with name_errors(html_path):
            write_text(html_path, page)
    if json_path == STDOUT:
        print_json(data)
        return
    if json_path is not None:
        save_json(data, json_path, "everything")
    if html_path is not None:
        msg.good(f"Saved the page to {html_path}")


def save_json(data: dict[str, Any], path: Path, what: str) -> None:
    """Save what was found as JSON, and say where.

    data (dict[str, Any]): What was found.
    path (Path): Where it goes.
    what (str): What it is, for the message.
    RAISES (DataError): The file cannot be written.
    """
    from ..files import name_errors, write_json

    with name_errors(path):
        write_json(path, data)
    msg.good(f"Saved {what} to {path}")


def print_json(data: dict[str, Any]) -> None:
    """Print what was found as JSON.

    data (dict[str, Any]): What was found.
    """
    from ..files import to_json

    print(to_json(data))
