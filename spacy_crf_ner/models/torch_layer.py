"""torch modules as layers of a Thinc model; their weights are stored as safetensors, so that loading runs no code."""

import itertools
from collections.abc import Callable
from typing import Any, cast

import srsly
import torch
from thinc.api import ArgsKwargs, Model, PyTorchShim, get_torch_default_device, torch2xp, xp2torch
from thinc.types import Floats2d

from ..errors import Errors, SpacyCrfNerError

# Width of the input -> module.
MakeModule = Callable[[int], torch.nn.Module]
TokenLayer = Model[list[Floats2d], list[Floats2d]]
Backprop = Callable[[list[Floats2d]], list[Floats2d]]


class ModuleShim(PyTorchShim):
    """Holds a module that is made when the width of its input is known: at initialization, or from stored weights.

    name (str): The layer's name, for messages.
    make_module (Callable[[int], Module]): Makes the module for an input width.
    """

    def __init__(self, name: str, make_module: MakeModule) -> None:
        super().__init__(None)
        self.name = name
        self.make_module = make_module

    @property
    def module(self) -> torch.nn.Module:
        """The module.

        RAISES (SpacyCrfNerError): The layer is not initialized.
        """
        if self._model is None:
            raise SpacyCrfNerError(Errors.M004.format(layer=self.name))
        return cast(torch.nn.Module, self._model)

    @property
    def device(self) -> torch.device:
        """Where the weights are.

        RAISES (SpacyCrfNerError): The layer is not initialized.
        """
        return next(self.module.parameters()).device

    def build(self, nI: int = 0) -> None:
        """Make a new module, with random weights from torch's generator.

        nI (int): Width of the input; 0 if it has none.
        """
        self.cfg = {"nI": nI}
        self._model = self.make_module(nI).to(get_torch_default_device())

    def finish_update(self, optimizer: Any) -> None:
        """Let the optimizer update the weights, if there are any yet.

        optimizer (Optimizer): A Thinc optimizer; it sees the keys (shim id, name of the parameter).
        """
        if self._model is not None:
            super().finish_update(optimizer)

    def to_bytes(self) -> bytes:
        """RETURNS (bytes): The weights and what is needed to make the module; a few bytes before initialization."""
        from safetensors.torch import save  # noqa: PLC0415

        state = b""
        if self._model is not None:
            # Copies: what shares memory cannot be saved.
            tensors = {name: value.detach().cpu().clone() for name, value in self._model.state_dict().items()}
            state = save(tensors)
        return cast(bytes, srsly.msgpack_dumps({"config": self.cfg, "state": state}))

    def from_bytes(self, bytes_data: bytes) -> "ModuleShim":
        """Restore the weights.

        bytes_data (bytes): What `to_bytes` gave.
        RETURNS (ModuleShim): The shim, changed in place.
        RAISES (SpacyCrfNerError): Weights of another shape than the settings ask for; the shim is left as it was.
        """
        from safetensors.torch import load  # noqa: PLC0415

        stored = srsly.msgpack_loads(bytes_data)
        module = None
        if stored["state"]:
            module = self.make_module(stored["config"]["nI"])
            try:
                module.load_state_dict(load(stored["state"]))
            except RuntimeError as error:
                reason = " ".join(str(error).split()).rstrip(".")
                raise SpacyCrfNerError(Errors.M005.format(layer=self.name, reason=reason)) from error
            module.to(get_torch_default_device())
        self.cfg, self._model = stored["config"], module
        return self


def build_token_layer(name: str, make_module: MakeModule, nO: int, dropout: float | None) -> TokenLayer:
    """A layer that turns the token vectors of each Doc into others, with a torch module.

    name (str): The layer's name.
    make_module (Callable[[int], Module]): Makes the module for an input width. The module is called with the vectors of
        all tokens of a batch, one Doc after another, (n_tokens, nI), with the lengths of those Docs that have tokens,
        (n_docs,), int64, on the CPU, and with the dropout rate as `dropout`; it returns (n_tokens, nO).
    nO (int): Width of the output.
    dropout (float | None): The dropout rate in training; None: that of the training.
    RETURNS (Model[List[Floats2d], List[Floats2d]]): The layer.
    RAISES (SpacyCrfNerError): A rate that is not in [0, 1).
    """
    if dropout is not None and not 0 <= dropout < 1:
        raise SpacyCrfNerError(
            Errors.M002.format(
                layer=name, setting="dropout", expected="null, or from 0 to below 1", got=dropout
            )
        )
    # spaCy sets every attribute `dropout_rate` to `[training] dropout`.
    attrs = {"dropout_rate": 0.0} if dropout is None else {"own_dropout": dropout}
    return Model(
        name,
        forward,
        init=init,
        dims={"nI": None, "nO": nO},
        attrs=cast(Any, attrs),
        shims=[ModuleShim(name, make_module)],
    )


def forward(model: TokenLayer, X: list[Floats2d], is_train: bool) -> tuple[list[Floats2d], Backprop]:
    """Run the module on the tokens of a batch.

    model (Model): The layer.
    X (List[Floats2d]): Vectors of the tokens of each Doc, not all of them without tokens. *Shape of each:*
        (n_tokens, nI); (0, any) without tokens.
    is_train (bool): Whether backprop will be called.
    RETURNS (tuple[List[Floats2d], Callable]): Vectors, (n_tokens, nO) per Doc, and backprop.
    RAISES (SpacyCrfNerError): A layer that is not initialized; vectors of another width.
    """
    shim = cast(ModuleShim, model.shims[0])
    device = shim.device
    lengths = [vectors.shape[0] for vectors in X]
    full = [vectors for vectors in X if vectors.shape[0]]
    _check_widths(model, full)
    rate = model.attrs.get("dropout_rate", model.attrs.get("own_dropout"))
    inputs = ArgsKwargs(
        (
            xp2torch(model.ops.xp.concatenate(full), requires_grad=is_train, device=device),
            torch.tensor([length for length in lengths if length], dtype=torch.int64),
        ),
        {"dropout": rate if is_train else 0.0},
    )
    output, torch_backprop = shim(inputs, is_train)

    def backprop(dY: list[Floats2d]) -> list[Floats2d]:
        gradient = xp2torch(model.ops.xp.concatenate(dY), device=device)
        d_inputs = torch_backprop(ArgsKwargs(((output,),), {"grad_tensors": gradient}))
        return unpack(model, d_inputs.args[0], lengths)

    return unpack(model, output, lengths), backprop


def init(model: TokenLayer, X: list[Floats2d] | None = None, Y: list[Floats2d] | None = None) -> None:
    """Make the module; the width of the input is that of `X`, if it is not known yet.

    model (Model): The layer.
    X (List[Floats2d] | None): A sample of vectors.
    Y (List[Floats2d] | None): Ignored.
    RAISES (SpacyCrfNerError): Nothing tells the width.
    """
    widths = [vectors.shape[1] for vectors in X or [] if vectors.shape[0]]
    nI = widths[0] if widths else model.maybe_get_dim("nI")
    if not nI:
        raise SpacyCrfNerError(Errors.M003.format(layer=model.name))
    # A pipeline may be initialized again, with another encoder below.
    model.set_dim("nI", nI, force=True)
    cast(ModuleShim, model.shims[0]).build(nI)


def check_at_least(layer: str, minimum: int, **settings: int) -> None:
    """Raise unless settings are large enough.

    layer (str): The layer's name, for the message.
    minimum (int): What each of them must be at least.
    **settings (int): Names and values.
    RAISES (SpacyCrfNerError): One that is not.
    """
    for setting, got in settings.items():
        if got < minimum:
            expected = f"at least {minimum}"
            raise SpacyCrfNerError(
                Errors.M002.format(layer=layer, setting=setting, expected=expected, got=got)
            )


def unpack(model: Model[Any, Any], packed: torch.Tensor, lengths: list[int]) -> list[Floats2d]:
    """Arrays for each Doc from a tensor for all their tokens.

    model (Model): The layer whose output it is.
    packed (Tensor): One row for each token, one Doc after another. *Shape:* (n_tokens, width)
    lengths (list[int]): Numbers of tokens.
    RETURNS (List[Floats2d]): Views, where the device is the same. *Shape of each:* (n_tokens, width)
    """
    array = cast(Floats2d, model.ops.asarray(cast(Any, torch2xp(packed))))
    ends = itertools.accumulate(lengths)
    return [array[end - length : end] for end, length in zip(ends, lengths, strict=True)]


def _check_widths(model: TokenLayer, X: list[Floats2d]) -> None:
    nI = model.get_dim("nI")
    for vectors in X:
        if vectors.shape[1] != nI:
            raise SpacyCrfNerError(Errors.M006.format(layer=model.name, expected=nI, got=vectors.shape[1]))
