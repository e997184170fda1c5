"""The posterior of a CRF as what it is from left to right: a Markov chain whose moves change with the token."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .layout import Layout
from .onward import onward_scores
from .potentials import Potentials
from .recursions import Recursions
from .scaled_chains import allowed_scores


@dataclass(frozen=True, eq=False)
class MarkovChain:
    """Where paths begin and how they go on, in float64 and without graph for autograd.

    onward (Tensor): What `onward_scores` returned, in packed order. *Shape:* (n_tokens, n_tags), nats.
    transitions (Tensor): [from, to], -inf where forbidden. *Shape:* (n_tags, n_tags), nats.
    start (Tensor): -inf where forbidden. *Shape:* (n_tags,), nats.
    """

    onward: Tensor
    transitions: Tensor
    start: Tensor

    def first(self, tokens: Tensor) -> Tensor:
        """RETURNS (Tensor): P(y_0 = tag). *Shape:* (n, n_tags).

        tokens (Tensor): First tokens of sequences. *Shape:* (n,), int64.
        """
        return torch.softmax(self.start + self.onward.index_select(0, tokens), dim=1)

    def moves(self, tokens: Tensor) -> Tensor:
        """RETURNS (Tensor): [n, from, to], P(y_t = to | y_(t-1) = from); 0 where no path goes on from a tag.

        tokens (Tensor): The tokens t, none of them the first of its sequence. *Shape:* (n,), int64.
        """
        return self._onto(tokens, self.transitions)

    def moves_from(self, tags: Tensor, tokens: Tensor) -> Tensor:
        """RETURNS (Tensor): The same from given tags only. *Shape:* (n, m, n_tags).

        tags (Tensor): Tags of the token before each. *Shape:* (n, m), int64.
        tokens (Tensor): The tokens t. *Shape:* (n,), int64.
        """
        return self._onto(tokens, self.transitions[tags])

    def _onto(self, tokens: Tensor, transitions: Tensor) -> Tensor:
        scores = transitions + self.onward.index_select(0, tokens).unsqueeze(1)
        # Where no path goes on there is nothing to share out, which softmax says by NaN.
        return torch.softmax(scores, dim=2).nan_to_num_(nan=0.0)


def markov_chain(potentials: Potentials, layout: Layout, recursions: Recursions) -> MarkovChain:
    """The chain whose paths have the probabilities that a CRF gives them.

    potentials (Potentials): The batch.
    layout (Layout): Its tokens.
    recursions (Recursions): The implementation to use.
    RETURNS (MarkovChain): The chain.
    RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
    """
    onward = onward_scores(potentials, recursions=recursions)
    return MarkovChain(
        onward=layout.gather(onward, 1),
        transitions=allowed_scores(potentials.transitions, potentials.allowed_transitions).double(),
        start=allowed_scores(potentials.start, potentials.allowed_start).double(),
    )
