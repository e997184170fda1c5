"""log Z of sequences under many masks: each a copy of a sequence, computed in parts that fit into memory."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ...functional import Potentials, raise_unless_finite
from ...kernels import recursions_for

TOKENS_PER_PART = 200_000


class CopyTokens(NamedTuple):
    """The tokens of some copies, one copy after another, on the device of the scores. *Shape of all:* (n,), int64.

    copies (Tensor): The copy that each belongs to.
    positions (Tensor): Its position in the sequence.
    rows (Tensor): Its row in the batch that is copied.
    """

    copies: Tensor
    positions: Tensor
    rows: Tensor


# Tags that the tokens of copies may have. *Shape:* (n, n_tags), bool.
Masks = Callable[[CopyTokens], Tensor]


def masked_copies(
    potentials: Potentials, sequences: Tensor, indices: Tensor, masks: Masks
) -> tuple[Potentials, CopyTokens]:
    """Some of the copies as a batch of their own.

    potentials (Potentials): The batch that is copied, packed.
    sequences (Tensor): The sequence that each copy is one of, on the CPU. *Shape:* (n_copies,), int64.
    indices (Tensor): Which copies, on the CPU. *Shape:* (n_chosen,), int64.
    masks (Masks): Their masks, to which those of the batch are added.
    RETURNS (tuple[Potentials, CopyTokens]): The copies, packed and without graph for autograd, and their tokens.
    """
    lengths = potentials.lengths.cpu()
    chosen = sequences.index_select(0, indices)
    sizes = lengths.index_select(0, chosen)
    owners = torch.arange(len(chosen)).repeat_interleave(sizes)
    positions = torch.arange(len(owners)) - (sizes.cumsum(0) - sizes).index_select(0, owners)
    starts = (lengths.cumsum(0) - lengths).index_select(0, chosen)
    device = potentials.emissions.device
    places = (indices.index_select(0, owners), positions, positions + starts.index_select(0, owners))
    tokens = CopyTokens(*(place.to(device) for place in places))
    allowed = masks(tokens)
    if potentials.allowed_tags is not None:
        allowed = allowed & potentials.allowed_tags.index_select(0, tokens.rows)
    scores = {name: getattr(potentials, name).detach() for name in ("transitions", "start", "end")}
    emissions = potentials.emissions.detach().index_select(0, tokens.rows)
    return replace(potentials, emissions=emissions, lengths=sizes, allowed_tags=allowed, **scores), tokens


def copies_log_partition(potentials: Potentials, sequences: Tensor, masks: Masks) -> Tensor:
    """log Z of copies of sequences, each with its own mask on top of those of the batch.

    Differentiable once with respect to emissions, transitions, start and end. Copies are made of TOKENS_PER_PART tokens
    at a time, and made again for the gradient, so that the memory they take does not grow with their number.

    potentials (Potentials): The batch, packed.
    sequences (Tensor): The sequence that each copy is one of, on the CPU. *Shape:* (n_copies,), int64.
    masks (Masks): Tags that the tokens of copies may have.
    RETURNS (Tensor): -inf for a copy that no path is left to, which then has no gradient. *Shape:* (n_copies,),
        float64, nats.
    """
    scores = (potentials.emissions, potentials.transitions, potentials.start, potentials.end)
    result: Tensor = _CopiesLogPartition.apply(*scores, potentials, sequences, masks)
    return result


def raise_for_sequences(potentials: Potentials, sequences: Tensor, totals: Tensor) -> None:
    """`raise_unless_finite` for copies, with an error that names the sequences they are copies of.

    potentials (Potentials): The batch.
    sequences (Tensor): The sequence that each copy is one of. *Shape:* (n_copies,), int64.
    totals (Tensor): A value for each copy. *Shape:* (n_copies,).
    RAISES (ImpossibleSequenceError): Some are -inf.
    RAISES (PotentialsError): Some are NaN or +inf.
    """
    broken = (~torch.isfinite(totals)).nonzero().flatten()
    worst = totals.detach().new_zeros(potentials.batch_size)
    worst[sequences.to(totals.device).index_select(0, broken)] = totals.detach().index_select(0, broken)
    raise_unless_finite(worst)


class _CopiesLogPartition(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        potentials: Potentials = inputs[4]
        sequences: Tensor = inputs[5]
        masks: Masks = inputs[6]
        totals = torch.empty(len(sequences), dtype=torch.float64)
        for indices in _parts(potentials, sequences, torch.arange(len(sequences))):
            copies, _ = masked_copies(potentials, sequences, indices, masks)
            totals[indices] = recursions_for(copies).log_partition(copies).cpu()
        ctx.inputs = potentials, sequences, masks
        ctx.possible = torch.isfinite(totals)
        return totals.to(potentials.emissions.device)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, *d_outputs: Any) -> tuple[Tensor | None, ...]:
        potentials, sequences, masks = ctx.inputs
        weights: Tensor = d_outputs[0].cpu()
        wanted = (ctx.possible & (weights != 0)).nonzero().flatten()
        names = ("emissions", "transitions", "start", "end")
        emissions, *others = (torch.zeros_like(getattr(potentials, name)) for name in names)
        for indices in _parts(potentials, sequences, wanted):
            copies, tokens = masked_copies(potentials, sequences, indices, masks)
            chosen = weights[indices].to(emissions.device)
            gradient = recursions_for(copies).expectations(copies, chosen).gradient
            emissions.index_add_(0, tokens.rows, gradient.emissions)
            for total, name in zip(others, names[1:], strict=True):
                total += getattr(gradient, name)
        return emissions, *others, None, None, None


def _parts(potentials: Potentials, sequences: Tensor, indices: Tensor) -> Iterator[Tensor]:
    """Copies in groups of about TOKENS_PER_PART tokens, by the place of their last token among those of all."""
    sizes = potentials.lengths.cpu().index_select(0, sequences.index_select(0, indices))
    parts = sizes.cumsum(0).div(TOKENS_PER_PART, rounding_mode="floor")
    for part in torch.split(indices, torch.bincount(parts).tolist()):
        if len(part):
            yield part
