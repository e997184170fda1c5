"""The table of results, written from the rows alone."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from .results import Row

REFERENCE = (
    "For reference, spaCy's `ner` measured once before on MiniLM-L6 with the same settings but batches in the text's "
    "order: dev F1 54.0, test P 53.5, R 31.1, F1 39.4."
)

LOAD_NOTE = (
    "Training seconds and words/s are those of each run, next to whatever else the machine did at that time: "
    "ratios between the systems come from `--timing`, which takes them in turns."
)

REFERENCE_STEPS = 600

# Heading, digits, and the value of a row.
Column = tuple[str, int, Callable[[Row], float]]
SCORES: list[Column] = [
    ("dev P", 2, lambda row: 100 * row["dev"]["p"]),
    ("dev R", 2, lambda row: 100 * row["dev"]["r"]),
    ("dev F1", 2, lambda row: 100 * row["dev"]["f"]),
    ("test P", 2, lambda row: 100 * row["test"]["p"]),
    ("test R", 2, lambda row: 100 * row["test"]["r"]),
    ("test F1", 2, lambda row: 100 * row["test"]["f"]),
]
COLUMNS: list[Column] = [
    *SCORES,
    ("training, s", 0, lambda row: row["train_seconds"]),
    ("words/s", 0, lambda row: row["test_words_per_second"]),
]


def write_table(path: Path, rows: list[Row], tag: str) -> None:
    """Write the table of the rows with one tag; nothing if there are none.

    A file of rows may hold several protocols (a small run, another encoder) and settings (the component was tuned).
    One section is written for each protocol, the largest number of steps first; within it each system shows the runs
    with the settings of its newest row.

    path (Path): The Markdown file, replaced as a whole.
    rows (list[Row]): All rows, oldest first.
    tag (str): The label of the rows to show; the empty one is the official table.
    """
    rows = [row for row in rows if row["tag"] == tag]
    if not rows:
        return
    title = "# Accuracy on WNUT17: `crf_ner` and spaCy's `ner`" + (f" ({tag})" if tag else "")
    protocols = dict.fromkeys(row["protocol_id"] for row in rows)
    sections = [[row for row in rows if row["protocol_id"] == identity] for identity in protocols]
    sections.sort(
        key=lambda section: (section[0]["limit_docs"] is not None, -section[0]["protocol"]["steps"])
    )
    lines = [title, "", "Written by `benchmarks/accuracy.py` from the rows beside it; do not edit.", ""]
    for section in sections:
        lines += _section(section)
    replace_page(path, "\n".join(lines))


def replace_page(path: Path, text: str) -> None:
    """Write a page at once: two benchmarks may share it, and a reader must never meet half of one.

    path (Path): The Markdown file, replaced as a whole.
    text (str): What it will hold.
    """
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    scratch.write_text(text, encoding="utf8")
    scratch.replace(path)


def write_page(path: Path, rows: Sequence[Row], page: Callable[[Sequence[Row]], str]) -> None:
    """Write the page of a benchmark; nothing without rows.

    path (Path): The Markdown file, replaced as a whole.
    rows (Sequence[Row]): All rows, oldest first.
    page (Callable[[Sequence[Row]], str]): What makes the page of them.
    """
    if rows:
        replace_page(path, page(rows))


def _section(rows: list[Row]) -> list[str]:
    accuracy = newest_settings([row for row in rows if row["kind"] == "accuracy"])
    timing = [row for row in rows if row["kind"] == "timing"][-1:]
    limited = f", first {rows[0]['limit_docs']} posts" if rows[0]["limit_docs"] is not None else ""
    lines = [f"## {rows[0]['encoder']['name']}, {rows[0]['protocol']['steps']} updates{limited}", ""]
    speed = f"words/s: `nlp.pipe` over the test part, `batch_size={rows[0]['protocol']['pipe_batch']}`."
    lines += [f"{describe_protocol(rows[0])} {speed}", ""]
    if accuracy:
        lines += [*score_table(accuracy), "", *_types(accuracy), ""]
        lines += [
            LOAD_NOTE,
            "",
        ]
        if rows[0]["protocol"]["steps"] == REFERENCE_STEPS and rows[0]["limit_docs"] is None:
            lines += [REFERENCE, ""]
    for row in timing:
        lines += [*_timing(row), ""]
    return [*lines, *describe_surroundings(accuracy + timing), ""]


def newest_settings(rows: list[Row]) -> list[Row]:
    """Of each system and seed the newest row, if its settings are those of the system's newest row."""
    settings = {row["system"]: row["settings_id"] for row in rows}
    newest = {
        (row["system"], row["seed"]): row for row in rows if row["settings_id"] == settings[row["system"]]
    }
    return [newest[key] for key in sorted(newest, key=lambda key: (key[0] != "ner", key))]


def describe_protocol(row: Row) -> str:
    """How all systems of a row's protocol are trained, in words."""
    protocol = row["protocol"]
    warmup = int(protocol["steps"] * protocol["warmup_share"])
    return (
        f"Protocol: {protocol['steps']} updates on batches of at most {protocol['batch_words']:,} words. All systems "
        "see the same sequence of batches, which depends on the seed and the corpus only: posts shuffled each epoch, "
        "sorted by estimated word pieces within pools, cut into batches of nearly equal word counts, batches "
        f"shuffled. Adam with a learning rate of {protocol['learn_rate']:g}, {warmup} warm-up steps, then linear decay "
        f"to 0, decoupled weight decay {protocol['weight_decay']:g}, gradient clipping at {protocol['grad_clip']:g}; "
        f"dropout {protocol['dropout']:g}; transformer in windows of {protocol['window']} tokens with stride "
        f"{protocol['stride']}, float32, trained together with the component; no early stopping, the last model is "
        "evaluated."
    )


def score_table(rows: Sequence[Row], columns: Sequence[Column] = COLUMNS) -> list[str]:
    """One line for each row, and the means of each system that has several.

    rows (Sequence[Row]): Rows with `system` and `seed`, in the order of the table.
    columns (Sequence[Column]): What is shown of them.
    RETURNS (list[str]): The lines.
    """
    lines = table_header(["system", "seed", *(heading for heading, _, _ in columns)])
    for row in rows:
        cells = [f"{value(row):.{digits}f}" for _, digits, value in columns]
        lines.append(table_line([f"`{row['system']}`", str(row["seed"]), *cells]))
    for system in dict.fromkeys(row["system"] for row in rows):
        own = [row for row in rows if row["system"] == system]
        if len(own) == 1:
            continue
        cells = [mean_and_deviation([value(row) for row in own], digits) for _, digits, value in columns]
        lines.append(table_line([f"**`{system}`**", f"mean of {len(own)}", *cells]))
    if any("±" in line for line in lines):
        lines += ["", "±: standard deviation over the seeds (of a sample, n - 1)."]
    return lines


def _types(rows: Sequence[Row]) -> list[str]:
    systems = list(dict.fromkeys(row["system"] for row in rows))
    labels = sorted({label for row in rows for label in row["test_per_type_f"]})
    lines = ["Test F1 by type:", "", *table_header(["type", *(f"`{system}`" for system in systems)])]
    for label in labels:
        by_system = [
            [100 * r["test_per_type_f"].get(label, 0.0) for r in rows if r["system"] == s] for s in systems
        ]
        lines.append(table_line([label, *(mean_and_deviation(values, 1) for values in by_system)]))
    return lines


def _timing(row: Row) -> list[str]:
    base = row["systems"][0]
    lines = [
        (
            "Timing in turns (`--timing`), so that other load slows all systems alike: "
            f"{row['updates']} updates each, on the same batches, and {row['passes']} passes of `nlp.pipe` over "
            f"{row['pipe_words']:,} words each. Medians; a ratio is the median over the turns of the seconds divided "
            f"by those of `{base}` in the same turn (below 1: faster)."
        ),
        "",
        *table_header(
            ["system", "s per update", f"ratio to `{base}`", "pipe, words/s", f"ratio of seconds to `{base}`"]
        ),
    ]
    for system in row["systems"]:
        seconds, ratio = row["median_seconds"][system], row["median_ratio"][system]
        lines.append(
            table_line(
                [
                    f"`{system}`",
                    f"{seconds['update']:.2f}",
                    f"{ratio['update']:.3f}",
                    f"{row['pipe_words'] / seconds['pipe']:.0f}",
                    f"{ratio['pipe']:.3f}",
                ]
            )
        )
    return lines


def describe_surroundings(rows: Iterable[Row]) -> list[str]:
    """Machine, threads, dates and versions, one line for each combination that occurs."""
    groups: dict[str, set[str]] = {}
    for row in rows:
        versions = ", ".join(f"{name} {number}" for name, number in row["versions"].items())
        place = f"{row['machine']}, {row['threads']} torch threads; {versions}"
        groups.setdefault(place, set()).add(row["date"])
    return [f"- {' and '.join(sorted({min(dates), max(dates)}))}: {place}" for place, dates in groups.items()]


def mean_and_deviation(values: Sequence[float], digits: int) -> str:
    """The mean and, of more than one value, the standard deviation of a sample."""
    mean = f"{statistics.mean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


def table_header(cells: Sequence[str]) -> list[str]:
    """Head of a Markdown table; all columns but the first hold numbers."""
    return [table_line(cells), "|" + "|".join(["---", *["---:"] * (len(cells) - 1)]) + "|"]


def table_line(cells: Sequence[str]) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"
