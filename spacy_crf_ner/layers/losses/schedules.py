"""Weights of losses that change from update to update."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ...errors import ComponentError, Errors
from .settings import check_weight

Weight = float | Iterable[float]


class WeightSchedule:
    """A weight that moves along the values of a schedule, one at each update, and stays at the last.

    A copy goes on from the same value, by itself. A pickled one stays at it: generators cannot be pickled, and the
    processes that components are sent to predict.
    """

    def __init__(self, setting: str, values: Iterable[float]) -> None:
        """Begin with the first value.

        setting (str): Name of the setting, for errors.
        values (Iterable[float]): Finite numbers of at least 0, at least one, and as many as there may be updates or
            infinitely many, as Thinc's schedules have.
        RAISES (ComponentError): There is no value, or it is out of range.
        """
        self.setting = setting
        self._coming: Iterator[float] = iter(values)
        try:
            self.value = self._checked(next(self._coming))
        except StopIteration:
            expected = "a number, or a schedule of at least one"
            message = Errors.L005.format(setting=setting, expected=expected, got=values)
            raise ComponentError(message) from None

    def step(self) -> None:
        """Go on to the next value.

        RAISES (ComponentError): It is out of range.
        """
        try:
            self.value = self._checked(next(self._coming))
        except StopIteration:
            return

    def __deepcopy__(self, memo: dict[int, Any]) -> "WeightSchedule":
        copied = object.__new__(WeightSchedule)
        memo[id(self)] = copied
        copied.setting, copied.value = self.setting, self.value
        self._coming, copied._coming = itertools.tee(self._coming)
        return copied

    def __getstate__(self) -> dict[str, Any]:
        return {"setting": self.setting, "value": self.value, "_coming": iter(())}

    def _checked(self, value: float) -> float:
        # Those of NumPy are no floats.
        value = float(value)
        check_weight(self.setting, value)
        return value


def weight_setting(setting: str, weight: Weight) -> float | WeightSchedule:
    """What a config says of a weight.

    setting (str): Name of the setting, for errors.
    weight (float | Iterable[float]): A number, or a schedule.
    RETURNS (float | WeightSchedule): The same, checked.
    RAISES (ComponentError): A value out of range.
    """
    if isinstance(weight, Iterable):
        return WeightSchedule(setting, weight)
    check_weight(setting, weight)
    return weight


def step_schedules(loss: Callable[..., Any]) -> None:
    """Move the weights of a loss on by one update, if it has any that change.

    loss (Loss): The loss; it does so in a method of this name.
    RAISES (ComponentError): A value out of range.
    """
    step = getattr(loss, "step_schedules", None)
    if step is not None:
        step()
