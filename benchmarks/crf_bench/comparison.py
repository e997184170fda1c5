"""From rows to ratios: the best peer of each shape, how far ahead we are, and how near the machine's limit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.results import Row

from .cases import MARGINALS, NLL, VITERBI
from .limits import Limit, median_limit

OUR_NAMES = ("torch", "compiled", "triton")

# What has to be reached, as ratios to the best peer: geometric means over the shapes, and the least of all shapes.
GOALS: dict[str, dict[str, float]] = {
    "compiled": {NLL: 55.0, VITERBI: 45.0, MARGINALS: 60.0},
    "torch": {NLL: 10.0, VITERBI: 2.0, MARGINALS: 6.0},
}
LEAST_GOALS = {"compiled": 8.0}


@dataclass(frozen=True)
class Line:
    """One shape of one operation.

    shape (tuple[int, int, int]): Batch, steps, tags.
    peer (str | None): The best peer; None without any.
    peer_ms (float | None): Its milliseconds.
    ms (dict[str, float]): Milliseconds of all implementations.
    ratios (dict[str, float]): Of ours: the best peer's time divided by ours.
    shares (dict[str, float]): Of ours: the limit of the machine divided by our time; 1 is the limit.
    """

    shape: tuple[int, int, int]
    peer: str | None
    peer_ms: float | None
    ms: dict[str, float]
    ratios: dict[str, float]
    shares: dict[str, float]


def newest(rows: Iterable[Row]) -> list[Row]:
    """Of each shape and operation the last row, in the order in which the shapes first came.

    rows (Iterable[Row]): Rows of one device, number of threads and kind, oldest first.
    RETURNS (list[Row]): Rows.
    """
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        found[row["op"], tuple(row["shape"])] = row
    return list(found.values())


def wrong_decoders(rows: Iterable[Row]) -> set[str]:
    """Peers that returned a path that is not the best, for any shape: their fault does not depend on the shape.

    rows (Iterable[Row]): Rows of all operations.
    RETURNS (set[str]): Names.
    """
    decoded = (row["results"].items() for row in rows if row["op"] == VITERBI)
    return {name for results in decoded for name, result in results if result["wrong"]}


def best_peer(row: Row, excluded: Iterable[str] = ()) -> str | None:
    """The fastest peer of a row whose result was right.

    row (Row): The row.
    excluded (Iterable[str]): Names that do not count.
    RETURNS (str | None): Its name; None if there is none.
    """
    results: dict[str, Any] = row["results"]
    outside = {*OUR_NAMES, *excluded}
    right = [name for name in results if name not in outside and not results[name]["wrong"]]
    return min(right, key=lambda name: results[name]["ms"], default=None)


def compare(rows: Sequence[Row], op: str) -> list[Line]:
    """All shapes of one operation.

    rows (Sequence[Row]): Rows of one device, number of threads and kind, all operations, one of each shape.
    op (str): The operation.
    RETURNS (list[Line]): One line a shape.
    """
    excluded = wrong_decoders(rows) if op == VITERBI else set()
    limit = median_limit(Limit(**row["limit"]) for row in rows)
    lines = []
    for row in rows:
        if row["op"] != op:
            continue
        ms = {name: result["ms"] for name, result in row["results"].items()}
        # A result of ours that is wrong is no result.
        ours = [name for name in OUR_NAMES if name in ms and not row["results"][name]["wrong"]]
        peer = best_peer(row, excluded)
        least = limit.milliseconds(op, row["n_tokens"], row["shape"][2])
        lines.append(
            Line(
                shape=tuple(row["shape"]),
                peer=peer,
                peer_ms=None if peer is None else ms[peer],
                ms=ms,
                ratios={} if peer is None else {name: ms[peer] / ms[name] for name in ours},
                shares={name: least / ms[name] for name in ours},
            )
        )
    return lines


def geometric_mean(values: Iterable[float]) -> float:
    """RETURNS (float): exp of the mean logarithm; NaN of nothing.

    values (Iterable[float]): Numbers above 0.
    """
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def ratios_of(lines: Iterable[Line], name: str) -> list[float]:
    """RETURNS (list[float]): The ratios of one of ours, of the shapes that have one.

    lines (Iterable[Line]): The shapes.
    name (str): Ours.
    """
    return [line.ratios[name] for line in lines if name in line.ratios]


def verdict(value: float, goal: float) -> str:
    """Say whether a goal was reached.

    value (float): What was measured.
    goal (float): What was wanted, at least.
    RETURNS (str): Such as "met", or "missed by 12 %".
    """
    if math.isnan(value):
        return "not measured"
    if value >= goal:
        return "met"
    return f"missed by {100 * (1 - value / goal):.0f} %"


def verdict_below(value: float, goal: float, unit: str) -> str:
    """Say whether something stayed below its bound.

    value (float): What was measured.
    goal (float): The bound.
    unit (str): Of both.
    RETURNS (str): Such as "met (under 2 s)", or "missed: 3.1 s, under 2 s wanted".
    """
    if value < goal:
        return f"met (under {goal:g} {unit})"
    return f"missed: {value:.3g} {unit}, under {goal:g} {unit} wanted"
