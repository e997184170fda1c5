"""From a loss to its gradient by each score of the potentials."""

from dataclasses import replace

import torch
from torch import Tensor

from ...functional import Potentials, PotentialsGradient

SCORES = ("emissions", "transitions", "start", "end")


def leaves_of(potentials: Potentials) -> Potentials:
    """The same batch, cut off from what it was computed from, with scores that collect gradients.

    potentials (Potentials): The batch.
    RETURNS (Potentials): A batch that shares its memory.
    """
    scores = {name: getattr(potentials, name).detach().requires_grad_() for name in SCORES}
    return replace(potentials, **scores)


def with_gradient(loss: Tensor, leaves: Potentials) -> tuple[float, PotentialsGradient]:
    """Differentiate a loss by the scores that it was computed from.

    loss (Tensor): A scalar, in nats.
    leaves (Potentials): What `leaves_of` returned; scores that the loss does not depend on have gradient 0.
    RETURNS (tuple[float, PotentialsGradient]): The loss, and its gradient in the layout of the batch.
    """
    inputs = [getattr(leaves, name) for name in SCORES]
    gradients = torch.autograd.grad(loss, inputs, materialize_grads=True)
    return float(loss.detach()), PotentialsGradient(*gradients)
