"""What a training would do to each parameter: group, learning rate, weight decay, and whether it learns."""

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, cast

import torch
from spacy.language import Language
from spacy.training import Example
from thinc.api import Model, Optimizer

from ..errors import TrainingError
from .encoders import find_encoders
from .layerwise_adam import LayerwiseOptimizer
from .parameter_groups import CRF, EMBEDDINGS, HEAD, LAYER, POOLER, group_of, has_weight_decay

KINDS = (EMBEDDINGS, LAYER, POOLER, HEAD, CRF)
# Examples of the batch that shows where gradients arrive, and steps of a schedule among which its peak is sought.
PROBED_EXAMPLES = 8
PEAK_STEPS = 20_000

COMPONENT_FROZEN = "component frozen"
FROZEN = "frozen"
NO_GRADIENT = "no gradient"


@dataclass(frozen=True)
class ParameterRow:
    """A parameter of a pipeline.

    component (str): The component that holds it.
    module (str): Name of the Thinc layer in it.
    name (str): Its name in the layer or torch module, which the optimizer sees.
    shape (tuple[int, ...]): Its shape.
    group (str): Its group, as `group_of` has it.
    is_torch (bool): Whether it is torch's.
    hindrance (str | None): Why it does not learn: COMPONENT_FROZEN, FROZEN or NO_GRADIENT; None if it does.
    factor (float | None): What the optimizer multiplies the learning rate by; None if its settings do not fit.
    rate (float | None): The rate at the peak of its schedule, times the factor.
    decays (bool): Whether its weights decay.
    """

    component: str
    module: str
    name: str
    shape: tuple[int, ...]
    group: str
    is_torch: bool
    hindrance: str | None
    factor: float | None = None
    rate: float | None = None
    decays: bool = False

    @property
    def size(self) -> int:
        """The number of its elements."""
        return math.prod(self.shape)

    @property
    def learns(self) -> bool:
        """Whether updates change it."""
        return self.hindrance is None


@dataclass(frozen=True)
class GroupTotal:
    """The sums of a group. rates (tuple[float, ...]): The different rates of those that learn, ascending."""

    group: str
    size: int
    learning: int
    rates: tuple[float, ...]


def list_parameters(
    nlp: Language,
    frozen_components: Collection[str] = (),
    *,
    probed: bool = False,
    with_disabled: bool = False,
) -> list[ParameterRow]:
    """All parameters of the components that can be trained, without what an optimizer knows of them.

    nlp (Language): The pipeline, initialized.
    frozen_components (Collection[str]): Names of components that training leaves out.
    probed (bool): Whether gradients of a batch are there, so that those without one do not learn.
    with_disabled (bool): Whether components that are disabled have a share in it.
    RETURNS (list[ParameterRow]): The parameters, in the order of the pipeline.
    """
    rows = []
    for component, pipe in nlp.components if with_disabled else nlp.pipeline:
        model = getattr(pipe, "model", None)
        if not isinstance(model, Model):
            continue
        for row, has_gradient in _parameters(component, model):
            if component in frozen_components:
                row = replace(row, hindrance=COMPONENT_FROZEN)
            elif row.learns and probed and not has_gradient:
                row = replace(row, hindrance=NO_GRADIENT)
            rows.append(row)
    return rows


def probe(
    nlp: Language, examples: Iterable[Example], frozen_components: list[str], annotating_components: list[str]
) -> None:
    """Compute the gradients of a batch, and leave them in the models; weights do not change.

    nlp (Language): The pipeline, initialized.
    examples (Iterable[Example]): Training data, of which the first few are used.
    frozen_components (list[str]): As in `[training]`.
    annotating_components (list[str]): As in `[training]`.
    """
    batch = list(islice(examples, PROBED_EXAMPLES))
    # False is what spaCy's own loop gives in order not to update.
    sgd = cast(Any, False)
    nlp.update(batch, sgd=sgd, exclude=frozen_components, annotates=annotating_components)


def add_rates(rows: Iterable[ParameterRow], optimizer: Optimizer, peak: float) -> list[ParameterRow]:
    """Complete rows by what an optimizer does to them.

    rows (Iterable[ParameterRow]): The parameters.
    optimizer (Optimizer): LayerwiseAdam or another one of Thinc.
    peak (float): Its learning rate.
    RETURNS (list[ParameterRow]): New rows; without rates where the optimizer's settings do not fit the encoder.
    """
    rows = list(rows)
    depths: dict[str, int] = {}
    for row in rows:
        depths[row.component] = max(depths.get(row.component, 0), 1 + (group_of(row.name).layer or 0))
    return [_with_rate(row, optimizer, peak, depths[row.component]) for row in rows]


def check_optimizer(nlp: Language, rows: Iterable[ParameterRow], optimizer: Optimizer) -> None:
    """Raise if the optimizer would end the training in its first update.

    nlp (Language): The pipeline.
    rows (Iterable[ParameterRow]): Its parameters.
    optimizer (Optimizer): The optimizer; only LayerwiseAdam has something to check.
    RAISES (TrainingError): An encoder with more or fewer layers than `n_layers`.
    """
    if not isinstance(optimizer, LayerwiseOptimizer) or optimizer.rates.n_layers is None:
        return
    learning = [row for row in rows if row.is_torch and row.learns]
    for row in learning:
        optimizer.rates.factor(row.name)
    for component in dict.fromkeys(
        row.component for row in learning if row.group.startswith((LAYER, EMBEDDINGS))
    ):
        for encoder in find_encoders(nlp, component):
            optimizer.check_depth(encoder.depth - 1)


def peak_rate(optimizer: Optimizer, max_steps: int) -> float:
    """The highest learning rate of a schedule, which moves on to its end.

    optimizer (Optimizer): The optimizer.
    max_steps (int): Updates of the training; 0 for no limit, when the first PEAK_STEPS count.
    RETURNS (float): The rate.
    """
    rates = islice(optimizer.schedules.get("learn_rate", ()), max_steps or PEAK_STEPS)
    return max([optimizer.learn_rate, *map(float, cast(Iterable[float], rates))])


def group_totals(rows: Iterable[ParameterRow]) -> list[GroupTotal]:
    """Sums by group, from the embeddings up to the CRF.

    rows (Iterable[ParameterRow]): The parameters.
    RETURNS (list[GroupTotal]): One for each group that there is.
    """
    by_group: dict[str, list[ParameterRow]] = {}
    for row in rows:
        by_group.setdefault(row.group, []).append(row)
    return [
        GroupTotal(
            group,
            sum(row.size for row in members),
            sum(row.size for row in members if row.learns),
            tuple(sorted({row.rate for row in members if row.learns and row.rate is not None})),
        )
        for group, members in sorted(by_group.items(), key=lambda item: _place(item[0]))
    ]


def _parameters(component: str, model: Model[Any, Any]) -> Iterator[tuple[ParameterRow, bool]]:
    """The parameters of a model, and whether they have a gradient."""
    for node in model.walk():
        for shim in node.shims:
            module = cast(Any, shim)._model
            for name, value in module.named_parameters() if isinstance(module, torch.nn.Module) else ():
                hindrance = None if value.requires_grad else FROZEN
                yield (
                    ParameterRow(
                        component, node.name, name, tuple(value.shape), str(group_of(name)), True, hindrance
                    ),
                    value.grad is not None,
                )
        for name in node.param_names:
            if node.has_param(name):
                shape = tuple(node.get_param(name).shape)
                yield (
                    ParameterRow(component, node.name, name, shape, str(group_of(name)), False, None),
                    bool(node.has_grad(name)),
                )


def _with_rate(row: ParameterRow, optimizer: Optimizer, peak: float, depth: int) -> ParameterRow:
    if not isinstance(optimizer, LayerwiseOptimizer):
        return replace(row, factor=1.0, rate=peak, decays=optimizer.L2 != 0)
    decays = optimizer.L2 != 0 and has_weight_decay(row.name, len(row.shape))
    try:
        factor = optimizer.rates.factor(row.name, depth)
    except TrainingError:
        return replace(row, decays=decays)
    return replace(row, factor=factor, rate=peak * factor, decays=decays)


def _place(group: str) -> tuple[int, int]:
    kind, _, index = group.partition(" ")
    return KINDS.index(kind), int(index or 0)
