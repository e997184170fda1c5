"""Continued pretraining of an encoder on raw texts, before it is fine-tuned."""

from .pretraining import Pretraining
from .settings import PretrainingSettings
from .texts import read_texts

__all__ = ["Pretraining", "PretrainingSettings", "read_texts"]
