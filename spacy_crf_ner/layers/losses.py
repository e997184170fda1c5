"""Losses over `Potentials`, each with its exact gradient."""

from dataclasses import replace

import torch
from torch import Tensor

from ..functional import Potentials, PotentialsGradient
from ..kernels import log_partition, negative_log_likelihood

SCORES = ("emissions", "transitions", "start", "end")


def nll_loss(potentials: Potentials, target: Tensor) -> tuple[float, PotentialsGradient]:
    """Negative log-likelihood of (partial) annotation, summed over the batch.

    potentials (Potentials): The batch, with the masks that decoding uses, too.
    target (Tensor): Tag ids, *Shape:* (batch, seq_len) or (n_tokens,), int64; or allowed tags, *Shape:* as the
        emissions, bool.
    RETURNS (tuple[float, PotentialsGradient]): The loss in nats, and its gradient.
    RAISES (ImpossibleSequenceError): The masks forbid a target.
    RAISES (PotentialsError): Scores of NaN or +inf.
    """
    leaves = _leaves(potentials)
    return _with_gradient(negative_log_likelihood(leaves, target).sum(), leaves)


def rehearsal_loss(potentials: Potentials, teacher: Potentials) -> tuple[float, PotentialsGradient]:
    """Kullback-Leibler divergence KL(teacher || model) between the distributions over paths, summed over the batch.

    For exponential families it is log Z(model) - log Z(teacher) + E_teacher[score(teacher) - score(model)], and its
    gradient the difference of expectations, E_model - E_teacher (Wainwright and Jordan 2008,
    https://doi.org/10.1561/2200000001, section 5.2): the token and transition marginals of the teacher are kept.

    potentials (Potentials): The model's scores.
    teacher (Potentials): The scores to stay close to, for the same tokens and the same tags, or the first of them.
    RETURNS (tuple[float, PotentialsGradient]): The divergence in nats, and its gradient by the model's scores.
    RAISES (PotentialsError): Scores of NaN or +inf.
    """
    leaves, fixed = _leaves(potentials), _leaves(teacher)
    own = log_partition(fixed).sum()
    _, expected = _with_gradient(own, fixed)
    first = teacher.n_tags
    distance = log_partition(leaves).sum() - own.detach()
    for name in SCORES:
        score = getattr(leaves, name)
        # Tags that the teacher does not know come last: it expects them never.
        known = score[..., :first] if name == "emissions" else score[(slice(first),) * score.dim()]
        distance = distance + (getattr(expected, name) * (getattr(fixed, name).detach() - known)).sum()
    return _with_gradient(distance, leaves)


def _leaves(potentials: Potentials) -> Potentials:
    scores = {name: getattr(potentials, name).detach().requires_grad_() for name in SCORES}
    return replace(potentials, **scores)


def _with_gradient(loss: Tensor, leaves: Potentials) -> tuple[float, PotentialsGradient]:
    inputs = [getattr(leaves, name) for name in SCORES]
    gradients = torch.autograd.grad(loss, inputs, materialize_grads=True)
    return float(loss.detach()), PotentialsGradient(*gradients)
