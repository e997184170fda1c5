"""What `functional` computes, by the fastest implementation for a batch's device and type."""

from .dispatch import describe, recursions_for
from .inference import (
    entropy,
    expected_value,
    k_best,
    log_partition,
    marginals,
    negative_log_likelihood,
    onward_scores,
    sample,
    span_log_probs,
    viterbi,
)

__all__ = [
    "describe",
    "entropy",
    "expected_value",
    "k_best",
    "log_partition",
    "marginals",
    "negative_log_likelihood",
    "onward_scores",
    "recursions_for",
    "sample",
    "span_log_probs",
    "viterbi",
]
