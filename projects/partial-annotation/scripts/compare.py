"""Print what partial annotation was worth: the model that was told what is unknown beside the one that was not.

    python scripts/compare.py metrics/dev.report.json metrics/test.report.json

The reports are of the model that was told what is unknown, compared with the other one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from wasabi import msg

# What hidden tokens are taken for: by the model of a report, and by the one that it is compared with.
NAMES = ("unknown", "in no entity")


def rows(part: str, report: dict[str, Any]) -> list[tuple[str, ...]]:
    """The lines of the table for one part of the data.

    part (str): What it is called.
    report (dict[str, Any]): What `crf-ner evaluate --against --json` saved.
    RETURNS (list[tuple[str, ...]]): Part, what hidden tokens were taken for, precision, recall and F1 in per cent.
    """
    models = (report["micro"], report["against"]["micro"])
    return [
        (part, name, *(f"{100 * scores[key]:.1f}" for key in ("precision", "recall", "f1")))
        for name, scores in zip(NAMES, models, strict=True)
    ]


def verdict(part: str, report: dict[str, Any]) -> str:
    """The difference of the two in points of F1, with its interval where the data is enough for one."""
    comparison = report["comparison"]
    interval = ""
    if comparison["interval"] is not None:
        low, high = (100 * bound for bound in comparison["interval"])
        interval = f" (95 % interval {low:+.1f} to {high:+.1f})"
    return f"{part}: {100 * comparison['difference']:+.1f} points of F1{interval} by leaving unknown what is unknown"


def main(
    paths: Annotated[list[Path], typer.Argument(help="Reports of `crf-ner evaluate --against --json`")],
) -> None:
    """Print the scores of both models, and their difference."""
    reports = {path.name.partition(".")[0]: srsly.read_json(path) for path in paths}
    table = [row for part, report in reports.items() for row in rows(part, report)]
    header = ("Part", "Hidden tokens are", "P", "R", "F1")
    msg.table(table, header=header, divider=True, aligns=("l", "l", "r", "r", "r"))
    for part, report in reports.items():
        msg.info(verdict(part, report))


if __name__ == "__main__":
    typer.run(main)
