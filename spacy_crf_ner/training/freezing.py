"""Callbacks that freeze a part of an encoder: embeddings and lower layers keep what they know."""

import re
from collections.abc import Callable
from typing import Any

from spacy.language import Language

from ..errors import Errors, TrainingError
from .encoders import Encoder, find_encoders
from .layerwise_rates import check_pattern
from .parameter_groups import EMBEDDINGS, LAYER


def build_freeze_v1(
    component: str = "transformer",
    embeddings: bool = True,
    layers: int = 0,
    patterns: list[str] | None = None,
) -> Callable[..., Language]:
    """A callback, for `[initialize.after_init]` or `[training.before_update]`, that freezes a part of an encoder.

    Frozen parameters do not change, and below the lowest one that learns torch computes no gradient and keeps nothing
    for it. The optimizer does not see them: neither weight decay nor momentum moves them. If nothing is left to learn,
    the encoder only extracts features, and those who listen to it learn from them. Saved pipelines are not frozen.

    component (str): The component that holds the encoder.
    embeddings (bool): Whether its embeddings are frozen.
    layers (int): How many of its layers are, beginning with the one next to the embeddings.
    patterns (List[str] | None): Regular expressions; what one of them is found in the name of is frozen, too.
    RETURNS (Callable): `Freeze`.
    RAISES (TrainingError): Settings out of their range or that freeze nothing; when called, those that do not fit the
        encoder.
    """
    return Freeze(component, embeddings, layers, tuple(patterns or ()))


class Freeze:
    """See `build_freeze_v1`."""

    def __init__(self, component: str, embeddings: bool, layers: int, patterns: tuple[str, ...]) -> None:
        for pattern in patterns:
            check_pattern(pattern)
        if not (embeddings or layers or patterns):
            raise TrainingError(Errors.R011.format(name=component))
        self.component = component
        self.embeddings = embeddings
        self.layers = layers
        self.patterns = patterns

    def __call__(self, nlp: Language, info: dict[str, Any] | None = None) -> Language:
        """Freeze. A second call changes nothing.

        nlp (Language): The pipeline, initialized.
        info (Dict[str, Any] | None): Step and epoch, which are not used.
        RETURNS (Language): The same pipeline.
        RAISES (TrainingError): No such component or encoder; settings that do not fit it, and then nothing is frozen.
        """
        frozen = [(encoder, self._names(encoder)) for encoder in find_encoders(nlp, self.component)]
        for encoder, names in frozen:
            encoder.set_learning(names, learns=False)
        return nlp

    def _names(self, encoder: Encoder) -> set[str]:
        encoder.check_layers("layers", self.layers)
        groups = encoder.groups
        found = {
            f"patterns.{pattern}": {name for name in groups if re.search(pattern, name)}
            for pattern in self.patterns
        }
        if self.embeddings:
            found["embeddings"] = {name for name, group in groups.items() if group.kind == EMBEDDINGS}
        for setting, names in found.items():
            if not names:
                message = Errors.R012.format(setting=setting, name=self.component, example=next(iter(groups)))
                raise TrainingError(message)
        layers = {
            name
            for name, group in groups.items()
            if group.kind == LAYER and group.layer is not None and group.layer < self.layers
        }
        return layers.union(*found.values())
