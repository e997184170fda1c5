"""Spans as stretches of tags with the neighbours that keep them from being longer: the input of span probabilities."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .schemes import BoolArray, IntArray, TagSet
from .spans import FoundSpans, TagSpan, carried_on, span_tags


class SpanPathArrays(NamedTuple):
    """The fields of `functional.SpanPaths`, as NumPy arrays.

    sequences (IntArray): *Shape:* (n_spans,).
    starts (IntArray): First tokens. *Shape:* (n_spans,).
    ends (IntArray): Tokens after the last. *Shape:* (n_spans,).
    tags (IntArray): Tag ids, padded with -1. *Shape:* (n_spans, longest span).
    before (BoolArray): Tags that the token before may have. *Shape:* (n_spans, n_tags).
    after (BoolArray): Tags that the token after may have. *Shape:* (n_spans, n_tags).
    """

    sequences: IntArray
    starts: IntArray
    ends: IntArray
    tags: IntArray
    before: BoolArray
    after: BoolArray


def span_paths(tagset: TagSet, spans: Sequence[tuple[int, TagSpan]]) -> SpanPathArrays:
    """The tags that spell each span as one entity of exactly these tokens.

    Where a scheme does not mark an entity's end (BIO) or either end (IO), the neighbours must not carry it on.

    tagset (TagSet): The tags.
    spans (Sequence[tuple[int, TagSpan]]): Each with the index of its sequence in the batch.
    RETURNS (SpanPathArrays): One row per span.
    RAISES (TagError): An unknown label.
    """
    width = max((span.end - span.start for _, span in spans), default=1)
    tags = np.full((len(spans), width), -1, dtype=np.int64)
    before = np.ones((len(spans), tagset.n_tags), dtype=bool)
    after = np.ones((len(spans), tagset.n_tags), dtype=bool)
    for row, (_, span) in enumerate(spans):
        spelled = span_tags(tagset, span)
        tags[row, : len(spelled)] = spelled
        after[row] = ~carried_on(tagset, span)
        if not tagset.rules.bounded:
            before[row] = after[row]
    return SpanPathArrays(
        sequences=np.array([sequence for sequence, _ in spans], dtype=np.int64),
        starts=np.array([span.start for _, span in spans], dtype=np.int64),
        ends=np.array([span.end for _, span in spans], dtype=np.int64),
        tags=tags,
        before=before,
        after=after,
    )


def found_paths(tagset: TagSet, tags: IntArray, lengths: IntArray, found: FoundSpans) -> SpanPathArrays:
    """What `span_paths` gives for spans that `find_spans` found, without spelling them again.

    tagset (TagSet): The tags.
    tags (IntArray): The tag ids that were searched. *Shape:* (n_tokens,), int64.
    lengths (IntArray): Tokens per sequence. *Shape:* (batch,), int64.
    found (FoundSpans): The spans.
    RETURNS (SpanPathArrays): One row per span.
    """
    sizes = found.ends - found.starts
    firsts = found.starts + (np.cumsum(lengths) - lengths)[found.sequences]
    columns = np.arange(sizes.max(initial=1))
    inside = columns < sizes[:, None]
    spelled = np.where(inside, tags[np.where(inside, firsts[:, None] + columns, 0)], -1)
    return SpanPathArrays(
        sequences=found.sequences,
        starts=found.starts,
        ends=found.ends,
        tags=spelled,
        before=~tagset.continues[:, tags[firsts]].T,
        after=~tagset.continues[tags[firsts + sizes - 1]],
    )
