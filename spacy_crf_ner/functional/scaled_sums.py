"""Sums over all paths out of the chains in scaled exponential space: log Z, and how often each score is used."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .layout import Layout
from .potentials import Potentials, PotentialsGradient
from .scaled_chains import Chains, Factors, factors_of, lost_tokens, lowest_sum, run_chains
from .schedule import Schedule, halves_of, schedule_of
from .workspace import Workspace

# Tokens whose expected transitions are added up in the dtype of the scores.
ROWS_AT_ONCE = 512


@dataclass(frozen=True, eq=False)
class Solved:
    """Forward and backward chain of a batch, token by token.

    factors (Factors): What was multiplied.
    schedule (Schedule): In which order.
    chains (Chains): With which result.
    alphas (Tensor): Forward states. *Shape:* (n_tokens, n_tags).
    products (Tensor): alpha * beta, 0 in lost sequences. *Shape:* (n_tokens, n_tags).
    sums (Tensor): Of the products, 1 in lost sequences. *Shape:* (n_tokens, 1).
    totals (Tensor): log Z, meaningless for lost sequences. *Shape:* (batch,), float64, nats.
    lost (Tensor | None): Indices of sequences that must be computed another way. *Shape:* (n_lost,), int64.
    lost_tokens (Tensor | None): Their tokens. *Shape:* (n_tokens, 1), bool.
    """

    factors: Factors
    schedule: Schedule
    chains: Chains
    alphas: Tensor
    products: Tensor
    sums: Tensor
    totals: Tensor
    lost: Tensor | None
    lost_tokens: Tensor | None


def solve(potentials: Potentials, layout: Layout) -> Solved:
    """Walk through all sequences from both ends to the other.

    potentials (Potentials): The batch.
    layout (Layout): Its tokens, at least one.
    RETURNS (Solved): Everything that marginals and expectations are made of.
    """
    schedule = schedule_of(layout, potentials.n_tags)
    n_tokens, n_slots = layout.n_tokens, schedule.sources.shape[0]
    space = Workspace(potentials.emissions, 4 * n_tokens + 2 * n_slots)
    factors = factors_of(potentials, layout, space)
    chains = run_chains(factors, schedule, space)
    alphas = torch.index_select(chains.states, 0, schedule.forward, out=space.take(n_tokens))
    products = torch.index_select(chains.arriving, 0, schedule.backward, out=space.take(n_tokens)).mul_(
        alphas
    )
    sums = products.sum(1, keepdim=True)
    totals = _totals(layout, alphas.index_select(0, layout.last).sum(1), factors, schedule, chains)
    weak = sums.squeeze(1) < lowest_sum(products)
    lost = _lost(layout, totals, lost_tokens(layout, factors, schedule, chains), weak)
    bad = None
    if lost is not None:
        flags = torch.zeros_like(totals, dtype=torch.bool).index_fill_(0, lost, True)
        bad = flags.index_select(0, layout.sequences).unsqueeze(1)
        products.masked_fill_(bad, 0.0)
        sums.masked_fill_(bad, 1.0)
    return Solved(factors, schedule, chains, alphas, products, sums, totals, lost, bad)


def weighted_counts(
    potentials: Potentials, layout: Layout, solved: Solved, weights: Tensor | None
) -> PotentialsGradient:
    """Expected use of every score, each sequence times its weight, lost sequences left out.

    potentials (Potentials): The batch.
    layout (Layout): Its tokens.
    solved (Solved): What `solve` returned; it is used up.
    weights (Tensor | None): 1 if None. *Shape:* (batch,).
    RETURNS (PotentialsGradient): The counts.
    """
    factors = solved.sums.reciprocal()
    if weights is not None:
        factors *= weights.to(factors.device, factors.dtype).index_select(0, layout.sequences).unsqueeze(1)
    tokens = solved.products.mul_(factors)
    start = tokens.index_select(0, layout.first).sum(0)
    end = tokens.index_select(0, layout.last).sum(0)
    # The sum over t of alpha_t(i) exp(transitions[i, j]) gamma_(t+1)(j), where gamma is beta with the emission, is one
    # matrix product. What follows a last token belongs to the next sequence and counts nothing.
    factors.index_fill_(0, layout.last, 0.0)
    alphas = solved.alphas
    # The emissions have been used up.
    onward = torch.index_select(
        solved.chains.states, 0, solved.schedule.backward, out=solved.factors.emissions
    )
    if solved.lost_tokens is not None:
        onward.masked_fill_(solved.lost_tokens, 0.0)
        alphas.masked_fill_(solved.lost_tokens, 0.0)
    onward[1:] *= factors[:-1]
    moves = _summed_products(alphas[:-1], onward[1:]).mul_(solved.factors.moves[0])
    return PotentialsGradient(layout.spread(tokens, potentials.emissions), moves, start, end)


def _summed_products(left: Tensor, right: Tensor) -> Tensor:
    """left.T @ right, a part of the rows at a time and the parts in float64: beside the sum over a long text, the
    terms of single tokens would be too small for float32. *Shape of both:* (rows, n_tags) -> (n_tags, n_tags)
    """
    parts = zip(torch.split(left, ROWS_AT_ONCE), torch.split(right, ROWS_AT_ONCE), strict=True)
    products = [torch.mm(one.t(), other) for one, other in parts]
    if len(products) == 1:
        return products[0]
    return torch.stack(products).sum(0, dtype=torch.float64).to(left.dtype)


def meet(potentials: Potentials, layout: Layout) -> tuple[Tensor, Tensor | None]:
    """log Z from chains that only go on until they meet: half the steps.

    potentials (Potentials): The batch.
    layout (Layout): Its tokens, at least one.
    RETURNS (tuple[Tensor, Tensor | None]): log Z, *Shape:* (batch,), float64, nats; indices of the sequences for which
        it is meaningless, None if there are none, *Shape:* (n_lost,), int64.
    """
    schedule = halves_of(layout, potentials.n_tags)
    meeting = schedule.meeting
    assert meeting is not None
    space = Workspace(potentials.emissions, 2 * (layout.n_tokens + schedule.sources.shape[0]))
    factors = factors_of(potentials, layout, space)
    chains = run_chains(factors, schedule, space)
    alphas = chains.states.index_select(0, meeting.ends[0])
    gammas = chains.states.index_select(0, meeting.ends[1])
    betas = chains.arriving.index_select(0, meeting.ends[1])
    onward = torch.where(meeting.odd.unsqueeze(1), betas, gammas @ factors.moves[1]).double()
    sums = torch.mul(alphas, onward).sum(1)
    totals = _totals(layout, sums, factors, schedule, chains)
    weak = layout.of_all(sums < lowest_sum(alphas) * (alphas.sum(1) + onward.sum(1)))
    lost = lost_tokens(layout, factors, schedule, chains)
    return totals, _lost(layout, totals, lost, weak.index_select(0, layout.sequences))


def _totals(layout: Layout, sums: Tensor, factors: Factors, schedule: Schedule, chains: Chains) -> Tensor:
    """log Z of all sequences from the sums over the tags where their chains end. *Shape:* (n_filled,) -> (batch,)"""
    # Chains that meet in one token divided by its scale once: the other one gave what arrived there.
    divisors = chains.scales.index_select(0, schedule.forward).squeeze(1).double().log_().add_(factors.peaks)
    totals = layout.of_all(sums.double().log())
    return totals.index_add_(0, layout.sequences, divisors)


def _lost(layout: Layout, totals: Tensor, suspects: Tensor | None, weak: Tensor) -> Tensor | None:
    """Indices of the sequences with a token that is flagged or a total that is no number; None if there are none."""
    if suspects is None and bool(totals.sum().isfinite() & weak.any().logical_not_()):
        return None
    flags = weak if suspects is None else weak | suspects
    lost = totals.isfinite().logical_not_() | layout.any_token(flags)
    return lost.nonzero().squeeze(1) if bool(lost.any()) else None
