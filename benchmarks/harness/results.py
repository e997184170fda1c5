"""The rows of the results file, one JSON object a line."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

Row = dict[str, Any]

PACKAGES = ("spacy", "spacy-transformers", "transformers", "torch", "thinc", "numpy", "spacy-crf-ner")


def fingerprint(*parts: Any) -> str:
    """A short hash of anything that JSON can hold, whatever the order of its keys."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def read_rows(path: Path) -> list[Row]:
    """All rows, oldest first; none if there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines() if line.strip()]


def append_row(path: Path, row: Row) -> None:
    """Add a row. One write in append mode: two benchmarks may share a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(row, sort_keys=True) + "\n"
    with path.open("a", encoding="utf8") as file:
        file.write(line)


def has_row(rows: Iterable[Row], **wanted: Any) -> bool:
    """Whether some row has all these values."""
    return any(all(row.get(key) == value for key, value in wanted.items()) for row in rows)


def run_into(
    run: Callable[[argparse.Namespace, Path], None], args: argparse.Namespace, results: Path
) -> None:
    """Run a benchmark: `--quick` without `--out` leaves nothing behind.

    run (Callable[[Namespace, Path], None]): The benchmark; it takes the file of its rows.
    args (Namespace): The command line, with `quick` and `out`.
    results (Path): The file of the rows without `--out`.
    """
    if args.quick and args.out is None:
        with tempfile.TemporaryDirectory() as folder:
            run(args, Path(folder) / results.name)
    else:
        run(args, args.out or results)


def surroundings(threads: int) -> Row:
    """Versions, machine and date of a row; nothing that names this machine or a place on it.

    threads (int): Threads that torch computes with.
    RETURNS (Row): `versions`, `machine`, `threads`, `date`.
    """
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "versions": versions,
        "machine": f"{_cpu_model()}, {os.cpu_count()} cores",
        "threads": threads,
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf8").splitlines()
    except OSError:
        return platform.machine()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )
