"""Attach adapters to an encoder, and make an encoder without them again."""

from __future__ import annotations

import copy
from typing import Any

from spacy.util import logger

from ...errors import Errors, SpacyCrfNerError
from .encoders import count_positions, linear_layers, model_type
from .files import AdapterFiles, adapter_weights, parse_adapter
from .library import import_peft
from .methods import AdapterMethod

# The least that a window needs: its first and last special tokens, and a word piece.
FEWEST_POSITIONS = 3


def is_adapted(encoder: Any) -> bool:
    """Whether adapters are attached to an encoder.

    encoder (PreTrainedModel | PeftModel | None): What may have them.
    RETURNS (bool): Whether it has.
    """
    return hasattr(encoder, "peft_config") and hasattr(encoder, "get_base_model")


def attach_new(encoder: Any, method: AdapterMethod) -> Any:
    """Attach new adapters. All other weights of the encoder are frozen.

    encoder (PreTrainedModel): The encoder; peft puts layers into it, and the result around it.
    method (AdapterMethod): The settings.
    RETURNS (PeftModel): The encoder with adapters.
    RAISES (SpacyCrfNerError): peft is not installed, or cannot do this with this type of encoder.
    """
    check_room(encoder, method.num_virtual_tokens)
    return _attach(encoder, method.make_config(encoder))


def attach_saved(encoder: Any, files: AdapterFiles, method: AdapterMethod, source: str) -> Any:
    """Attach adapters that were saved. All other weights of the encoder are frozen.

    encoder (PreTrainedModel): The encoder; peft puts layers into it, and the result around it.
    files (Dict[str, bytes]): The adapters.
    method (AdapterMethod): What the config says, of which only the type has to agree: the rest was saved.
    source (str): Where the files come from, for messages.
    RETURNS (PeftModel): The encoder with adapters.
    RAISES (SpacyCrfNerError): peft is not installed; adapters of another method or for another encoder.
    """
    config, weights = parse_adapter(files, method, source)
    check_room(encoder, getattr(config, "num_virtual_tokens", 0))
    # peft warns if the encoder goes by another name, as one does that was saved and loaded.
    name, config.base_model_name_or_path = config.base_model_name_or_path, None
    model = _attach(encoder, config)
    model.active_peft_config.base_model_name_or_path = name
    expected = {key: tuple(value.shape) for key, value in adapter_weights(model).items()}
    got = {key: tuple(value.shape) for key, value in weights.items()}
    if expected != got:
        key = min(key for key in expected.keys() | got.keys() if expected.get(key) != got.get(key))
        reason = f"`{key}` has the shape {got.get(key)}, and {expected.get(key)} would fit the encoder"
        raise SpacyCrfNerError(Errors.M104.format(source=source, reason=reason))
    import_peft().set_peft_model_state_dict(model, weights)
    return model


def _attach(encoder: Any, config: Any) -> Any:
    peft = import_peft()
    # peft forgets parameters that are in no layer, as XLNet has one.
    encoder.requires_grad_(False)
    try:
        model = peft.get_peft_model(encoder, config)
    except ValueError as error:
        known = ", ".join(linear_layers(encoder)) or "none"
        raise SpacyCrfNerError(
            Errors.M102.format(type=model_type(encoder), reason=str(error).rstrip("."), known=known)
        ) from error
    model.to(encoder.device)
    trained, total = model.get_nb_trainable_parameters()
    logger.info(
        "Adapters (%s): %d of the encoder's %d parameters train", config.peft_type.value, trained, total
    )
    return model


def check_room(encoder: Any, num_virtual_tokens: int) -> int | None:
    """How many word pieces a window may have, given the positions that virtual tokens take.

    encoder (PreTrainedModel): The encoder.
    num_virtual_tokens (int): How many there are.
    RETURNS (int | None): The limit, None where there is none.
    RAISES (SpacyCrfNerError): Virtual tokens that leave no room.
    """
    positions = count_positions(encoder)
    if positions is None or num_virtual_tokens == 0:
        return None
    room = positions - num_virtual_tokens
    if room < FEWEST_POSITIONS:
        raise SpacyCrfNerError(Errors.M106.format(positions=positions, got=num_virtual_tokens))
    return room


def merge(model: Any) -> Any:
    """A copy of the encoder with its adapters merged into its weights.

    model (PeftModel): An encoder with adapters of LoRA or IA3, which is not changed.
    RETURNS (PreTrainedModel): An encoder like any other.
    """
    return copy.deepcopy(model).merge_and_unload()


def detach(model: Any) -> Any:
    """The encoder without its adapters.

    model (PeftModel): An encoder with adapters, which is not changed.
    RETURNS (PreTrainedModel): A copy if there are adapters inside, or else the encoder itself, not to be changed.
    """
    if model.active_peft_config.is_prompt_learning:
        return model.get_base_model()
    return copy.deepcopy(model).unload()
