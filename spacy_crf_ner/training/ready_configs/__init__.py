"""Configs to train with: the ready ones, and one made of them for a language, an encoder, an aim and a machine."""

from .choices import AIMS, SCHEMES, Choices
from .files import find_ready_configs, load_ready_config
from .making import MadeConfig, make_config
from .writing import check_new, save_text, train_command, write_config

__all__ = [
    "AIMS",
    "SCHEMES",
    "Choices",
    "MadeConfig",
    "check_new",
    "find_ready_configs",
    "load_ready_config",
    "make_config",
    "save_text",
    "train_command",
    "write_config",
]
