r"""Convert real corpora, and write what is said to be in them beside what was found and written.

    python benchmarks/corpora.py --corpora FOLDER    # with the folders wnut17, wikigold, ...

What is said of them is in tests/data/published.py; a test holds it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from harness.results import Row, surroundings

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "corpora.md"
CORPORA_VARIABLE = "SPACY_CRF_NER_DATA"
HEADER = """# Real corpora, converted

Written by `benchmarks/corpora.py`; do not edit.

`crf-ner convert` without options, but `--lang` where texts are not English. *Stated* is what those say who published or
counted a file, its invalid sequences of tags apart; *found* what the command read, *entities* what is in the Docs, and
*listed* the lines of the report. Each invalid sequence is one entity more, and listed. Treebanks have no entities: none
of their tokens is annotated, and multiword tokens are one token each.

| file | sentences stated | written | tokens stated | written | entities stated | invalid | found | entities | listed |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
"""


def main(argv: list[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--corpora",
        type=Path,
        default=os.environ.get(CORPORA_VARIABLE),
        help=f"folder of the corpora (default: ${CORPORA_VARIABLE})",
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="the page")
    args = parser.parse_args(argv)
    if args.corpora is None:
        parser.error(f"--corpora FOLDER, or ${CORPORA_VARIABLE}, is needed")
    # What is stated is what the tests have.
    sys.path.insert(0, str(ROOT))
    from tests.data.published import PUBLISHED, convert_published

    lines = []
    for published in PUBLISHED:
        with tempfile.TemporaryDirectory() as folder:
            lines.append(_line(published, convert_published(args.corpora, published, Path(folder))))
    args.out.write_text(HEADER + "".join(lines) + f"\n{_machine(surroundings(threads=1))}\n", encoding="utf8")


def _line(published: Any, counts: dict[str, Any]) -> str:
    found, entities = (
        sum(label[kind] for label in counts["labels"].values()) for kind in ("found", "entities")
    )
    tokens = "" if published.tokens is None else f"{published.tokens:,}"
    cells = [
        f"{published.path} | {published.texts:,} | {counts['texts']:,} | {tokens} | {counts['tokens']:,}",
        f"{published.entities:,} | {published.invalid} | {found:,} | {entities:,} | {counts['report_lines']:,}",
    ]
    return f"| {' | '.join(cells)} |\n"


def _machine(row: Row) -> str:
    versions = f"Python {row['versions']['python']}, spaCy {row['versions']['spacy']}"
    return f"{row['machine']}, {row['date']}, {versions}."


if __name__ == "__main__":
    main()
