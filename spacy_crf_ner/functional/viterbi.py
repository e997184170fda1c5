"""The single best path."""

from torch import Tensor

from .potentials import Potentials
from .recursions import Recursions, raise_unless_finite
from .scaled import SCALED


def viterbi(potentials: Potentials, *, recursions: Recursions = SCALED) -> tuple[Tensor, Tensor]:
    """The path with the highest score, by the Viterbi algorithm (Rabiner 1989, equations 32-35, in log space).

    potentials (Potentials): The batch.
    recursions (Recursions): The implementation to use.
    RETURNS (tuple[Tensor, Tensor]): Tag ids, -1 at and after each sequence's length, *Shape:* (batch, seq_len) or
        (n_tokens,), int64; scores of the paths, *Shape:* (batch,), dtype of the emissions, nats, 0 for empty sequences.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf.
    """
    tags, totals = recursions.viterbi(potentials)
    raise_unless_finite(totals)
    return tags, totals.to(potentials.emissions.dtype)
