"""By how much the learning rate of each parameter differs from the optimizer's."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import Errors, TrainingError
from .parameter_groups import EMBEDDINGS, LAYER, ParameterGroup, group_of


@dataclass(frozen=True)
class LayerwiseRates:
    """Factors on the learning rate, by the groups of `group_of`.

    layer_decay (float): Factor from one layer to the one below it, above 0 and at most 1.
    n_layers (int | None): Layers of the encoder; the top one learns at the optimizer's rate, the embeddings one step
        below layer 0. None if `factor` is told.
    factors (Mapping[str, float]): Factors by the kind of a group, on top; 1 for those not named.
    patterns (Mapping[str, float]): Factors by regular expression, on top: the first that is found in a name counts.
    """

    layer_decay: float
    n_layers: int | None
    factors: Mapping[str, float] = field(default_factory=dict)
    patterns: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0.0 < self.layer_decay <= 1.0:
            raise TrainingError(Errors.R001.format(got=self.layer_decay))
        if self.n_layers is not None and self.n_layers < 0:
            raise TrainingError(Errors.R002.format(got=self.n_layers))
        for setting, factor in (
            *self.factors.items(),
            *((f"patterns.{key}", value) for key, value in self.patterns.items()),
        ):
            if not (math.isfinite(factor) and factor >= 0.0):
                raise TrainingError(Errors.R003.format(setting=setting, got=factor))
        for pattern in self.patterns:
            check_pattern(pattern)

    def factor(self, name: str, counted: int = 0) -> float:
        """What the learning rate of a parameter is multiplied by.

        name (str): The parameter's name, as the optimizer gets it.
        counted (int): Layers of its encoder, for rates that have no `n_layers`.
        RETURNS (float): At least 0.
        RAISES (TrainingError): A layer that `n_layers` does not count.
        """
        group = group_of(name)
        n_layers = counted if self.n_layers is None else self.n_layers
        factor = self.factors.get(group.kind, 1.0) * self.layer_decay ** _steps_down(name, group, n_layers)
        for pattern, value in self.patterns.items():
            if re.search(pattern, name):
                return factor * value
        return factor


def check_pattern(pattern: str) -> None:
    """Raise unless a text is a regular expression.

    pattern (str): The text.
    RAISES (TrainingError): No regular expression; the message says why.
    """
    try:
        re.compile(pattern)
    except re.error as error:
        raise TrainingError(Errors.R005.format(got=pattern, reason=error)) from error


def _steps_down(name: str, group: ParameterGroup, n_layers: int) -> int:
    """Steps from the top layer."""
    if group.kind == EMBEDDINGS:
        return n_layers
    if group.kind != LAYER or group.layer is None:
        return 0
    if group.layer >= n_layers:
        raise TrainingError(Errors.R004.format(name=name, index=group.layer, got=n_layers))
    return n_layers - 1 - group.layer
