"""Adapters by themselves, in the two files that peft reads and writes: settings as JSON, weights as safetensors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...errors import Errors, SpacyCrfNerError
from .library import import_peft
from .methods import METHODS, AdapterMethod

# Contents by the name of the file.
AdapterFiles = dict[str, bytes]

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"


def dump_adapter(model: Any) -> AdapterFiles:
    """The adapters of an encoder, as they are now.

    model (PeftModel): An encoder with adapters.
    RETURNS (Dict[str, bytes]): The files.
    """
    from safetensors.torch import save  # noqa: PLC0415

    settings = {
        key: sorted(value) if isinstance(value, set) else value
        for key, value in model.active_peft_config.to_dict().items()
    }
    # What others load, they load for use, unless they say otherwise.
    settings["inference_mode"] = True
    weights = {name: value.contiguous().cpu() for name, value in adapter_weights(model).items()}
    return {
        CONFIG_FILE: (json.dumps(settings, indent=2, sort_keys=True) + "\n").encode("utf8"),
        WEIGHTS_FILE: save(weights, metadata={"format": "pt"}),
    }


def adapter_weights(model: Any) -> dict[str, Any]:
    """The weights of the adapters, by peft's names for them in files.

    model (PeftModel): An encoder with adapters.
    RETURNS (Dict[str, Tensor]): The weights, not copied.
    """
    # "auto" would ask the Hugging Face hub about the encoder.
    weights: dict[str, Any] = import_peft().get_peft_model_state_dict(model, save_embedding_layers=False)
    return weights


def parse_adapter(files: AdapterFiles, method: AdapterMethod, source: str) -> tuple[Any, dict[str, Any]]:
    """Read adapters.

    files (Dict[str, bytes]): The files.
    method (AdapterMethod): What the config says, of which only the type has to agree: the rest was saved.
    source (str): Where they come from, for messages.
    RETURNS (Tuple[PeftConfig, Dict[str, Tensor]]): Settings and weights.
    RAISES (SpacyCrfNerError): Files that are damaged, or of another method.
    """
    from safetensors import SafetensorError  # noqa: PLC0415
    from safetensors.torch import load  # noqa: PLC0415

    peft = import_peft()
    try:
        settings = json.loads(files[CONFIG_FILE])
        weights = load(files[WEIGHTS_FILE])
        saved = settings.get("peft_type")
    except (AttributeError, KeyError, ValueError, SafetensorError) as error:
        raise SpacyCrfNerError(Errors.M104.format(source=source, reason=error)) from error
    if saved not in METHODS:
        reason = f"its `peft_type` is {saved!r}, which is none of {', '.join(METHODS)}"
        raise SpacyCrfNerError(Errors.M104.format(source=source, reason=reason))
    if saved != method.name:
        raise SpacyCrfNerError(Errors.M105.format(source=source, saved=saved, configured=method.name))
    return peft.PeftConfig.from_peft_type(**{**settings, "inference_mode": False}), weights


def read_adapter(folder: Path) -> AdapterFiles:
    """Read the files of adapters from a folder, as peft's `save_pretrained` and ours write them.

    folder (Path): The folder.
    RETURNS (Dict[str, bytes]): The files.
    RAISES (SpacyCrfNerError): A file that is not there or cannot be read.
    """
    try:
        return {name: (folder / name).read_bytes() for name in (CONFIG_FILE, WEIGHTS_FILE)}
    except OSError as error:
        raise SpacyCrfNerError(Errors.M104.format(source=folder, reason=error)) from error


def write_adapter(files: AdapterFiles, folder: Path) -> None:
    """Write the files of adapters into a folder.

    files (Dict[str, bytes]): The files.
    folder (Path): The folder, made if it is not there. Files of the same names are replaced when all are written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    try:
        for name, content in files.items():
            written.append(folder / f"{name}.part")
            written[-1].write_bytes(content)
        for path in written:
            path.replace(path.with_suffix(""))
    finally:
        for path in written:
            path.unlink(missing_ok=True)
