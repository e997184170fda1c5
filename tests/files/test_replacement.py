"""Files that are written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spacy_crf_ner.errors import DataError
from spacy_crf_ner.files import Replacement, write_json, write_text


def test_a_text_is_written_as_it_is_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    write_text(path, "earlier")
    write_text(path, "\u00fc\r\n\n")
    assert path.read_bytes() == b"\xc3\xbc\r\n\n"
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf8")
    with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
        write_text(path, "new \ud83d")
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_json(path, {"a": object()})
    assert path.read_text(encoding="utf8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_holds_what_is_no_utf8(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"text": "\u00fc \ud83d"})
    text = (tmp_path / "a.json").read_text(encoding="utf8")
    assert "\u00fc" in text
    assert json.loads(text) == {"text": "\u00fc \ud83d"}


def test_without_commit_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf8")
    replacement = Replacement(path)
    replacement.temporary.write_text("new", encoding="utf8")
    replacement.discard()
    assert path.read_text(encoding="utf8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"to be a file.* but it is a folder"):
        write_text(tmp_path, "new")
