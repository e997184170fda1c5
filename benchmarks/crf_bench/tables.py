"""The page of results, written from the rows alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.results import Row

from .cases import OPS, SHAPES_KIND, TITLES, VITERBI
from .comparison import (
    GOALS,
    LEAST_GOALS,
    OUR_NAMES,
    Line,
    compare,
    geometric_mean,
    newest,
    ratios_of,
    verdict,
    wrong_decoders,
)
from .limits import Limit, median_limit
from .other_tables import other_sections
from .peers import NOT_TRIED

COMMON_PEER = "pytorch-crf"
NOTHING = "–"

INTRODUCTION = """\
# CRF layers: speed, memory and share of a pipeline

Written by `benchmarks/crf.py` from the rows beside it; do not edit.

All implementations compute the same operation on the same float32 batch, in one process and in turns: a round gives
each of them one turn, and the order is reversed from round to round. A turn is several calls of a fast one and one call
of a slow one; times are medians over the turns. Lengths are ragged, uniform between half and the whole of `steps`, and
the longest is `steps`. Ours get padded tensors as the peers do, and make their `Potentials` in every call; masks,
targets and containers that a user of a peer prepares once are not timed. No tag is forbidden.

Before it is timed, each result is compared with float64 log space: the NLL to 1e-4 of its value, the score of each
path to 1e-3 + 1e-5 of it, the probabilities and the gradient of the emissions to 0.1. A peer that is *wrong* does not
count as the best one; one that returns a wrong path for some shape counts for none. One whose probabilities or
gradient are off by more than 1e-4 is *imprecise*, but counts. The best peer is the fastest that counts; a ratio (x)
is its time divided by ours. The *limit* is what the machine could do at best: the larger of the operations of the
dense recursion (NLL + gradient 6 n K², marginals 4 n K², Viterbi 2 n K² for n tokens and K tags) at the speed of a
big matrix product, and the bytes that must be moved (16, 12 and 8 n K) at the speed of copying, both measured between
the shapes; the share is the limit divided by our time."""


def write_page(path: Path, rows: Sequence[Row]) -> None:
    """Write the page; nothing without rows.

    path (Path): The Markdown file, replaced as a whole.
    rows (Sequence[Row]): All rows, oldest first.
    """
    if not rows:
        return
    # A reader must never meet half a page.
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    scratch.write_text(page(rows), encoding="utf8")
    scratch.replace(path)


def page(rows: Sequence[Row]) -> str:
    """RETURNS (str): The page.

    rows (Sequence[Row]): All rows, oldest first.
    """
    parts = [INTRODUCTION]
    for device, threads in _places(row for row in rows if row["kind"] == SHAPES_KIND):
        chosen = [
            row
            for row in rows
            if row["kind"] == SHAPES_KIND and (row["device"], row["threads"]) == (device, threads)
        ]
        parts.append(shapes_section(newest(chosen), device, threads))
    parts += other_sections(rows)
    return "\n\n".join(parts) + "\n"


def shapes_section(rows: Sequence[Row], device: str, threads: int) -> str:
    """One device and number of threads.

    rows (Sequence[Row]): One row for each shape and operation.
    device (str): "cpu" or "cuda".
    threads (int): Threads.
    RETURNS (str): Markdown.
    """
    name = rows[-1].get("device_name", "CPU")
    parts = [f"## {name}, {threads} thread{'s' * (threads != 1)}", place(rows), machine_limit(rows)]
    parts.append(f"Our kernels: {rows[-1]['kernels'][device]}.")
    for op in OPS:
        lines = compare(rows, op)
        if lines:
            parts += [
                f"### {TITLES[op]}, {threads} thread{'s' * (threads != 1)}",
                _table(lines),
                goals(lines, op),
            ]
    parts.append(peers_section(rows))
    return "\n\n".join(parts)


def goals(lines: Sequence[Line], op: str) -> str:
    """Means and least ratios beside what was wanted.

    lines (Sequence[Line]): All shapes of an operation.
    op (str): The operation.
    RETURNS (str): One bullet for each of ours.
    """
    bullets = []
    for name in OUR_NAMES:
        ratios = ratios_of(lines, name)
        if not ratios:
            continue
        mean, least = geometric_mean(ratios), min(ratios)
        where = next(line.shape for line in lines if line.ratios.get(name) == least)
        text = f"- `{name}`: geometric mean {_ratio(mean)}"
        goal = GOALS.get(name, {}).get(op)
        if goal is not None:
            text += f" (goal {goal:g}x: {verdict(mean, goal)})"
        text += f"; least {_ratio(least)} at {', '.join(map(str, where))}"
        if name in LEAST_GOALS:
            text += f" (goal {LEAST_GOALS[name]:g}x: {verdict(least, LEAST_GOALS[name])})"
        bullets.append(text)
    return "\n".join(bullets) or "None of ours ran."


def peers_section(rows: Sequence[Row]) -> str:
    """Which peers ran, which were wrong, and which did not run and why.

    rows (Sequence[Row]): All rows of a device and number of threads.
    RETURNS (str): Bullets.
    """
    last = rows[-1]
    ran = ", ".join(
        f"{name} {number}" for name, number in last["implementations"].items() if name not in OUR_NAMES
    )
    bullets = [f"- Peers: {ran or 'none'}."]
    bullets += [f"- {name}: {note}." for name, note in last["notes"].items()]
    bullets += [f"- Not run: {name} ({reason})." for name, reason in {**last["missing"], **NOT_TRIED}.items()]
    for op in OPS:
        bullets += _faults([row for row in rows if row["op"] == op], TITLES[op])
    everywhere = wrong_decoders(rows)
    if everywhere:
        names = ", ".join(sorted(everywhere))
        bullets.append(f"- Not counted in {TITLES[VITERBI]}, as some paths are wrong: {names}.")
    return "\n".join(bullets)


def _faults(rows: Sequence[Row], title: str) -> list[str]:
    """What was wrong, imprecise or left out in one operation."""
    wrong: dict[str, list[str]] = {}
    skipped: dict[str, list[str]] = {}
    worst: dict[str, tuple[float, str]] = {}
    for row in rows:
        where = ", ".join(map(str, row["shape"]))
        for name, reason in row["skipped"].items():
            skipped.setdefault(name, []).append(f"{reason} at {where}")
        for name, result in row["results"].items():
            if result["wrong"]:
                wrong.setdefault(name, []).append(f"{result['wrong']} at {where}")
            error = result.get("marginals_error", result.get("gradient_error"))
            if error is not None:
                worst[name] = max(worst.get(name, (0.0, "")), (error, where))
    bullets = [f"- **Wrong**, {title}: {name}: {'; '.join(found)}." for name, found in wrong.items()]
    bullets += [f"- Left out, {title}: {name}: {'; '.join(found)}." for name, found in skipped.items()]
    if worst:
        errors = [
            f"{name} {error:.0e} ({where})"
            for name, (error, where) in sorted(worst.items(), key=lambda one: one[1])
        ]
        bullets.append(f"- Largest errors of probabilities, {title}: {', '.join(errors)}.")
    return bullets


def place(rows: Iterable[Row]) -> str:
    """Machine, dates and versions.

    rows (Iterable[Row]): Rows of one section.
    RETURNS (str): A sentence for each machine and set of versions.
    """
    groups: dict[str, set[str]] = {}
    for row in rows:
        versions = ", ".join(f"{name} {number}" for name, number in row["versions"].items())
        groups.setdefault(f"{row['machine']}; {versions}", set()).add(row["date"])
    return "\n".join(
        f"{' and '.join(sorted({min(dates), max(dates)}))}: {where}." for where, dates in groups.items()
    )


def machine_limit(rows: Iterable[Row]) -> str:
    """RETURNS (str): The speeds of the machine, in a sentence.

    rows (Iterable[Row]): Rows of one section.
    """
    limit = median_limit(Limit(**row["limit"]) for row in rows)
    speeds = (
        f"{limit.gflops:.0f} GFLOP/s in a matrix product, {limit.gbps:.0f} GB/s read and written by copying"
    )
    return f"The machine: {speeds}."


def _table(lines: Sequence[Line]) -> str:
    ours = [name for name in OUR_NAMES if any(name in line.shares for line in lines)]
    header = ["batch, steps, tags", f"{COMMON_PEER}, ms", "best peer", "its ms"]
    for name in ours:
        header += [f"{name}, ms", "ratio", "share of the limit"]
    rows = [header, ["---", *["---:"] * (len(header) - 1)]]
    for line in lines:
        cells = [
            ", ".join(map(str, line.shape)),
            _ms(line.ms.get(COMMON_PEER)),
            line.peer or NOTHING,
            _ms(line.peer_ms),
        ]
        for name in ours:
            share = line.shares.get(name)
            cells += [
                _ms(line.ms[name] if name in line.shares else None),
                _ratio(line.ratios.get(name)),
                NOTHING if share is None else f"{share:.2g}",
            ]
        rows.append(cells)
    means = [_ratio(geometric_mean(ratios_of(lines, name))) for name in ours]
    rows.append(["geometric mean", "", "", "", *[cell for mean in means for cell in ("", mean, "")]])
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


def _places(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """Devices and numbers of threads, the most threads first."""
    found = {(row["device"], row["threads"]) for row in rows}
    return sorted(found, key=lambda place: (place[0], -place[1]))


def _ms(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _ratio(value: float | None) -> str:
    if value is None or value != value:
        return NOTHING
    return f"{value:.0f}x" if value >= 20 else f"{value:.2g}x"
