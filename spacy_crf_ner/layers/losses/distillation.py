"""Learn the distribution of a teacher: what a student minimises on texts without annotation."""

from ...functional import Potentials, PotentialsGradient
from ...tags import TagSet
from ..tempering import tempered
from .gradients import leaves_of, with_gradient
from .independent import as_seen_by
from .rehearsal import divergence
from .supervision import Loss


def distillation_loss(
    loss: Loss, potentials: Potentials, teacher: Potentials, tagset: TagSet, temperature: float = 1.0
) -> tuple[float, PotentialsGradient]:
    """T^2 KL(teacher || student) between distributions over paths that are both softened by a temperature T.

    The distributions are those of the scores divided by T. Nothing is sampled or cut off: the divergence is exact, and
    its gradient is T times the difference of token and transition marginals (Wang et al. 2020,
    https://arxiv.org/abs/2004.03846, section 3, take the k best paths or token posteriors instead). The factor T^2
    keeps gradients of one size while T changes (Hinton et al. 2015, https://arxiv.org/abs/1503.02531, section 2).

    loss (Loss): What the student minimises elsewhere: if it takes the tags of tokens to be independent, so does this,
        and what is left of the divergence is the token marginals of the teacher.
    potentials (Potentials): The student's scores; their masks allow at least the paths that the teacher's do.
    teacher (Potentials): The teacher's scores, for the same tokens and tags.
    tagset (TagSet): The tags of both.
    temperature (float): T, finite and above 0.
    RETURNS (tuple[float, PotentialsGradient]): The sum over the batch in nats, and its gradient by the student's
        scores.
    RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
    RAISES (SpacyCrfNerError): A temperature that is not finite and above 0.
    """
    leaves = leaves_of(potentials)
    student = tempered(as_seen_by(loss, leaves), tagset, temperature)
    softened = divergence(student, tempered(teacher, tagset, temperature))
    return with_gradient(temperature**2 * softened, leaves)
