"""Augmenters: functions that `[corpora.train.augmenter]` calls on each Example of a corpus."""

from .augmenter import Augmenter
from .case import build_random_case_v1
from .combined import build_combined_v1
from .mentions import build_mention_replacement_v1
from .outside_unknown import build_outside_unknown_v1
from .segments import build_shuffle_within_segments_v1
from .tokens import build_token_replacement_v1
from .typos import build_typos_v1

__all__ = [
    "Augmenter",
    "build_combined_v1",
    "build_mention_replacement_v1",
    "build_outside_unknown_v1",
    "build_random_case_v1",
    "build_shuffle_within_segments_v1",
    "build_token_replacement_v1",
    "build_typos_v1",
]
