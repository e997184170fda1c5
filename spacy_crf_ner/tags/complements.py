"""The tag sequences that hold a span, and those that do not, as masks that have no sequence in common."""

from collections.abc import Sequence

import numpy as np

from .masks import allowed_tags
from .schemes import BoolArray, TagSet
from .spans import TagSpan


def span_masks(tagset: TagSet, length: int, start: int, end: int, labels: Sequence[str]) -> BoolArray:
    """The tag sequences in which some tokens are exactly one entity, for each of some labels.

    tagset (TagSet): The tags.
    length (int): Tokens in the sequence.
    start (int): First token of the entity.
    end (int): Token after its last.
    labels (Sequence[str]): The labels, each once.
    RETURNS (BoolArray): For each label the tags that each token may have. *Shape:* (n_labels, length, n_tags).
    RAISES (TagError): A span that leaves the sequence or holds no tokens, or an unknown label.
    """
    masks = [allowed_tags(tagset, length, spans=[TagSpan(start, end, label)]) for label in labels]
    return np.array(masks, dtype=bool).reshape(len(masks), length, tagset.n_tags)


def complement_masks(tagset: TagSet, length: int, start: int, end: int, labels: Sequence[str]) -> BoolArray:
    """All other tag sequences: those in which the tokens are no entity of any of the labels.

    A sequence that is none of `span_masks` leaves them at some token: at the first of the span, or after having agreed
    with one label's tags up to there, at a later one, or at a neighbour that carries the entity on. Each mask holds
    those that leave at the same token, so that no sequence is in two of them, and every one is either in one of them or
    in one of `span_masks`, whether the scheme allows it or not.

    tagset (TagSet): The tags.
    length (int): Tokens in the sequence.
    start (int): First token of the span.
    end (int): Token after its last.
    labels (Sequence[str]): The labels, each once.
    RETURNS (BoolArray): For each mask the tags that each token may have. *Shape:* (n_masks, length, n_tags).
    RAISES (TagError): As `span_masks`.
    """
    held = span_masks(tagset, length, start, end, labels)
    free = np.ones((length, tagset.n_tags), dtype=bool)
    masks = [_at(free, start, ~np.logical_or.reduce(held[:, start]))]
    neighbours = [position for position in (end, start - 1) if 0 <= position < length]
    for mask in held:
        agreed = _at(free, start, mask[start])
        for position in (*range(start + 1, end), *neighbours):
            if not mask[position].all():
                masks.append(_at(agreed, position, ~mask[position]))
                agreed = _at(agreed, position, mask[position])
    return np.array(masks)


def _at(mask: BoolArray, position: int, allowed: BoolArray) -> BoolArray:
    """A copy of the mask with other tags for one token."""
    changed: BoolArray = mask.copy()
    changed[position] = allowed
    return changed
