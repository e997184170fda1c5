r"""Convert damaged files of every format, and write how many were converted and how many refused.

Each input is a valid file that was damaged, and options of the command (tests/data/fuzzing); format and number give
the same one again. What has to hold of every input is checked: either all that was read is in the Docs or in the
report, or the files are refused with an error that names one of them, and everything is as it was before. An input of
which it does not hold is printed, and counted as a failure.

    python benchmarks/fuzzing.py                     # 100,000 inputs and more
    python benchmarks/fuzzing.py --inputs 10 --large 1 --out NEW_FOLDER
    python benchmarks/fuzzing.py --table             # only write the page

`--formats` converts files of these only; the rows of the others stay. The program of an input:
`python benchmarks/fuzzing.py --formats brat --first 4711 --inputs 1 --large 0`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

from harness.results import Row, append_row, read_rows, surroundings

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "fuzzing.jsonl"
INPUTS, LARGE = 14_300, 40
COLUMNS = ("inputs", "converted", "refused", "listed", "failures")
HEADER = """# Damaged files

Written by `benchmarks/fuzzing.py` from the rows beside it; do not edit.

Valid files of each format, with one to three damages each (truncated; bytes cut out, inserted, flipped or overwritten;
lines dropped, doubled, moved; numbers negative, huge, broken, or none; other line ends and encodings; keys doubled and
renamed; blank files and noise; files missing or too many), or with something in them that is huge (lines of a million
characters, a hundred thousand brackets or columns); some with options that do not suit them.

- *converted*: all that was read is in the Docs or in the report, and both were counted again
- *refused*: an error that names the file, exit code 1, and all files as they were before
- *listed*: lines of the reports
- *failures*: anything else, such as another exception, a lost annotation, a file left behind, no end after two minutes

What earlier runs found is mended, and stands in tests/data/fuzzing/test_found.py.

| format | inputs | converted | refused | listed | failures |
|---|---:|---:|---:|---:|---:|
"""


def main(argv: list[str] | None = None) -> None:
    """Run what the command line asks for, then write the page."""
    args = parse_arguments(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    rows = args.out / RESULTS.name
    if not args.table:
        # The files are those of the tests.
        sys.path.insert(0, str(ROOT))
        from tests.data.fuzzing.run import MAKERS

        for name in args.formats or MAKERS:
            row = run(name, args.first, args.inputs, args.large)
            print(*(f"{key} {row[key]}" for key in ("format", *COLUMNS)), flush=True)
            append_row(rows, row)
    write_page(rows.with_suffix(".md"), read_rows(rows))


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", action="store_true", help="only write the page from the rows")
    parser.add_argument("--formats", nargs="+", help="which formats (default: all)")
    parser.add_argument("--inputs", type=int, default=INPUTS, help="damaged files of each format")
    parser.add_argument("--large", type=int, default=LARGE, help="huge files of each format")
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--out", type=Path, default=RESULTS.parent, help="folder of the results")
    return parser.parse_args(argv)


def run(name: str, first: int, n_inputs: int, n_large: int) -> Row:
    """Convert the inputs of a format.

    name (str): The format.
    first (int): Number of the first input.
    n_inputs (int): How many damaged files.
    n_large (int): How many huge files.
    RETURNS (Row): What was counted.
    """
    from tests.data.fuzzing.damage import damage
    from tests.data.fuzzing.growth import enlarge
    from tests.data.fuzzing.run import MAKERS, HangError, convert, options_of

    counts: Counter[str] = Counter()
    started = time.time()
    for spoil, count in ((damage, n_inputs), (enlarge, n_large)):
        for number in range(first, first + count):
            random = Random(f"{name} {spoil.__name__} {number}")
            spoilt = spoil(random, MAKERS[name](random))
            options = options_of(random, spoilt)
            counts["inputs"] += 1
            try:
                outcome = convert(spoilt, options)
            # Whatever it is, it is what is looked for.
            except (Exception, HangError) as error:  # noqa: BLE001
                print(f"{name} {spoil.__name__} {number}: {type(error).__name__}: {error}"[:500], flush=True)
                counts["failures"] += 1
                continue
            counts["refused" if outcome.refused else "converted"] += 1
            counts["listed"] += len(outcome.rows)
    numbers = {column: counts[column] for column in COLUMNS}
    seconds = round(time.time() - started)
    return {"format": name, "first": first, **numbers, "seconds": seconds, **surroundings(threads=1)}


def write_page(path: Path, rows: list[Row]) -> None:
    """Write the table of the newest row of each format.

    path (Path): The Markdown file, replaced as a whole.
    rows (list[Row]): All rows, oldest first.
    """
    newest = {row["format"]: row for row in rows}
    if not newest:
        return
    total: Row = {"format": "all"} | {name: sum(row[name] for row in newest.values()) for name in COLUMNS}
    lines = [_line(row) for row in (*newest.values(), total)]
    seconds = sum(row["seconds"] for row in newest.values())
    last = max(newest.values(), key=lambda row: str(row["date"]))
    versions = f"Python {last['versions']['python']}, spaCy {last['versions']['spacy']}"
    machine = f"{last['machine']}, {last['date']}, {versions}"
    path.write_text(
        HEADER + "".join(lines) + f"\n{machine}; {seconds // 60:,} minutes, beside other work.\n",
        encoding="utf8",
    )


def _line(row: Row) -> str:
    return "| " + " | ".join([str(row["format"]), *(f"{row[name]:,}" for name in COLUMNS)]) + " |\n"


if __name__ == "__main__":
    main()
