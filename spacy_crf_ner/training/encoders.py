"""The torch parameters of a pipeline's encoder, and which of them learn."""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple, cast

import torch
from spacy.language import Language
from thinc.api import Model

from ..errors import Errors, TrainingError
from .parameter_groups import EMBEDDINGS, LAYER, ParameterGroup, group_of


class Encoder(NamedTuple):
    """A torch module with numbered layers or embeddings.

    component (str): Name of the component that holds it.
    module (torch.nn.Module): The module.
    groups (dict[str, ParameterGroup]): What each of its parameters is, by name.
    """

    component: str
    module: torch.nn.Module
    groups: dict[str, ParameterGroup]

    @property
    def depth(self) -> int:
        """The number of layers."""
        return 1 + max((-1 if group.layer is None else group.layer) for group in self.groups.values())

    def check_layers(self, setting: str, value: int) -> None:
        """Raise unless a setting counts layers of this encoder.

        setting (str): Name of the setting.
        value (int): Its value.
        RAISES (TrainingError): A number below 0, or more than there are layers.
        """
        if not 0 <= value <= self.depth:
            raise TrainingError(
                Errors.R010.format(setting=setting, got=value, name=self.component, depth=self.depth)
            )

    def set_learning(self, names: Collection[str], learns: bool) -> None:
        """Let parameters learn or not: torch computes no gradient where none is needed.

        names (Collection[str]): Names of parameters; all others stay as they are.
        learns (bool): Whether they learn from now on.
        """
        for name, parameter in self.module.named_parameters():
            if name in names and parameter.requires_grad is not learns:
                parameter.requires_grad_(learns)
                # Thinc leaves zeros behind, with which the optimizer would go on by its momentum.
                parameter.grad = None
        if not learns and not any(hook is end_here for hook in self.module._forward_hooks.values()):
            self.module.register_forward_hook(end_here)


def find_encoders(nlp: Language, component: str) -> list[Encoder]:
    """Find the encoders in a component: one in a `transformer`.

    nlp (Language): The pipeline, initialized.
    component (str): The component's name.
    RETURNS (list[Encoder]): At least one.
    RAISES (TrainingError): No such component, or none in it.
    """
    if component not in nlp.component_names:
        raise TrainingError(Errors.R008.format(got=component, names=", ".join(nlp.component_names)))
    model = getattr(nlp.get_pipe(component), "model", None)
    encoders = []
    for module in torch_modules(model):
        groups = {name: group_of(name) for name, _ in module.named_parameters()}
        if any(group.kind in (EMBEDDINGS, LAYER) for group in groups.values()):
            encoders.append(Encoder(component, module, groups))
    if not encoders:
        raise TrainingError(Errors.R009.format(name=component))
    return encoders


def torch_modules(model: Model[Any, Any] | None) -> Iterator[torch.nn.Module]:
    """All torch modules in a Thinc model.

    model (Model | None): The model; None has none.
    YIELDS (torch.nn.Module): Those that are initialized.
    """
    for node in model.walk() if isinstance(model, Model) else ():
        for shim in node.shims:
            module = cast(Any, shim)._model
            if isinstance(module, torch.nn.Module):
                yield module


def end_here(module: torch.nn.Module, inputs: Any, output: Any) -> None:
    """Forward hook: let gradients arrive at an output that nothing learns from, and end there.

    Thinc backpropagates through every module, and torch refuses to where no parameter learns.

    module (torch.nn.Module): Ignored.
    inputs (Any): Ignored.
    output (Any): The module's output, changed in place; only outputs of Hugging Face's encoders are looked at.
    """
    hidden = getattr(output, "last_hidden_state", None)
    if hidden is not None and torch.is_grad_enabled() and not hidden.requires_grad:
        hidden.requires_grad_(True)
