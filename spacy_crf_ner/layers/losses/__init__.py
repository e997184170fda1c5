"""Losses over `Potentials`, each with its exact gradient: what is registered, and what every one of them gets."""

from .auxiliary_cross_entropy import AuxiliaryCrossEntropyLoss, build_auxiliary_cross_entropy_v1
from .count_rules import CountRule, build_weights_by_count_v1, needs_counts
from .cross_entropy import CrossEntropyLoss, build_cross_entropy_v1
from .distillation import distillation_loss
from .entropy_bonus import EntropyBonusLoss, build_entropy_bonus_v1
from .expected_entity_ratio import ExpectedEntityRatioLoss, build_expected_entity_ratio_v1
from .judged_spans import judged_spans_loss
from .nll import LikelihoodLoss, build_nll_v1, nll_loss
from .objective import loss_and_gradient, total_loss
from .rehearsal import rehearsal_loss
from .schedules import WeightSchedule, step_schedules
from .soft_labels import soft_tokens_loss
from .softmax_margin import SoftmaxMarginLoss, build_softmax_margin_v1
from .supervision import JudgedSpan, Loss, SoftTokens, Supervision, soft_tokens

__all__ = [
    "AuxiliaryCrossEntropyLoss",
    "CountRule",
    "CrossEntropyLoss",
    "EntropyBonusLoss",
    "ExpectedEntityRatioLoss",
    "JudgedSpan",
    "LikelihoodLoss",
    "Loss",
    "SoftTokens",
    "SoftmaxMarginLoss",
    "Supervision",
    "WeightSchedule",
    "build_auxiliary_cross_entropy_v1",
    "build_cross_entropy_v1",
    "build_entropy_bonus_v1",
    "build_expected_entity_ratio_v1",
    "build_nll_v1",
    "build_softmax_margin_v1",
    "build_weights_by_count_v1",
    "distillation_loss",
    "judged_spans_loss",
    "loss_and_gradient",
    "needs_counts",
    "nll_loss",
    "rehearsal_loss",
    "soft_tokens",
    "soft_tokens_loss",
    "step_schedules",
    "total_loss",
]
