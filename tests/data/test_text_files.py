"""Files of UTF-8 text."""

from pathlib import Path

import pytest

from spacy_crf_ner.data.text_files import read_lines, read_text
from spacy_crf_ner.errors import DataError


def test_lines_are_numbered_and_end_with_line_feeds_only(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes("\ufeffOne\r\n\nThree\u2028still\x0bthree\n".encode())
    assert list(read_lines(path)) == [(1, "One"), (2, ""), (3, "Three\u2028still\x0bthree")]


def test_a_text_keeps_its_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("\ufeffOne\r\nÜber\n".encode())
    assert read_text(path) == "One\r\nÜber\n"


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "empty.txt"
    path.write_bytes(b"")
    assert list(read_lines(path)) == []
    assert read_text(path) == ""


def test_bytes_that_are_no_utf8_are_named_by_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("One\nTwo\nGrün\n".encode("latin-1"))
    with pytest.raises(
        DataError, match=r"latin\.txt to be UTF-8, but line 3 is not .*codec.* Save it as UTF-8"
    ):
        list(read_lines(path))
    with pytest.raises(DataError, match=r"latin\.txt to be UTF-8, but line 3"):
        read_text(path)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="to be a file, got a folder"):
        list(read_lines(tmp_path))
    with pytest.raises(DataError, match=r"none\.txt to be a file, got nothing"):
        read_text(tmp_path / "none.txt")
