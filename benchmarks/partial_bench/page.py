"""The page of results, written from the rows alone."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from harness.results import Row
from harness.table import (
    SCORES,
    describe_protocol,
    describe_surroundings,
    newest_settings,
    score_table,
    table_header,
    table_line,
)

from .names import AS_GOLD, DICTIONARY, FULL, KNOWN, MISSING, OUTSIDE, SYSTEMS, UNTOLD

INTRODUCTION = """\
# Partial and negative supervision on wikigold

Written by `benchmarks/partial.py` from the rows beside it; do not edit.

`crf_ner` is trained on wikigold (Balasuriya et al. 2009), split 80/10/10 by article, with less and less of the
annotation of the training part. Dev and test keep theirs. Which entities are hidden, and which spans are wrong, is
drawn once: it is the same for all systems and seeds."""

# What was wanted of `half-missing`, in points of test F1.
WANTED = 10.0

COUNTS = (
    ("entities", "entities"),
    ("wrong entities", "wrong_entities"),
    ("tokens in no entity", "outside"),
    ("wrong ones of these", "wrong_outside"),
    ("unknown tokens", "unknown"),
    ("spans known as wrong", "incorrect"),
)

# System, the one it is compared with, and what that says.
COMPARISONS = (
    (MISSING, OUTSIDE, "What is unknown left unknown, against taken as being in no entity"),
    (MISSING, FULL, "Half of the entities unknown, against all annotation"),
    (
        DICTIONARY,
        OUTSIDE,
        "Half of the entities and nothing else, against all else taken as being in no entity",
    ),
    (KNOWN, AS_GOLD, "Wrong spans known as wrong, against taken as entities"),
    (KNOWN, UNTOLD, "Wrong spans known as wrong, against nothing said about them"),
    (KNOWN, OUTSIDE, "Wrong spans known as wrong and half of the entities unknown, against these taken as O"),
)


def page(rows: Sequence[Row]) -> str:
    """The page.

    rows (Sequence[Row]): All rows, oldest first.
    RETURNS (str): Markdown, one section a protocol, the largest number of updates first.
    """
    protocols = dict.fromkeys(row["protocol_id"] for row in rows)
    sections = [[row for row in rows if row["protocol_id"] == protocol] for protocol in protocols]
    sections.sort(key=lambda own: (own[0]["limit_docs"] is not None, -own[0]["protocol"]["steps"]))
    return "\n\n".join([INTRODUCTION, *(_section(own) for own in sections)]) + "\n"


def compare(rows: Sequence[Row], system: str, other: str, part: str) -> float | None:
    """How much better one system is than another.

    rows (Sequence[Row]): One row a system and seed.
    system (str): The one.
    other (str): The other.
    part (str): "dev" or "test".
    RETURNS (float | None): The mean difference in points of F1 over the seeds that both have; None if there are none.
    """
    first, second = (
        {row["seed"]: 100 * row[part]["f"] for row in rows if row["system"] == name}
        for name in (system, other)
    )
    common = first.keys() & second.keys()
    return statistics.mean(first[seed] - second[seed] for seed in common) if common else None


def _section(rows: Sequence[Row]) -> str:
    order = list(SYSTEMS)
    rows = sorted(newest_settings(list(rows)), key=lambda row: (order.index(row["system"]), row["seed"]))
    first = rows[0]
    limited = f", first {first['limit_docs']} sentences" if first["limit_docs"] is not None else ""
    title = f"## {first['encoder']['name']}, {first['protocol']['steps']} updates{limited}"
    parts = [
        [title],
        [describe_protocol(first)],
        _legend(rows),
        score_table(rows, SCORES),
        ["What the training part holds:"],
        _counts(rows),
        ["Points of F1, the mean over the seeds that both have:"],
        _comparisons(rows),
        describe_surroundings(rows),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _legend(rows: Sequence[Row]) -> list[str]:
    lines = [f"- `{name}`: {SYSTEMS[name]}" for name in _systems(rows)]
    ratios = {row["settings"]["loss"]["ratio"] for row in rows if row["system"] == DICTIONARY}
    shown = f"The loss of `{DICTIONARY}` is given the share of all tokens that are in entities, rounded"
    lines += [f"- {shown}: {ratio}" for ratio in sorted(ratios)]
    return lines


def _counts(rows: Sequence[Row]) -> list[str]:
    lines = table_header(["system", *(heading for heading, _ in COUNTS)])
    for name in _systems(rows):
        counts = next(row["annotation"] for row in rows if row["system"] == name)
        lines.append(table_line([f"`{name}`", *(f"{counts[key]:,}" for _, key in COUNTS)]))
    return lines


def _comparisons(rows: Sequence[Row]) -> list[str]:
    lines = []
    for system, other, meaning in COMPARISONS:
        dev, test = (compare(rows, system, other, part) for part in ("dev", "test"))
        if dev is None or test is None:
            continue
        line = f"- {meaning} (`{system}` - `{other}`): test {test:+.1f}, dev {dev:+.1f}."
        if (system, other) == (MISSING, OUTSIDE):
            line += f" Wanted: {WANTED:.0f} or more on test, {'reached' if test >= WANTED else 'missed'}."
        lines.append(line)
    return lines


def _systems(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["system"] for row in rows))
