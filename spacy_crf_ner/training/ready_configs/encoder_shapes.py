"""How deep, wide and long an encoder of Hugging Face is, without its weights."""

import os
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import Errors, TrainingError
from .choices import NETWORKS

LARGE_WIDTH = 1024
LARGE_NAMES = ("large", "-xl", "-xxl")


class EncoderShape(NamedTuple):
    """What the settings of a config depend on.

    depth (int): Number of layers with parameters of their own.
    large (bool): Whether it is as wide as BERT-large, or wider.
    positions (int | None): The most word pieces of a text that it takes; None if no number limits it.
    known (bool): Whether its config says so. If not, it is taken for one like BERT-base, or like BERT-large if its name
        says that it is large.
    """

    depth: int
    large: bool
    positions: int | None
    known: bool


def read_encoder_shape(encoder: str) -> EncoderShape:
    """Look into the config of an encoder; nothing else of it is read, and no code of it runs.

    encoder (str): Folder, or name on the Hub, from where its config is fetched unless it was before.
    RETURNS (EncoderShape): Its shape, or a guess where a name is not found.
    RAISES (TrainingError): A folder that is not there or holds no encoder.
    """
    from transformers import AutoConfig  # noqa: PLC0415

    folder = Path(encoder)
    if _is_path(encoder):
        if not folder.is_dir():
            raise _no_encoder(encoder, "it is a file" if folder.exists() else "there is no such folder")
        if not (folder / "config.json").is_file():
            raise _no_encoder(encoder, "it holds no config.json")
    try:
        config = AutoConfig.from_pretrained(encoder, trust_remote_code=False)
    # No connection, no such name, a file that is no JSON; a kind of model that is not known; settings that do not fit.
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if _is_path(encoder):
            reason = " ".join(str(error).split()) or type(error).__name__
            raise _no_encoder(encoder, f"its config.json cannot be used ({reason[:200]})") from error
        return _guess(encoder)
    depth = _number(config, "num_hidden_groups") or _number(config, "num_hidden_layers")
    width = _number(config, "hidden_size")
    if depth is None or width is None:
        return _guess(encoder)
    return EncoderShape(depth, width >= LARGE_WIDTH, _number(config, "max_position_embeddings"), known=True)


def _is_path(encoder: str) -> bool:
    # Names on the Hub have at most one slash, after the name of their owner.
    has_path_form = encoder.startswith((".", "~", os.sep)) or "\\" in encoder or encoder.count("/") > 1
    return has_path_form or Path(encoder).is_absolute() or Path(encoder).exists()


def _no_encoder(encoder: str, reason: str) -> TrainingError:
    return TrainingError(Errors.I003.format(got=encoder, reason=reason, networks=", ".join(NETWORKS)))


def _guess(encoder: str) -> EncoderShape:
    large = any(part in encoder.lower() for part in LARGE_NAMES)
    return EncoderShape(24 if large else 12, large, None, known=False)


def _number(config: Any, name: str) -> int | None:
    value = getattr(config, name, None)
    return value if isinstance(value, int) and value > 0 else None
