"""Likelihood in which some labels count more than others."""

from typing import NamedTuple

import torch
from torch import Tensor

from ...functional import Potentials
from ...kernels import negative_log_likelihood
from .copies import CopyTokens, copies_log_partition, raise_for_sequences
from .count_rules import Numbers, number_per_label
from .supervision import SEVERAL, Gold, Supervision


def weighted_likelihood_loss(
    potentials: Potentials, supervision: Supervision, label_weights: Numbers
) -> Tensor:
    """Negative log-likelihood of the annotation, with a weight for what it says of each token.

    By the chain rule, from left to right,

        loss = sum_t w_t * -log P(y_t in A_t | y_1 in A_1, ..., y_(t-1) in A_(t-1))
             = sum_t w_t * (c_(t-1) - c_t)

    where A_t are the tags that the annotation admits, and c_t is log Z of the paths that agree with it up to token t:
    c_0 that of all paths, c_n that of all that agree. With weights of 1 it is the usual loss, c_0 - c_n. It is exact,
    not an approximation by single tokens, and at least 0. Each c_t that is needed is log Z of a copy of the sequence
    with the annotation up to t as its mask; summation by parts leaves those beside which the weight changes:

        loss = w_1 c_0 - w_n c_n + sum_(t = 1..n-1) (w_(t+1) - w_t) c_t

    The weight of a token is that of its label, "O" included; 1 if the annotation leaves it tags of several labels. A
    token that nothing is known of adds nothing, whatever its weight.

    potentials (Potentials): The batch, packed.
    supervision (Supervision): What is known of it.
    label_weights (Mapping[str, float] | CountRule): Weights by label and for "O", at least 0; 1 for those not named.
        Or a rule for them.
    RETURNS (Tensor): A scalar, in nats.
    RAISES (ComponentError): A weight for a label that there is not; a rule without counts.
    RAISES (ImpossibleSequenceError): The masks forbid an annotation.
    RAISES (PotentialsError): Scores of NaN or +inf.
    """
    gold = supervision.gold(potentials)
    weights = _weights(gold, supervision, label_weights)
    used = weights[gold.known]
    if not len(used) or bool((used == used[0]).all()):
        factor = float(used[0]) if len(used) else 1.0
        return factor * negative_log_likelihood(potentials, supervision.target).sum()
    prefixes = _prefixes(potentials, weights, gold.known)
    sequences = prefixes.sequences.cpu()
    lengths = prefixes.lengths

    def masks(tokens: CopyTokens) -> Tensor:
        free = tokens.positions >= lengths.index_select(0, tokens.copies)
        return gold.admitted.index_select(0, tokens.rows) | free.unsqueeze(1)

    totals = copies_log_partition(potentials, sequences, masks)
    raise_for_sequences(potentials, sequences, totals)
    return (prefixes.factors * totals).sum()


class _Prefixes(NamedTuple):
    """The c_t of a batch that are needed. *Shape of all:* (n_prefixes,).

    sequences (Tensor): Which sequence, int64.
    lengths (Tensor): How many of its tokens are as annotated: t, int64.
    factors (Tensor): What c_t is multiplied by, float64.
    """

    sequences: Tensor
    lengths: Tensor
    factors: Tensor


def _weights(gold: Gold, supervision: Supervision, label_weights: Numbers) -> Tensor:
    """The weight of each token. *Shape:* (n_tokens,), float64."""
    tagset, counts = supervision.tagset, supervision.label_counts
    values = number_per_label("label_weights", label_weights, tagset, counts, outside=True)
    table = torch.tensor([*values, 1.0], dtype=torch.float64, device=gold.owners.device)
    return table[torch.where(gold.owners == SEVERAL, len(values), gold.owners)]


def _prefixes(potentials: Potentials, weights: Tensor, known: Tensor) -> _Prefixes:
    device = weights.device
    lengths = potentials.lengths.to(device)
    sequences = torch.arange(len(lengths), device=device).repeat_interleave(lengths)
    firsts = (lengths.cumsum(0) - lengths).index_select(0, sequences)
    positions = torch.arange(len(sequences), device=device) - firsts
    weights = _carried(weights, known, firsts, firsts + lengths.index_select(0, sequences))
    before = torch.where(positions > 0, weights.roll(1), 0.0)
    filled = lengths.nonzero().flatten()
    last = (lengths.cumsum(0) - 1).index_select(0, filled)
    factors = torch.cat([weights - before, -weights.index_select(0, last)])
    needed = factors.nonzero().flatten()
    sizes = torch.cat([positions, lengths.index_select(0, filled)])
    return _Prefixes(
        torch.cat([sequences, filled]).index_select(0, needed),
        sizes.index_select(0, needed),
        factors.index_select(0, needed),
    )


def _carried(weights: Tensor, known: Tensor, firsts: Tensor, ends: Tensor) -> Tensor:
    """The same weights, with those of unknown tokens, which do not matter, so that they change as rarely as can be.

    firsts (Tensor): First token of each token's sequence. *Shape:* (n_tokens,), int64.
    ends (Tensor): Token after its last. *Shape:* (n_tokens,), int64.
    RETURNS (Tensor): 0 in sequences that nothing is known of. *Shape:* (n_tokens,), float64.
    """
    places = torch.arange(len(weights), device=weights.device)
    latest = torch.where(known, places, -1).cummax(0).values
    following = torch.where(known, places, len(weights)).flip(0).cummin(0).values.flip(0)
    source = torch.where(latest >= firsts, latest, following)
    found = weights.index_select(0, source.clamp(max=len(weights) - 1))
    return torch.where(source < ends, found, 0.0)
