"""Negative log-likelihood, the usual loss of a CRF, with weights for labels and label smoothing."""

from dataclasses import dataclass

from torch import Tensor

from ...functional import Potentials, PotentialsGradient
from ...kernels import negative_log_likelihood
from .count_rules import CountRule, LabelWeights, Numbers, check_numbers, weights_named
from .gradients import leaves_of, with_gradient
from .settings import check_share
from .smoothing import uniform_cross_entropy
from .supervision import Loss, Supervision
from .weighted import weighted_likelihood_loss


@dataclass(frozen=True)
class LikelihoodLoss:
    """Negative log-likelihood of (partial) annotation: log Z(all) - log Z(admitted).

    label_weights (Mapping[str, float] | CountRule | None): Weights by label and for "O", or a rule for them; see
        `weighted_likelihood_loss`.
    label_smoothing (float): Share of the loss that is cross-entropy against all paths; see `uniform_cross_entropy`.
    RAISES (ComponentError): Settings out of range.
    """

    label_weights: Numbers | None = None
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        check_numbers("label_weights", self.label_weights)
        check_share("label_smoothing", self.label_smoothing)

    @property
    def needs_counts(self) -> bool:
        """Whether the weights follow from counts."""
        return isinstance(self.label_weights, CountRule)

    def __call__(self, potentials: Potentials, supervision: Supervision) -> Tensor:
        """RETURNS (Tensor): The loss of a batch: a scalar, in nats.

        potentials (Potentials): The batch, packed.
        supervision (Supervision): What is known of it.
        RAISES (PotentialsError): The masks forbid an annotation; scores of NaN or +inf.
        """
        if self.label_weights:
            loss = weighted_likelihood_loss(potentials, supervision, self.label_weights)
        else:
            loss = negative_log_likelihood(potentials, supervision.target).sum()
        if not self.label_smoothing:
            return loss
        smooth = uniform_cross_entropy(potentials)
        return (1.0 - self.label_smoothing) * loss + self.label_smoothing * smooth


def build_nll_v1(label_weights: LabelWeights | None = None, label_smoothing: float = 0.0) -> Loss:
    """Negative log-likelihood of the annotation, summed over the batch, in nats.

    log Z(all paths) - log Z(paths that the annotation admits): Lafferty et al. 2001 for full annotation, Tsuboi et al.
    2008, https://aclanthology.org/C08-1113/, for partial.

    label_weights (dict[str, float] | str | CountRule | None): Weights of at least 0 by label and for "O", 1 for those
        not named: above 1, mistakes on tokens of this label count more. Or a rule that makes them of counts,
        `spacy-crf-ner.weights_by_count.v1`, or the name of one.
    label_smoothing (float): 0 to below 1: (1 - label_smoothing) * loss + label_smoothing * cross-entropy against the
        uniform distribution over all paths that the scheme allows (Szegedy et al. 2016,
        https://arxiv.org/abs/1512.00567, section 7, for the distribution over paths).
    RETURNS (Loss): The loss.
    RAISES (ComponentError): Settings out of range.
    """
    return LikelihoodLoss(weights_named(label_weights), label_smoothing)


def nll_loss(potentials: Potentials, target: Tensor) -> tuple[float, PotentialsGradient]:
    """Negative log-likelihood of (partial) annotation, summed over the batch.

    potentials (Potentials): The batch, with the masks that decoding uses, too.
    target (Tensor): Tag ids, *Shape:* (batch, seq_len) or (n_tokens,), int64; or allowed tags, *Shape:* as the
        emissions, bool.
    RETURNS (tuple[float, PotentialsGradient]): The loss in nats, and its gradient.
    RAISES (ImpossibleSequenceError): The masks forbid a target.
    RAISES (PotentialsError): Scores of NaN or +inf.
    """
    leaves = leaves_of(potentials)
    return with_gradient(negative_log_likelihood(leaves, target).sum(), leaves)
