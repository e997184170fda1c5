"""Scores of given paths, and the losses that compare them with all paths."""

from dataclasses import replace

import torch
from torch import Tensor

from ..errors import Errors, PotentialsError
from .partition import exact_log_partition
from .potentials import Potentials
from .recursions import FORBIDDEN, raise_unless_finite


def sequence_score(potentials: Potentials, tags: Tensor) -> Tensor:
    """Unnormalised score of one given path per sequence.

    potentials (Potentials): The batch.
    tags (Tensor): Tag ids; ignored at and after each sequence's length. *Shape:* (batch, seq_len), int64.
    RETURNS (Tensor): *Shape:* (batch,), dtype of the emissions, nats; -inf for forbidden paths, 0 for empty ones.
    RAISES (PotentialsError): Tags of the wrong shape or dtype, or out of range.
    """
    return _exact_sequence_score(potentials, tags).to(potentials.emissions.dtype)


def negative_log_likelihood(potentials: Potentials, target: Tensor) -> Tensor:
    """-log P(target): log Z(all) - log Z(allowed by the target).

    With tag ids the target is one path (Lafferty et al. 2001). With a mask it is the set of paths that the mask admits,
    which is learning from partial annotation by marginalising over what is unknown (Tsuboi et al. 2008,
    https://aclanthology.org/C08-1113/). The two agree where the mask admits one tag per token.

    potentials (Potentials): The batch.
    target (Tensor): Tag ids, *Shape:* (batch, seq_len), int64; or tags that each token may have, *Shape:* (batch,
        seq_len, n_tags), bool, combined with `potentials.allowed_tags`.
    RETURNS (Tensor): *Shape:* (batch,), dtype of the emissions, nats, differentiable once.
    RAISES (ImpossibleSequenceError): The potentials' masks forbid a target.
    RAISES (PotentialsError): A target of the wrong shape or dtype, tags out of range, or scores of NaN or +inf.
    """
    if target.dtype == torch.bool:
        allowed = target if potentials.allowed_tags is None else target & potentials.allowed_tags
        reached = exact_log_partition(replace(potentials, allowed_tags=allowed))
    else:
        reached = _exact_sequence_score(potentials, target)
        raise_unless_finite(reached.detach())
    return (exact_log_partition(potentials) - reached).to(potentials.emissions.dtype)


def _exact_sequence_score(potentials: Potentials, tags: Tensor) -> Tensor:
    """`sequence_score` in float64, differentiable by autograd: a sum of gathers, no recursion."""
    inside = potentials.token_mask()
    _check_tags(potentials, tags, inside)
    if potentials.seq_len == 0:
        return potentials.emissions.double().sum((1, 2))
    path = torch.where(inside, tags, tags.new_zeros(()))
    both = inside[:, 1:]
    first, last = path[:, 0], _last_tags(path, potentials.lengths)
    emissions = potentials.emissions.gather(2, path.unsqueeze(2)).squeeze(2).double()
    moves = potentials.transitions[path[:, :-1], path[:, 1:]].double()
    ends = (potentials.start[first].double() + potentials.end[last].double()).unsqueeze(1)
    nonempty = inside[:, :1]
    zero = emissions.new_zeros(())
    total: Tensor = torch.where(inside, emissions, zero).sum(1)
    total = total + torch.where(both, moves, zero).sum(1) + torch.where(nonempty, ends, zero).sum(1)
    forbidden = _forbidden_paths(potentials, path, inside)
    return torch.where(forbidden, total.new_full((), FORBIDDEN), total)


def _forbidden_paths(potentials: Potentials, path: Tensor, inside: Tensor) -> Tensor:
    """True for each sequence whose path uses something that a mask excludes. *Shape:* (batch,), bool."""
    forbidden = torch.zeros_like(inside[:, 0])
    if potentials.allowed_tags is not None:
        admitted = potentials.allowed_tags.gather(2, path.unsqueeze(2)).squeeze(2)
        forbidden |= (inside & ~admitted).any(1)
    if potentials.allowed_transitions is not None:
        admitted = potentials.allowed_transitions[path[:, :-1], path[:, 1:]]
        forbidden |= (inside[:, 1:] & ~admitted).any(1)
    if potentials.allowed_start is not None:
        forbidden |= inside[:, 0] & ~potentials.allowed_start[path[:, 0]]
    if potentials.allowed_end is not None:
        forbidden |= inside[:, 0] & ~potentials.allowed_end[_last_tags(path, potentials.lengths)]
    return forbidden


def _last_tags(path: Tensor, lengths: Tensor) -> Tensor:
    last = (lengths - 1).clamp(min=0).unsqueeze(1)
    return path.gather(1, last).squeeze(1)


def _check_tags(potentials: Potentials, tags: Tensor, inside: Tensor) -> None:
    expected = (potentials.batch_size, potentials.seq_len)
    if tuple(tags.shape) != expected:
        raise PotentialsError(Errors.P001.format(name="tags", expected=expected, got=tuple(tags.shape)))
    if tags.dtype != torch.int64:
        raise PotentialsError(Errors.P002.format(name="tags", expected=torch.int64, got=tags.dtype))
    wrong = inside & ((tags < 0) | (tags >= potentials.n_tags))
    if bool(wrong.any()):
        index, position = wrong.nonzero()[0].tolist()
        got = int(tags[index, position])
        raise PotentialsError(Errors.P005.format(last=potentials.n_tags - 1, index=index, got=got))
