"""Seconds inside functions while other code calls them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


class Clock:
    """Adds up the seconds that functions take, by name; a function within one of the same name counts once."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._running: set[str] = set()

    def wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """RETURNS (Callable): The function, timed.

        name (str): What its seconds count for.
        function (Callable): The function.
        """

        def timed(*args: Any, **kwargs: Any) -> Any:
            if name in self._running:
                return function(*args, **kwargs)
            self._running.add(name)
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self._running.discard(name)
                self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

        return timed

    def wrap_layer(self, name: str, layer: Any) -> None:
        """Time a Thinc layer: its forward pass, and the callback that it returns.

        name (str): What its seconds count for.
        layer (Model): The layer, changed in place.
        """
        forward = self.wrap(name, layer._func)

        def timed(model: Any, X: Any, is_train: bool) -> Any:
            Y, backprop = forward(model, X, is_train)
            return Y, self.wrap(name, backprop)

        layer._func = timed
