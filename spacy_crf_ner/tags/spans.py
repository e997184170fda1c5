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

    def moved(self, by: int) -> "TagSpan":
        """RETURNS (TagSpan): The same span, counted from another token.

        by (int): Added to its positions.
        """
        return TagSpan(self.start + by, self.end + by, self.label)


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
    ids = np.asarray(tags, dtype=np.int64)
    found = find_spans(tagset, ids, np.array([len(ids)], dtype=np.int64))
    columns = (found.starts.tolist(), found.ends.tolist(), found.labels.tolist())
    return [TagSpan(start, end, tagset.labels[label]) for start, end, label in zip(*columns, strict=True)]


class FoundSpans(NamedTuple):
    """Spans of a batch, by sequence and then by place.

    sequences (IntArray): The sequence each lies in. *Shape:* (n_spans,).
    starts (IntArray): First tokens. *Shape:* (n_spans,).
    ends (IntArray): Tokens after the last. *Shape:* (n_spans,).
    labels (IntArray): Positions of the labels in `TagSet.labels`. *Shape:* (n_spans,).
    """

    sequences: IntArray
    starts: IntArray
    ends: IntArray
    labels: IntArray


def find_spans(tagset: TagSet, tags: IntArray, lengths: IntArray) -> FoundSpans:
    """Read the spans that well-formed tag sequences spell, for a whole batch at once.

    tagset (TagSet): The tags.
    tags (IntArray): Tag ids of all sequences, one sequence after the other. *Shape:* (n_tokens,), int64.
    lengths (IntArray): Tokens per sequence. *Shape:* (batch,), int64.
    RETURNS (FoundSpans): The spans.
    RAISES (TagError): A tag id out of range, or tags that the scheme does not allow in this order.
    """
    offsets = np.cumsum(lengths) - lengths
    nonempty = lengths > 0
    first = np.zeros(len(tags) + 1, dtype=bool)
    first[offsets[nonempty]] = True
    first[-1] = True
    _check_well_formed(tagset, tags, first[:-1], first[1:], offsets[nonempty])
    carried = np.zeros(len(tags) + 1, dtype=bool)
    carried[1:-1] = ~first[1:-1] & tagset.continues[tags[:-1], tags[1:]]
    return _runs(tagset, tags, lengths, carried)


def read_leniently(tagset: TagSet, tags: IntArray, lengths: IntArray) -> FoundSpans:
    """Read spans from tags that need not be well-formed, for a whole batch at once.

    A token goes on with the entity before it if both tags have the same label, the one before does not end an entity
    (L, U) and this one does not begin one (B, U); every other tag but O begins an entity, as in the evaluation of the
    CoNLL shared tasks (Tjong Kim Sang and Buchholz 2000, https://aclanthology.org/W00-0726/). Well-formed tags are read
    as `find_spans` reads them.

    tagset (TagSet): The tags.
    tags (IntArray): Tag ids of all sequences, one sequence after the other. *Shape:* (n_tokens,), int64.
    lengths (IntArray): Tokens per sequence. *Shape:* (batch,), int64.
    RETURNS (FoundSpans): The spans.
    RAISES (TagError): A tag id out of range.
    """
    ends = np.cumsum(lengths)
    _check_known(tagset, tags, (ends - lengths)[lengths > 0])
    labels = _labels(tagset, tags)
    carries, carried_by_any = np.any(tagset.continues, axis=1), np.any(tagset.continues, axis=0)
    goes_on = carries[tags[:-1]] & carried_by_any[tags[1:]]
    carried = np.zeros(len(tags) + 1, dtype=bool)
    carried[1:-1] = goes_on & (labels[:-1] == labels[1:])
    carried[ends] = False
    return _runs(tagset, tags, lengths, carried)


def _runs(tagset: TagSet, tags: IntArray, lengths: IntArray, carried: BoolArray) -> FoundSpans:
    """Stretches of tokens in entities, each of which but the first carries on the one before it.

    carried (BoolArray): Whether a token carries on the one before; False at both ends. *Shape:* (n_tokens + 1,)
    """
    named = tags != OUTSIDE
    starts = np.flatnonzero(named & ~carried[:-1])
    ends = np.flatnonzero(named & ~carried[1:]) + 1
    sequences = np.searchsorted(np.cumsum(lengths), starts, side="right")
    shift = (np.cumsum(lengths) - lengths)[sequences]
    return FoundSpans(sequences, starts - shift, ends - shift, _labels(tagset, tags[starts]))


def _labels(tagset: TagSet, tags: IntArray) -> IntArray:
    """Positions of the tags' labels in `TagSet.labels`; -1 for "O"."""
    return (tags - 1) // len(tagset.rules.prefixes)


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


def _check_well_formed(
    tagset: TagSet, tags: IntArray, first: BoolArray, last: BoolArray, offsets: IntArray
) -> None:
    _check_known(tagset, tags, offsets)
    allowed = np.empty(len(tags), dtype=bool)
    allowed[1:] = tagset.allowed_transitions[tags[:-1], tags[1:]]
    allowed[first] = tagset.allowed_start[tags[first]]
    allowed[last] &= tagset.allowed_end[tags[last]]
    if not allowed.all():
        index = int(allowed.argmin())
        name, place = tagset.tags[tags[index]], _place(index, offsets)
        raise TagError(Errors.T008.format(tag=name, position=place, scheme=tagset.scheme))


def _check_known(tagset: TagSet, tags: IntArray, offsets: IntArray) -> None:
    unknown = (tags < 0) | (tags >= tagset.n_tags)
    if unknown.any():
        index = int(unknown.argmax())
        place = _place(index, offsets)
        raise TagError(Errors.T007.format(last=tagset.n_tags - 1, got=int(tags[index]), position=place))


def _place(index: int, offsets: IntArray) -> int:
    """A token's position within its sequence."""
    return index - int(offsets[np.searchsorted(offsets, index, side="right") - 1])
