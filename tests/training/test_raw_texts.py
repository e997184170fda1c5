"""Files of raw text."""

from pathlib import Path

import pytest
from spacy.tokens import DocBin

from spacy_crf_ner.errors import DataError, TrainingError
from spacy_crf_ner.training.raw_texts import read_raw_texts
from tests import tiny


def written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf8", newline="")
    return path


def test_every_line_with_something_in_it_is_a_text(tmp_path: Path) -> None:
    long = "word " * 50_000
    path = written(tmp_path / "raw.txt", f"One text.\n\n  \t\nTwo,  with spaces \r\n{long}\nÜber alles")
    assert list(read_raw_texts(path)) == ["One text.", "Two,  with spaces ", long, "Über alles"]


def test_json_lines_hold_texts_of_several_lines(tmp_path: Path) -> None:
    path = written(
        tmp_path / "raw.jsonl", '{"text": "One\\ntext", "id": 3}\n\n{"text": " "}\n{"text": "Two"}\n'
    )
    assert list(read_raw_texts(path)) == ["One\ntext", "Two"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [("no json", "Unexpected character"), ("[1]", "no JSON object"), ('{"text": 1}', "string `text`")],
)
def test_a_line_that_is_no_text_is_named(tmp_path: Path, line: str, reason: str) -> None:
    path = written(tmp_path / "raw.jsonl", f'{{"text": "One"}}\n{line}\n')
    with pytest.raises(TrainingError, match=f"raw.jsonl to be .*line 2 is not .*{reason}"):
        list(read_raw_texts(path))


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "raw.txt"
    path.write_bytes(b"\xef\xbb\xbfOne\n")
    assert list(read_raw_texts(path)) == ["One"]


def test_bytes_that_are_no_utf8_are_named(tmp_path: Path) -> None:
    path = tmp_path / "raw.txt"
    path.write_bytes(b"One\nTwo\n\xff\xfe\n")
    with pytest.raises(TrainingError, match=r"raw.txt to be UTF-8.*line 3 is not .*codec"):
        list(read_raw_texts(path))


def test_docs_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "raw.spacy"
    DocBin(docs=tiny.make_tiny_docs()).to_disk(path)
    assert list(read_raw_texts(path)) == [doc.text for doc in tiny.make_tiny_docs()]


def test_a_file_that_holds_no_docs_is_named(tmp_path: Path) -> None:
    path = tmp_path / "raw.spacy"
    path.write_bytes(b"not spaCy's")
    with pytest.raises(DataError, match=r"raw\.spacy to hold Docs"):
        list(read_raw_texts(path))
