"""The mathematics of a linear-chain CRF on ragged batches, in pure torch: the reference for everything faster."""

from .marginals import marginals, transition_marginals
from .partition import log_partition
from .potentials import Potentials, PotentialsGradient
from .recursions import Expectations, PathExpectations, Recursions, raise_unless_finite
from .reference import LOG_SPACE
from .scaled import SCALED
from .scores import negative_log_likelihood, sequence_score
from .span_paths import SpanPaths
from .spans import span_log_probs
from .viterbi import viterbi

__all__ = [
    "LOG_SPACE",
    "SCALED",
    "Expectations",
    "PathExpectations",
    "Potentials",
    "PotentialsGradient",
    "Recursions",
    "SpanPaths",
    "log_partition",
    "marginals",
    "negative_log_likelihood",
    "raise_unless_finite",
    "sequence_score",
    "span_log_probs",
    "transition_marginals",
    "viterbi",
]
