"""Texts with their entities marked."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_crf_ner.pages.highlighting import N_HUES, Piece, highlight, label_hues


@st.composite
def texts_with_entities(draw: st.DrawFn) -> tuple[str, list[dict[str, object]]]:
    text = draw(st.text(min_size=1, max_size=40))
    places = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(places, places), max_size=8))
    spans = [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]
    labels = draw(st.lists(st.text(min_size=1, max_size=5), min_size=len(spans), max_size=len(spans)))
    return text, [
        {"start": start, "end": end, "label": label}
        for (start, end), label in zip(spans, labels, strict=True)
    ]


@given(texts_with_entities())
def test_every_line_is_the_whole_text_and_every_entity_is_on_one_line(
    drawn: tuple[str, list[dict[str, object]]],
) -> None:
    text, entities = drawn
    lines = highlight(text, entities, label_hues(str(entity["label"]) for entity in entities))
    assert {"".join(piece.text for piece in line) for line in lines} == {text}
    found = []
    for line in lines:
        place = 0
        for piece in line:
            if piece.label is not None:
                found.append((place, place + len(piece.text), piece.label))
            place += len(piece.text)
    assert sorted(found) == sorted((one["start"], one["end"], one["label"]) for one in entities)


def test_entities_that_do_not_overlap_are_on_one_line() -> None:
    entities = [
        {"start": 4, "end": 8, "label": "LOC", "probability": 0.5, "kind": "label"},
        {"start": 0, "end": 3, "label": "PER"},
    ]
    assert highlight("Ada Bonn", entities, {"PER": 30, "LOC": 60}) == [
        [Piece("Ada", "PER", 30), Piece(" "), Piece("Bonn", "LOC", 60, 0.5, "label")]
    ]


def test_a_text_without_entities_is_one_line_even_if_it_is_empty() -> None:
    assert highlight("Ada", [], {}) == [[Piece("Ada")]]
    assert highlight("", [], {}) == [[]]


def test_labels_have_colours_of_their_own_whatever_their_order() -> None:
    labels = [f"label {number}" for number in range(N_HUES)]
    hues = label_hues(labels)
    assert len(set(hues.values())) == N_HUES
    random.Random(0).shuffle(labels)
    assert label_hues(labels) == hues


def test_the_colour_of_a_label_is_that_of_other_pages() -> None:
    assert label_hues(["PER", "LOC"])["PER"] == label_hues(["PER"])["PER"] == 300


@pytest.mark.parametrize("count", [N_HUES + 1, 100])
def test_more_labels_than_colours_have_colours(count: int) -> None:
    hues = label_hues(str(number) for number in range(count))
    assert len(hues) == count
    assert set(hues.values()) == {step * 360 // N_HUES for step in range(N_HUES)}


@pytest.mark.parametrize(
    "labels",
    [
        ("corporation", "creative-work", "group", "location"),
        ("PER", "LOC", "ORG", "MISC"),
        ("A", "B", "C", "D"),
    ],
)
def test_the_colours_of_few_labels_are_far_apart(labels: tuple[str, ...]) -> None:
    hues = list(label_hues(labels).values())
    for place, hue in enumerate(hues):
        assert all(60 <= abs(hue - other) <= 300 for other in hues[:place])
