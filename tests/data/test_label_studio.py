"""Label Studio's exports."""

import json
from pathlib import Path
from typing import Any

import pytest

from spacy_crf_ner.data.label_studio import read_label_studio
from spacy_crf_ner.data.records import Mention, Record
from spacy_crf_ner.errors import DataError

TEXT = "Ada met Bob."


def region(start: object, end: object, *labels: object, **more: object) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": list(labels), **more}
    return {"id": "r", "from_name": "label", "to_name": "text", "type": "labels", "value": value}


def task(*results: object, **more: object) -> dict[str, Any]:
    answer = {"id": 9, "was_cancelled": False, "result": list(results)}
    return {"id": 1, "data": {"text": TEXT}, "annotations": [answer], "predictions": [], **more}


def read(folder: Path, *values: object, **settings: Any) -> list[Record]:
    path = folder / "export.json"
    path.write_text(json.dumps(values), encoding="utf8")
    return list(read_label_studio(path, **settings))


def reasons(record: Record) -> list[str]:
    return [problem.reason.removesuffix(" (record 1 of the array)") for problem in record.problems]


@pytest.mark.parametrize(
    "value",
    [
        task(region(0, 3, "X", text="Ada")),
        {"data": {"text": TEXT}, "completions": [{"result": [region(0, 3, "X")], "skipped": False}]},
        task({"type": "hypertextlabels", "value": {"start": 0, "end": 3, "hypertextlabels": ["X"]}}),
        {
            "id": 1,
            "text": TEXT,
            "label": [{"start": 0, "end": 3, "text": "Ada", "labels": ["X"]}],
            "annotator": 1,
        },
        {"id": 1, "text": TEXT, "ner": [{"start": 0, "end": 3, "labels": ["X"]}], "created_at": "2021"},
    ],
)
def test_all_layouts_are_read(tmp_path: Path, value: object) -> None:
    path = tmp_path / "export.json"
    assert read(tmp_path, value) == [Record(path, 1, TEXT, (Mention(0, 3, "X", 1),))]


@pytest.mark.parametrize(
    ("data", "target"),
    [
        ({"body": TEXT, "title": "A title"}, "body"),
        ({"body": TEXT, "id": 3}, "text"),
        ({"text": TEXT, "source": "news"}, "words"),
    ],
)
def test_the_text_is_found(tmp_path: Path, data: dict[str, object], target: str) -> None:
    found = {**region(0, 3, "X"), "to_name": target}
    (record,) = read(tmp_path, task(found, data=data))
    assert (record.text, len(record.mentions)) == (TEXT, 1)


def test_a_text_that_is_unclear_has_to_be_named(tmp_path: Path) -> None:
    value = task(region(0, 3, "X"), data={"title": "A title", "body": TEXT})
    with pytest.raises(
        DataError, match=r"line 1 \(record 1 of the array\), .* `title`, `body`: name the one to read"
    ):
        read(tmp_path, value)
    (record,) = read(tmp_path, value, text_key="body")
    assert record.text == TEXT
    with pytest.raises(DataError, match="but they are `title`, `body`: name the one to read by `--text-key`"):
        read(tmp_path, value, text_key="texts")
    with pytest.raises(DataError, match="but they are none"):
        read(tmp_path, task(data={"image": 3}))


def test_only_regions_of_the_text_are_read(tmp_path: Path) -> None:
    title = {**region(0, 1, "X"), "to_name": "title"}
    value = task(region(0, 3, "X"), title, data={"text": TEXT, "title": "A title"})
    (record,) = read(tmp_path, value)
    assert record.mentions == (Mention(0, 3, "X", 1),)
    assert reasons(record) == ["it marks 'title', and the text of 'text' is read"]
    (record,) = read(tmp_path, value, text_key="title")
    assert (record.text, record.mentions) == ("A title", (Mention(0, 1, "X", 1),))


def test_a_cancelled_annotation_is_left_out_and_listed(tmp_path: Path) -> None:
    cancelled = {"was_cancelled": True, "result": [region(0, 3, "X")]}
    (record,) = read(tmp_path, {"data": {"text": TEXT}, "annotations": [cancelled]})
    assert (record.text, record.mentions) == ("", ())
    assert reasons(record) == [
        "left out: cancelled annotations (1)",
        "record left out: all its annotations were cancelled",
    ]


def test_one_annotation_of_several_is_read(tmp_path: Path) -> None:
    answers = [
        {"skipped": True, "result": []},
        {"result": [region(0, 3, "X")]},
        {"result": [region(8, 11, "X")]},
    ]
    value = {"data": {"text": TEXT}, "annotations": answers}
    (record,) = read(tmp_path, value)
    assert record.mentions == (Mention(0, 3, "X", 1),)
    assert reasons(record) == [
        "left out: cancelled annotations (1)",
        "left out: annotations other than number 1 (1)",
    ]
    (record,) = read(tmp_path, value, annotation=2)
    assert record.mentions == (Mention(8, 11, "X", 1),)
    (record,) = read(tmp_path, value, annotation=3)
    assert record.text == ""
    assert reasons(record)[-1] == "record left out: it has 2 annotations, and number 3 is to be read"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"data": {"text": TEXT}, "annotations": []}, "it has no annotation"),
        ({"data": {"text": TEXT}, "predictions": [{}, {}]}, "it has no annotation, only predictions (2)"),
        (
            {"data": {"text": TEXT}, "annotations": [{"result": None}]},
            "expected a list as `result`, got nothing",
        ),
        ({"data": {"text": TEXT}, "annotations": [17]}, "expected a list as `result`, got nothing"),
        ({"id": 3, "text": TEXT}, "it has no regions, and nobody who annotated it"),
    ],
)
def test_what_nobody_annotated_is_unknown(tmp_path: Path, value: object, reason: str) -> None:
    (record,) = read(tmp_path, value)
    assert record.unknown == ((0, len(TEXT)),)
    assert reasons(record) == [f"{reason}, so its annotation is not known"]


@pytest.mark.parametrize("value", [task(), {"id": 1, "text": TEXT, "annotator": 1, "annotation_id": 4}])
def test_an_annotated_text_may_have_no_regions(tmp_path: Path, value: object) -> None:
    (record,) = read(tmp_path, value)
    assert (record.text, record.mentions, record.unknown, record.problems) == (TEXT, (), (), ())


def test_further_labels_of_a_region_are_problems(tmp_path: Path) -> None:
    (record,) = read(tmp_path, task(region(0, 3, "X", "Y", 3, text="Ada")))
    assert record.mentions == (Mention(0, 3, "X", 1),)
    assert [(problem.text, problem.label) for problem in record.problems] == [("Ada", "Y"), ("Ada", "3")]
    assert set(reasons(record)) == {"the region has several labels, and the first one, 'X', is read"}


def test_a_region_without_label_is_a_problem(tmp_path: Path) -> None:
    unnamed = {"type": "labels", "value": {"start": 8, "end": 11}}
    (record,) = read(tmp_path, task(region(0, 3), unnamed))
    assert record.mentions == ()
    assert reasons(record) == ["expected a name as its label, got nothing"] * 2


def test_regions_of_html_are_problems(tmp_path: Path) -> None:
    (record,) = read(tmp_path, task(region("/p[1]/text()[1]", "/p[1]/text()[1]", "X", startOffset=3)))
    assert reasons(record)[0].startswith("expected whole numbers as start and end, got '/p[1]")


def test_results_that_are_no_regions_are_counted_by_type(tmp_path: Path) -> None:
    choice = {"type": "choices", "value": {"choices": ["good"]}}
    relation = {"type": "relation", "from_id": "a", "to_id": "b"}
    (record,) = read(tmp_path, task(choice, relation, choice, None))
    assert reasons(record) == [
        "left out: results of type 'choices' (2)",
        "left out: results of type 'relation' (1)",
        "left out: results of type nothing (1)",
    ]


def test_what_is_no_region_among_regions_is_a_problem(tmp_path: Path) -> None:
    (record,) = read(tmp_path, {"text": TEXT, "label": ["X", {"start": 0, "end": 3, "labels": "X"}]})
    assert record.mentions == (Mention(0, 3, "X", 1),)
    assert reasons(record) == ["expected an object with `start`, `end` and `labels`, got 'X'"]


@pytest.mark.parametrize(
    ("text", "quote"), [("Ada\nmet", "Ada\\nmet"), ("Ada\r\nmet", "Ada\\r\\nmet"), ("a\\nmet", "a\\nmet")]
)
def test_line_ends_in_quotes_may_be_escaped_twice(tmp_path: Path, text: str, quote: str) -> None:
    (record,) = read(tmp_path, task(region(0, len(text), "X", text=quote), data={"text": text}))
    assert len(record.mentions) == 1
    (record,) = read(tmp_path, task(region(0, len(text), "X", text="other"), data={"text": text}))
    assert reasons(record) == ["the file says that its text is 'other'"]


def test_offsets_of_old_versions_are_recognized_and_read(tmp_path: Path) -> None:
    value = task(region(13, 23, "X", text="annotation"), data={"text": "💩This is an annotation."})
    (record,) = read(tmp_path, value)
    assert "set --utf16" in reasons(record)[0]
    (record,) = read(tmp_path, value, utf16=True)
    assert record.mentions == (Mention(12, 22, "X", 1),)


def test_a_record_that_is_no_task_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"to be a task with `data`.* line 1 \(record 2 of the array\) is 'text'"
    ):
        read(tmp_path, task(), "text")
