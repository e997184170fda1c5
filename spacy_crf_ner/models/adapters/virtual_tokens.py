"""Virtual tokens: what of them must not go into, or come out of, an encoder."""

from collections.abc import Callable
from typing import Any

Convert = Callable[[Any, Any, bool], tuple[Any, Callable[[Any], Any]]]


def convert_inputs(inner: Convert) -> Convert:
    """Wrap the function that makes the encoder's arguments of a batch of word pieces.

    inner (Callable): That of spacy-transformers.
    RETURNS (Callable): The same, but for what does not go together with virtual tokens.
    """

    def convert(model: Any, X: Any, is_train: bool) -> tuple[Any, Callable[[Any], Any]]:
        inputs, backprop = inner(model, X, is_train)
        if model.shims[0].num_virtual_tokens:
            # There are none for virtual tokens. A window is one segment, for which encoders need not be told.
            inputs.kwargs.pop("token_type_ids", None)
        return inputs, backprop

    return convert


def convert_outputs(inner: Convert) -> Convert:
    """Wrap the function that takes the encoder's output, so that there is one row for each word piece.

    inner (Callable): That of spacy-transformers.
    RETURNS (Callable): The same, without rows of virtual tokens. The gradient goes through the rows that are left.
    """

    def convert(model: Any, inputs_outputs: Any, is_train: bool) -> tuple[Any, Callable[[Any], Any]]:
        inputs, outputs = inputs_outputs
        shim = model.shims[0]
        if shim.num_virtual_tokens:
            outputs = strip(outputs, shim.num_virtual_tokens if shim.lengthens else 0)
        return inner(model, (inputs, outputs), is_train)

    return convert


def strip(outputs: Any, n: int) -> Any:
    """Take the first rows from an encoder's output.

    outputs (ModelOutput): *Shape of its hidden states:* (batch, n + seq_len, width)
    n (int): How many.
    RETURNS (ModelOutput): Last and other hidden states, of which the rows are word pieces. The pooled output comes
        along if n is 0: it is computed from the first row. Attention and cached keys, which see virtual tokens, do not.
    """
    from transformers.modeling_outputs import BaseModelOutputWithPooling  # noqa: PLC0415

    states = outputs.get("hidden_states")
    return BaseModelOutputWithPooling(
        last_hidden_state=outputs.last_hidden_state[:, n:],
        pooler_output=outputs.get("pooler_output") if n == 0 else None,
        hidden_states=None if states is None else tuple(state[:, n:] for state in states),
    )
