"""Tokens that do not look at one another: what a loss without transitions takes the model to be."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from ...functional import Potentials


def trains_transitions(loss: Callable[..., Any]) -> bool:
    """RETURNS (bool): Whether a loss has gradients for transition, start and end scores: if it does not say, yes.

    loss (Loss): The loss; it says so by an attribute of this name.
    """
    return bool(getattr(loss, "trains_transitions", True))


def as_seen_by(loss: Callable[..., Any], potentials: Potentials) -> Potentials:
    """The model whose probabilities a loss is about.

    potentials (Potentials): The batch.
    loss (Loss): The loss.
    RETURNS (Potentials): The same batch; for a loss that does not train transitions one with transition, start and end
        scores of 0 and without masks for them, so that the tags of its tokens are independent.
    """
    if trains_transitions(loss):
        return potentials
    return replace(
        potentials,
        transitions=torch.zeros_like(potentials.transitions),
        start=torch.zeros_like(potentials.start),
        end=torch.zeros_like(potentials.end),
        allowed_transitions=None,
        allowed_start=None,
        allowed_end=None,
    )
