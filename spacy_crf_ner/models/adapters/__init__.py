"""Encoders of which only adapters train: LoRA, IA3, prefix and prompt tuning, through the library peft.

An encoder that is loaded and has no adapters needs no peft.
"""

from .files import AdapterFiles, read_adapter, write_adapter
from .methods import IA3, AdapterMethod, Lora, PrefixTuning, PromptTuning
from .selection import choose_adapters, find_adapters
from .transformer import PeftTransformerModel

__all__ = [
    "IA3",
    "AdapterFiles",
    "AdapterMethod",
    "Lora",
    "PeftTransformerModel",
    "PrefixTuning",
    "PromptTuning",
    "choose_adapters",
    "find_adapters",
    "read_adapter",
    "write_adapter",
]
