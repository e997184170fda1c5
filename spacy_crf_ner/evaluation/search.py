"""The minimum of a function of one number, without its derivatives."""

from collections.abc import Callable

import numpy as np

GOLDEN = (5**0.5 - 1) / 2


def find_minimum(
    function: Callable[[float], float],
    low: float,
    high: float,
    *,
    start: float,
    points: int = 19,
    tolerance: float = 1e-3,
    negligible: float = 1e-9,
) -> float:
    """Look at a grid, then around its best point by golden section (Kiefer 1953, https://doi.org/10.2307/2032161).

    The grid finds the right valley where there are several, so long as they are wider than its steps.

    function (Callable[[float], float]): What is to be small; it is asked about 35 times.
    low (float): Left end of the range.
    high (float): Right end of the range.
    start (float): Where to stay if nothing is better.
    points (int): Points of the grid, the ends included, at least 3.
    tolerance (float): How near to the minimum is near enough.
    negligible (float): What is no reason to leave `start`, such as rounding.
    RETURNS (float): The best of all numbers that were tried.
    """
    tried = {start: function(start)}
    grid = np.linspace(low, high, points).tolist()
    tried.update((x, function(x)) for x in grid)
    best = min(range(points), key=lambda index: tried[grid[index]])
    left, right = grid[max(best - 1, 0)], grid[min(best + 1, points - 1)]
    tried.update(_golden_section(function, left, right, tolerance))
    found = min(tried, key=tried.__getitem__)
    return start if tried[start] <= tried[found] + negligible else found


def _golden_section(
    function: Callable[[float], float], left: float, right: float, tolerance: float
) -> dict[float, float]:
    """All points that golden section tries on the way to a minimum, with their values."""
    tried: dict[float, float] = {}

    def value(x: float) -> float:
        if x not in tried:
            tried[x] = function(x)
        return tried[x]

    inner, outer = right - GOLDEN * (right - left), left + GOLDEN * (right - left)
    while right - left > tolerance:
        if value(inner) <= value(outer):
            right, outer = outer, inner
            inner = right - GOLDEN * (right - left)
        else:
            left, inner = inner, outer
            outer = left + GOLDEN * (right - left)
    return tried
