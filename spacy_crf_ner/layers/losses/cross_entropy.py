"""Cross-entropy of single tokens: the softmax head of most tutorials, decoded with or without constraints."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ...functional import Potentials, raise_unless_finite
from .count_rules import CountRule, LabelWeights, Numbers, check_numbers, number_per_label, weights_named
from .settings import check_share
from .supervision import SEVERAL, Gold, Loss, Supervision


@dataclass(frozen=True)
class CrossEntropyLoss:
    """Cross-entropy of each token by itself; see `build_cross_entropy_v1`.

    label_weights (Mapping[str, float] | CountRule | None): Weights by label and for "O", or a rule for them.
    label_smoothing (float): Share of the target that all tags get.
    RAISES (ComponentError): Settings out of range.
    """

    label_weights: Numbers | None = None
    label_smoothing: float = 0.0
    trains_transitions: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_numbers("label_weights", self.label_weights)
        check_share("label_smoothing", self.label_smoothing)

    @property
    def needs_counts(self) -> bool:
        """Whether the weights follow from counts."""
        return isinstance(self.label_weights, CountRule)

    def __call__(self, potentials: Potentials, supervision: Supervision) -> Tensor:
        """RETURNS (Tensor): The loss of a batch: a scalar, in nats.

        potentials (Potentials): The batch, packed; of its masks that of the tags is used, and none of its transitions.
        supervision (Supervision): What is known of it.
        RAISES (ComponentError): A weight for a label that there is not; a rule without counts.
        RAISES (PotentialsError): The masks forbid an annotation; scores of NaN or +inf.
        """
        gold = supervision.gold(potentials)
        possible = potentials.allowed_tags
        scores = potentials.emissions.double()
        if possible is not None:
            scores = scores.masked_fill(~possible, -torch.inf)
        totals = scores.logsumexp(1)
        reached = scores.masked_fill(~gold.admitted, -torch.inf).logsumexp(1)
        for values in (reached, totals):
            raise_unless_finite(_by_sequence(potentials, values.detach()))
        losses = totals - reached
        if self.label_smoothing:
            smooth = _uniform_cross_entropy(scores, totals)
            losses = (1.0 - self.label_smoothing) * losses + self.label_smoothing * smooth
        return (losses * self._weights(gold, supervision)).sum()

    def _weights(self, gold: Gold, supervision: Supervision) -> Tensor:
        """The weight of each token; 0 where nothing is known."""
        tagset, counts = supervision.tagset, supervision.label_counts
        values = number_per_label("label_weights", self.label_weights, tagset, counts, outside=True)
        table = torch.tensor([*values, 1.0], dtype=torch.float64, device=gold.owners.device)
        rows = torch.where(gold.owners == SEVERAL, len(values), gold.owners)
        return torch.where(gold.known, table[rows], 0.0)


def _uniform_cross_entropy(scores: Tensor, totals: Tensor) -> Tensor:
    """Cross-entropy of each token against the uniform distribution over its possible tags."""
    possible = scores > -torch.inf
    mean = scores.masked_fill(~possible, 0.0).sum(1) / possible.sum(1)
    return totals - mean


def _by_sequence(potentials: Potentials, values: Tensor) -> Tensor:
    """Sums of the tokens' values. *Shape:* (n_tokens,) -> (batch,)."""
    lengths = potentials.lengths.to(values.device)
    sequences = torch.arange(len(lengths), device=values.device).repeat_interleave(lengths)
    return values.new_zeros(len(lengths)).index_add_(0, sequences, values)


def build_cross_entropy_v1(label_weights: LabelWeights | None = None, label_smoothing: float = 0.0) -> Loss:
    """Cross-entropy of single tokens, summed over the batch, in nats: -sum_t w_t log sum_(i in A_t) softmax(e_t)_i.

    A_t are the tags that the annotation admits. No transition, start or end score takes part, so that they stay what
    they are, 0 in a new model; nor do the masks of the scheme. Decoding still keeps to the scheme. Tokens that nothing
    is known of add nothing.

    label_weights (dict[str, float] | str | CountRule | None): Weights w_t of at least 0 by label and for "O", 1 for
        those not named. Or a rule that makes them of counts, `spacy-crf-ner.weights_by_count.v1`, or the name of one.
    label_smoothing (float): 0 to below 1: share of the target that is spread over all tags of the token (Szegedy et al.
        2016, https://arxiv.org/abs/1512.00567, section 7).
    RETURNS (Loss): The loss.
    RAISES (ComponentError): Settings out of range.
    """
    return CrossEntropyLoss(weights_named(label_weights), label_smoothing)
