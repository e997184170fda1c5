"""What `functional` computes, by the fastest implementation for a batch's device and type."""

from .dispatch import describe, recursions_for
from .inference import log_partition, marginals, negative_log_likelihood, span_log_probs, viterbi

__all__ = [
    "describe",
    "log_partition",
    "marginals",
    "negative_log_likelihood",
    "recursions_for",
    "span_log_probs",
    "viterbi",
]
