"""A transformer that is never trained, as a source of features."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from spacy.language import Language

from ..errors import Errors, TrainingError


def build_load_frozen_transformer_v1(component: str = "transformer") -> Callable[[Language], Language]:
    """A callback for `[initialize.before_init]` that loads the pretrained weights of a transformer which
    `training.frozen_components` names.

    spaCy initializes no frozen component, and a transformer gets its weights at initialization, so that without this
    only transformers with `source` can be frozen.

    component (str): The name of the component.
    RETURNS (Callable[[Language], Language]): `load_frozen_transformer`.
    """
    return partial(load_frozen_transformer, component=component)


def load_frozen_transformer(nlp: Language, component: str) -> Language:
    """Load the pretrained weights of a transformer, and tell its listeners their width.

    nlp (Language): The pipeline, whose transformer is changed in place.
    component (str): The name of the transformer.
    RETURNS (Language): The same pipeline.
    RAISES (TrainingError): No such component, or one that is no transformer.
    """
    pipe: Any = dict(nlp.components).get(component)
    # The factory `transformer` has no type of its own before spacy-transformers is imported.
    if pipe is None or not hasattr(pipe, "set_extra_annotations"):
        raise TrainingError(Errors.R050.format(component=component, known=", ".join(nlp.component_names)))
    pipe.initialize(list, nlp=nlp)
    for _, other in nlp.components:
        if cast(Any, other) is not pipe:
            pipe.find_listeners(other)
    return nlp
