"""Spans to tags and back: by hand, by property, and counted against every set of spans there is."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_crf_ner.tags import (
    FoundSpans,
    TagSet,
    TagSpan,
    find_spans,
    read_leniently,
    spans_to_tags,
    tags_to_spans,
)
from tests.tags.sequences import (
    AWKWARD_LABELS,
    SCHEMES,
    allowed_sequences,
    read_one_by_one,
    representable,
    span_sets,
    tagsets,
    tagsets_and_spans,
    tagsets_and_tags,
)

SPELLED = {
    "BILUO": "O B-PER I-PER L-PER U-ORG U-ORG B-ORG L-ORG O U-PER",
    "BIO": "O B-PER I-PER I-PER B-ORG B-ORG B-ORG I-ORG O B-PER",
    "IO": "O I-PER I-PER I-PER I-ORG I-ORG I-ORG I-ORG O I-PER",
}
SPANS = [
    TagSpan(1, 4, "PER"),
    TagSpan(4, 5, "ORG"),
    TagSpan(5, 6, "ORG"),
    TagSpan(6, 8, "ORG"),
    TagSpan(9, 10, "PER"),
]


def names(tagset: TagSet, tags: np.ndarray) -> str:
    return " ".join(tagset.tags[tag] for tag in tags)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_spans_are_spelled_as_the_scheme_says(scheme: str) -> None:
    tagset = TagSet(scheme, ["PER", "ORG"])
    tags = spans_to_tags(tagset, SPANS, 10)
    assert names(tagset, tags) == SPELLED[scheme]
    assert tags.dtype == np.int64
    assert tags.shape == (10,)


@pytest.mark.parametrize("scheme", ["BILUO", "BIO"])
def test_tags_are_read_as_the_spans_they_spell(scheme: str) -> None:
    tagset = TagSet(scheme, ["PER", "ORG"])
    spans = tags_to_spans(tagset, np.array([tagset.tags.index(name) for name in SPELLED[scheme].split()]))
    assert spans == SPANS
    assert all(isinstance(span, TagSpan) for span in spans)
    assert [(type(span.start), type(span.end)) for span in spans] == [(int, int)] * len(spans)


def test_io_merges_neighbours_of_the_same_label_and_only_these() -> None:
    tagset = TagSet("IO", ["PER", "ORG"])
    spans = [TagSpan(0, 1, "PER"), TagSpan(1, 3, "PER"), TagSpan(3, 4, "ORG"), TagSpan(5, 6, "ORG")]
    read = tags_to_spans(tagset, spans_to_tags(tagset, spans, 6))
    assert read == [TagSpan(0, 3, "PER"), TagSpan(3, 4, "ORG"), TagSpan(5, 6, "ORG")]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_empty_sequence_has_no_tags_and_no_spans(scheme: str) -> None:
    tagset = TagSet(scheme, ["PER"])
    tags = spans_to_tags(tagset, [], 0)
    assert tags.shape == (0,)
    assert tags.dtype == np.int64
    assert tags_to_spans(tagset, tags) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_without_spans_every_token_is_outside(scheme: str) -> None:
    tagset = TagSet(scheme, ["PER"])
    assert spans_to_tags(tagset, [], 3).tolist() == [0, 0, 0]
    assert tags_to_spans(tagset, np.zeros(3, dtype="int64")) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_span_may_cover_everything(scheme: str) -> None:
    tagset = TagSet(scheme, ["PER", "ORG"])
    for length in (1, 2, 3, 50):
        spans = [TagSpan(0, length, "ORG")]
        assert tags_to_spans(tagset, spans_to_tags(tagset, spans, length)) == spans


@pytest.mark.parametrize("label", AWKWARD_LABELS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_awkward_labels_come_back_as_they_were(scheme: str, label: str) -> None:
    tagset = TagSet(scheme, AWKWARD_LABELS)
    spans = [TagSpan(0, 1, label), TagSpan(2, 5, label)]
    assert tags_to_spans(tagset, spans_to_tags(tagset, spans, 6)) == spans


@settings(deadline=None, max_examples=150)
@given(tagsets_and_spans())
def test_spans_come_back_from_their_tags(case: tuple[TagSet, list[TagSpan], int]) -> None:
    tagset, spans, length = case
    tags = spans_to_tags(tagset, spans, length)
    assert tuple(tags_to_spans(tagset, tags)) == representable(tagset, spans)


@settings(deadline=None, max_examples=150)
@given(tagsets_and_spans())
def test_tags_of_spans_are_admitted_by_the_masks(case: tuple[TagSet, list[TagSpan], int]) -> None:
    tagset, spans, length = case
    tags = spans_to_tags(tagset, spans, length)
    assert len(tags) == length
    if length:
        assert tagset.allowed_start[tags[0]]
        assert tagset.allowed_end[tags[-1]]
        assert tagset.allowed_transitions[tags[:-1], tags[1:]].all()


@settings(deadline=None, max_examples=150)
@given(tagsets_and_tags())
def test_admitted_tags_decode_to_well_formed_spans_and_back(case: tuple[TagSet, np.ndarray]) -> None:
    tagset, tags = case
    spans = tags_to_spans(tagset, tags)
    covered = [t for span in spans for t in range(span.start, span.end)]
    assert spans == sorted(spans)
    assert all(0 <= span.start < span.end <= len(tags) and span.label in tagset.labels for span in spans)
    assert covered == np.flatnonzero(tags).tolist()
    assert spans_to_tags(tagset, spans, len(tags)).tolist() == tags.tolist()


@pytest.mark.parametrize(("n_labels", "longest"), [(1, 5), (2, 4), (3, 3)])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_admitted_sequences_and_sets_of_spans_are_one_to_one(
    scheme: str, n_labels: int, longest: int
) -> None:
    tagset = TagSet(scheme, ["PER", "B-PER", "a b"][:n_labels])
    for length in range(longest + 1):
        every_set = {representable(tagset, spans) for spans in span_sets(tagset.labels, length)}
        sequences = allowed_sequences(tagset, length)
        decoded = [tuple(tags_to_spans(tagset, np.array(tags, dtype="int64"))) for tags in sequences]
        assert len(sequences) == len(every_set)
        assert set(decoded) == every_set


@pytest.mark.parametrize(
    ("spans", "shown"),
    [
        ([(0, 2, "PER"), (1, 3, "PER")], r"0, 2.*1, 3"),
        ([(1, 3, "PER"), (0, 2, "ORG")], r"0, 2.*1, 3|1, 3.*0, 2"),
        ([(0, 2, "PER"), (0, 2, "ORG")], r"0, 2"),
        ([(0, 4, "PER"), (1, 2, "ORG")], r"0, 4.*1, 2"),
    ],
)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_spans_that_overlap_are_refused_with_both(
    scheme: str, spans: list[tuple[int, int, str]], shown: str
) -> None:
    with pytest.raises(ValueError, match=shown):
        spans_to_tags(TagSet(scheme, ["PER", "ORG"]), [TagSpan(*span) for span in spans], 4)


@pytest.mark.parametrize("span", [(3, 5, "PER"), (-1, 2, "PER"), (2, 2, "PER"), (3, 1, "PER"), (4, 5, "PER")])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_spans_outside_the_sequence_are_refused_with_their_numbers(
    scheme: str, span: tuple[int, int, str]
) -> None:
    with pytest.raises(ValueError, match=rf"(?s)(?=.*{span[0]}, {span[1]})(?=.*\b4\b)"):
        spans_to_tags(TagSet(scheme, ["PER"]), [TagSpan(*span)], 4)


@pytest.mark.parametrize("label", ["per", "ORG", "B-PER", ""])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_unknown_label_is_refused_and_the_known_ones_are_named(scheme: str, label: str) -> None:
    with pytest.raises(ValueError, match=rf"(?s)(?=.*'{label}')(?=.*PER)"):
        spans_to_tags(TagSet(scheme, ["PER"]), [TagSpan(0, 1, label)], 4)


@pytest.mark.parametrize(
    ("scheme", "tags", "shown"),
    [
        ("BIO", "O I-PER", "I-PER.*1"),
        ("BIO", "I-PER O", "I-PER.*0"),
        ("BIO", "B-PER I-ORG", "I-ORG.*1"),
        ("BILUO", "B-PER O", "O.*1"),
        ("BILUO", "O B-PER", "B-PER.*1"),
        ("BILUO", "U-PER L-PER", "L-PER.*1"),
        ("BILUO", "B-PER L-ORG", "L-ORG.*1"),
    ],
)
def test_tags_that_spell_no_spans_are_refused_with_tag_and_position(
    scheme: str, tags: str, shown: str
) -> None:
    tagset = TagSet(scheme, ["PER", "ORG"])
    with pytest.raises(ValueError, match=shown):
        tags_to_spans(tagset, np.array([tagset.tags.index(name) for name in tags.split()]))


@pytest.mark.parametrize("wrong", [-1, 3, 97])
def test_tags_outside_the_tag_set_are_refused_with_their_value(wrong: int) -> None:
    with pytest.raises((ValueError, IndexError), match=str(wrong)):
        tags_to_spans(TagSet("BIO", ["PER"]), np.array([0, wrong]))


def lists(found: FoundSpans) -> list[list[int]]:
    return [column.tolist() for column in found]


@pytest.mark.parametrize(
    ("scheme", "tags", "spans"),
    [
        ("BILUO", "I-A L-A O", [(0, 2, "A")]),
        ("BILUO", "B-A O L-A", [(0, 1, "A"), (2, 3, "A")]),
        ("BILUO", "B-A I-A I-A", [(0, 3, "A")]),
        ("BILUO", "B-A B-A L-A", [(0, 1, "A"), (1, 3, "A")]),
        ("BILUO", "B-A U-A I-A", [(0, 1, "A"), (1, 2, "A"), (2, 3, "A")]),
        ("BILUO", "B-A L-A I-A", [(0, 2, "A"), (2, 3, "A")]),
        ("BILUO", "L-A L-A I-B", [(0, 1, "A"), (1, 2, "A"), (2, 3, "B")]),
        ("BILUO", "B-A I-B L-A", [(0, 1, "A"), (1, 2, "B"), (2, 3, "A")]),
        ("BIO", "I-A I-A O I-A", [(0, 2, "A"), (3, 4, "A")]),
        ("BIO", "B-A I-B I-B B-B", [(0, 1, "A"), (1, 3, "B"), (3, 4, "B")]),
        ("BIO", "O I-A B-A I-A", [(1, 2, "A"), (2, 4, "A")]),
        ("IO", "I-A I-A I-B O I-B", [(0, 2, "A"), (2, 3, "B"), (4, 5, "B")]),
    ],
)
def test_tags_that_do_not_fit_together_are_read_leniently(
    scheme: str, tags: str, spans: list[tuple[int, int, str]]
) -> None:
    tagset = TagSet(scheme, ["A", "B"])
    ids = [tagset.tags.index(name) for name in tags.split()]
    expected = [TagSpan(*span) for span in spans]
    # Between an empty sequence and one that its last token must not be carried on into.
    continued = np.array([*ids, *ids])
    sequences, starts, ends, labels = lists(
        read_leniently(tagset, continued, np.array([0, len(ids), len(ids)]))
    )
    read = [TagSpan(s, e, tagset.labels[i]) for s, e, i in zip(starts, ends, labels, strict=True)]
    assert read == expected * 2
    assert sequences == [1] * len(expected) + [2] * len(expected)
    # The other reader, with which long random sequences are compared.
    assert read_one_by_one(tagset, ids) == expected


@settings(deadline=None, max_examples=150)
@given(tagsets_and_tags(), st.data())
def test_well_formed_tags_are_read_leniently_as_what_they_spell(
    case: tuple[TagSet, np.ndarray], data: st.DataObject
) -> None:
    tagset, tags = case
    copies = data.draw(st.integers(0, 3))
    batch, lengths = np.tile(tags, copies), np.array([len(tags)] * copies, dtype="int64")
    assert lists(read_leniently(tagset, batch, lengths)) == lists(find_spans(tagset, batch, lengths))


@settings(deadline=None, max_examples=150)
@given(tagsets(), st.data())
def test_any_tags_can_be_read_leniently(tagset: TagSet, data: st.DataObject) -> None:
    tags = st.lists(st.integers(0, tagset.n_tags - 1), max_size=9)
    sequences = data.draw(st.lists(tags, max_size=4))
    lengths = np.array([len(one) for one in sequences], dtype="int64")
    found = lists(read_leniently(tagset, np.array([*itertools.chain(*sequences)], dtype="int64"), lengths))
    read = [
        (i, TagSpan(start, end, tagset.labels[label])) for i, start, end, label in zip(*found, strict=True)
    ]
    assert read == [(i, span) for i, one in enumerate(sequences) for span in read_one_by_one(tagset, one)]


@pytest.mark.parametrize("wrong", [-1, 3, 97])
def test_tags_outside_the_tag_set_are_no_matter_of_lenience(wrong: int) -> None:
    with pytest.raises(ValueError, match=rf"between 0 and 2, but got {wrong} at position 1"):
        read_leniently(TagSet("BIO", ["PER"]), np.array([0, 0, wrong]), np.array([1, 0, 2]))
