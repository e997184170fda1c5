"""How much is open about a whole path: the entropy of the posterior."""

import torch
from torch import Tensor

from .layout import layout_of
from .path_sums import expected_sum
from .potentials import Potentials
from .recursions import Recursions
from .scaled import SCALED


def entropy(potentials: Potentials, *, recursions: Recursions = SCALED) -> Tensor:
    """H = -sum over paths y of P(y) log P(y), exactly.

    By the chain rule it is the entropy of the first tag, and the expected entropy of each tag given the one before it:
    a sum without a negative term, which keeps its digits where almost all is certain.

    Differentiable once with respect to emissions, transitions, start and end (Mann and McCallum 2007,
    https://aclanthology.org/N07-2028/). With f(y) the score of a path, log P(y) = f(y) - log Z and H = log Z - E[f].
    The derivative of log Z by a score is E[its use], and that of E[f] is E[its use] + Cov(f, its use): so dH / d score
    = -Cov(f, its use) = Cov(-log P, its use), as if log P were a constant.

    potentials (Potentials): The batch.
    recursions (Recursions): The implementation to use.
    RETURNS (Tensor): At least 0; 0 for empty sequences. *Shape:* (batch,), dtype of the emissions, nats.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf.
    """
    exact = expected_sum(potentials, _Surprise(), layout_of(potentials), recursions)
    return exact.to(potentials.emissions.dtype)


class _Surprise:
    """`StepValues` that add up to -log P(y)."""

    def of_first(self, probabilities: Tensor, tokens: Tensor) -> Tensor:
        return _entropies(probabilities)

    def of_moves(self, probabilities: Tensor, tokens: Tensor) -> Tensor:
        return _entropies(probabilities)


def _entropies(probabilities: Tensor) -> Tensor:
    """-p log p, 0 for 0. *Shape:* any -> the same"""
    result: Tensor = torch.special.entr(probabilities)
    return result
