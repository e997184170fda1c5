"""Label smoothing over whole paths."""

from dataclasses import replace

import torch
from torch import Tensor

from ...functional import Potentials
from ...kernels import log_partition, recursions_for
from .gradients import SCORES


def uniform_cross_entropy(potentials: Potentials) -> Tensor:
    """Cross-entropy of the model against the uniform distribution over all paths that the masks allow.

    It is log Z - E_uniform[score]. The expectation needs how often each score is used if all paths are equally
    probable: the expected counts of a model whose scores are all 0.

    potentials (Potentials): The batch, packed; scores of -inf forbid, as masks do.
    RETURNS (Tensor): A scalar, summed over the batch, in nats; at least 0.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): Scores of NaN or +inf.
    """
    total = log_partition(potentials).double().sum()
    level = {name: _level(getattr(potentials, name).detach()) for name in SCORES}
    equal = replace(potentials, **level)
    counts = recursions_for(equal).expectations(equal).gradient
    for name in SCORES:
        score, count = getattr(potentials, name), getattr(counts, name)
        # Never used, and perhaps -inf: 0 times that would be NaN.
        used = torch.where(level[name] == 0, score, 0.0)
        total = total - (count.double() * used).sum()
    return total


def _level(scores: Tensor) -> Tensor:
    return torch.where(torch.isneginf(scores), scores, 0.0)
