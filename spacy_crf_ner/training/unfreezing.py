"""A callback that lets the layers of an encoder learn one after the other, from the top."""

from collections.abc import Callable
from itertools import chain, repeat
from typing import Any
from weakref import WeakKeyDictionary

import torch
from spacy.language import Language

from ..errors import Errors, TrainingError
from .encoders import Encoder, find_encoders
from .parameter_groups import EMBEDDINGS, ParameterGroup


def build_gradual_unfreezing_v1(
    component: str = "transformer", steps_per_layer: int | list[int] = 100, start_layers: int = 0
) -> Callable[[Language, dict[str, Any]], None]:
    """A callback for `[training.before_update]`: first only the head learns, then layer after layer from the top.

    Howard and Ruder 2018 (https://arxiv.org/abs/1801.06146, section 3.3: gradual unfreezing). The embeddings are last.
    Until then no gradient is computed below the lowest layer that learns; at first none in the encoder at all. What was
    frozen before the first update stays frozen.

    component (str): The component that holds the encoder.
    steps_per_layer (int | List[int]): Updates until the next layer joins. A list has one number for each layer that
        joins, and its last number counts for all that follow.
    start_layers (int): How many of the upper layers learn from the first update on.
    RETURNS (Callable): `GradualUnfreezing`.
    RAISES (TrainingError): Settings out of their range; when called, those that do not fit the encoder.
    """
    return GradualUnfreezing(component, steps_per_layer, start_layers)


class GradualUnfreezing:
    """See `build_gradual_unfreezing_v1`."""

    def __init__(self, component: str, steps_per_layer: int | list[int], start_layers: int) -> None:
        self.component = component
        self.durations = [steps_per_layer] if isinstance(steps_per_layer, int) else list(steps_per_layer)
        self.start_layers = start_layers
        if not self.durations or min(self.durations) < 1:
            raise TrainingError(Errors.R013.format(setting="steps_per_layer", got=steps_per_layer))
        # What may learn at all, by module: known once training has begun.
        self._learnable: WeakKeyDictionary[torch.nn.Module, set[str]] = WeakKeyDictionary()
        self._stages: WeakKeyDictionary[torch.nn.Module, int] = WeakKeyDictionary()

    def __call__(self, nlp: Language, info: dict[str, Any]) -> None:
        """Freeze or unfreeze what the schedule says for the next update.

        nlp (Language): The pipeline, initialized.
        info (Dict[str, Any]): `step`, the number of updates that were made.
        RAISES (TrainingError): No such component or encoder, or one with fewer layers than `start_layers`.
        """
        for encoder in find_encoders(nlp, self.component):
            encoder.check_layers("start_layers", self.start_layers)
            if encoder.module not in self._learnable:
                self._learnable[encoder.module] = {
                    name for name, parameter in encoder.module.named_parameters() if parameter.requires_grad
                }
            stage = self.stage(info["step"], encoder.depth)
            if self._stages.get(encoder.module) != stage:
                self._apply(encoder, stage)
                self._stages[encoder.module] = stage

    def stage(self, step: int, depth: int) -> int:
        """How many parts of an encoder learn.

        step (int): The number of updates that were made.
        depth (int): The number of layers.
        RETURNS (int): 0 for none, then one more for each layer; depth + 1 for all layers and the embeddings.
        """
        stage = self.start_layers
        for duration in chain(self.durations, repeat(self.durations[-1])):
            if stage > depth or step < duration:
                break
            step -= duration
            stage += 1
        return stage

    def _apply(self, encoder: Encoder, stage: int) -> None:
        depth = encoder.depth
        learnable = self._learnable[encoder.module]
        open_names = {
            name
            for name, group in encoder.groups.items()
            if name in learnable and _joins_at(group, depth) <= stage
        }
        encoder.set_learning(learnable - open_names, learns=False)
        encoder.set_learning(open_names, learns=True)


def _joins_at(group: ParameterGroup, depth: int) -> int:
    if group.kind == EMBEDDINGS:
        return depth + 1
    # What is above the layers, such as a last normalisation, joins with the top one.
    return 1 if group.layer is None else depth - group.layer
