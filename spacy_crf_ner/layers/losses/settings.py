"""Checks of what a config says about a loss, with errors that name the setting."""

import math
from collections.abc import Mapping
from typing import NoReturn

from ...errors import ComponentError, Errors
from ...tags import TagSet
from ...tags.schemes import OUTSIDE_NAME

NumberPerLabel = float | dict[str, float]


def check_share(setting: str, value: float) -> None:
    """Raise unless a value is at least 0 and below 1.

    setting (str): Name of the setting.
    value (float): Its value.
    RAISES (ComponentError): Another value.
    """
    if not 0.0 <= value < 1.0:
        refuse(setting, "at least 0 and below 1", value)


def check_probability(setting: str, value: float) -> None:
    """Raise unless a value is between 0 and 1.

    setting (str): Name of the setting.
    value (float): Its value.
    RAISES (ComponentError): Another value.
    """
    if not 0.0 <= value <= 1.0:
        refuse(setting, "between 0 and 1", value)


def check_weight(setting: str, value: float) -> None:
    """Raise unless a value is a finite number of at least 0.

    setting (str): Name of the setting.
    value (float): Its value.
    RAISES (ComponentError): Another value.
    """
    if not (math.isfinite(value) and value >= 0.0):
        refuse(setting, "a finite number of at least 0", value)


def check_weights(setting: str, values: NumberPerLabel | Mapping[str, float] | None) -> None:
    """Raise unless all values are finite numbers of at least 0.

    setting (str): Name of the setting.
    values (float | Mapping[str, float] | None): One value for all labels, or values by label; None is no setting.
    RAISES (ComponentError): Another value; the message names the label.
    """
    if isinstance(values, Mapping):
        for label, value in values.items():
            check_weight(f"{setting}.{label}", value)
    elif values is not None:
        check_weight(setting, values)


def value_per_label(
    setting: str, values: NumberPerLabel | Mapping[str, float] | None, tagset: TagSet, *, outside: bool
) -> list[float]:
    """What a setting says of "O" and of each label.

    setting (str): Name of the setting.
    values (float | Mapping[str, float] | None): One value for all, or values by label, 1 for those not named.
    tagset (TagSet): The labels.
    outside (bool): Whether "O" may be named.
    RETURNS (list[float]): The value of "O", then those of the labels in order.
    RAISES (ComponentError): A label that the tag set does not have.
    """
    names = (OUTSIDE_NAME, *tagset.labels)
    if not isinstance(values, Mapping):
        return [1.0 if values is None else values] * len(names)
    known = names if outside else tagset.labels
    for label in values:
        if label not in known:
            message = Errors.L006.format(setting=setting, label=label, known=", ".join(known) or "none")
            raise ComponentError(message)
    return [values.get(name, 1.0) for name in names]


def refuse(setting: str, expected: str, got: object) -> NoReturn:
    """Raise, because a setting has a value that it cannot have.

    setting (str): Name of the setting.
    expected (str): What it could be.
    got (object): What it is.
    RAISES (ComponentError): Always.
    """
    raise ComponentError(Errors.L005.format(setting=setting, expected=expected, got=got))
