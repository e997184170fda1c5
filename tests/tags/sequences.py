"""Enumeration of tag sequences and of span sets, independent of each other, and hypothesis strategies for both."""

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from hypothesis import strategies as st

from spacy_crf_ner.tags import TagSet, TagSpan

SCHEMES = ("BILUO", "BIO", "IO")
# Labels that a parser of tag names, a config file or a column format would stumble over.
AWKWARD_LABELS = (
    "PER",
    "B-PER",
    "L-O",
    "O",
    "-",
    "a b",
    "人名",
    "B-",
    "I_LOC",
    "per",
    "Ünï|cøde",
    "#1",
    "\u00e9",  # the same to the eye as the next one, and another string
    "e\u0301",
)


def allowed_sequences(
    tagset: TagSet, length: int, allowed: np.ndarray | None = None
) -> list[tuple[int, ...]]:
    """Every tag sequence that the masks admit, by trying all. *Shape of allowed:* (length, n_tags)"""
    if length == 0:
        return [()]
    start, end, moves = tagset.allowed_start, tagset.allowed_end, tagset.allowed_transitions
    every = itertools.product(range(tagset.n_tags), repeat=length)
    return [
        tags
        for tags in every
        if start[tags[0]]
        and end[tags[-1]]
        and all(moves[tags[t], tags[t + 1]] for t in range(length - 1))
        and (allowed is None or all(allowed[t, tag] for t, tag in enumerate(tags)))
    ]


def span_sets(labels: tuple[str, ...], length: int, start: int = 0) -> Iterator[tuple[TagSpan, ...]]:
    """Every set of spans that do not overlap, in order, from a token on."""
    yield ()
    for first, label in itertools.product(range(start, length), labels):
        for end in range(first + 1, length + 1):
            for rest in span_sets(labels, length, end):
                yield (TagSpan(first, end, label), *rest)


def merged(spans: tuple[TagSpan, ...] | list[TagSpan]) -> tuple[TagSpan, ...]:
    """Neighbours of the same label as one span: all that IO can tell."""
    result: list[TagSpan] = []
    for span in sorted(spans):
        if result and result[-1].end == span.start and result[-1].label == span.label:
            result[-1] = TagSpan(result[-1].start, span.end, span.label)
        else:
            result.append(TagSpan(*span))
    return tuple(result)


def representable(tagset: TagSet, spans: tuple[TagSpan, ...] | list[TagSpan]) -> tuple[TagSpan, ...]:
    """What a scheme can say of a set of spans."""
    return merged(spans) if tagset.scheme == "IO" else tuple(sorted(spans))


def read_one_by_one(tagset: TagSet, tags: Iterable[int]) -> list[TagSpan]:
    """Spans of tags that need not be well-formed, token by token, as the CoNLL shared tasks read them."""
    spans: list[TagSpan] = []
    before = ("O", "")
    for position, (prefix, label) in enumerate(map(tagset.parts, tags)):
        if prefix in ("I", "L") and before in (("B", label), ("I", label)):
            spans[-1] = spans[-1]._replace(end=position + 1)
        elif prefix != "O":
            spans.append(TagSpan(position, position + 1, label))
        before = (prefix, label)
    return spans


def labels_of_any_kind() -> st.SearchStrategy[str]:
    """Text in any script, and the awkward ones; never blank."""
    text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6).filter(str.strip)
    return st.sampled_from(AWKWARD_LABELS) | text


@st.composite
def tagsets(draw: st.DrawFn, max_labels: int = 4) -> TagSet:
    """A tag set of any scheme and labels."""
    labels = draw(st.lists(labels_of_any_kind(), min_size=1, max_size=max_labels, unique=True))
    return TagSet(draw(st.sampled_from(SCHEMES)), labels)


@st.composite
def tagsets_and_spans(draw: st.DrawFn, max_length: int = 12) -> tuple[TagSet, list[TagSpan], int]:
    """A tag set, spans in some order that do not overlap, and the length of their sequence."""
    tagset, length = draw(tagsets()), draw(st.integers(0, max_length))
    cuts = draw(st.lists(st.integers(0, length), max_size=8, unique=True).map(sorted))
    spans = []
    for start, end in itertools.pairwise(cuts):
        label = draw(st.none() | st.sampled_from(tagset.labels))
        if label is not None:
            spans.append(TagSpan(start, end, label))
    return tagset, draw(st.permutations(spans)), length


@st.composite
def tagsets_and_tags(draw: st.DrawFn, max_length: int = 12) -> tuple[TagSet, np.ndarray]:
    """A tag set and a sequence of tags that it admits, drawn among those tags from which an end can be reached."""
    tagset, length = draw(tagsets()), draw(st.integers(0, max_length))
    can_finish = [tagset.allowed_end]
    for _ in range(length - 1):
        can_finish.append((tagset.allowed_transitions & can_finish[-1]).any(1))
    tags: list[int] = []
    for remaining in range(length - 1, -1, -1):
        admitted = tagset.allowed_transitions[tags[-1]] if tags else tagset.allowed_start
        tags.append(draw(st.sampled_from(np.flatnonzero(admitted & can_finish[remaining]).tolist())))
    return tagset, np.array(tags, dtype="int64")
