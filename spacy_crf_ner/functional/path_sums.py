"""Expected values of what adds up along a path, such as counts or log-probabilities, and their gradients.

With g(y) the sum over a path, the derivative of E[g] by a score is the covariance of g with the use of that score, plus
the expected derivative of g itself. It is what the expectation semiring computes (Li and Eisner 2009,
https://aclanthology.org/D09-1005/, section 3.2), here with the posterior as a Markov chain: a prefix carries its
probability and its probability times g, a suffix the expected g of all that follows. No exponential but that of the
chain's own probabilities occurs, no logarithm, and no division: nothing can be infinite.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .layout import Layout, sent
from .markov_chain import MarkovChain, markov_chain
from .potentials import Potentials, PotentialsGradient
from .recursions import Recursions
from .steps import Steps, steps_of

# Probabilities of moves that are held at once, in float64.
MOST_MOVES = 2**21


class StepValues(Protocol):
    """What a path adds up, as products of values with the probabilities of taking them, in new tensors."""

    def of_first(self, probabilities: Tensor, tokens: Tensor) -> Tensor:
        """RETURNS (Tensor): P(tag) times the value of beginning with it. *Shape:* (n, n_tags), float64.

        probabilities (Tensor): P(tag). *Shape:* (n, n_tags), float64.
        tokens (Tensor): First tokens of sequences. *Shape:* (n,), int64.
        """
        ...

    def of_moves(self, probabilities: Tensor, tokens: Tensor) -> Tensor:
        """RETURNS (Tensor): P(to | from) times the value of going on so. *Shape:* (n, n_tags, n_tags), float64.

        probabilities (Tensor): [n, from, to], P(to | from). *Shape:* (n, n_tags, n_tags), float64.
        tokens (Tensor): Tokens that are moved to. *Shape:* (n,), int64.
        """
        ...


def expected_sum(
    potentials: Potentials, values: StepValues, layout: Layout, recursions: Recursions
) -> Tensor:
    """E[g] of every sequence, differentiable once as if g did not depend on the scores.

    potentials (Potentials): The batch.
    values (StepValues): What g adds up.
    layout (Layout): The batch's tokens.
    recursions (Recursions): The implementation to use.
    RETURNS (Tensor): 0 for empty sequences. *Shape:* (batch,), float64.
    RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
    """
    scores = (potentials.emissions, potentials.transitions, potentials.start, potentials.end)
    result: Tensor = _ExpectedSum.apply(*scores, potentials, values, layout, recursions)
    return result


class _ExpectedSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        potentials: Potentials = inputs[4]
        values: StepValues = inputs[5]
        layout: Layout = inputs[6]
        recursions: Recursions = inputs[7]
        chain = markov_chain(potentials, layout, recursions)
        ctx.gradient = lambda weights: _gradient(potentials, chain, values, layout, weights)
        _, tokens = recursions.marginals(potentials)
        return _expected(chain, values, layout, layout.gather(tokens, 1).double())

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, *d_outputs: Any) -> tuple[Tensor | None, ...]:
        gradient: PotentialsGradient = ctx.gradient(d_outputs[0])
        scores = (gradient.emissions, gradient.transitions, gradient.start, gradient.end)
        return (*scores, None, None, None, None)


def _expected(chain: MarkovChain, values: StepValues, layout: Layout, marginals: Tensor) -> Tensor:
    """E[g] without a loop over time: each move's value times the probability of the tag that it starts from."""
    total = layout.of_all(values.of_first(chain.first(layout.first), layout.first).sum(1))
    owners = layout.owners
    goes_on = sent((owners[1:] == owners[:-1]).nonzero().squeeze(1), marginals.device)
    for before in torch.split(goes_on, _rows_at_once(chain)):
        tokens = before + 1
        following = values.of_moves(chain.moves(tokens), tokens).sum(2)
        expected = marginals.index_select(0, before).mul_(following).sum(1)
        total.index_add_(0, layout.sequences.index_select(0, tokens), expected)
    return total


def _gradient(
    potentials: Potentials, chain: MarkovChain, values: StepValues, layout: Layout, weights: Tensor
) -> PotentialsGradient:
    """Of the weighted sum of E[g] over the sequences."""
    walk = _Walk(chain, values, steps_of(layout))
    order = walk.steps.tokens
    weights = weights.double().index_select(0, layout.sequences.index_select(0, order))
    covariances, moves = walk.covariances(weights.unsqueeze(1))
    tokens = torch.empty_like(covariances).index_copy_(0, order, covariances)
    start, end = (tokens.index_select(0, edge).sum(0) for edge in (layout.first, layout.last))
    scores = (layout.spread(tokens, potentials.emissions), moves, start, end)
    return PotentialsGradient(*(score.to(potentials.emissions.dtype) for score in scores))


@dataclass(frozen=True, eq=False)
class _Part:
    """Some successive steps: the probabilities of their moves, and these times the moves' values."""

    steps: range
    rows: slice
    moves: Tensor
    valued: Tensor

    def inside(self, rows: slice) -> slice:
        """Which of `moves` are onto the given rows of all steps."""
        return slice(rows.start - self.rows.start, rows.stop - self.rows.start)


class _Walk:
    """The way back through all steps, and on through all of them. Tensors of tokens are in the order of the steps."""

    def __init__(self, chain: MarkovChain, values: StepValues, steps: Steps) -> None:
        self.chain, self.values, self.steps = chain, values, steps
        self._latest: _Part | None = None

    def covariances(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Covariance of g with the use of each emission, (n_tokens, n_tags), and of each transition, (n_tags, n_tags),
        both times the weight of their sequence, (n_tokens, 1).
        """
        suffixes = self._suffixes()
        prefixes, expected = self._first(suffixes)
        moves = torch.zeros_like(self.chain.transitions)
        for part in self._parts():
            self._go_on(prefixes, part)
            # What is summed over the paths with a move is its probability times: g before it, its own value, expected
            # g after it, minus E[g]. The first and the last of these belong to the tag that it starts from.
            probability, valued = prefixes.index_select(0, self.steps.before[part.rows]).unbind(1)
            weight = weights[part.rows]
            origin = weight * (valued - probability * expected[part.rows])
            probability = (weight * probability).unsqueeze(2)
            around = torch.addcmul(origin.unsqueeze(2), probability, suffixes[part.rows].unsqueeze(1))
            # The part is used up.
            moves += part.moves.mul_(around).add_(part.valued.mul_(probability)).sum(0)
        probability, valued = prefixes.unbind(1)
        return weights * (valued + probability * (suffixes - expected)), moves

    def _parts(self, backwards: bool = False) -> Iterator[_Part]:
        parts = list(self.steps.parts(_rows_at_once(self.chain)))
        for steps in reversed(parts) if backwards else parts:
            # The way on begins with the part with which the way back has ended: often there is no other.
            if self._latest is None or self._latest.steps != steps:
                self._latest = None
                self._latest = self._part(steps)
            yield self._latest

    def _part(self, steps: range) -> _Part:
        rows = slice(self.steps.bounds[steps.start], self.steps.bounds[steps.stop])
        tokens = self.steps.tokens[rows]
        moves = self.chain.moves(tokens)
        return _Part(steps, rows, moves, self.values.of_moves(moves, tokens))

    def _suffixes(self) -> Tensor:
        """Expected g of all that follows each tag, its own emission not included. *Shape:* (n_tokens, n_tags)"""
        suffixes = torch.zeros_like(self.chain.onward)
        for part in self._parts(backwards=True):
            following = part.valued.sum(2, keepdim=True)
            for step in reversed(part.steps):
                rows = self.steps.rows(step)
                some, onward = part.inside(rows), suffixes[rows].unsqueeze(2)
                arrived = torch.baddbmm(following[some], part.moves[some], onward)
                suffixes[self.steps.rows_before(step)] = arrived.squeeze(2)
        return suffixes

    def _first(self, suffixes: Tensor) -> tuple[Tensor, Tensor]:
        """P(tag), and the sum of P(y) g(y) over the prefixes y into it, (n_tokens, 2, n_tags), so far of the first
        step's tokens only; and E[g] of each row's sequence, (n_tokens, 1).
        """
        n_tokens, n_tags = suffixes.shape
        prefixes = suffixes.new_zeros((n_tokens, 2, n_tags))
        if not len(self.steps):
            return prefixes, suffixes.new_zeros((0, 1))
        rows = self.steps.rows(0)
        tokens = self.steps.tokens[rows]
        probability = self.chain.first(tokens)
        valued = self.values.of_first(probability, tokens)
        prefixes[rows] = torch.stack((probability, valued), 1)
        expected = (valued + probability * suffixes[rows]).sum(1, keepdim=True)
        return prefixes, expected.index_select(0, self.steps.ranks)

    def _go_on(self, prefixes: Tensor, part: _Part) -> None:
        """Fill in the prefixes of a part's tokens."""
        for step in part.steps:
            rows = self.steps.rows(step)
            some, before = part.inside(rows), prefixes[self.steps.rows_before(step)]
            torch.bmm(before, part.moves[some], out=prefixes[rows])
            prefixes[rows, 1:].baddbmm_(before[:, :1], part.valued[some])


def _rows_at_once(chain: MarkovChain) -> int:
    return max(1, MOST_MOVES // chain.transitions.numel())
