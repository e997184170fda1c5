"""Cross-entropy of single tokens beside the CRF's loss: a second lesson for the encoder."""

from dataclasses import dataclass

from torch import Tensor

from ...functional import Potentials
from .count_rules import LabelWeights, needs_counts, weights_named
from .cross_entropy import CrossEntropyLoss
from .independent import trains_transitions
from .nll import LikelihoodLoss
from .schedules import Weight, WeightSchedule, step_schedules, weight_setting
from .supervision import Loss, Supervision


@dataclass(frozen=True)
class AuxiliaryCrossEntropyLoss:
    """Another loss, plus cross-entropy of the emissions; see `build_auxiliary_cross_entropy_v1`.

    weight (float | WeightSchedule): What the cross-entropy counts.
    tokens (CrossEntropyLoss): The cross-entropy.
    loss (Loss): The other loss.
    """

    weight: float | WeightSchedule
    tokens: CrossEntropyLoss
    loss: Loss

    @property
    def trains_transitions(self) -> bool:
        """Whether the other loss does."""
        return trains_transitions(self.loss)

    @property
    def needs_counts(self) -> bool:
        """Whether the weights of one of the two follow from counts."""
        return self.tokens.needs_counts or needs_counts(self.loss)

    def __call__(self, potentials: Potentials, supervision: Supervision) -> Tensor:
        """RETURNS (Tensor): The loss of a batch: a scalar, in nats.

        potentials (Potentials): The batch, packed.
        supervision (Supervision): What is known of it.
        RAISES (ComponentError): A weight for a label that there is not; a rule without counts.
        RAISES (PotentialsError): The masks forbid an annotation; scores of NaN or +inf.
        """
        loss = self.loss(potentials, supervision)
        weight = self.weight.value if isinstance(self.weight, WeightSchedule) else self.weight
        return loss + weight * self.tokens(potentials, supervision) if weight else loss

    def step_schedules(self) -> None:
        """Move the weight on by one update, and those of the other loss.

        RAISES (ComponentError): A value out of range.
        """
        if isinstance(self.weight, WeightSchedule):
            self.weight.step()
        step_schedules(self.loss)


def build_auxiliary_cross_entropy_v1(
    weight: Weight = 0.5,
    label_weights: LabelWeights | None = None,
    label_smoothing: float = 0.0,
    loss: Loss | None = None,
) -> Loss:
    """Another loss + weight * cross-entropy of single tokens, summed over the batch, in nats.

    The cross-entropy is that of `spacy-crf-ner.cross_entropy.v1`: each token by its own emissions, as if there were no
    transitions. It teaches the encoder to tell the tags apart by itself, where a CRF may leave a part of that to its
    transition scores. Neither prediction nor probabilities know of it.

    weight (float | Iterable[float]): At least 0: a number, or a schedule with a value for each update, of which the
        last one stays.
    label_weights (dict[str, float] | str | CountRule | None): Weights of the cross-entropy, as that loss takes them.
        The other loss has its own.
    label_smoothing (float): 0 to below 1: share of the cross-entropy's target that is spread over all tags.
    loss (Loss | None): The other loss; `spacy-crf-ner.nll.v1` if None.
    RETURNS (Loss): The loss.
    RAISES (ComponentError): Settings out of range.
    """
    tokens = CrossEntropyLoss(weights_named(label_weights), label_smoothing)
    return AuxiliaryCrossEntropyLoss(
        weight_setting("weight", weight), tokens, LikelihoodLoss() if loss is None else loss
    )
