"""The k best paths."""

from torch import Tensor

from ..errors import Errors, PotentialsError
from .potentials import Potentials
from .recursions import Recursions, raise_unless_finite
from .scaled import SCALED


def k_best(potentials: Potentials, k: int, *, recursions: Recursions = SCALED) -> tuple[Tensor, Tensor]:
    """The k paths with the highest scores, exactly, and their probabilities.

    potentials (Potentials): The batch.
    k (int): How many, at least 1.
    recursions (Recursions): The implementation to use.
    RETURNS (tuple[Tensor, Tensor]): Tags, the best path first, -1 at and after each sequence's length and for paths
        that do not exist, *Shape:* (batch, k, seq_len) or (k, n_tokens), int64; log-probabilities in descending order,
        -inf for paths that do not exist, *Shape:* (batch, k), float64, nats. An empty sequence has one path.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): k is below 1; a score is NaN or +inf.
    """
    if k < 1:
        raise PotentialsError(Errors.P013.format(name="k", got=k))
    tags, scores = recursions.k_best(potentials, k)
    raise_unless_finite(scores[:, 0])
    totals = recursions.log_partition(potentials)
    # A path is among all paths: rounding must not lift it over probability 1.
    return tags, (scores - totals.unsqueeze(1)).clamp(max=0.0)
