"""Which files are read, and how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spacy_crf_ner.data.readers import ReaderOptions, find_inputs
from spacy_crf_ner.data.records import Record
from spacy_crf_ner.errors import DataError

COLUMNS = "Anna B-PER\nsleeps O\n\nBoris B-PER\n"
JSONL = '{"text": "Anna sleeps", "spans": [{"start": 0, "end": 4, "label": "PER"}]}\n'
DOCCANO = '{"text": "Anna sleeps", "label": [[0, 4, "PER"]]}\n'
TASKS = json.dumps(
    [{"data": {"body": "Anna", "title": "x"}, "annotations": [{"result": []}, {"result": []}]}]
)
CONLLU = "# text = Anna\n1\tAnna\tAnna\tPROPN\t_\t_\t0\troot\t_\tNER=B-PER\n\n"


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf8", newline="")
    return path


def write_brat(folder: Path) -> Path:
    write(folder / "a.txt", "Anna sleeps")
    write(folder / "a.ann", "T1\tPER 0 4\tAnna\n")
    return folder


def read(path: Path, file_format: str | None = None, **options: Any) -> list[Record]:
    (found,) = find_inputs([path], file_format, ReaderOptions(**options))
    records = list(found.read())
    assert list(found.read()) == records
    return records


def found(*paths: Path, file_format: str | None = None) -> list[tuple[str, str, str]]:
    """Name, format and scheme of what is read of some paths."""
    inputs = find_inputs(paths, file_format, ReaderOptions())
    return [(one.name.as_posix(), one.format, one.scheme) for one in inputs]


@pytest.mark.parametrize(
    ("name", "content", "file_format", "scheme"),
    [
        ("a.conll", COLUMNS, "columns", "IOB2"),
        ("a.conllu", CONLLU, "conllu", "IOB2"),
        ("a.jsonl", JSONL, "jsonl", ""),
        ("a.jsonl", DOCCANO, "doccano", ""),
        ("a.json", TASKS.replace(', "title": "x"', ""), "label-studio", ""),
    ],
)
def test_format_and_scheme_of_a_file_are_found(
    tmp_path: Path, name: str, content: str, file_format: str, scheme: str
) -> None:
    path = write(tmp_path / name, content)
    assert found(path) == [(name, file_format, scheme)]
    assert read(path)[0].text.startswith("Anna")


def test_a_folder_of_brat_is_one_input_and_its_files_are_read_once(tmp_path: Path) -> None:
    folder = write_brat(tmp_path / "brat.v1")
    assert found(folder) == [("brat.v1.spacy", "brat", "")]
    assert len(found(*sorted(folder.iterdir()))) == 1
    assert [mention.label for mention in read(folder)[0].mentions] == ["PER"]


def test_each_file_of_another_folder_is_read_but_hidden_ones(tmp_path: Path) -> None:
    write(tmp_path / "b.conll", COLUMNS)
    write(tmp_path / "sub" / "a.jsonl", JSONL)
    write(tmp_path / ".hidden" / "c.jsonl", "no JSON")
    write(tmp_path / ".d.jsonl", "no JSON")
    assert found(tmp_path) == [("b.conll", "columns", "IOB2"), ("sub/a.jsonl", "jsonl", "")]


def test_each_split_of_a_data_set_is_an_input(tmp_path: Path) -> None:
    write(tmp_path / "dataset_dict.json", '{"splits": ["train", "test"]}')
    for split in ("train", "test"):
        write(tmp_path / split / "dataset_info.json", "{}")
    assert found(tmp_path) == [("train.spacy", "datasets", ""), ("test.spacy", "datasets", "")]


def test_of_a_data_set_one_split_may_be_chosen(tmp_path: Path) -> None:
    write(tmp_path / "dataset_dict.json", '{"splits": ["train", "test"]}')
    for split in ("train", "test"):
        write(tmp_path / split / "dataset_info.json", "{}")
    (only,) = find_inputs([tmp_path], None, ReaderOptions(hub_split="test"))
    assert (only.path, only.name) == (tmp_path / "test", Path("test.spacy"))
    with pytest.raises(DataError, match=r"one of the splits of .*, train, test, got 'dev': .*`--hub-split`"):
        find_inputs([tmp_path], None, ReaderOptions(hub_split="dev"))
    with pytest.raises(DataError, match=r"one of the splits of .*, none, got 'test'"):
        find_inputs([tmp_path / "test"], None, ReaderOptions(hub_split="test"))


def test_the_labels_of_doccano_are_no_input_and_may_lie_elsewhere(tmp_path: Path) -> None:
    old = '{"text": "Anna sleeps", "annotations": [{"label": 7, "start_offset": 0, "end_offset": 4, "user": 1}]}\n'
    names = '[{"id": 7, "text": "PER"}]'
    write(tmp_path / "in" / "a.jsonl", old)
    write(tmp_path / "in" / "label_config.json", names)
    assert found(tmp_path / "in") == [("a.jsonl", "doccano", "")]
    elsewhere = write(tmp_path / "names.json", names.replace("PER", "PERSON"))
    (record,) = read(tmp_path / "in" / "a.jsonl", label_config=elsewhere)
    assert [mention.label for mention in record.mentions] == ["PERSON"]


def test_what_is_named_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conll", COLUMNS)
    assert len(found(path, tmp_path / "." / "a.conll", tmp_path)) == 1


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"Expected {tmp_path} to hold files .* but it is empty"):
        found(tmp_path)


def test_a_file_in_no_format_is_named_and_not_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "a.conll", COLUMNS)
    write(tmp_path / "README.md", "# Title\n\nA sentence with more words.\n")
    with pytest.raises(DataError, match=r"README\.md is none .*Name the files that are to be"):
        found(tmp_path)


def test_a_format_that_is_not_known_is_named_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--format` to be columns, conllu, jsonl, .* but got 'xml'"):
        found(write(tmp_path / "a.xml", "<a/>"), file_format="xml")


def test_columns_do_not_tell_where_spaces_are_unless_there_are_none(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conll", COLUMNS)
    assert (read(path)[0].text, read(path)[0].spaces) == ("Anna sleeps", None)
    joined = read(path, no_spaces=True)[0]
    assert (joined.text, joined.spaces) == ("Annasleeps", (False, False))
    numbered = read(write(tmp_path / "zh.conll", "科0\tB-X\n技1\tI-X\n。0\tO\n"))[0]
    assert (numbered.text, numbered.spaces) == ("科技。", (False, False, False))


def test_options_reach_the_readers(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "PER,x,Anna\nO,x,sleeps\n")
    options = {"token_column": "2", "tag_column": "0", "separator": ",", "scheme": "BARE"}
    (record,) = read(path, "columns", **options)
    assert (record.text, record.mentions[0].label) == ("Anna sleeps", "PER")
    path = write(tmp_path / "a.conllu", CONLLU.replace("NER=", "Name="))
    assert read(path, tag_column="Name")[0].mentions[0].label == "PER"
    assert read(path)[0].unknown
    path = write(
        tmp_path / "a.jsonl", JSONL.replace("Anna sleeps", "😀 Anna").replace("0,", "3,").replace("4,", "7,")
    )
    assert read(path, utf16=True)[0].mentions[0][:2] == (2, 6)
    path = write(tmp_path / "a.json", TASKS)
    (record,) = read(path, text_key="title", annotation=2)
    assert record.text == "x"
    assert "number 2" in record.problems[0].reason


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"utf16": True}, "`--utf16` is for jsonl, doccano, label-studio, but the format is columns"),
        ({"text_key": "body"}, "`--text-key` is for label-studio"),
        ({"tag_column": "NER"}, "--tag-column` to be the number of a column, but got 'NER'"),
    ],
)
def test_an_option_that_nothing_takes_is_named(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(write(tmp_path / "a.conll", COLUMNS), **options)


def test_a_data_set_is_read_if_its_library_is_there(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = {"words": [["Anna", "sleeps"]], "tags": [["B-PER", "O"]]}
    datasets.Dataset.from_dict(rows).save_to_disk(str(tmp_path / "saved"))
    (record,) = read(tmp_path / "saved", token_column="words", tag_column="tags")
    assert (record.text, record.spaces) == ("Anna sleeps", None)
    assert record.mentions[0][:3] == (0, 4, "PER")
