"""Forward and backward recursions in scaled exponential space, together, as batched matrix products.

With m_j the highest transition into tag j, moved into the scores of all tokens but the first, and x_t the scores of
token t minus their maximum, what arrives at a token is alpha_(t-1) @ exp(transitions - m), and its state alpha_t is
that times exp(x_t); beta likewise from the end. No factor exceeds 1, and every few steps both are divided by their sums
(Rabiner 1989, section V.A). The logarithms of sums and maxima are added up in float64.

Sums of products of positive numbers keep their digits; what this space can lose is numbers too small for it. Nothing
at the end shows that: forward and backward chain can lose the same paths, on either side of the place where these win,
and then agree with each other at every token. But a state that is lost does no harm where much more arrives from other
states at every tag that it leads to. So `lost_tokens` looks at what arrives, and names each token at which some tag
that can be reached gets no more than what may have been lost; its sequence must be computed another way.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .layout import Layout
from .potentials import Potentials
from .schedule import Schedule
from .workspace import Workspace

# How many times larger than what is lost beside it a number must be to keep the digits that count.
DIGITS = {torch.float32: 1e6, torch.float64: 1e13}
# Steps between two rescalings. The sum of a state falls by the emissions' distance from their maximum at each of them.
RESCALE_EVERY = 4


@dataclass(frozen=True, eq=False)
class Factors:
    """Potentials as factors of at most 1: a token's, with start and end at the edges, are divided by the highest.

    scores (Tensor): x, of which `emissions` is the exponential. *Shape:* (n_tokens, n_tags), nats.
    emissions (Tensor): *Shape:* (n_tokens, n_tags).
    relative (Tensor): transitions - m. *Shape:* (n_tags, n_tags), nats.
    moves (Tensor): The exponential of that, and transposed. *Shape:* (2, n_tags, n_tags).
    highest (Tensor): m, 0 for tags that no move leads to. *Shape:* (n_tags,), nats.
    peaks (Tensor): Logarithm of what each token was divided by. *Shape:* (n_tokens,), nats.
    """

    scores: Tensor
    emissions: Tensor
    relative: Tensor
    moves: Tensor
    highest: Tensor
    peaks: Tensor


def allowed_scores(values: Tensor, allowed: Tensor | None) -> Tensor:
    """Scores without graph for autograd, -inf for what is not allowed.

    values (Tensor): Scores.
    allowed (Tensor | None): A mask of the same shape.
    RETURNS (Tensor): Perhaps the same memory.
    """
    values = values.detach()
    return values if allowed is None else values.masked_fill(~allowed, -torch.inf)


def token_scores(potentials: Potentials, layout: Layout, out: Tensor) -> Tensor:
    """Emissions of all tokens with the mask of allowed tags.

    potentials (Potentials): The batch.
    layout (Layout): Its tokens.
    out (Tensor): Where to write them. *Shape:* (n_tokens, n_tags).
    RETURNS (Tensor): The same tensor.
    """
    emissions = potentials.emissions.detach().reshape(-1, potentials.n_tags)
    if layout.rows is None:
        out.copy_(emissions)
    else:
        torch.index_select(emissions, 0, layout.rows, out=out)
    if potentials.allowed_tags is not None:
        out.masked_fill_(~layout.gather(potentials.allowed_tags, 1), -torch.inf)
    return out


def factors_of(potentials: Potentials, layout: Layout, space: Workspace) -> Factors:
    """Exponentiate the scores.

    potentials (Potentials): The batch.
    layout (Layout): Its tokens, at least one.
    space (Workspace): Two times n_tokens rows of it are taken.
    RETURNS (Factors): Its factors.
    """
    scores = token_scores(potentials, layout, space.take(layout.n_tokens))
    transitions = allowed_scores(potentials.transitions, potentials.allowed_transitions)
    # Without any move into a tag the tag has no probability, whatever is moved.
    highest = transitions.amax(0).nan_to_num_(nan=torch.nan, posinf=torch.inf, neginf=0.0)
    start = allowed_scores(potentials.start, potentials.allowed_start)
    end = allowed_scores(potentials.end, potentials.allowed_end)
    first = scores.index_select(0, layout.first).add_(start)
    scores.add_(highest).index_copy_(0, layout.first, first)
    scores.index_add_(0, layout.last, end.expand(layout.last.shape[0], -1))
    peaks = scores.amax(1, keepdim=True)
    scores.sub_(peaks)
    # Rounded once and not twice: every token uses these, so that their errors add up in expected transitions.
    relative = transitions.double() - highest.double()
    return Factors(
        scores=scores,
        emissions=torch.exp(scores, out=space.take(layout.n_tokens)),
        relative=relative.to(scores.dtype),
        moves=torch.stack((relative, relative.t())).exp_().to(scores.dtype),
        highest=highest,
        peaks=peaks.squeeze(1),
    )


@dataclass(frozen=True, eq=False)
class Chains:
    """States of both chains at every slot of a schedule.

    arriving (Tensor): What the neighbour's state gives: alpha or beta without the token's own emission. *Shape:*
        (n_slots, n_tags).
    states (Tensor): `arriving` times the emission, divided by the scale. *Shape:* (n_slots, n_tags).
    scales (Tensor): The sum of each state that was rescaled, else 1. *Shape:* (n_slots, 1).
    """

    arriving: Tensor
    states: Tensor
    scales: Tensor


def run_chains(factors: Factors, schedule: Schedule, space: Workspace) -> Chains:
    """Walk once over all tokens.

    factors (Factors): The batch.
    schedule (Schedule): A plan for it, not empty.
    space (Workspace): Two times n_slots rows of it are taken.
    RETURNS (Chains): All states.
    """
    n_slots = schedule.sources.shape[0]
    # A state is the emission first.
    states, arriving = space.take(n_slots), space.take(n_slots)
    torch.index_select(factors.emissions, 0, schedule.sources, out=states)
    scales = states.new_ones((n_slots, 1))
    moves, previous, rows, step = factors.moves, states, schedule.n_rows, 0
    for parts in zip(*map(schedule.parts, (arriving, states, scales)), strict=True):
        if parts[0].shape[2] != rows:
            rows = parts[0].shape[2]
            previous = previous[:, :rows]
        for arrived, state, scale in zip(*(part.unbind(0) for part in parts), strict=True):
            if step:
                torch.bmm(previous, moves, out=arrived)
            else:
                arrived.fill_(1.0)
            state.mul_(arrived)
            step += 1
            if step % RESCALE_EVERY == 0:
                torch.sum(state, 2, True, out=scale)
                state.div_(scale)
            previous = state
    return Chains(arriving, states, scales)


def lowest_sum(terms: Tensor) -> float:
    """The least sum over tags that is exact though each of its terms may have lost the smallest normal number twice.

    terms (Tensor): *Shape:* (..., n_tags).
    RETURNS (float): The sum.
    """
    return DIGITS[terms.dtype] * 2 * terms.shape[-1] * torch.finfo(terms.dtype).tiny


def lost_tokens(layout: Layout, factors: Factors, schedule: Schedule, chains: Chains) -> Tensor | None:
    """Find where a chain may have lost paths.

    layout (Layout): The tokens.
    factors (Factors): The batch.
    schedule (Schedule): Its plan.
    chains (Chains): What `run_chains` returned.
    RETURNS (Tensor | None): True for tokens at which either chain may have; None if there is none, which is the rule
        and quickly found out. *Shape:* (n_tokens,), bool.
    """
    least = lowest_sum(chains.states)
    if bool(chains.arriving.amin() * chains.scales.amin() >= least):
        return None
    # A state that is possible and below this may be carried to zero by a move that is allowed.
    lowest_move = factors.relative.masked_fill(factors.relative == -torch.inf, 0.0).amin().exp()
    floor = torch.finfo(factors.scores.dtype).tiny / lowest_move
    if bool(_all_far_above(factors, chains, least, floor)):
        return None
    entered = chains.arriving > 0
    lowest = torch.where(entered, chains.arriving, 1.0).amin(1)
    possible = (factors.scores > -torch.inf).index_select(0, schedule.sources)
    gone = possible.logical_and_(entered).logical_and_(chains.states < floor).any(1)
    shut = entered.all(1).logical_not_()
    scales = chains.scales.squeeze(1).clamp(max=1.0)
    met = schedule.meeting
    later, earlier = slice(1, None), slice(-1)
    result = torch.zeros_like(schedule.forward, dtype=torch.bool)
    for slots, starts, inside, here, before in (
        (schedule.forward, layout.first, None if met is None else met.in_forward, later, earlier),
        (schedule.backward, layout.last, None if met is None else met.in_backward, earlier, later),
    ):
        reached, left = slots[here], slots[before]
        kept = lowest.index_select(0, reached) * scales.index_select(0, left) >= least
        bad = torch.zeros_like(result)
        bad[here] = kept.logical_not_() | (gone.index_select(0, left) & shut.index_select(0, reached))
        # Where a chain starts nothing arrives, least of all from the neighbouring sequence.
        bad.index_fill_(0, starts, False)
        result |= bad if inside is None else bad & inside
    return result


def _all_far_above(factors: Factors, chains: Chains, least: float, floor: Tensor) -> Tensor:
    """Whether what holds for each token holds already for the lowest numbers of the whole batch. *Shape:* ()."""
    # What is 0 or -inf because of a mask does not count; NaN does, and makes all comparisons false.
    arriving = torch.threshold(chains.arriving, 0.0, 1.0).amin()
    emission = torch.threshold(factors.scores, -torch.finfo(factors.scores.dtype).max, 0.0).amin().exp()
    smallest, largest = chains.scales.aminmax()
    above_least = arriving * smallest.clamp(max=1.0) >= least
    return above_least & (arriving * emission >= floor * largest.clamp(min=1.0))
