"""The mathematics of a linear-chain CRF on ragged batches, in pure torch: the reference for everything faster."""

from .marginals import marginals, transition_marginals
from .partition import log_partition
from .potentials import Potentials, PotentialsGradient
from .scores import negative_log_likelihood, sequence_score
from .spans import SpanPaths, span_log_probs
from .viterbi import viterbi

__all__ = [
    "Potentials",
    "PotentialsGradient",
    "SpanPaths",
    "log_partition",
    "marginals",
    "negative_log_likelihood",
    "sequence_score",
    "span_log_probs",
    "transition_marginals",
    "viterbi",
]
