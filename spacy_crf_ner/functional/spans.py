"""Exact probabilities of given stretches of tags, such as the entities of a sentence."""

from torch import Tensor

from .potentials import Potentials
from .recursions import Recursions, raise_unless_finite
from .scaled import SCALED
from .span_paths import SpanPaths


def span_log_probs(potentials: Potentials, spans: SpanPaths, *, recursions: Recursions = SCALED) -> Tensor:
    """log P(y_start..y_(end-1) = tags, and the neighbours are among those admitted), exactly.

    The score of the stretch stands between the forward scores before it and the backward scores after it; all paths
    through it are summed (Culotta and McCallum 2004, https://aclanthology.org/N04-4028/, section 4: "constrained
    forward-backward").

    potentials (Potentials): The batch.
    spans (SpanPaths): The stretches.
    recursions (Recursions): The implementation to use.
    RETURNS (Tensor): Log-probabilities, -inf for what is forbidden. *Shape:* (n_spans,), float64, nats.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): Spans outside their sequence; scores of NaN or +inf.
    """
    spans.check(potentials)
    if spans.sequences.shape[0] == 0:
        return potentials.start.detach().new_zeros(0).double()
    totals, log_probs = recursions.span_log_probs(potentials, spans)
    raise_unless_finite(totals)
    # All paths through the span are among all paths: rounding must not lift it over probability 1.
    return log_probs.clamp(max=0.0)
