"""What is to be known of an encoder before adapters are attached to it."""

import inspect
from typing import Any

import torch


def model_type(encoder: Any) -> str:
    """What kind of encoder this is, "bert" for instance.

    encoder (PreTrainedModel): The encoder.
    RETURNS (str): As its config calls it.
    """
    return str(encoder.config.model_type)


def takes(encoder: Any, argument: str) -> bool:
    """Whether the encoder can be called with this argument.

    encoder (PreTrainedModel): The encoder.
    argument (str): Name of the argument.
    RETURNS (bool): Whether `forward` names it.
    """
    return argument in inspect.signature(encoder.forward).parameters


def has_transposed_weights(encoder: Any) -> bool:
    """Whether its linear layers hold their weights as (inputs, outputs), as those of GPT-2 do.

    encoder (PreTrainedModel): The encoder.
    RETURNS (bool): Whether any does: no encoder has both kinds.
    """
    return any(type(module).__name__ == "Conv1D" for module in encoder.modules())


def linear_layers(encoder: Any) -> list[str]:
    """The ends of the names of its linear layers, without numbers: "query", "output.dense".

    encoder (PreTrainedModel): The encoder.
    RETURNS (List[str]): Each once, in their order. A name like "dense" comes with what is before it.
    """
    found = {}
    for name, module in encoder.named_modules():
        if isinstance(module, torch.nn.Linear) or type(module).__name__ == "Conv1D":
            parts = [part for part in name.split(".") if not part.isdigit()]
            found[".".join(parts[-2:] if parts[-1] == "dense" else parts[-1:])] = True
    return list(found)


def count_positions(encoder: Any) -> int | None:
    """How many positions the encoder has embeddings for.

    encoder (PreTrainedModel): The encoder.
    RETURNS (int | None): Positions that tokens can have, None where there is no limit.
    """
    for name, module in encoder.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, torch.nn.Embedding):
            # RoBERTa and its kin count from the position behind that of padding.
            unused = 0 if module.padding_idx is None else module.padding_idx + 1
            return module.num_embeddings - unused
    positions = getattr(encoder.config, "max_position_embeddings", None)
    return positions if positions is not None and positions > 0 else None
