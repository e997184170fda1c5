"""From `Potentials` to spans and whole annotations, with their exact probabilities."""

from .annotations import (
    annotation_log_probs,
    k_best_annotations,
    sample_annotations,
    sequence_entropies,
)
from .candidates import candidate_spans
from .posterior import best_disjoint, decode_posterior
from .spans import Decoded, DecodedSpan, span_probabilities
from .viterbi import decode_argmax, decode_viterbi

__all__ = [
    "Decoded",
    "DecodedSpan",
    "annotation_log_probs",
    "best_disjoint",
    "candidate_spans",
    "decode_argmax",
    "decode_posterior",
    "decode_viterbi",
    "k_best_annotations",
    "sample_annotations",
    "sequence_entropies",
    "span_probabilities",
]
