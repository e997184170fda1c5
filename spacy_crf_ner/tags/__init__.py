"""Tag schemes, spans and masks: everything between labels and tag ids, in NumPy alone."""

from .masks import allowed_tags
from .paths import SpanPathArrays, found_paths, span_paths
from .schemes import OUTSIDE, SCHEMES, BoolArray, IntArray, TagSet, extend
from .spans import FoundSpans, TagSpan, find_spans, span_tags, spans_to_tags, tags_to_spans

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
    "extend",
    "find_spans",
    "found_paths",
    "span_paths",
    "span_tags",
    "spans_to_tags",
    "tags_to_spans",
]
