"""What the CRF of a pipeline has learned about which tag follows which."""

from dataclasses import dataclass
from typing import Any

import torch
from spacy.language import Language
from torch import Tensor

from ..functional import Potentials
from ..layers import tempered
from ..pipeline import CRFEntityRecognizer
from ..tags import BoolArray


@dataclass(frozen=True)
class TransitionTable:
    """The scores of moves between tags, as prediction uses them: in nats, divided by the component's temperature.

    Only differences mean something, for what is added to all scores changes nothing. Forbidden moves have a score, too,
    which is never used.

    component (str): Name of the component.
    tags (list[str]): Names of the tags in the order of their ids.
    scores (list[list[float]]): Scores [from][to].
    start (list[float]): Of each tag as that of the first token.
    end (list[float]): Of each tag as that of the last token.
    allowed (list[list[bool]]): Moves [from][to] that the tag scheme allows, except those with a score of -inf, for
        which `scores` has 0.
    allowed_start (list[bool]): Tags that a sequence may begin with, likewise.
    allowed_end (list[bool]): Tags that a sequence may end with, likewise.
    """

    component: str
    tags: list[str]
    scores: list[list[float]]
    start: list[float]
    end: list[float]
    allowed: list[list[bool]]
    allowed_start: list[bool]
    allowed_end: list[bool]


def find_transitions(nlp: Language) -> list[TransitionTable]:
    """Read the transition scores of all components with a linear-chain CRF, except disabled ones.

    nlp (Language): The pipeline.
    RETURNS (list[TransitionTable]): One for each component, in the order of the pipeline.
    RAISES (ComponentError): A component without labels or weights.
    """
    return [_table(name, pipe) for name, pipe in nlp.pipeline if isinstance(pipe, CRFEntityRecognizer)]


def _table(name: str, component: CRFEntityRecognizer) -> TransitionTable:
    component.require_ready()
    settings, tagset = component.settings(), component.tagset
    # Of no sequences the layer makes potentials with its own scores alone.
    nothing: Any = []
    untempered: Potentials = component.model.get_ref("crf").predict(nothing)
    potentials = tempered(untempered, tagset, settings.temperature)
    scores, allowed = _readable(potentials.transitions, tagset.allowed_transitions)
    start, allowed_start = _readable(potentials.start, tagset.allowed_start)
    end, allowed_end = _readable(potentials.end, tagset.allowed_end)
    return TransitionTable(name, list(tagset.tags), scores, start, end, allowed, allowed_start, allowed_end)


def _readable(scores: Tensor, allowed: BoolArray) -> tuple[list[Any], list[Any]]:
    """Scores and masks as lists, without infinity, which JSON does not have."""
    finite = torch.isfinite(scores).cpu().numpy()
    return torch.where(torch.isfinite(scores), scores, 0.0).tolist(), (allowed & finite).tolist()
