"""Scores of given paths, and the losses that compare them with all paths."""

from dataclasses import replace

import torch
from torch import Tensor

from .partition import exact_log_partition, path_loss
from .paths import check_tags, path_scores
from .potentials import Potentials
from .recursions import Recursions
from .scaled import SCALED


def sequence_score(potentials: Potentials, tags: Tensor) -> Tensor:
    """Unnormalised score of one given path per sequence.

    potentials (Potentials): The batch.
    tags (Tensor): Tag ids; ignored at and after each sequence's length. *Shape:* (batch, seq_len) or (n_tokens,),
        int64.
    RETURNS (Tensor): *Shape:* (batch,), dtype of the emissions, nats; -inf for forbidden paths, 0 for empty ones.
    RAISES (PotentialsError): Tags of the wrong shape or dtype, or out of range.
    """
    check_tags(potentials, tags)
    return path_scores(potentials, tags).to(potentials.emissions.dtype)


def negative_log_likelihood(
    potentials: Potentials, target: Tensor, *, recursions: Recursions = SCALED
) -> Tensor:
    """-log P(target): log Z(all) - log Z(allowed by the target).

    With tag ids the target is one path (Lafferty et al. 2001). With a mask it is the set of paths that the mask admits,
    which is learning from partial annotation by marginalising over what is unknown (Tsuboi et al. 2008,
    https://aclanthology.org/C08-1113/). The two agree where the mask admits one tag per token.

    potentials (Potentials): The batch.
    target (Tensor): Tag ids, *Shape:* (batch, seq_len) or (n_tokens,), int64; or tags that each token may have,
        *Shape:* as the emissions, bool, combined with `potentials.allowed_tags`.
    recursions (Recursions): The implementation to use.
    RETURNS (Tensor): *Shape:* (batch,), dtype of the emissions, nats, differentiable once.
    RAISES (ImpossibleSequenceError): The potentials' masks forbid a target.
    RAISES (PotentialsError): A target of the wrong shape or dtype, tags out of range, or scores of NaN or +inf.
    """
    if target.dtype == torch.bool:
        allowed = target if potentials.allowed_tags is None else target & potentials.allowed_tags
        reached = exact_log_partition(replace(potentials, allowed_tags=allowed), recursions)
        loss = exact_log_partition(potentials, recursions) - reached
        return loss.to(potentials.emissions.dtype)
    check_tags(potentials, target)
    return path_loss(potentials, target, recursions)
