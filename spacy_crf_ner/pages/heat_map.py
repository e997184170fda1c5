"""Numbers with a colour behind them: the rows of the macro `heat_map`."""

from collections.abc import Sequence
from typing import NamedTuple

from .rendering import decimal


class Cell(NamedTuple):
    """A number in a heat map.

    value (float | None): The number; None in a cell that is marked instead.
    text (str): What is shown.
    shade (float): How far from zero, or from another centre, it is, -1 to 1: the sign chooses the colour.
    """

    value: float | None
    text: str
    shade: float = 0.0


# A transition that the tags do not allow has a score, but it means nothing.
FORBIDDEN = Cell(None, "forbidden")


def heat_cells(
    matrix: Sequence[Sequence[float]],
    *,
    digits: int = 0,
    allowed: Sequence[Sequence[bool]] | None = None,
    largest: float | None = None,
    around_mean: bool = False,
) -> list[list[Cell]]:
    """Shade a table of numbers.

    matrix (Sequence[Sequence[float]]): The numbers, row by row. Anything may stand for those that are not allowed.
    digits (int): Decimals that are shown.
    allowed (Sequence[Sequence[bool]] | None): False where a cell is marked as forbidden instead of coloured.
    largest (float | None): The size that has the full colour; by default that of the largest number that is allowed.
    around_mean (bool): Shade numbers by how far they are from the mean of those that are allowed, not from zero.
    RETURNS (list[list[Cell]]): The cells, row by row.
    """
    masks = allowed or [[True] * len(row) for row in matrix]
    pairs = [list(zip(row, mask, strict=True)) for row, mask in zip(matrix, masks, strict=True)]
    values = [value for row in pairs for value, is_allowed in row if is_allowed]
    centre = sum(values) / len(values) if values and around_mean else 0.0
    full = largest or max((abs(value - centre) for value in values), default=0.0)

    def cell(value: float, is_allowed: bool) -> Cell:
        if not is_allowed:
            return FORBIDDEN
        shade = max(-1.0, min(1.0, (value - centre) / full)) if full else 0.0
        return Cell(value, decimal(value, digits), round(shade, 3))

    return [[cell(value, is_allowed) for value, is_allowed in row] for row in pairs]
