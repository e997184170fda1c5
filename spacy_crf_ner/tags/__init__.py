"""Tag schemes, spans and masks: everything between labels and tag ids, in NumPy alone."""

from .complements import complement_masks, span_masks
from .masks import allowed_tags, tags_named
from .paths import SpanPathArrays, found_paths, span_paths
from .reachability import first_dead_end
from .schemes import OUTSIDE, SCHEMES, BoolArray, IntArray, TagSet, extend
from .spans import (
    FoundSpans,
    TagSpan,
    find_spans,
    read_leniently,
    span_tags,
    spans_to_tags,
    tags_to_spans,
)

__all__ = [
    "OUTSIDE",
    "SCHEMES",
    "BoolArray",
    "FoundSpans",
    "IntArray",
    "SpanPathArrays",
    "TagSet",
    "TagSpan",
    "allowed_tags",
    "complement_masks",
    "extend",
    "find_spans",
    "first_dead_end",
    "found_paths",
    "read_leniently",
    "span_masks",
    "span_paths",
    "span_tags",
    "spans_to_tags",
    "tags_named",
    "tags_to_spans",
]
