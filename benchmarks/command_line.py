r"""What the plugin costs those who use other commands of spaCy: seconds of `spacy --help` with it and without.

spaCy imports the module of every entry point in the group `spacy_cli`, whatever the command is. Both kinds of runs are
in one environment, begin with the same lines, and read and filter the same entry points: with the plugin all are kept,
without it ours in this group is left out. So they differ in what the plugin brings, and in nothing else; a second
environment would differ in files, and in how warm they are. The runs take turns, each in a process of its own, and the
difference is the median of those within a turn.

    python benchmarks/command_line.py
    python benchmarks/command_line.py --turns 5 --out /somewhere/rows.jsonl
    python benchmarks/command_line.py --table          # only write the page

`--quick` runs two turns, prints the page and writes nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from harness.results import Row, append_row, read_rows, run_into, surroundings
from harness.table import describe_surroundings, table_header, table_line, write_page

RESULTS = Path(__file__).parent / "results" / "command_line.jsonl"
TURNS, QUICK_TURNS = 30, 2
# What we wanted: milliseconds that `python -m spacy --help` takes longer.
WANTED = 50

# Like `python -m spacy`, with entry points left out before spaCy reads them.
WITH_ENTRY_POINTS = """
import importlib.metadata, runpy, sys
found = [one for package in importlib.metadata.distributions() for one in package.entry_points]
kept = importlib.metadata.EntryPoints(
    one for one in found if {keep} or one.group != "spacy_cli" or not one.value.startswith("spacy_crf_ner.")
)
importlib.metadata.entry_points = kept.select
sys.argv = ["spacy", *{arguments}]
runpy.run_module("spacy", run_name="__main__", alter_sys=True)
"""


def _spacy(keep: bool, *arguments: str) -> str:
    return WITH_ENTRY_POINTS.format(keep=keep, arguments=list(arguments))


WITH, WITHOUT = "`spacy --help` with the plugin", "`spacy --help` without it"
# What is timed, by its heading.
PROGRAMS = {
    WITHOUT: _spacy(False, "--help"),
    WITH: _spacy(True, "--help"),
    "`spacy crf-ner --help`": _spacy(True, "crf-ner", "--help"),
    "`import typer, wasabi`": "import typer, wasabi",
    "`import typer, wasabi, spacy_crf_ner.cli`": "import typer, wasabi, spacy_crf_ner.cli",
    "nothing": "pass",
}
INTRODUCTION = f"""\
# What the plugin costs on the command line

Written by `benchmarks/command_line.py` from the rows beside it; do not edit.

Milliseconds of whole processes, which take turns; *more*: than `spacy --help` without the plugin, median of the
differences within a turn. Without: in the same environment, with our entry point in the group `spacy_cli` left out, as
the docstring of the script explains. Aim: at most {WANTED} ms more."""


def main(argv: list[str] | None = None) -> None:
    """Run what the command line asks for, then write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", action="store_true", help="only write the page from the rows")
    parser.add_argument("--turns", type=int, default=TURNS, help=f"runs of each (default: {TURNS})")
    parser.add_argument(
        "--out", type=Path, help=f"the rows; the page is beside them (default: {RESULTS.name})"
    )
    parser.add_argument("--quick", action="store_true", help="a little of everything, to try it out")
    args = parser.parse_args(argv)
    if args.quick:
        args.turns = QUICK_TURNS
    run_into(run, args, RESULTS)


def run(args: argparse.Namespace, out: Path) -> None:
    """Time everything, unless only the page is wanted."""
    if not args.table:
        append_row(out, {**surroundings(threads=1), "turns": args.turns, "seconds": measure(args.turns)})
    rows = read_rows(out)
    write_page(out.with_suffix(".md"), rows, page)
    if rows:
        print(page(rows))


def measure(turns: int) -> dict[str, list[float]]:
    """Time all programs in turns.

    turns (int): Runs of each, after one that is not counted: it warms the files.
    RETURNS (dict[str, list[float]]): Seconds of each turn, by heading.
    """
    seconds: dict[str, list[float]] = {heading: [] for heading in PROGRAMS}
    headings = list(PROGRAMS)
    for turn in range(-1, turns):
        # Each goes first at times, so that none always follows the same one.
        place = turn % len(headings)
        for heading in headings[place:] + headings[:place]:
            taken = _seconds(PROGRAMS[heading])
            if turn >= 0:
                seconds[heading].append(taken)
    return seconds


def _seconds(program: str) -> float:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    # Installed packages are compiled once, and so shall these be.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def page(rows: Sequence[Row]) -> str:
    """The page.

    rows (Sequence[Row]): All rows; the newest one is shown.
    RETURNS (str): Markdown.
    """
    row = rows[-1]
    seconds = row["seconds"]
    lines = [INTRODUCTION, "", f"{row['turns']} turns.", ""]
    lines += table_header(["program", "median, ms", "fastest, ms", "more, ms"])
    for heading in PROGRAMS:
        taken = seconds[heading]
        more = [one - base for one, base in zip(taken, seconds[WITHOUT], strict=True)]
        shown = f"{1000 * median(more):.0f}" if heading == WITH else "-"
        lines.append(table_line([heading, f"{1000 * median(taken):.0f}", f"{1000 * min(taken):.0f}", shown]))
    return "\n".join([*lines, "", *describe_surroundings([row]), ""])


if __name__ == "__main__":
    main()
