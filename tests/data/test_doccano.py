"""doccano's exports."""

import json
from collections import Counter
from pathlib import Path

import pytest

from spacy_crf_ner.data.doccano import read_doccano
from spacy_crf_ner.data.records import Mention, Record
from spacy_crf_ner.errors import DataError

TEXT = "Ada met Bob."
OLD = {"id": 5, "text": TEXT, "annotations": [{"label": 7, "start_offset": 0, "end_offset": 3, "user": 1}]}


def written(folder: Path, *values: object) -> Path:
    path = folder / "texts.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf8")
    return path


@pytest.mark.parametrize(
    "value",
    [
        {"id": 1, "text": TEXT, "label": [[0, 3, "X"]], "Comments": []},
        {"text": TEXT, "labels": [[0, 3, "X"]]},
        {"data": TEXT, "label": [[0, 3, "X"]]},
        {
            "text": TEXT,
            "entities": [{"id": 3, "label": "X", "start_offset": 0, "end_offset": 3}],
            "relations": [],
        },
        {"text": TEXT, "annotations": [{"label": "X", "start_offset": 0, "end_offset": 3}]},
    ],
)
def test_all_layouts_are_read(tmp_path: Path, value: object) -> None:
    path = written(tmp_path, value)
    assert list(read_doccano(path)) == [Record(path, 1, TEXT, (Mention(0, 3, "X", 1),))]


def test_a_text_without_labels_is_not_annotated_and_one_with_none_has_none(tmp_path: Path) -> None:
    raw, empty = read_doccano(written(tmp_path, {"text": TEXT}, {"text": TEXT, "label": []}))
    assert raw.unknown == ((0, len(TEXT)),)
    assert (empty.unknown, empty.problems) == ((), ())


def test_labels_of_whole_texts_are_problems(tmp_path: Path) -> None:
    (record,) = read_doccano(written(tmp_path, {"text": TEXT, "label": ["positive"]}))
    assert record.problems[0].reason.endswith("got 'positive'")


def test_numbers_as_labels_need_their_names(tmp_path: Path) -> None:
    path = written(tmp_path, OLD)
    with pytest.raises(
        DataError, match=r"line 1 has the number 7\. Export it with names .* as label_config\.json"
    ):
        list(read_doccano(path))


@pytest.mark.parametrize(
    "config", [[{"id": 6, "text": "Y"}, {"id": 7, "text": "X", "background_color": "#fff"}], {"7": "X"}]
)
def test_names_of_labels_are_read_from_the_file_beside(tmp_path: Path, config: object) -> None:
    (tmp_path / "label_config.json").write_text(json.dumps(config), encoding="utf8")
    path = written(tmp_path, OLD, {"text": TEXT, "label": [[0, 3, 7]]})
    mentions = [record.mentions for record in read_doccano(path)]
    assert mentions == [(Mention(0, 3, "X", 1),), (Mention(0, 3, "X", 2),)]


def test_names_of_labels_are_read_from_a_file_that_is_named(tmp_path: Path) -> None:
    config = tmp_path / "names.json"
    config.write_text('{"7": "X"}', encoding="utf8")
    (record,) = read_doccano(written(tmp_path, OLD), label_config=config)
    assert record.mentions == (Mention(0, 3, "X", 1),)
    with pytest.raises(DataError, match=r"none\.json to be a file, got nothing"):
        list(read_doccano(written(tmp_path, OLD), label_config=tmp_path / "none.json"))


def test_a_number_without_name_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "label_config.json").write_text('{"8": "X"}', encoding="utf8")
    (record,) = read_doccano(written(tmp_path, OLD))
    assert record.problems[0].reason == "expected a name as its label, got 7"


def test_a_file_of_names_without_numbers_is_named(tmp_path: Path) -> None:
    (tmp_path / "label_config.json").write_text('[{"text": "X"}]', encoding="utf8")
    with pytest.raises(
        DataError, match=r"label_config\.json to be doccano's export of labels.* got \{'text': 'X'\}"
    ):
        list(read_doccano(written(tmp_path, OLD)))


def test_a_file_beside_that_is_not_needed_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "label_config.json").write_text("no json", encoding="utf8")
    (record,) = read_doccano(written(tmp_path, {"text": TEXT, "label": [[0, 3, "X"]]}))
    assert len(record.mentions) == 1


@pytest.mark.parametrize(
    "value", [{"label": []}, {"text": None, "data": None}, {"text": ["Ada"]}, [TEXT, {}]]
)
def test_a_record_without_text_is_named(tmp_path: Path, value: object) -> None:
    with pytest.raises(
        DataError, match="to be an object with a string `text` or `data`, but that of line 1 is"
    ):
        list(read_doccano(written(tmp_path, value)))


def test_real_labels_are_all_read(corpora: Path) -> None:
    records = list(read_doccano(corpora / "doccano" / "sample.jsonl"))
    assert [record.line for record in records] == list(range(1, 49))
    assert Counter(mention.label for record in records for mention in record.mentions) == {
        "PRODUCT_TYPE": 43,
        "BOARDGAME_NAME": 18,
        "PRODUCT_MATERIAL": 14,
        "PRODUCT_PRICE": 8,
    }
    assert sum(not record.mentions for record in records) == 7
    assert not any(record.problems or record.unknown for record in records)
    prices = {
        record.text[mention.start : mention.end]
        for record in records
        for mention in record.mentions
        if mention.label == "PRODUCT_PRICE"
    }
    assert all(any(char.isdigit() for char in price) for price in prices)


def test_real_entities_are_read_and_their_relations_counted(corpora: Path) -> None:
    (record,) = read_doccano(corpora / "doccano" / "relation_extraction.jsonl")
    assert [(record.text[start:end], label) for start, end, label, _ in record.mentions] == [
        ("Google", "ORG"),
        ("September 4, 1998", "DATE"),
        ("Larry Page", "PERSON"),
        ("Sergey Brin", "PERSON"),
    ]
    assert [problem.reason for problem in record.problems] == ["left out: relations (3)"]
