"""The CRF as a Thinc layer, its losses and its decoding."""

from .decoding import (
    Decoded,
    DecodedSpan,
    annotation_log_probs,
    candidate_spans,
    decode_argmax,
    decode_posterior,
    decode_viterbi,
    k_best_annotations,
    sample_annotations,
    sequence_entropies,
    span_probabilities,
)
from .linear_chain_crf import Emissions, build_linear_chain_crf_v1, resize_linear_chain_crf
from .losses import (
    JudgedSpan,
    Loss,
    SoftTokens,
    Supervision,
    distillation_loss,
    loss_and_gradient,
    needs_counts,
    nll_loss,
    rehearsal_loss,
    soft_tokens,
    step_schedules,
)
from .resizing import grow
from .tempering import TemperedSpans, tempered, tempered_nll

__all__ = [
    "Decoded",
    "DecodedSpan",
    "Emissions",
    "JudgedSpan",
    "Loss",
    "SoftTokens",
    "Supervision",
    "TemperedSpans",
    "annotation_log_probs",
    "build_linear_chain_crf_v1",
    "candidate_spans",
    "decode_argmax",
    "decode_posterior",
    "decode_viterbi",
    "distillation_loss",
    "grow",
    "k_best_annotations",
    "loss_and_gradient",
    "needs_counts",
    "nll_loss",
    "rehearsal_loss",
    "resize_linear_chain_crf",
    "sample_annotations",
    "sequence_entropies",
    "soft_tokens",
    "span_probabilities",
    "step_schedules",
    "tempered",
    "tempered_nll",
]
