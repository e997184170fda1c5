"""The page of results, written from the rows alone."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence

from harness.results import Row
from harness.table import describe_surroundings, mean_and_deviation, table_header, table_line

from .students import STUDENTS

INTRODUCTION = """\
# A transformer's knowledge in small networks

Written by `benchmarks/distillation.py` from the rows beside it; do not edit.

*distilled*: `python -m spacy crf-ner distill` with the annotated posts (`--gold`) and raw texts; *alone*: `python -m
spacy train` with the annotated posts, the same settings and updates. F1 in percent over exact entities on WNUT17, of
the pipeline that was best on dev; mean and standard deviation of the seeds. *words/s*: `nlp.pipe` over the test part,
at which teacher and student take turns; medians, first with the posts in the text's order, then sorted by length, which
suits a transformer better. Ratios are to the teacher."""

MEGABYTE = 1e6
# What we wanted of a student: percent of the teacher's F1, and times its words/s.
WANTED_F, WANTED_SPEED = 90.0, 10.0


def _kept(row: Row) -> float:
    """The share of the teacher's F1 on the test part, in percent; NaN if it has none."""
    own, teacher = (row["compared"][name]["test"]["f"] for name in ("student", "teacher"))
    return 100 * own / teacher if teacher else math.nan


def _ratio(key: str) -> Callable[[Row], float]:
    return lambda row: row["compared"]["student"][key] / row["compared"]["teacher"][key]


# Heading, digits, value.
COLUMNS: list[tuple[str, int, Callable[[Row], float]]] = [
    ("dev F1", 2, lambda row: 100 * row["compared"]["student"]["dev"]["f"]),
    ("test P", 2, lambda row: 100 * row["compared"]["student"]["test"]["p"]),
    ("test R", 2, lambda row: 100 * row["compared"]["student"]["test"]["r"]),
    ("test F1", 2, lambda row: 100 * row["compared"]["student"]["test"]["f"]),
    ("of the teacher's, %", 1, _kept),
    ("words/s", 0, lambda row: row["compared"]["student"]["words_per_second"]),
    ("ratio", 1, _ratio("words_per_second")),
    ("ratio, sorted", 1, _ratio("words_per_second_sorted")),
    ("MB", 1, lambda row: row["compared"]["student"]["bytes"] / MEGABYTE),
]


def page(rows: Sequence[Row]) -> str:
    """The page.

    rows (Sequence[Row]): All rows, oldest first.
    RETURNS (str): Markdown, one section a teacher and protocol.
    """
    keys = dict.fromkeys(row["protocol_id"] for row in rows)
    sections = [[row for row in rows if row["protocol_id"] == key] for key in keys]
    sections.sort(key=lambda own: own[0]["protocol"]["limit_docs"] is not None)
    return "\n\n".join([INTRODUCTION, *(_section(own) for own in sections), _settings(rows)]) + "\n"


def newest(rows: Sequence[Row]) -> list[Row]:
    """Of each student, way and seed the newest row, if its settings are those of the student's newest row."""
    settings = {row["student"]: row["settings_id"] for row in rows}
    found = {
        (row["student"], row["kind"], row["seed"]): row
        for row in rows
        if row["settings_id"] == settings[row["student"]]
    }
    order = list(STUDENTS)
    # "distilled" before "alone".
    return [
        found[key] for key in sorted(found, key=lambda key: (order.index(key[0]), key[1] == "alone", key[2]))
    ]


def _section(rows: Sequence[Row]) -> str:
    shown = newest(rows)
    first = shown[0]
    protocol, teacher = first["protocol"], first["compared"]["teacher"]
    limited = (
        f", first {protocol['limit_docs']} posts and texts" if protocol["limit_docs"] is not None else ""
    )
    lines = [
        f"## Teacher `{first['teacher']['name']}`, {protocol['steps']} updates{limited}",
        "",
        (
            f"The teacher has a test F1 of {100 * teacher['test']['f']:.2f} (dev {100 * teacher['dev']['f']:.2f}), "
            f"{teacher['bytes'] / MEGABYTE:.1f} MB, and {_median(shown, 'words_per_second'):.0f} words/s in the text's "
            f"order, {_median(shown, 'words_per_second_sorted'):.0f} sorted by length (medians of all rows)."
        ),
        "",
        *table_header(["student", "training", "seeds", *(heading for heading, _, _ in COLUMNS)]),
    ]
    for student, way in dict.fromkeys((row["student"], row["kind"]) for row in shown):
        own = [row for row in shown if (row["student"], row["kind"]) == (student, way)]
        cells = [mean_and_deviation([value(row) for row in own], digits) for _, digits, value in COLUMNS]
        lines.append(table_line([f"`{student}`", way, str(len(own)), *cells]))
    return "\n".join([*lines, *_aim(shown), "", *describe_surroundings(shown)])


def _aim(rows: Sequence[Row]) -> list[str]:
    """Whether what we wanted was reached, by the best student that is fast enough."""
    fast = [_kept(row) for row in rows if _ratio("words_per_second")(row) >= WANTED_SPEED]
    best = max(fast, default=0.0)
    reached = "reached" if best >= WANTED_F else f"missed by {WANTED_F - best:.1f} points"
    wanted = f"{WANTED_F:g} % of the teacher's F1 at {WANTED_SPEED:g} times its speed"
    return ["", f"The aim was {wanted}: {reached} by the best run."]


def _median(rows: Sequence[Row], key: str) -> float:
    speeds = sorted(row["compared"]["teacher"][key] for row in rows)
    return float(speeds[len(speeds) // 2])


def _settings(rows: Sequence[Row]) -> str:
    newest_row = {row["student"]: row for row in rows}
    lines = ["## The students", ""]
    for name in (name for name in STUDENTS if name in newest_row):
        row = newest_row[name]
        settings = f" `{json.dumps(row['settings'])}`" if row["settings"] else ""
        lines.append(f"- `{name}`: {STUDENTS[name].title}.{settings}")
    return "\n".join(lines)
