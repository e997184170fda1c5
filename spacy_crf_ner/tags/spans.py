"""Spans to tags and back."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..errors import Errors, TagError
from .schemes import OUTSIDE, BoolArray, IntArray, TagSet


class TagSpan(NamedTuple):
    """A labelled stretch of tokens.

    start (int): First token.
    end (int): Token after the last.
    label (str): Its label.
    """

    start: int
    end: int
    label: str


def spans_to_tags(tagset: TagSet, spans: Iterable[TagSpan], length: int) -> IntArray:
    """Spell non-overlapping spans as one tag per token.

    The IO scheme cannot tell neighbours of one label from one longer span: `tags_to_spans` gives them back merged.

    tagset (TagSet): The tags.
    spans (Iterable[TagSpan]): The spans, in any order.
    length (int): Tokens in the sequence.
    RETURNS (IntArray): Tag ids. *Shape:* (length,), int64.
    RAISES (TagError): Spans that overlap or leave the sequence, or an unknown label.
    """
    tags = np.full(length, OUTSIDE, dtype=np.int64)
    previous: TagSpan | None = None
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if not 0 <= span.start < span.end <= length:
            raise TagError(Errors.T005.format(span=tuple(span), length=length))
        if previous is not None and span.start < previous.end:
            raise TagError(Errors.T006.format(first=tuple(previous), second=tuple(span)))
        tags[span.start : span.end] = span_tags(tagset, span)
        previous = span
    return tags


def span_tags(tagset: TagSet, span: TagSpan) -> IntArray:
    """The tags that spell one span.

    tagset (TagSet): The tags.
    span (TagSpan): The span.
    RETURNS (IntArray): Tag ids. *Shape:* (span.end - span.start,), int64.
    RAISES (TagError): An unknown label, or a span without tokens.
    """
    size = span.end - span.start
    if size < 1:
        raise TagError(Errors.T012.format(span=tuple(span)))
    if tagset.scheme == "BILUO":
        prefixes = "U" if size == 1 else "B" + "I" * (size - 2) + "L"
    elif tagset.scheme == "BIO":
        prefixes = "B" + "I" * (size - 1)
    else:
        prefixes = "I" * size
    ids = {prefix: tagset.tag_id(prefix, span.label) for prefix in set(prefixes)}
    return np.array([ids[prefix] for prefix in prefixes], dtype=np.int64)


def tags_to_spans(tagset: TagSet, tags: Sequence[int] | IntArray) -> list[TagSpan]:
    """Read the spans that a well-formed tag sequence spells.

    tagset (TagSet): The tags.
    tags (Sequence[int] | IntArray): Tag ids that the scheme allows in this order. *Shape:* (length,).
    RETURNS (list[TagSpan]): The spans, in order.
    RAISES (TagError): A tag id out of range, or tags that the scheme does not allow in this order.
    """
    ids = [int(tag) for tag in tags]
    _check_well_formed(tagset, ids)
    spans: list[TagSpan] = []
    start = 0
    for position, tag in enumerate(ids):
        if tag == OUTSIDE:
            continue
        label = tagset.parts(tag)[1]
        if position == 0 or not _continues(tagset, ids[position - 1], tag):
            start = position
        if position + 1 == len(ids) or not _continues(tagset, tag, ids[position + 1]):
            spans.append(TagSpan(start, position + 1, label))
    return spans


def carried_on(tagset: TagSet, span: TagSpan) -> BoolArray:
    """Tags with which a token beside a span would make it longer.

    tagset (TagSet): The tags.
    span (TagSpan): The span.
    RETURNS (BoolArray): All False where the scheme marks the ends of entities. *Shape:* (n_tags,).
    RAISES (TagError): An unknown label.
    """
    last_prefix = tagset.parts(int(span_tags(tagset, span)[-1]))[0]
    carried = np.zeros(tagset.n_tags, dtype=bool)
    for prefix in tagset.rules.continues[last_prefix]:
        carried[tagset.tag_id(prefix, span.label)] = True
    return carried


def _continues(tagset: TagSet, tag: int, following: int) -> bool:
    if tag == OUTSIDE or following == OUTSIDE:
        return False
    prefix, label = tagset.parts(tag)
    next_prefix, next_label = tagset.parts(following)
    return label == next_label and next_prefix in tagset.rules.continues[prefix]


def _check_well_formed(tagset: TagSet, ids: list[int]) -> None:
    for position, tag in enumerate(ids):
        if not 0 <= tag < tagset.n_tags:
            raise TagError(Errors.T007.format(last=tagset.n_tags - 1, got=tag, position=position))
        into = tagset.allowed_transitions[ids[position - 1]] if position else tagset.allowed_start
        allowed = into[tag]
        if position + 1 == len(ids):
            allowed = allowed and tagset.allowed_end[tag]
        if not allowed:
            name = tagset.tags[tag]
            raise TagError(Errors.T008.format(tag=name, position=position, scheme=tagset.scheme))
