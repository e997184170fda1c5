"""How commands save what they print: as JSON and as a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from wasabi import msg

# As the path of the JSON: print it, and nothing else.
STDOUT = Path("-")


def check_outputs(inputs: Iterable[Path], json_path: Path | None, html_path: Path | None) -> None:
    """Raise, before anything is computed, if a file cannot be written or would take the place of another one.

    inputs (Iterable[Path]): What is read.
    json_path (Path | None): Where the JSON goes.
    html_path (Path | None): Where the page goes.
    RAISES (DataError): It cannot, or would.
    """
    from ..data.targets import check_paths
    from ..files import require_writable

    outputs = {"--json": None if json_path == STDOUT else json_path, "--html": html_path}
    check_paths(inputs, [], outputs)
    for path in outputs.values():
        if path is not None:
            require_writable(path)


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
    """
    from ..files import write_json, write_text

    if html_path is not None:
        write_text(html_path, make_page(data))
    if json_path == STDOUT:
        print(json.dumps(data, indent=2))
        return
    if json_path is not None:
        write_json(json_path, data)
        msg.good(f"Saved everything to {json_path}")
    if html_path is not None:
        msg.good(f"Saved a page to {html_path}")
