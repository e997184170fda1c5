"""The architectures: spacy-transformers' model of an encoder, of which only adapters train."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from spacy.tokens import Doc
from spacy.util import SimpleFrozenDict
from spacy_transformers.data_classes import FullTransformerBatch, HFObjects
from spacy_transformers.layers import TransformerModel, split_trf_batch, trfs2arrays
from spacy_transformers.layers import transformer_model as plain
from thinc.api import Model, chain
from thinc.types import Floats2d, Ragged

from ...errors import SpacyCrfNerError
from .files import AdapterFiles, dump_adapter, read_adapter
from .methods import AdapterMethod
from .shim import PeftShim
from .virtual_tokens import convert_inputs, convert_outputs

EMPTY: dict[str, Any] = SimpleFrozenDict()


def build_peft_transformer_model_v1(
    name: str,
    get_spans: Callable[..., Any],
    peft: AdapterMethod,
    adapter: str | None = None,
    tokenizer_config: dict[str, Any] = EMPTY,
    transformer_config: dict[str, Any] = EMPTY,
    mixed_precision: bool = False,
    grad_scaler_config: dict[str, Any] = EMPTY,
) -> Model[list[Doc], FullTransformerBatch]:
    """`spacy-transformers.TransformerModel.v3`, but only adapters train, and the encoder's own weights are frozen.

    Adapters are attached by `nlp.initialize`, or when the training of a loaded encoder without adapters starts.

    name (str): Name of a model of the Hugging Face hub, or a folder.
    get_spans (Callable[[List[Doc]], List[List[Span]]]): Cuts Docs into windows.
    peft (AdapterMethod): The method: `spacy-crf-ner.lora.v1` and others.
    adapter (str | None): A folder with adapters for this encoder in peft's format, to begin with.
    tokenizer_config (Dict[str, Any]): Settings for the tokenizer.
    transformer_config (Dict[str, Any]): Settings for the encoder.
    mixed_precision (bool): Whether to compute in half precision where that is safe, on a GPU.
    grad_scaler_config (Dict[str, Any]): How gradients are scaled in mixed precision.
    RETURNS (Model[List[Doc], FullTransformerBatch]): The model.
    """
    return PeftTransformerModel(
        name,
        get_spans,
        peft,
        adapter,
        tokenizer_config,
        transformer_config,
        mixed_precision,
        grad_scaler_config,
    )


def build_peft_tok2vec_transformer_v1(
    name: str,
    get_spans: Callable[..., Any],
    peft: AdapterMethod,
    pooling: Model[Ragged, Floats2d],
    grad_factor: float = 1.0,
    adapter: str | None = None,
    tokenizer_config: dict[str, Any] = EMPTY,
    transformer_config: dict[str, Any] = EMPTY,
    mixed_precision: bool = False,
    grad_scaler_config: dict[str, Any] = EMPTY,
) -> Model[list[Doc], list[Floats2d]]:
    """`spacy-transformers.Tok2VecTransformer.v3`, but only adapters train: an encoder inside of one component.

    It is what `nlp.replace_listeners` makes of a listener to a PeftTransformerModel.

    pooling (Model[Ragged, Floats2d]): Makes a token's vector of those of its word pieces.
    grad_factor (float): Factor of the gradient that the encoder gets.
    RETURNS (Model[List[Doc], List[Floats2d]]): The model. *Shape of its output:* (n_tokens, width) per Doc. The other
        arguments are those of `build_peft_transformer_model_v1`.
    """
    model = PeftTransformerModel(
        name,
        get_spans,
        peft,
        adapter,
        tokenizer_config,
        transformer_config,
        mixed_precision,
        grad_scaler_config,
    )
    # As `nlp.replace_listeners` nests them: saved weights of the one fit the other.
    encoder: Model[Any, Any] = chain(cast(Any, model), split_trf_batch())
    return cast(Model[list[Doc], list[Floats2d]], chain(encoder, trfs2arrays(pooling, grad_factor)))


class PeftTransformerModel(TransformerModel):
    """The model of `build_peft_transformer_model_v1`, with its arguments."""

    def __init__(
        self,
        name: str,
        get_spans: Callable[..., Any],
        peft: AdapterMethod,
        adapter: str | None = None,
        tokenizer_config: dict[str, Any] = EMPTY,
        transformer_config: dict[str, Any] = EMPTY,
        mixed_precision: bool = False,
        grad_scaler_config: dict[str, Any] = EMPTY,
    ) -> None:
        super().__init__(name, get_spans, {}, {}, False, {})
        # Copies: spacy-transformers writes into them.
        objects = HFObjects(None, None, None, dict(tokenizer_config), dict(transformer_config))
        wrapper = self.layers[0]
        wrapper.shims[0] = PeftShim(objects, peft, mixed_precision, dict(grad_scaler_config))
        wrapper.attrs["convert_inputs"] = convert_inputs(wrapper.attrs["convert_inputs"])
        wrapper.attrs["convert_outputs"] = convert_outputs(wrapper.attrs["convert_outputs"])
        self._func = forward
        self.init = init
        self.attrs["replace_listener_cfg"] = replace_listener_cfg
        self.start_adapter = adapter

    @property
    def shim(self) -> PeftShim:
        """What holds the encoder."""
        return cast(PeftShim, self.layers[0].shims[0])

    @property
    def is_adapted(self) -> bool:
        """Whether there are adapters: before initialization, and in a loaded model into which they were merged, not."""
        return self.shim.is_adapted

    def dump_adapter(self) -> AdapterFiles:
        """The adapters as files.

        RETURNS (Dict[str, bytes]): Contents by the names of files. Call it where there are adapters.
        """
        return dump_adapter(self.transformer)

    def count_parameters(self) -> tuple[int, int]:
        """How many parameters of the encoder train, and how many there are with adapters.

        RETURNS (Tuple[int, int]): Both counts; (0, 0) before initialization.
        """
        parameters = [] if self.transformer is None else list(self.transformer.parameters())
        trained = sum(parameter.numel() for parameter in parameters if parameter.requires_grad)
        return trained, sum(parameter.numel() for parameter in parameters)

    def copy(self) -> PeftTransformerModel:
        """A copy with weights of its own.

        RETURNS (PeftTransformerModel): The copy, which an optimizer can tell from the original.
        """
        copied = PeftTransformerModel(
            self.attrs["name"], self.attrs["get_spans"], self.shim.method, self.start_adapter
        )
        copied.attrs.update(self.attrs)
        copied._dims = copy.deepcopy(self._dims)
        copied.layers[0] = copy.deepcopy(self.layers[0])
        copied.shim.with_own_id()
        return copied


def init(model: PeftTransformerModel, X: list[Doc] | None = None, Y: Any = None) -> None:
    """Load the encoder, unless there is one, and attach adapters to it.

    model (PeftTransformerModel): The model.
    X (List[Doc] | None): Sample Docs.
    Y (Any): Not used.
    RAISES (SpacyCrfNerError): Adapters that do not fit the encoder; peft is not installed.
    """
    if model.attrs["has_transformer"]:
        return
    files = None if model.start_adapter is None else read_adapter(Path(model.start_adapter))
    plain.init(model, X, Y)
    try:
        model.shim.attach(files, str(model.start_adapter))
    except SpacyCrfNerError:
        # Whoever corrects what is wrong and tries again must not get a model without adapters.
        model.attrs["has_transformer"] = False
        raise


def forward(
    model: PeftTransformerModel, docs: list[Doc], is_train: bool
) -> tuple[FullTransformerBatch, Callable[[FullTransformerBatch], list[Doc]]]:
    """Encode Docs. In training, adapters are attached if there are none: to a loaded encoder, for instance.

    model (PeftTransformerModel): The model.
    docs (List[Doc]): The Docs.
    is_train (bool): Whether backprop will be called.
    RETURNS (Tuple[FullTransformerBatch, Callable]): The encoder's output, and backprop.
    """
    if is_train:
        model.shim.attach()
    return plain.forward(model, docs, is_train)


def replace_listener_cfg(model_config: dict[str, Any], listener_config: dict[str, Any]) -> dict[str, Any]:
    """The config of an encoder that takes the place of its listener.

    model_config (Dict[str, Any]): That of the PeftTransformerModel.
    listener_config (Dict[str, Any]): That of the listener.
    RETURNS (Dict[str, Any]): A new config.
    """
    result = dict(model_config)
    if "TransformerListener" in listener_config["@architectures"]:
        result["@architectures"] = "spacy-crf-ner.PeftTok2VecTransformer.v1"
        result.update(
            {key: listener_config[key] for key in ("pooling", "grad_factor") if key in listener_config}
        )
    return result
