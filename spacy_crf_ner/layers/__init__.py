"""The CRF as a Thinc layer, its losses and its decoding."""

from .decoding import DecodedSpan, decode_viterbi, span_probabilities
from .linear_chain_crf import Emissions, build_linear_chain_crf_v1, resize_linear_chain_crf
from .losses import nll_loss, rehearsal_loss
from .resizing import grow

__all__ = [
    "DecodedSpan",
    "Emissions",
    "build_linear_chain_crf_v1",
    "decode_viterbi",
    "grow",
    "nll_loss",
    "rehearsal_loss",
    "resize_linear_chain_crf",
    "span_probabilities",
]
