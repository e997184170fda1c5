"""Which format a file is in."""

import json
from pathlib import Path

import pytest

from spacy_crf_ner.data.formats import find_format
from spacy_crf_ner.errors import DataError

SPAN = {"start": 0, "end": 3, "label": "X"}
OFFSETS = {"start_offset": 0, "end_offset": 3, "label": "X"}
REGION = {"start": 0, "end": 3, "labels": ["X"]}


def written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf8", newline="")
    return path


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([{"text": "Ada", "spans": [SPAN]}], "jsonl"),
        ([{"text": "Ada", "answer": "reject"}], "jsonl"),
        ([{"text": "Ada", "entities": [[0, 3, "X"]]}], "jsonl"),
        ([{"text": "Ada", "entities": [SPAN]}], "jsonl"),
        ([["Ada", {"entities": [[0, 3, "X"]]}]], "jsonl"),
        ([{"text": "Ada"}, {"text": "Bob"}], "jsonl"),
        ([{"text": "Ada", "entities": []}], "jsonl"),
        ([{"text": "Ada", "entities": []}, {"text": "Ada", "entities": [OFFSETS]}], "doccano"),
        ([{"text": "Ada", "entities": [OFFSETS], "relations": []}], "doccano"),
        ([{"id": 1, "text": "Ada", "label": [[0, 3, "X"]]}], "doccano"),
        ([{"text": "Ada", "labels": []}], "doccano"),
        ([{"data": "Ada", "label": []}], "doccano"),
        ([{"text": "Ada", "annotations": [{**OFFSETS, "label": 1}]}], "doccano"),
        ([{"id": 1, "data": {"text": "Ada"}, "annotations": [{"result": []}]}], "label-studio"),
        ([{"data": {"text": "Ada"}, "completions": []}], "label-studio"),
        ([{"id": 1, "text": "Ada", "label": [REGION]}], "label-studio"),
        ([{"id": 1, "body": "Ada", "ner": [REGION]}], "label-studio"),
        ([{"id": 1, "text": "Ada", "annotator": 1}], "label-studio"),
    ],
)
def test_json_is_told_by_its_records(tmp_path: Path, values: list[object], found: str) -> None:
    lines = "".join(json.dumps(value) + "\n" for value in values)
    assert find_format(written(tmp_path / "a.jsonl", lines)) == found
    assert find_format(written(tmp_path / "a.txt", lines)) == found
    assert find_format(written(tmp_path / "a.json", json.dumps(values, indent=1))) == found


@pytest.mark.parametrize("content", ['{"tokens": ["Ada"], "ner_tags": ["B-X"]}', "[1, 2]", '{"text": 3}'])
def test_json_without_texts_is_of_no_format(tmp_path: Path, content: str) -> None:
    path = written(tmp_path / "a.json", content)
    with pytest.raises(
        DataError, match=r"formats columns, conllu, .*datasets, .*have no text.* Set `--format`"
    ):
        find_format(path)


def test_json_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.jsonl to hold JSON.* line 1 does not"):
        find_format(written(tmp_path / "a.jsonl", '{"text": "Ad'))


def test_only_the_records_that_tell_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"text": "Ada", "spans": []}\nno json')
    assert find_format(path) == "jsonl"


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.conllu", "", "conllu"),
        ("a.txt", "# sent_id = 1\n1\tAda\n", "conllu"),
        ("a.txt", "1\tAda\tAda\tPROPN\t_\t_\t0\troot\t_\t_\n\n", "conllu"),
        ("a.conll", "-DOCSTART- O\n\nAda B-PER\nmet O\n", "columns"),
        ("a.tsv", "Ada\tB-PER\r\nmet\tO\r\n\r\n", "columns"),
        ("a.txt", "[ O\nAda B-PER\n", "columns"),
        ("a.txt", "{\tO\n}\tO\n", "columns"),
        ("a.tsv", "New York\tB-LOC\nmet\tO\n", "columns"),
        ("a.txt", "12\u00a0km B-X\nmet   O\n", "columns"),
        ("a.bio", "# id 3\nAda NNP B-PER\n", "columns"),
    ],
)
def test_lines_are_told_by_their_columns(tmp_path: Path, name: str, content: str, found: str) -> None:
    assert find_format(written(tmp_path / name, content)) == found


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("\n\n", "it is empty"),
        ("Ada met Bob.\nThey talked.\n", "its lines have different numbers of columns"),
        ("Ada met.\nThey talked.\n", "none of its columns has tags such as O and B-PER"),
        ("Ada\nmet\n", "it has one column"),
        ("# a comment\n", "its lines have different numbers of columns"),
    ],
)
def test_lines_of_no_format_are_named(tmp_path: Path, content: str, reason: str) -> None:
    path = written(tmp_path / "a.txt", content)
    with pytest.raises(DataError, match=rf"a\.txt to be in one of the formats .*: {reason}\. Set"):
        find_format(path)


def test_brat_is_told_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    written(tmp_path / "folder" / "inner" / "a.ann", "")
    written(tmp_path / "folder" / "inner" / "a.txt", "Ada met Bob.")
    assert find_format(tmp_path / "folder") == "brat"
    assert find_format(tmp_path / "folder" / "inner" / "a.ann") == "brat"
    assert find_format(tmp_path / "folder" / "inner" / "a.txt") == "brat"


@pytest.mark.parametrize("name", ["dataset_dict.json", "dataset_info.json"])
def test_datasets_are_told_by_their_files(tmp_path: Path, name: str) -> None:
    written(tmp_path / name, "{}")
    assert find_format(tmp_path) == "datasets"


def test_another_folder_is_of_no_format(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the folder has no \.ann files.*; name its files instead"):
        find_format(tmp_path)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.txt to be a file, got nothing"):
        find_format(tmp_path / "none.txt")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("doccano/sample.jsonl", "doccano"),
        ("doccano/relation_extraction.jsonl", "doccano"),
        ("ncbi-disease-brat", "brat"),
        ("ncbi-disease-brat/8589722.txt", "brat"),
    ],
)
def test_real_files_are_told(corpora: Path, name: str, found: str) -> None:
    assert find_format(corpora / name) == found


def test_real_files_of_columns_are_told(corpora: Path) -> None:
    files = [
        path
        for name in ("wnut17", "wikigold", "weibo-zh", "ncbi-disease", "ncbi-disease-bioes")
        for path in sorted((corpora / name).iterdir())
        if path.name != "SOURCE.md"
    ]
    assert {path.name: find_format(path) for path in files} == {path.name: "columns" for path in files}
    assert len(files) >= 5


def test_real_conllu_is_told(corpora: Path) -> None:
    files = [
        path
        for name in ("ud-english-ewt", "ud-chinese-gsdsimp")
        for path in (corpora / name).glob("*.conllu")
    ]
    assert len(files) >= 2
    assert {find_format(path) for path in files} == {"conllu"}
