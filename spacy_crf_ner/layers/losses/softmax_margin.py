"""Softmax-margin: likelihood in which some mistakes cost more than others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ...functional import Potentials
from ...kernels import negative_log_likelihood
from ...tags import OUTSIDE, TagSet
from .count_rules import CountRule, LabelWeights, Numbers, check_numbers, number_per_label, rule_named
from .settings import NumberPerLabel
from .supervision import SEVERAL, Loss, Supervision, tag_owners


@dataclass(frozen=True)
class SoftmaxMarginLoss:
    """log of the sum over all paths of exp(score + cost) - log Z(admitted); see `build_softmax_margin_v1`.

    false_positive (float | Mapping[str, float]): Cost of an entity's tag where "O" is right, by the label predicted.
    false_negative (float | Mapping[str, float] | CountRule): Cost of "O" where an entity's tag is right, by the label
        missed.
    wrong_label (float | Mapping[str, float] | CountRule): Cost of another tag but "O" where an entity's tag is right,
        by the label that is right.
    RAISES (ComponentError): Costs out of range.
    """

    false_positive: float | Mapping[str, float] = 1.0
    false_negative: Numbers = 1.0
    wrong_label: Numbers = 1.0

    def __post_init__(self) -> None:
        for setting in ("false_positive", "false_negative", "wrong_label"):
            check_numbers(setting, getattr(self, setting))

    @property
    def needs_counts(self) -> bool:
        """Whether costs follow from counts."""
        return any(isinstance(values, CountRule) for values in (self.false_negative, self.wrong_label))

    def __call__(self, potentials: Potentials, supervision: Supervision) -> Tensor:
        """RETURNS (Tensor): The loss of a batch: a scalar, in nats.

        potentials (Potentials): The batch, packed.
        supervision (Supervision): What is known of it.
        RAISES (ComponentError): A cost for a label that there is not; a rule without counts.
        RAISES (PotentialsError): The masks forbid an annotation; scores of NaN or +inf.
        """
        gold = supervision.gold(potentials)
        table = self.costs(supervision.tagset, gold.owners.device, supervision.label_counts)
        rows = torch.where(gold.owners == SEVERAL, len(table) - 1, gold.owners)
        costs = table[rows].masked_fill(gold.admitted, 0.0)
        emissions = potentials.emissions + costs.to(potentials.emissions.dtype)
        # What is admitted costs nothing: the sum over it is the same with costs and without.
        dearer = replace(potentials, emissions=emissions)
        return negative_log_likelihood(dearer, supervision.target).sum()

    def costs(self, tagset: TagSet, device: torch.device, counts: Mapping[str, int] | None = None) -> Tensor:
        """RETURNS (Tensor): What each tag costs where another is right: rows for "O", for each label, and for what is
            not known, which costs nothing. *Shape:* (n_labels + 2, n_tags), float64, nats.

        tagset (TagSet): The tags.
        device (torch.device): Where to put the result.
        counts (Mapping[str, int] | None): Tokens of each label in the training data, for rules.
        RAISES (ComponentError): A cost for a label that there is not; a rule without counts.
        """
        owners = tag_owners(tagset, device)
        positive, negative, wrong = (
            owners.new_tensor(
                number_per_label(name, getattr(self, name), tagset, counts, outside=False),
                dtype=torch.float64,
            )
            for name in ("false_positive", "false_negative", "wrong_label")
        )
        table = wrong.unsqueeze(1).repeat(1, len(owners))
        table[:, OUTSIDE] = negative
        table[OUTSIDE] = positive[owners]
        table[OUTSIDE, OUTSIDE] = 0.0
        return torch.cat([table, torch.zeros_like(table[:1])])


def build_softmax_margin_v1(
    false_positive: NumberPerLabel = 1.0,
    false_negative: float | LabelWeights = 1.0,
    wrong_label: float | LabelWeights = 1.0,
) -> Loss:
    """Softmax-margin, summed over the batch, in nats (Gimpel and Smith 2010, https://aclanthology.org/N10-1112/).

        log sum_y exp(score(y) + cost(y)) - log Z(admitted)

    cost(y) adds up what the tags of y cost: a mistake must be less probable than the truth by more, the more it costs.
    Costs of 0 give the negative log-likelihood. Tags that the annotation admits cost nothing, nor does any tag of a
    token that nothing is known of, or to which tags of several labels, or of a label and "O", are left. Of the others:

    - "O" is right: a tag of label l costs false_positive[l].
    - A tag of label l is right: "O" costs false_negative[l]; any other tag, be it of another label or of the same (a
      wrong boundary), costs wrong_label[l].

    More precision: raise false_positive. More recall: raise false_negative.

    false_positive (float | dict[str, float]): Nats per token, at least 0: one number, or numbers by label, 1 for those
        not named.
    false_negative (float | dict[str, float] | str | CountRule): The same. Or a rule that makes costs of counts,
        `spacy-crf-ner.weights_by_count.v1`, or the name of one: the mean cost of the counted tokens is then 1.
    wrong_label (float | dict[str, float] | str | CountRule): The same.
    RETURNS (Loss): The loss.
    RAISES (ComponentError): Costs out of range.
    """
    missed = rule_named("false_negative", false_negative)
    confused = rule_named("wrong_label", wrong_label)
    return SoftmaxMarginLoss(false_positive, missed, confused)
