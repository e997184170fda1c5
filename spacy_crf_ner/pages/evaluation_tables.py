"""The tables of the report that are more than rows of numbers: confusions, and transitions."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .heat_map import FORBIDDEN, Cell, heat_cells

# Tables with more rows than this cannot be read, and slow the browser down: lists take their place.
MOST_LABELS, MOST_TAGS = 50, 60
# What such a list has at most.
MOST_PAIRS = 100
NOTHING = "nothing"


class HeatMap(NamedTuple):
    """A heat map that is small enough to be shown.

    columns (list[str]): Names.
    rows (list[str]): Names.
    cells (list[list[Cell]]): Row by row.
    """

    columns: list[str]
    rows: list[str]
    cells: list[list[Cell]]


class Pair(NamedTuple):
    """A number in a table that is too large to be shown.

    row (str): Name of its row.
    column (str): Name of its column.
    value (float): The number.
    """

    row: str
    column: str
    value: float


def confusion_map(confusion: Mapping[str, Any]) -> HeatMap | None:
    """Shade a confusion matrix by the share of each row: right ones in one colour, wrong ones in the other.

    confusion (Mapping[str, Any]): "labels", "matrix" and "boundary", as of `crf-ner evaluate --json`.
    RETURNS (HeatMap | None): The heat map; None if it is too large.
    """
    labels, boundary = confusion["labels"], confusion["boundary"]
    if len(labels) > MOST_LABELS:
        return None

    def cell(row: int, column: int, count: int, total: int) -> Cell:
        if row == column == len(labels):
            # Where there is nothing on both sides, there is nothing to be counted.
            return Cell(None, "none")
        if row != column:
            return Cell(count, str(count), -round(count / total, 3) if total else 0.0)
        inexact = f" ({boundary[row]})" if boundary[row] else ""
        return Cell(count, f"{count}{inexact}", round(count / total, 3) if total else 0.0)

    cells = [
        [cell(row, column, count, sum(counts)) for column, count in enumerate(counts)]
        for row, counts in enumerate(confusion["matrix"])
    ]
    names = [*labels, NOTHING]
    return HeatMap(names, names, cells)


def confusion_pairs(confusion: Mapping[str, Any]) -> list[Pair]:
    """RETURNS (list[Pair]): What is taken for what, the most frequent first.

    confusion (Mapping[str, Any]): As for `confusion_map`.
    """
    names = [*confusion["labels"], NOTHING]
    found = [
        Pair(names[row], names[column], count)
        for row, counts in enumerate(confusion["matrix"])
        for column, count in enumerate(counts)
        if count and row != column
    ]
    return sorted(found, key=lambda pair: -pair.value)[:MOST_PAIRS]


def transition_map(table: Mapping[str, Any]) -> HeatMap | None:
    """Shade transition scores, with those of the start as first row and those of the end as last column.

    table (Mapping[str, Any]): One of "transitions", as of `crf-ner evaluate --json`.
    RETURNS (HeatMap | None): The heat map; None if it is too large.
    """
    tags = table["tags"]
    if len(tags) > MOST_TAGS:
        return None
    scores, allowed = _with_ends(table)
    # What is added to all scores changes nothing: zero is no natural centre.
    cells = heat_cells(scores, digits=1, allowed=allowed, around_mean=True)
    # From start to end there is no move.
    cells[0][-1] = FORBIDDEN
    return HeatMap([*tags, "end"], ["start", *tags], cells)


def transition_pairs(table: Mapping[str, Any]) -> list[Pair]:
    """RETURNS (list[Pair]): Allowed moves with the highest and the lowest scores, from the highest down.

    table (Mapping[str, Any]): As for `transition_map`.
    """
    tags = table["tags"]
    rows, columns = ["start", *tags], [*tags, "end"]
    scores, allowed = _with_ends(table)
    found = [
        Pair(rows[row], columns[column], score)
        for row, values in enumerate(scores)
        for column, score in enumerate(values)
        if allowed[row][column]
    ]
    found.sort(key=lambda pair: -pair.value)
    half = MOST_PAIRS // 2
    return found if len(found) <= MOST_PAIRS else found[:half] + found[-half:]


def _with_ends(table: Mapping[str, Any]) -> tuple[list[list[float]], list[list[bool]]]:
    """Scores and masks with the start as first row and the end as last column. *Shape:* (n_tags + 1, n_tags + 1)."""
    scores = [[*table["start"], 0.0], *_beside(table["scores"], table["end"])]
    allowed = [[*table["allowed_start"], False], *_beside(table["allowed"], table["allowed_end"])]
    return scores, allowed


def _beside(rows: Sequence[Sequence[Any]], column: Sequence[Any]) -> list[list[Any]]:
    return [[*row, last] for row, last in zip(rows, column, strict=True)]
