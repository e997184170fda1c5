"""The CRF as a Thinc layer: its parameters, and the way from token scores to `Potentials`."""

import itertools
import math
from collections.abc import Callable
from typing import Any, cast

import torch
from thinc.api import Model, torch2xp, xp2torch
from thinc.types import Floats2d

from ..errors import Errors, SpacyCrfNerError
from ..functional import Potentials, PotentialsGradient
from .resizing import grow

Emissions = list[Floats2d]
Backprop = Callable[[PotentialsGradient], Emissions]

PARAMETERS = ("transitions", "start", "end")


def build_linear_chain_crf_v1(
    nO: int | None = None, learn_rate_scale: float = 1.0
) -> Model[Emissions, Potentials]:
    """Add the scores of a linear-chain CRF to the token scores of a batch.

    The layer holds transitions (nO, nO) as [from, to], start (nO,) and end (nO,) as Thinc parameters, all 0 at first: a
    new layer knows nothing about which tags follow one another. It has no masks; whoever knows the tags adds them to
    the `Potentials` it returns.

    nO (int | None): Number of tags; inferred from the data if None.
    learn_rate_scale (float): How much faster than the rest the CRF's parameters learn. The scores are the parameters
        times this factor (Karras et al. 2018, https://arxiv.org/abs/1710.10196, section 4.1: equalized learning rate),
        so that an optimizer that normalises gradients, such as Adam, moves the scores by learn_rate * learn_rate_scale
        per step. Rates that suit a pretrained encoder are too low for scores that begin at 0.
    RETURNS (Model[List[Floats2d], Potentials]): The layer. Its backprop takes a `PotentialsGradient`.
    RAISES (SpacyCrfNerError): A factor that is not a positive finite number; emissions of another width.
    """
    if not (math.isfinite(learn_rate_scale) and learn_rate_scale > 0):
        raise SpacyCrfNerError(Errors.L002.format(got=learn_rate_scale))
    return Model(
        "linear_chain_crf",
        forward,
        init=init,
        dims={"nO": nO},
        params=dict.fromkeys(PARAMETERS),
        attrs={"learn_rate_scale": learn_rate_scale},
    )


def forward(model: Model[Emissions, Potentials], X: Emissions, is_train: bool) -> tuple[Potentials, Backprop]:
    """Collect the batch's emissions and the layer's parameters in one `Potentials`.

    model (Model): The layer.
    X (List[Floats2d]): Emissions, one array per sequence. *Shape:* (n_tokens, n_tags), float32.
    is_train (bool): Ignored.
    RETURNS (tuple[Potentials, Callable]): The potentials, packed, on the device of `X`, and backprop.
    RAISES (SpacyCrfNerError): Emissions of another width than the layer's.
    """
    nO = model.get_dim("nO")
    for emissions in X:
        if emissions.shape[1] != nO:
            raise SpacyCrfNerError(Errors.L001.format(expected=nO, got=emissions.shape[1]))
    lengths = [emissions.shape[0] for emissions in X]
    scale = model.attrs["learn_rate_scale"]
    transitions, start, end = (xp2torch(model.get_param(name)) * scale for name in PARAMETERS)
    potentials = Potentials(
        emissions=xp2torch(_packed(model, X)),
        # On the CPU, where they are known: nothing has to wait for a GPU to learn them.
        lengths=torch.tensor(lengths, dtype=torch.int64),
        transitions=transitions,
        start=start,
        end=end,
    )

    def backprop(gradient: PotentialsGradient) -> Emissions:
        for name in PARAMETERS:
            model.inc_grad(name, _to_array(model, getattr(gradient, name) * scale))
        d_packed = cast(Floats2d, _to_array(model, gradient.emissions))
        ends = list(itertools.accumulate(lengths))
        return [d_packed[end - length : end] for end, length in zip(ends, lengths, strict=True)]

    return potentials, backprop


def init(model: Model[Emissions, Potentials], X: Emissions | None = None, Y: Emissions | None = None) -> None:
    """Allocate the parameters; the number of tags is that of `X`, if it is not known yet.

    model (Model): The layer.
    X (List[Floats2d] | None): A sample of emissions.
    Y (List[Floats2d] | None): Ignored.
    """
    if model.has_dim("nO") is None and X:
        model.set_dim("nO", X[0].shape[1])
    nO = model.get_dim("nO")
    model.set_param("transitions", model.ops.alloc2f(nO, nO))
    model.set_param("start", model.ops.alloc1f(nO))
    model.set_param("end", model.ops.alloc1f(nO))


def resize_linear_chain_crf(layer: Model[Emissions, Potentials], nO: int) -> Model[Emissions, Potentials]:
    """A layer for more tags. Known tags keep their scores, and new ones begin at 0, as in a new layer.

    layer (Model): The layer, initialized or not.
    nO (int): The new number of tags.
    RETURNS (Model): A new layer.
    RAISES (SpacyCrfNerError): Fewer tags than before.
    """
    return grow(layer, build_linear_chain_crf_v1(nO, layer.attrs["learn_rate_scale"]))


def _packed(model: Model[Emissions, Potentials], X: Emissions) -> Floats2d:
    """The batch's emissions one after another, copied: what is done to them is not done to the layer before."""
    if not X:
        return model.ops.alloc2f(0, model.get_dim("nO"))
    return cast(Floats2d, model.ops.xp.concatenate(X))


def _to_array(model: Model[Emissions, Potentials], tensor: torch.Tensor) -> Any:
    return model.ops.asarray(torch2xp(tensor.contiguous()))
