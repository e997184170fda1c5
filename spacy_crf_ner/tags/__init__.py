"""Tag schemes, spans and masks: everything between labels and tag ids, in NumPy alone."""

from .masks import allowed_tags
from .paths import SpanPathArrays, span_paths
from .schemes import OUTSIDE, SCHEMES, BoolArray, IntArray, TagSet, extend
from .spans import TagSpan, span_tags, spans_to_tags, tags_to_spans

__all__ = [
    "OUTSIDE",
    "SCHEMES",
    "BoolArray",
    "IntArray",
    "SpanPathArrays",
    "TagSet",
    "TagSpan",
    "allowed_tags",
    "extend",
    "span_paths",
    "span_tags",
    "spans_to_tags",
    "tags_to_spans",
]
