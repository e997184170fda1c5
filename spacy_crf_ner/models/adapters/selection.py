"""Find the adapters in a pipeline."""

from __future__ import annotations

from spacy.language import Language
from thinc.api import Model

from ...errors import Errors, SpacyCrfNerError
from .transformer import PeftTransformerModel


def find_adapters(nlp: Language) -> dict[str, PeftTransformerModel]:
    """Encoders with adapters, disabled components included.

    nlp (Language): The pipeline.
    RETURNS (Dict[str, PeftTransformerModel]): The encoders by the names of their components.
    """
    found = {}
    for name, pipe in nlp.components:
        model = getattr(pipe, "model", None)
        for node in model.walk() if isinstance(model, Model) else ():
            if isinstance(node, PeftTransformerModel) and node.is_adapted:
                found[name] = node
    return found


def choose_adapters(nlp: Language, component: str | None = None) -> tuple[str, PeftTransformerModel]:
    """The one encoder with adapters that is meant.

    nlp (Language): The pipeline.
    component (str | None): Name of its component, needed if there are several.
    RETURNS (Tuple[str, PeftTransformerModel]): The component's name, and the encoder.
    RAISES (SpacyCrfNerError): There is none, or it has to be chosen.
    """
    found = find_adapters(nlp)
    names = ", ".join(f"'{name}'" for name in found)
    if not found:
        components = ", ".join(f"'{name}'" for name in nlp.component_names) or "none"
        raise SpacyCrfNerError(Errors.M107.format(components=components))
    if component is None and len(found) > 1:
        raise SpacyCrfNerError(Errors.M108.format(names=names))
    if component is not None and component not in found:
        raise SpacyCrfNerError(Errors.M109.format(names=names, name=component))
    name = component or next(iter(found))
    return name, found[name]
