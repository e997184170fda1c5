"""Adam with a learning rate for each group of parameters, and weight decay where it belongs."""

from typing import Any, cast

from thinc.api import Optimizer
from thinc.optimizers import FloatOrSeq
from thinc.types import FloatsXd

from ..errors import Errors, TrainingError
from .layerwise_rates import LayerwiseRates
from .parameter_groups import CRF, EMBEDDINGS, HEAD, LAYER, POOLER, group_of, has_weight_decay

Key = tuple[int, str]

NO_LAYER = -1


def build_layerwise_adam_v1(
    learn_rate: FloatOrSeq,
    *,
    n_layers: int | None = None,
    layer_decay: float = 0.95,
    embeddings: float = 1.0,
    pooler: float = 1.0,
    head: float = 1.0,
    crf: float = 1.0,
    patterns: dict[str, float] | None = None,
    L2: FloatOrSeq = 0.01,
    beta1: FloatOrSeq = 0.9,
    beta2: FloatOrSeq = 0.999,
    eps: FloatOrSeq = 1e-08,
    grad_clip: FloatOrSeq = 1.0,
    L2_is_weight_decay: bool = True,
    use_averages: bool = False,
) -> Optimizer:
    """Thinc's Adam with lower learning rates for lower layers of an encoder.

    Layer i of n learns at learn_rate * layer_decay ** (n - 1 - i), and the embeddings at learn_rate * layer_decay ** n
    (Howard and Ruder 2018, https://arxiv.org/abs/1801.06146, section 3.1: discriminative fine-tuning; Clark et al.
    2020, https://arxiv.org/abs/2003.10555, for ELECTRA). Weights decay by rate * L2 an update, apart from the gradient
    (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101); biases and the gains of normalisation do not.

    learn_rate (float | List[float] | Generator): The rate of the top layer and of the head, or its schedule.
    n_layers (int | None): Layers of the encoder, 0 if it has none. None: they are counted in the first update of each
        encoder, in which its layers and embeddings do not move yet.
    layer_decay (float): Factor from a layer to the one below it, above 0 and at most 1 (Sun et al. 2019,
        https://arxiv.org/abs/1905.05583, recommend 0.95).
    embeddings (float): Factor for the embeddings, on top of their decay.
    pooler (float): Factor for the pooler.
    head (float): Factor for all that is neither encoder nor CRF, such as the layer that scores tags.
    crf (float): Factor for the CRF's transitions, start and end, on top of the layer's own `learn_rate_scale`.
    patterns (Dict[str, float] | None): Factors on top of these by regular expression: the first that is found in a
        parameter's name counts.
    L2 (float | List[float] | Generator): Weight decay.
    beta1 (float | List[float] | Generator): Momentum of the gradient.
    beta2 (float | List[float] | Generator): Momentum of its square.
    eps (float | List[float] | Generator): What keeps the division by the latter finite.
    grad_clip (float | List[float] | Generator): The norm to which each parameter's gradient is clipped; 0 for none.
    L2_is_weight_decay (bool): Whether weights decay apart from the gradient, or L2 * weights is added to it.
    use_averages (bool): Whether running means of the parameters are evaluated and saved. Thinc does so for its own
        layers only, not for those of torch.
    RETURNS (Optimizer): The optimizer.
    RAISES (TrainingError): Settings out of their range; in training, an encoder with more or fewer layers.
    """
    factors = {EMBEDDINGS: embeddings, POOLER: pooler, HEAD: head, CRF: crf}
    return LayerwiseOptimizer(
        LayerwiseRates(layer_decay, n_layers, factors, patterns or {}),
        learn_rate,
        L2=L2,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        grad_clip=grad_clip,
        L2_is_weight_decay=L2_is_weight_decay,
        use_averages=use_averages,
    )


class LayerwiseOptimizer(Optimizer):
    """Thinc's optimizer, with a factor on the learning rate of each parameter.

    rates (LayerwiseRates): The factors.
    learn_rate (float | List[float] | Generator): The rate that they are factors of, or its schedule.
    settings (Any): What else Thinc's optimizer takes.
    """

    # Thinc's class has slots only, so that a misspelt attribute is an error.
    __slots__ = ("_checked", "_counted", "_depths", "_factors", "_top_layers", "rates")

    rates: LayerwiseRates

    def __init__(self, rates: LayerwiseRates, learn_rate: FloatOrSeq, **settings: Any) -> None:
        super().__init__(learn_rate, **settings)
        self.rates = rates
        self._factors: dict[Key, float] = {}
        # Without `n_layers`, by torch module: the layer of each parameter of the first update, and then their number.
        self._counted: dict[int, dict[str, int]] = {}
        self._depths: dict[int, int] = {}
        # By torch module: the highest layer that was updated, NO_LAYER while there were but embeddings.
        self._top_layers: dict[int, int] = {}
        self._checked: set[int] = set()

    def __call__(
        self, key: Key, weights: FloatsXd, gradient: FloatsXd, *, lr_scale: float = 1.0
    ) -> tuple[FloatsXd, FloatsXd]:
        """Update a parameter.

        key (tuple[int, str]): Number of the Thinc layer or torch module, and the parameter's name in it.
        weights (FloatsXd): The parameter.
        gradient (FloatsXd): Its gradient, of the same shape.
        lr_scale (float): A further factor on the learning rate.
        RETURNS (tuple[FloatsXd, FloatsXd]): The updated parameter, and a gradient of zeros.
        RAISES (TrainingError): A layer that `n_layers` does not count; no `n_layers`, and embeddings without layers.
        """
        module, name = key
        if self._is_counting(key):
            gradient *= 0
            return weights, gradient
        if key not in self._factors:
            self._factors[key] = self.rates.factor(name, self._depths.get(module, 0))
        self._note(key)
        L2 = self.L2
        if not has_weight_decay(name, weights.ndim):
            self.L2 = 0.0
        try:
            updated: tuple[FloatsXd, FloatsXd] = super().__call__(
                key, weights, gradient, lr_scale=lr_scale * self._factors[key]
            )
        finally:
            self.L2 = L2
        return updated

    def step_schedules(self) -> None:
        """Go on to the next value of all schedules, after an update.

        RAISES (TrainingError): An encoder whose layers are fewer than `n_layers`, or have names that are not known.
        """
        cast(Any, super()).step_schedules()
        for module, top in self._top_layers.items():
            self.check_depth(top)
            self._checked.add(module)
        self._top_layers.clear()

    def _is_counting(self, key: Key) -> bool:
        """Whether the layers of a parameter's encoder are still counted: until a parameter comes once more."""
        module, name = key
        if self.rates.n_layers is not None or module in self._depths or not _is_of_encoder(name):
            return False
        layers = self._counted.setdefault(module, {})
        if name not in layers:
            layers[name] = _layer_of(name)
            return True
        top = max(layers.values())
        if top == NO_LAYER:
            raise TrainingError(Errors.R007.format(got="null"))
        self._depths[module] = top + 1
        return False

    def _note(self, key: Key) -> None:
        module, name = key
        if self.rates.n_layers is None or module in self._checked or not _is_of_encoder(name):
            return
        self._top_layers[module] = max(_layer_of(name), self._top_layers.get(module, NO_LAYER))

    def check_depth(self, top: int) -> None:
        """Raise unless the highest layer that learns is the last one that `n_layers` counts.

        Lower layers may be frozen, the top one is not: it tells how many there are.

        top (int): That layer, counted from 0; NO_LAYER if only embeddings learn.
        RAISES (TrainingError): Another number of layers.
        """
        if not self.rates.n_layers or top == self.rates.n_layers - 1:
            return
        if top == NO_LAYER:
            raise TrainingError(Errors.R007.format(got=self.rates.n_layers))
        raise TrainingError(Errors.R006.format(found=top + 1, got=self.rates.n_layers))


def _is_of_encoder(name: str) -> bool:
    return group_of(name).kind in (EMBEDDINGS, LAYER)


def _layer_of(name: str) -> int:
    layer = group_of(name).layer
    return NO_LAYER if layer is None else layer
