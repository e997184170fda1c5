"""What is known of a sequence, as the tags that each token may take."""

from collections.abc import Iterable, Sequence

import numpy as np

from ..errors import Errors, TagError
from .schemes import OUTSIDE, OUTSIDE_NAME, BoolArray, IntArray, TagSet
from .spans import TagSpan, carried_on, spans_to_tags


def allowed_tags(
    tagset: TagSet,
    length: int,
    *,
    spans: Iterable[TagSpan] = (),
    outside: Iterable[int] = (),
    is_space: Sequence[bool] | BoolArray | None = None,
) -> BoolArray:
    """The tags that are left to each token by what is known.

    Whitespace tokens cannot begin an entity, nor end one where the scheme marks ends (BILUO); in IO, where no tag marks
    either, they stay free. A span that is given outweighs that.

    tagset (TagSet): The tags.
    length (int): Tokens in the sequence.
    spans (Iterable[TagSpan]): Spans known to be entities, of exactly these tokens: their tags are fixed, and tokens
        beside them that are otherwise unknown cannot carry them on.
    outside (Iterable[int]): Tokens known to be in no entity.
    is_space (Sequence[bool] | None): Which tokens are whitespace. *Shape:* (length,).
    RETURNS (BoolArray): *Shape:* (length, n_tags).
    RAISES (TagError): Spans or tokens that leave the sequence, spans that overlap, an unknown label, a token that is
        both in a span and outside, or `is_space` of another length.
    """
    outside = np.fromiter(outside, dtype=np.int64)
    _check(length, outside, is_space)
    allowed = np.ones((length, tagset.n_tags), dtype=bool)
    if is_space is not None and tagset.rules.bounded:
        allowed[np.asarray(is_space, dtype=bool)] &= ~_edges(tagset)
    spans = list(spans)
    tags = spans_to_tags(tagset, spans, length)
    contradicted = outside[tags[outside] != OUTSIDE]
    if len(contradicted):
        position = int(contradicted[0])
        raise TagError(Errors.T010.format(position=position, tag=tagset.tags[tags[position]]))
    allowed[outside] = np.arange(tagset.n_tags) == OUTSIDE
    for span in spans:
        _keep_apart(tagset, allowed, span, length)
    for span in spans:
        positions = np.arange(span.start, span.end)
        allowed[positions] = False
        allowed[positions, tags[positions]] = True
    return allowed


def tags_named(tagset: TagSet, name: str) -> BoolArray:
    """The tags that a name stands for: "O" for the tag of that name, a label for all of its tags, or a tag for itself.

    A name that could be more than one of these is the first of them.

    tagset (TagSet): The tags.
    name (str): "O", a label, or one of `TagSet.tags`.
    RETURNS (BoolArray): *Shape:* (n_tags,).
    RAISES (TagError): None of these.
    """
    chosen = np.zeros(tagset.n_tags, dtype=bool)
    if name == OUTSIDE_NAME:
        chosen[OUTSIDE] = True
    elif name not in tagset.labels and name in tagset.tags:
        chosen[tagset.tags.index(name)] = True
    else:
        prefixes = len(tagset.rules.prefixes)
        first = 1 + tagset.label_id(name) * prefixes
        chosen[first : first + prefixes] = True
    return chosen


def _check(length: int, outside: IntArray, is_space: Sequence[bool] | BoolArray | None) -> None:
    if is_space is not None and len(is_space) != length:
        raise TagError(Errors.T013.format(length=length, got=len(is_space)))
    wrong = outside[(outside < 0) | (outside >= length)]
    if len(wrong):
        raise TagError(Errors.T014.format(last=length - 1, got=int(wrong[0])))


def _keep_apart(tagset: TagSet, allowed: BoolArray, span: TagSpan, length: int) -> None:
    carried = carried_on(tagset, span)
    if span.end < length:
        allowed[span.end] &= ~carried
    if span.start > 0 and not tagset.rules.bounded:
        allowed[span.start - 1] &= ~carried


def _edges(tagset: TagSet) -> BoolArray:
    """Tags that are certain to begin or end an entity."""
    rules = tagset.rules
    surely_ends = "".join(prefix for prefix in rules.ends if not rules.continues[prefix])
    return tagset.with_prefix(rules.begins + surely_ends)
