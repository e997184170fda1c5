"""What is compared: corpora that lack more or less of their annotation, and the settings to train on them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.corpus import INCORRECT_KEY, Post
from harness.systems import COMPONENTS, Config

from .annotation import (
    draw_wrong_spans,
    hide_entities,
    keep_entities_only,
    leave_untold,
    take_for_entities,
    take_unknown_for_outside,
    tell_incorrect,
    tokens_of,
)
from .names import AS_GOLD, DICTIONARY, FULL, KNOWN, MISSING, OUTSIDE, UNTOLD

COMPONENT = "crf_ner"
HIDDEN_SHARE = 0.5
WRONG_SHARE = 0.1
# The same entities are hidden, and the same spans are wrong, whatever the seed of the training.
SELECTION_SEED = 0


@dataclass(frozen=True)
class System:
    """What one model is trained on, and how.

    posts (list[Post]): The training part.
    settings (Config): Settings of the component, beside those of the harness.
    """

    posts: list[Post]
    settings: Config = field(default_factory=dict)

    @property
    def config(self) -> Config:
        """All settings of the component."""
        return copy.deepcopy(COMPONENTS[COMPONENT]) | self.settings


def make_systems(gold: Sequence[Post]) -> dict[str, System]:
    """All systems.

    gold (Sequence[Post]): The training part with all annotation.
    RETURNS (dict[str, System]): By name, in the order of names.SYSTEMS.
    """
    half = hide_entities(gold, HIDDEN_SHARE, SELECTION_SEED)
    wrong = draw_wrong_spans(gold, half, WRONG_SHARE, SELECTION_SEED)
    loss = {
        "@losses": "spacy-crf-ner.expected_entity_ratio.v1",
        "ratio": round(entity_ratio(gold), 2),
    }
    return {
        FULL: System([*gold]),
        MISSING: System(half),
        OUTSIDE: System(take_unknown_for_outside(half)),
        DICTIONARY: System(keep_entities_only(half), {"loss": loss}),
        AS_GOLD: System(take_for_entities(half, wrong)),
        KNOWN: System(tell_incorrect(half, wrong), {"incorrect_spans_key": INCORRECT_KEY}),
        UNTOLD: System(leave_untold(half, wrong)),
    }


def entity_ratio(gold: Sequence[Post]) -> float:
    """Share of the tokens that are in entities."""
    return sum(len(tokens_of(post.entities)) for post in gold) / sum(len(post.words) for post in gold)
