"""The mathematics of a linear-chain CRF on ragged batches, in pure torch: the reference for everything faster."""

from .entropy import entropy
from .expected_value import expected_value
from .k_best import k_best
from .marginals import marginals, transition_marginals
from .onward import onward_scores
from .partition import log_partition
from .paths import path_scores
from .potentials import Potentials, PotentialsGradient
from .recursions import Expectations, PathExpectations, Recursions, raise_unless_finite
from .reference import LOG_SPACE
from .sampling import sample
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
    "entropy",
    "expected_value",
    "k_best",
    "log_partition",
    "marginals",
    "negative_log_likelihood",
    "onward_scores",
    "path_scores",
    "raise_unless_finite",
    "sample",
    "sequence_score",
    "span_log_probs",
    "transition_marginals",
    "viterbi",
]
