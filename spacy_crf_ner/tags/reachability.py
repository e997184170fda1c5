"""Where a sequence runs out of tags that agree with all that is required of it."""

import numpy as np

from ..errors import Errors, TagError
from .schemes import BoolArray, TagSet


def first_dead_end(tagset: TagSet, allowed: BoolArray) -> int | None:
    """The first token that no allowed sequence of tags reaches, or the last one if none of those ends there.

    tagset (TagSet): The tags, and which of them may follow one another.
    allowed (BoolArray): The tags that each token may have. *Shape:* (n_tokens, n_tags).
    RETURNS (int | None): Its position; None if there is a sequence that is allowed.
    RAISES (TagError): A mask of another shape.
    """
    if allowed.ndim != 2 or allowed.shape[1] != tagset.n_tags:
        raise TagError(Errors.T016.format(expected=f"(n_tokens, {tagset.n_tags})", got=allowed.shape))
    reached = tagset.allowed_start
    for position, here in enumerate(allowed):
        if position:
            reached = np.any(tagset.allowed_transitions[reached], axis=0)
        reached = reached & here
        if not reached.any():
            return position
    if len(allowed) and not np.any(reached & tagset.allowed_end):
        return len(allowed) - 1
    return None
