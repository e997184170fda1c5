"""Records of JSON files, with their lines."""

from pathlib import Path

import pytest

from spacy_crf_ner.data.json_records import JsonRecord, read_json_records
from spacy_crf_ner.errors import DataError


def written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf8", newline="")
    return path


def test_lines_are_records(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '\ufeff{"a": 1}\r\n\r\n["text", {"b": "\\n\u2028"}]\n')
    assert list(read_json_records(path)) == [
        JsonRecord(1, "", {"a": 1}),
        JsonRecord(3, "", ["text", {"b": "\n\u2028"}]),
    ]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt"])
def test_elements_of_an_array_are_records_with_their_lines(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, ' [\r\n {"a":\r\n 1},\r\n\r\n {"a": 2}, [3]\r\n]\r\n')
    assert list(read_json_records(path)) == [
        JsonRecord(2, "record 1 of the array", {"a": 1}),
        JsonRecord(5, "record 2 of the array", {"a": 2}),
        JsonRecord(5, "record 3 of the array", [3]),
    ]


def test_a_json_file_may_hold_objects_one_after_the_other(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", '{"a":\n 1}\n{"a": 2}\n')
    assert list(read_json_records(path)) == [JsonRecord(1, "", {"a": 1}), JsonRecord(3, "", {"a": 2})]


def test_a_text_and_its_annotation_on_a_line_are_no_array_of_records(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '["One", {}]\n["Two", {}]\n')
    assert [record.value for record in read_json_records(path)] == [["One", {}], ["Two", {}]]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize("content", ["", " \n\n", "\ufeff", "[]", "[\n]\n"])
def test_a_file_without_records_is_an_error(tmp_path: Path, name: str, content: str) -> None:
    path = written(tmp_path / name, content)
    with pytest.raises(DataError, match=rf"{name} to hold at least one record, but it holds nothing"):
        list(read_json_records(path))


@pytest.mark.parametrize(
    ("name", "content", "line", "reason"),
    [
        ("a.jsonl", '{"a": 1}\nno json\n', 2, "Expecting value, column 1"),
        ("a.jsonl", '{"a": 1}\n{"a": "tru', 2, "Unterminated string"),
        ("a.jsonl", '{"a": 1} {"a": 2}\n', 1, "something follows the first value"),
        ("a.jsonl", "[" * 100_000, 1, "recursion"),
        ("a.json", '[{"a": 1},\n{"a": [1,\n 2', 3, "Expecting ',' delimiter"),
        ("a.json", '[{"a": 1},\n{"a": 2}\n', 3, "the array does not end"),
        ("a.json", '[{"a": 1}\n{"a": 2}]', 2, "a comma or ] is missing"),
        ("a.json", '[{"a": 1}]\n{"a": 2}', 1, "something follows the array"),
        ("a.json", '{"a": 1}\nno json', 2, "Expecting value"),
    ],
)
def test_what_is_no_json_is_named_by_line(
    tmp_path: Path, name: str, content: str, line: int, reason: str
) -> None:
    path = written(tmp_path / name, content)
    with pytest.raises(DataError, match=rf"{name} to hold JSON.*but line {line} does not .*{reason}"):
        list(read_json_records(path))


def test_lines_before_a_wrong_one_are_read(tmp_path: Path) -> None:
    records = read_json_records(written(tmp_path / "a.jsonl", '{"a": 1}\nno json\n'))
    assert next(records).value == {"a": 1}
