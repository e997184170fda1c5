"""Masks of allowed tags: what they leave is what is known, no more and no less."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spacy_crf_ner.tags import TagSet, TagSpan, allowed_tags, spans_to_tags, tags_to_spans
from tests.tags.sequences import SCHEMES, allowed_sequences, representable, span_sets, tagsets_and_spans


def readings(tagset: TagSet, length: int, allowed: np.ndarray) -> set[tuple[TagSpan, ...]]:
    """The sets of spans that are left."""
    sequences = allowed_sequences(tagset, length, allowed)
    return {tuple(tags_to_spans(tagset, np.array(tags, dtype="int64"))) for tags in sequences}


def every_reading(tagset: TagSet, length: int) -> set[tuple[TagSpan, ...]]:
    """All sets of spans that the scheme can tell."""
    return {representable(tagset, spans) for spans in span_sets(tagset.labels, length)}


@pytest.mark.parametrize("length", [0, 1, 4])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_everything_is_free_where_nothing_is_known(scheme: str, length: int) -> None:
    tagset = TagSet(scheme, ["PER", "ORG"])
    allowed = allowed_tags(tagset, length)
    assert allowed.shape == (length, tagset.n_tags)
    assert allowed.dtype == bool
    assert allowed.all()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_full_annotation_leaves_the_gold_tags_alone(scheme: str) -> None:
    tagset = TagSet(scheme, ["PER", "ORG"])
    spans = [TagSpan(1, 3, "ORG"), TagSpan(3, 4, "PER")]
    allowed = allowed_tags(tagset, 6, spans=spans, outside=[0, 4, 5])
    np.testing.assert_array_equal(allowed.sum(1), 1)
    assert allowed.argmax(1).tolist() == spans_to_tags(tagset, spans, 6).tolist()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_tokens_known_to_be_outside_are_in_no_reading(scheme: str) -> None:
    tagset = TagSet(scheme, ["PER", "a b"])
    left = readings(tagset, 4, allowed_tags(tagset, 4, outside=[1, 3]))
    expected = {
        spans
        for spans in every_reading(tagset, 4)
        if not any(span.start <= t < span.end for span in spans for t in (1, 3))
    }
    assert left == expected


@pytest.mark.parametrize(
    "spans",
    [
        [(1, 2, "PER")],
        [(0, 2, "PER")],
        [(2, 4, "PER")],
        [(1, 3, "PER")],
        [(0, 4, "PER")],
        [(0, 1, "PER"), (3, 4, "PER")],
        [(1, 2, "PER"), (2, 3, "ORG")],
        [(2, 3, "ORG"), (1, 2, "PER")],
    ],
)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_given_spans_are_in_every_reading_and_every_such_reading_is_left(
    scheme: str, spans: list[tuple[int, int, str]]
) -> None:
    tagset = TagSet(scheme, ["PER", "ORG"])
    known = {TagSpan(*span) for span in spans}
    left = readings(tagset, 4, allowed_tags(tagset, 4, spans=sorted(known)))
    assert left == {reading for reading in every_reading(tagset, 4) if known <= set(reading)}


@pytest.mark.parametrize("scheme", ["BILUO", "BIO"])
def test_given_spans_beside_each_other_stay_two(scheme: str) -> None:
    tagset = TagSet(scheme, ["PER"])
    known = {TagSpan(0, 1, "PER"), TagSpan(1, 3, "PER")}
    left = readings(tagset, 4, allowed_tags(tagset, 4, spans=sorted(known)))
    assert left == {reading for reading in every_reading(tagset, 4) if known <= set(reading)}


def test_in_io_given_spans_beside_each_other_are_read_as_one() -> None:
    tagset = TagSet("IO", ["PER"])
    allowed = allowed_tags(tagset, 4, spans=[TagSpan(0, 1, "PER"), TagSpan(1, 3, "PER")])
    assert readings(tagset, 4, allowed) == {(TagSpan(0, 3, "PER"),)}


@settings(deadline=None, max_examples=150)
@given(tagsets_and_spans(), st.data())
def test_the_gold_tags_are_always_allowed(
    case: tuple[TagSet, list[TagSpan], int], data: st.DataObject
) -> None:
    tagset, spans, length = case
    gold = spans_to_tags(tagset, spans, length)
    # Any part of what is true may be told: some of the spans, some of the tokens outside.
    known = [span for span in spans if data.draw(st.booleans())]
    assume(tagset.scheme != "IO" or representable(tagset, spans) == tuple(sorted(spans)))
    outside = [t for t in range(length) if gold[t] == 0 and data.draw(st.booleans())]
    edges = {t for span in spans for t in (span.start, span.end - 1)}
    is_space = [t not in edges and data.draw(st.booleans()) for t in range(length)]
    allowed = allowed_tags(tagset, length, spans=known, outside=outside, is_space=is_space)
    assert allowed.shape == (length, tagset.n_tags)
    assert allowed[np.arange(length), gold].all()


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(SCHEMES),
    st.lists(st.booleans(), min_size=1, max_size=4),
    st.data(),
)
def test_parts_of_an_annotation_leave_exactly_the_readings_that_agree(
    scheme: str, is_known: list[bool], data: st.DataObject
) -> None:
    length, tagset = len(is_known), TagSet(scheme, ["PER", "ORG"])
    truth = data.draw(st.sampled_from(sorted(every_reading(tagset, length))))
    spans = [span for span in truth if data.draw(st.booleans())]
    covered = {t for span in truth for t in range(span.start, span.end)}
    outside = [t for t in range(length) if t not in covered and is_known[t]]
    left = readings(tagset, length, allowed_tags(tagset, length, spans=spans, outside=outside))
    assert left == {
        reading
        for reading in every_reading(tagset, length)
        if set(spans) <= set(reading)
        and not any(span.start <= t < span.end for span in reading for t in outside)
    }


@pytest.mark.parametrize("is_space", list(itertools.product([False, True], repeat=4)))
def test_in_biluo_whitespace_neither_begins_nor_ends_an_entity_but_may_be_inside(
    is_space: tuple[bool, ...],
) -> None:
    tagset = TagSet("BILUO", ["PER"])
    left = readings(tagset, 4, allowed_tags(tagset, 4, is_space=is_space))
    assert left == {
        reading
        for reading in every_reading(tagset, 4)
        if not any(is_space[span.start] or is_space[span.end - 1] for span in reading)
    }


@pytest.mark.parametrize("is_space", list(itertools.product([False, True], repeat=4)))
def test_in_bio_whitespace_does_not_begin_an_entity_but_may_be_inside(is_space: tuple[bool, ...]) -> None:
    tagset = TagSet("BIO", ["PER"])
    left = readings(tagset, 4, allowed_tags(tagset, 4, is_space=is_space))
    every = every_reading(tagset, 4)
    assert not any(is_space[span.start] for reading in left for span in reading)
    assert left >= {r for r in every if not any(is_space[span.start] or is_space[span.end - 1] for span in r)}


def test_in_io_whitespace_stays_free_because_no_tag_says_where_an_entity_ends() -> None:
    tagset = TagSet("IO", ["PER"])
    assert allowed_tags(tagset, 3, is_space=[True, False, True]).all()


@pytest.mark.parametrize("as_array", [False, True])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_whitespace_may_always_be_outside(scheme: str, as_array: bool) -> None:
    tagset = TagSet(scheme, ["PER"])
    is_space = np.ones(3, dtype=bool) if as_array else [True] * 3
    assert () in readings(tagset, 3, allowed_tags(tagset, 3, is_space=is_space))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_span_that_is_given_outweighs_whitespace(scheme: str) -> None:
    tagset = TagSet(scheme, ["PER"])
    span = TagSpan(0, 2, "PER")
    allowed = allowed_tags(tagset, 2, spans=[span], is_space=[True, True])
    assert readings(tagset, 2, allowed) == {(span,)}


@pytest.mark.parametrize(
    ("spans", "outside", "shown"),
    [
        ([(0, 2, "PER"), (1, 3, "PER")], [], r"0, 2.*1, 3"),
        ([(3, 5, "PER")], [], r"3, 5.*\b4\b"),
        ([(0, 1, "ORG")], [], "ORG"),
        ([(1, 3, "PER")], [2], r"\b2\b"),
    ],
)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_knowledge_that_contradicts_itself_is_refused(
    scheme: str, spans: list[tuple[int, int, str]], outside: list[int], shown: str
) -> None:
    with pytest.raises(ValueError, match=shown):
        allowed_tags(TagSet(scheme, ["PER"]), 4, spans=[TagSpan(*span) for span in spans], outside=outside)
