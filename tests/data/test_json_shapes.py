"""Texts and annotations in lists and objects of JSON."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_crf_ner.data.drafts import Draft
from spacy_crf_ner.data.json_records import JsonRecord
from spacy_crf_ner.data.json_shapes import add_annotation, add_annotations, draft_of, n_items, require_object
from spacy_crf_ner.data.records import Mention
from spacy_crf_ner.errors import DataError

PATH = Path("texts.json")


@pytest.mark.parametrize(
    "annotation",
    [
        [0, 3, "X"],
        {"start": 0, "end": 3, "label": "X"},
        {"start": 0, "end": 3, "label": "X", "text": "Ada"},
        {"id": 4, "start_offset": 0, "end_offset": 3, "label": "X"},
    ],
)
def test_lists_and_objects_are_annotations(annotation: object) -> None:
    draft = Draft(PATH, 1, "Ada met Bob.")
    add_annotation(draft, annotation)
    assert draft.record().mentions == (Mention(0, 3, "X", 1),)


@pytest.mark.parametrize("annotation", [None, "X", 3, [0, 3], [0, 3, "X", "Q7259"], [[0, 3, "X"]]])
def test_anything_else_is_a_problem(annotation: object) -> None:
    draft = Draft(PATH, 1, "Ada met Bob.")
    add_annotation(draft, annotation)
    record = draft.record()
    assert record.mentions == ()
    assert record.problems[0].reason.startswith("expected [start, end, label] or an object")


def test_an_object_without_offsets_or_label_is_a_problem() -> None:
    draft = Draft(PATH, 1, "Ada met Bob.")
    add_annotation(draft, {"end": 3, "label": "X"})
    add_annotation(draft, {"start": 0, "end": 3})
    reasons = [problem.reason for problem in draft.record().problems]
    assert reasons == [
        "expected whole numbers as start and end, got nothing and 3",
        "expected a name as its label, got nothing",
    ]


def test_the_first_list_that_is_not_empty_is_read_and_the_other_counted() -> None:
    draft = Draft(PATH, 1, "Ada met Bob.")
    add_annotations(draft, {"spans": [], "entities": [[0, 3, "X"]]}, ("spans", "entities"))
    assert len(draft.record().mentions) == 1
    draft = Draft(PATH, 1, "Ada met Bob.")
    record = {"spans": [[8, 11, "X"]], "entities": [[0, 3, "X"], [8, 11, "X"]]}
    add_annotations(draft, record, ("spans", "entities"))
    assert draft.record().mentions == (Mention(8, 11, "X", 1),)
    assert draft.record().problems[0].reason == "left out: `entities`, since `spans` is read (2)"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({}, "it has no `spans` or `entities`"),
        ({"spans": None}, "it has no `spans` or `entities`"),
        ({"spans": {"sc": []}}, "expected a list as `spans`, got {'sc': []}"),
        ({"spans": "none"}, "expected a list as `spans`, got 'none'"),
    ],
)
def test_without_a_list_the_annotation_is_unknown(record: dict[str, object], reason: str) -> None:
    draft = Draft(PATH, 1, "Ada")
    add_annotations(draft, record, ("spans", "entities"))
    found = draft.record()
    assert found.unknown == ((0, 3),)
    assert found.problems[0].reason == f"{reason}, so its annotation is not known"


def test_a_record_that_is_no_object_is_named() -> None:
    found = JsonRecord(7, "record 2 of the array", [1])
    with pytest.raises(
        DataError, match=r"texts\.json to be a task, but that of line 7 \(record 2 of the array\) is \[1\]"
    ):
        require_object(PATH, found, "a task")


@pytest.mark.parametrize("text", [None, 3, ["Ada"]])
def test_a_text_that_is_no_string_is_named(text: object) -> None:
    found = JsonRecord(7, "", {"text": text})
    with pytest.raises(
        DataError, match=r"to be an object with a string `text`, but that of line 7 is \{'text'"
    ):
        draft_of(PATH, found, text, utf16=False)


def test_items_are_counted() -> None:
    assert [n_items(value) for value in ([1, 2], {"a": 1}, "text", None, 0, [])] == [2, 1, 1, 0, 0, 0]


OFFSETS = st.integers(-2, 9) | st.sampled_from([10**30, 2.0, True, None, "1"])
LABELS = st.sampled_from(["X", "Y", "", " ", "\ud800", None, 3]) | st.lists(st.just("X"))
ANNOTATIONS = st.lists(
    st.tuples(OFFSETS, OFFSETS, LABELS).map(list)
    | st.fixed_dictionaries({"start": OFFSETS, "end": OFFSETS}, optional={"label": LABELS, "text": LABELS})
    | st.none()
)


@settings(deadline=None)
@given(text=st.text("ab\n\U0001f642", max_size=7), annotations=ANNOTATIONS, utf16=st.booleans())
def test_every_annotation_is_a_mention_or_a_problem(
    text: str, annotations: list[object], utf16: bool
) -> None:
    draft = Draft(PATH, 1, f"{text}.", utf16=utf16)
    add_annotations(draft, {"spans": annotations}, ("spans",))
    record = draft.record()
    assert len(record.mentions) + len(record.problems) == len(annotations)
    for start, end, label, _ in record.mentions:
        assert 0 <= start < end <= len(record.text)
        assert label in ("X", "Y")
