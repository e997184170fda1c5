"""What is left to come after each tag: all that sampling and expectations need of the backward recursion."""

from torch import Tensor

from .potentials import Potentials
from .recursions import Recursions, raise_unless_finite
from .scaled import SCALED


def onward_scores(potentials: Potentials, *, recursions: Recursions = SCALED) -> Tensor:
    """Log of the summed weight of all ways to go on from a tag: its own emission and all that follows included.

    It is e_t(i) + beta_t(i), with beta the backward scores (Rabiner 1989, equations 24-25, in log space). Read from
    left to right the CRF is a Markov chain with P(y_0 = i) = softmax_i(start_i + onward_0(i)) and
    P(y_(t+1) = j | y_t = i) = softmax_j(transitions_ij + onward_(t+1)(j)), what a mask forbids being -inf.

    Differences between the tags of a token are exact to about 1e-12 nats, or 1e-6 where the recursions run in float32,
    also for tags that are very improbable.

    potentials (Potentials): The batch.
    recursions (Recursions): The implementation to use.
    RETURNS (Tensor): Detached; -inf for tags that are forbidden or from which no path goes on, 0 at and after each
        sequence's length. *Shape:* (batch, seq_len, n_tags) or (n_tokens, n_tags), float64, nats.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf.
    """
    totals, onward = recursions.onward_scores(potentials)
    raise_unless_finite(totals)
    return onward
