"""Learning from probabilities that annotators or another model give to the tags of tokens."""

from dataclasses import replace

import torch
from torch import Tensor

from ...errors import Errors, PotentialsError
from ...functional import Potentials, PotentialsGradient
from ...kernels import expected_value, log_partition, marginals
from .copies import CopyTokens, copies_log_partition
from .gradients import SCORES
from .supervision import SoftTokens

# Below this, sets are taken one by one: what their probabilities are divided by must not be rounded to next to nothing.
RARE = 1e-12


def soft_tokens_loss(potentials: Potentials, tokens: SoftTokens) -> Tensor:
    """Cross-entropy of the model's token marginals against given probabilities, summed over tokens.

        loss = sum over tokens t and sets S of -q_t(S) log P(y_t in S | x)

    What the sets of a token leave of probability 1 adds nothing. All of it is computed in float64.

    potentials (Potentials): The batch, packed.
    tokens (SoftTokens): The probabilities, checked.
    RETURNS (Tensor): A scalar, in nats, at least 0.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): The masks forbid a set of probability above 0, or scores are NaN or +inf.
    """
    asked = tokens.some(tokens.probabilities > 0.0)
    exact = replace(potentials, **{name: getattr(potentials, name).double() for name in SCORES})
    chances = (marginals(exact).index_select(0, asked.rows) * asked.sets).sum(1)
    rare = chances < RARE
    loss = _frequent_loss(exact, asked.some(~rare), chances[~rare])
    return loss + _rare_loss(exact, asked.some(rare)) if bool(rare.any()) else loss


def _frequent_loss(potentials: Potentials, tokens: SoftTokens, chances: Tensor) -> Tensor:
    """The loss of sets that are not improbable, with a gradient that is one expectation for all of them.

    d log P = dP / P, so that the gradient is that of E[sum_t,S q_t(S) / P_t(S) [y_t in S]] with constant quotients. The
    value of this expectation, the sum of all q, is of no interest.
    """
    given = tokens.probabilities
    quotients = (given / chances).unsqueeze(1) * tokens.sets
    values = PotentialsGradient(
        torch.zeros_like(potentials.emissions).index_add_(0, tokens.rows, quotients),
        *(torch.zeros_like(getattr(potentials, name)) for name in SCORES[1:]),
    )
    expected = expected_value(potentials, values).sum()
    loss = -(given * chances.clamp(max=1.0).log()).sum()
    return loss - (expected - expected.detach())


def _rare_loss(potentials: Potentials, tokens: SoftTokens) -> Tensor:
    """The loss of improbable sets, each by log Z of a copy of its sequence."""
    ends = potentials.lengths.cpu().cumsum(0)
    sequences = torch.searchsorted(ends, tokens.rows.cpu(), right=True)

    def masks(copied: CopyTokens) -> Tensor:
        elsewhere = copied.rows != tokens.rows.index_select(0, copied.copies)
        return tokens.sets.index_select(0, copied.copies) | elsewhere.unsqueeze(1)

    reached = copies_log_partition(potentials, sequences, masks)
    for index in torch.isneginf(reached).nonzero().flatten().tolist():
        sequence = int(sequences[index])
        position = int(tokens.rows[index]) - int(ends[sequence] - potentials.lengths[sequence])
        got = float(tokens.probabilities[index])
        raise PotentialsError(Errors.L009.format(position=position, sequence=sequence, got=got))
    own = sequences.to(reached.device)
    log_probs = reached - log_partition(potentials).index_select(0, own)
    return -(tokens.probabilities * log_probs).sum()
