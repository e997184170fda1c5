"""Values of files that others wrote, of which nothing is certain: what is of another kind counts as not there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any


def as_dict(value: object) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): The same; of anything but a dict an empty one."""
    return dict(value) if isinstance(value, Mapping) else {}


def as_strings(value: object) -> list[str]:
    """RETURNS (list[str]): The strings of a list; of anything else none."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return []
    return [one for one in value if isinstance(one, str)]


def as_number(value: object) -> float | None:
    """RETURNS (float | None): A finite number; of anything else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    # JSON has whole numbers of any size.
    except OverflowError:
        return None


def as_share(value: object) -> float | None:
    """RETURNS (float | None): A number from 0 to 1; of anything else None."""
    number = as_number(value)
    return number if number is not None and 0.0 <= number <= 1.0 else None
