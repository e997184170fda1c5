"""Several callbacks where spaCy's config has room for one."""

from collections.abc import Callable
from typing import Any


def build_in_turn_v1(*callbacks: Callable[..., Any]) -> Callable[..., Any]:
    """A callback that calls others, one after the other, with what it is called with.

    callbacks (Callable): The callbacks, in a config `[training.before_update.*.name]`.
    RETURNS (Callable): The callback. It returns what it got first, as spaCy's callbacks do that return anything.
    """

    def in_turn(first: Any, *others: Any) -> Any:
        for callback in callbacks:
            callback(first, *others)
        return first

    return in_turn
