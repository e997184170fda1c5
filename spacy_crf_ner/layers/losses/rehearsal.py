"""Stay close to another model: what `nlp.rehearse` minimises."""

from torch import Tensor

from ...functional import Potentials, PotentialsGradient
from ...kernels import log_partition
from .gradients import SCORES, leaves_of, with_gradient


def rehearsal_loss(potentials: Potentials, teacher: Potentials) -> tuple[float, PotentialsGradient]:
    """Kullback-Leibler divergence KL(teacher || model), with its gradient: see `divergence`.

    potentials (Potentials): The model's scores.
    teacher (Potentials): The scores to stay close to, for the same tokens and the same tags, or the first of them.
    RETURNS (tuple[float, PotentialsGradient]): The divergence in nats, and its gradient by the model's scores.
    RAISES (PotentialsError): Scores of NaN or +inf.
    """
    leaves = leaves_of(potentials)
    return with_gradient(divergence(leaves, teacher), leaves)


def divergence(potentials: Potentials, teacher: Potentials) -> Tensor:
    """Kullback-Leibler divergence KL(teacher || model) between the distributions over paths, summed over the batch.

    For exponential families it is log Z(model) - log Z(teacher) + E_teacher[score(teacher) - score(model)], and its
    gradient the difference of expectations, E_model - E_teacher (Wainwright and Jordan 2008,
    https://doi.org/10.1561/2200000001, section 5.2): the token and transition marginals of the teacher are kept.

    potentials (Potentials): The model's scores; their masks allow at least the paths that the teacher's do.
    teacher (Potentials): The other scores, for the same tokens and the same tags, or the first of them.
    RETURNS (Tensor): A scalar, in nats, differentiable by the model's scores.
    RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
    """
    fixed = leaves_of(teacher)
    own = log_partition(fixed).sum()
    _, expected = with_gradient(own, fixed)
    first = teacher.n_tags
    distance = log_partition(potentials).sum() - own.detach()
    for name in SCORES:
        score = getattr(potentials, name)
        # Tags that the teacher does not know come last: it expects them never.
        known = score[..., :first] if name == "emissions" else score[(slice(first),) * score.dim()]
        distance = distance + (getattr(expected, name) * (getattr(fixed, name).detach() - known)).sum()
    return distance
