"""Weights and costs of labels that follow from how often each label is annotated."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import ComponentError, Errors
from ...tags import TagSet
from ...tags.schemes import OUTSIDE_NAME
from .settings import check_weight, check_weights, refuse, value_per_label

RULES = ("balanced", "inverse_sqrt", "effective_number")


@dataclass(frozen=True)
class CountRule:
    """A rule that makes weights of counts; see `build_weights_by_count_v1`.

    rule (str): One of RULES.
    max_weight (float): What no weight exceeds.
    beta (float): Of the effective number.
    outside (float | None): The weight of "O"; None if it follows the rule, too.
    RAISES (ComponentError): Settings out of range.
    """

    rule: str
    max_weight: float = 10.0
    beta: float = 0.999
    outside: float | None = 1.0

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            refuse("rule", "one of " + ", ".join(RULES), self.rule)
        if not (math.isfinite(self.max_weight) and self.max_weight > 0.0):
            refuse("max_weight", "a finite number above 0", self.max_weight)
        if not 0.0 < self.beta < 1.0:
            refuse("beta", "above 0 and below 1", self.beta)
        if self.outside is not None:
            check_weight("outside", self.outside)

    def weights(self, counts: Mapping[str, int], names: tuple[str, ...]) -> dict[str, float]:
        """Weights whose mean over the counted tokens is 1, before those above `max_weight` are lowered to it.

        counts (Mapping[str, int]): Tokens of each label and of "O".
        names (tuple[str, ...]): What to weight: labels, and "O" if it is to be weighted, too.
        RETURNS (dict[str, float]): Weights of those that were counted, and of "O" if `outside` says so.
        """
        fixed = {} if self.outside is None else {OUTSIDE_NAME: self.outside}
        used = {name: counts[name] for name in names if counts.get(name) and name not in fixed}
        importance = {name: self._importance(count) for name, count in used.items()}
        mean = sum(count * importance[name] for name, count in used.items()) / max(1, sum(used.values()))
        found = {name: min(value / mean, self.max_weight) for name, value in importance.items()}
        return {**found, **(fixed if OUTSIDE_NAME in names else {})}

    def _importance(self, count: int) -> float:
        if self.rule == "balanced":
            return 1.0 / count
        if self.rule == "inverse_sqrt":
            return 1.0 / math.sqrt(count)
        # 1 - beta ** count, without losing digits where beta is nearly 1.
        return (1.0 - self.beta) / -math.expm1(count * math.log(self.beta))


# What a config may say: a number for each label, or a rule, by its name or as a block of its own.
LabelWeights = dict[str, float] | str | CountRule
# The same after it was read.
Numbers = float | Mapping[str, float] | CountRule


def rule_named(setting: str, values: float | LabelWeights) -> Numbers:
    """The rule that a name stands for; numbers and rules as they are.

    setting (str): Name of the setting.
    values (float | dict[str, float] | str | CountRule): What the config says.
    RETURNS (float | Mapping[str, float] | CountRule): The same without names.
    RAISES (ComponentError): There is no rule of this name.
    """
    if not isinstance(values, str):
        return values
    if values not in RULES:
        refuse(setting, "numbers, or one of " + ", ".join(RULES), values)
    return CountRule(values)


def weights_named(label_weights: LabelWeights | None) -> Numbers | None:
    """What a loss gets for its setting `label_weights`, see `rule_named`; None for weights of 1.

    label_weights (dict[str, float] | str | CountRule | None): What the config says.
    RETURNS (Mapping[str, float] | CountRule | None): The same without names.
    RAISES (ComponentError): There is no rule of this name.
    """
    return None if label_weights is None else rule_named("label_weights", label_weights)


def check_numbers(setting: str, values: Numbers | None) -> None:
    """Raise unless all values are finite numbers of at least 0; a rule has been checked when it was made.

    setting (str): Name of the setting.
    values (float | Mapping[str, float] | CountRule | None): Its value.
    RAISES (ComponentError): Another value; the message names the label.
    """
    if not isinstance(values, CountRule):
        check_weights(setting, values)


def number_per_label(
    setting: str,
    values: Numbers | None,
    tagset: TagSet,
    counts: Mapping[str, int] | None,
    *,
    outside: bool,
) -> list[float]:
    """What a setting says of "O" and of each label.

    setting (str): Name of the setting.
    values (float | Mapping[str, float] | CountRule | None): One value for all, values by label, or a rule; 1 for
        labels not named or not counted.
    tagset (TagSet): The labels.
    counts (Mapping[str, int] | None): Tokens of each label and of "O" in the training data; None if nobody counted.
    outside (bool): Whether it is about "O", too.
    RETURNS (list[float]): The value of "O", then those of the labels in order.
    RAISES (ComponentError): A label that the tag set does not have, or a rule without counts.
    """
    if isinstance(values, CountRule):
        if counts is None:
            raise ComponentError(Errors.L010.format(setting=setting, rule=values.rule))
        values = values.weights(counts, ((OUTSIDE_NAME,) if outside else ()) + tagset.labels)
    return value_per_label(setting, values, tagset, outside=outside)


def build_weights_by_count_v1(
    rule: str = "balanced", max_weight: float = 10.0, beta: float = 0.999, outside: float | None = 1.0
) -> CountRule:
    """Weights w of labels that follow from n, the tokens of each in the examples of `initialize`.

        balanced:          w ~ 1 / n               (King and Zeng 2001, https://doi.org/10.1093/oxfordjournals.pan.a004868)
        inverse_sqrt:      w ~ 1 / sqrt(n)
        effective_number:  w ~ (1 - beta) / (1 - beta ** n)            (Cui et al. 2019, https://arxiv.org/abs/1901.05555)

    They are scaled so that the mean weight of the counted tokens is 1, which keeps the loss and its gradient near
    the size they have without weights: for balanced that is N / (K * n) with N tokens of K labels. Then those
    above `max_weight` are lowered to it. Labels that were not counted have weight 1.

    rule (str): "balanced", "inverse_sqrt" or "effective_number".
    max_weight (float): What no weight exceeds, above 0.
    beta (float): 0 to 1, both excluded: labels of far more than 1 / (1 - beta) tokens are weighted alike.
    outside (float | None): The weight of "O", at least 0. None: by the rule, as one label among the others; as nearly
        all tokens are "O", that mostly sets all labels apart from it, at the price of precision.
    RETURNS (CountRule): The rule, for `label_weights` of a loss, or for the costs of `spacy-crf-ner.softmax_margin.v1`,
        which are about labels alone.
    RAISES (ComponentError): Settings out of range.
    """
    return CountRule(rule, max_weight, beta, outside)


def needs_counts(loss: object) -> bool:
    """RETURNS (bool): Whether a loss needs `Supervision.label_counts`: if it does not say, no.

    loss (Loss): The loss; it says so by an attribute of this name.
    """
    return bool(getattr(loss, "needs_counts", False))
