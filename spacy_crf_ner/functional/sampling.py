"""Independent draws of whole paths from the posterior."""

import torch
from torch import Tensor

from ..errors import Errors, PotentialsError
from .layout import layout_of
from .markov_chain import markov_chain
from .potentials import Potentials
from .recursions import Recursions
from .reference import PADDING_TAG
from .scaled import SCALED
from .steps import steps_of


def sample(
    potentials: Potentials,
    n: int,
    generator: torch.Generator | None = None,
    *,
    recursions: Recursions = SCALED,
) -> Tensor:
    """Draw paths, each with its probability: a tag at a time, given the one before it (Scott 2002,
    https://doi.org/10.1198/016214502753479464, with the directions exchanged).

    potentials (Potentials): The batch.
    n (int): Draws for each sequence, at least 1.
    generator (torch.Generator | None): Where chance comes from, on the device of the emissions; torch's own if None.
        The same state gives the same draws, padded or packed.
    recursions (Recursions): The implementation to use.
    RETURNS (Tensor): Tags, -1 at and after each sequence's length. *Shape:* (batch, n, seq_len) or (n, n_tokens),
        int64.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): n is below 1; a score is NaN or +inf.
    """
    if n < 1:
        raise PotentialsError(Errors.P013.format(name="n", got=n))
    layout = layout_of(potentials)
    chain, steps = markov_chain(potentials, layout, recursions), steps_of(layout)
    drawn = layout.sequences.new_empty((layout.n_tokens, n))
    for step in range(len(steps)):
        rows = steps.rows(step)
        tokens = steps.tokens[rows]
        if step:
            shares = chain.moves_from(drawn[steps.rows_before(step)], tokens)
        else:
            shares = chain.first(tokens).unsqueeze(1).expand(-1, n, -1)
        drawn[rows] = _draw(shares, generator)
    tags = torch.empty_like(drawn).index_copy_(0, steps.tokens, drawn)
    if potentials.is_packed:
        return tags.t().contiguous()
    like = potentials.emissions[..., :1].expand(-1, -1, n)
    return layout.spread(tags, like, PADDING_TAG).transpose(1, 2).contiguous()


def _draw(shares: Tensor, generator: torch.Generator | None) -> Tensor:
    """One tag for each row of probabilities, never one of probability 0. *Shape:* (..., n_tags) -> (...)"""
    sums = shares.cumsum(-1)
    chance = torch.rand(
        (*shares.shape[:-1], 1), generator=generator, dtype=shares.dtype, device=shares.device
    )
    # The first tag whose sum exceeds a random part of the whole. Sums that are not added up from left to right can grow
    # by rounding where a share is 0: so a tag that is possible counts, too, and one that is not counts nothing.
    exceeds = (sums > chance * sums.amax(-1, keepdim=True)).byte().add_(1).mul_(shares > 0)
    return exceeds.argmax(-1)
