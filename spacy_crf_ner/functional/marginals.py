"""Posterior probabilities of single tags and of pairs of neighbouring tags."""

import torch
from torch import Tensor

from .log_space import backward_scores, forward_scores, log_scores, partition_from_forward
from .potentials import Potentials
from .recursions import Recursions, raise_unless_finite
from .reference import pair_log_probs
from .scaled import SCALED


def marginals(potentials: Potentials, *, recursions: Recursions = SCALED) -> Tensor:
    """P(y_t = tag) of every token, by the forward-backward algorithm.

    potentials (Potentials): The batch.
    recursions (Recursions): The implementation to use.
    RETURNS (Tensor): Probabilities, detached; 0 at and after each sequence's length. *Shape:* (batch, seq_len,
        n_tags) or (n_tokens, n_tags), dtype of the emissions.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf.
    """
    totals, probabilities = recursions.marginals(potentials)
    raise_unless_finite(totals)
    return probabilities


def transition_marginals(potentials: Potentials) -> Tensor:
    """P(y_t = from, y_(t+1) = to) of every pair of neighbouring tokens, in log space.

    Memory is quadratic in the number of tags for every token. Their sum over tokens is the gradient of
    `log_partition` with respect to the transitions, which needs no such memory.

    potentials (Potentials): The batch.
    RETURNS (Tensor): [batch, t, from, to], probabilities, detached; 0 from position length - 1 on. *Shape:* (batch,
        max(seq_len - 1, 0), n_tags, n_tags), also for packed potentials, dtype of the emissions.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf.
    """
    scores = log_scores(potentials.padded())
    alphas = forward_scores(scores)
    totals = partition_from_forward(scores, alphas)
    raise_unless_finite(totals)
    betas = backward_scores(scores)
    n_pairs = max(potentials.seq_len - 1, 0)
    shape = (potentials.batch_size, n_pairs, potentials.n_tags, potentials.n_tags)
    result = potentials.emissions.new_zeros(shape)
    for t in range(n_pairs):
        pairs = pair_log_probs(scores, alphas[t], betas[t + 1], totals, t).exp()
        active = (scores.lengths > t + 1).reshape(-1, 1, 1)
        result[:, t] = torch.where(active, pairs, pairs.new_zeros(())).to(result.dtype)
    return result
