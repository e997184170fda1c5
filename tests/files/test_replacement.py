"""Files that are written whole or not at all."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from spacy_crf_ner.errors import DataError
from spacy_crf_ner.files import Replacement, require_writable, to_json, write_json, write_text


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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        require_writable(path)
        received: list[str] = []
        reader = threading.Thread(target=lambda to=received: to.append(pipe.read_text(encoding="utf8")))
        reader.start()
        write_text(path, "text")
        reader.join()
        assert received == ["text"]
        assert pipe.is_fifo()
    assert sorted(tmp_path.iterdir()) == [link, pipe]


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    file, link, dangling = tmp_path / "folder" / "file.txt", tmp_path / "link.txt", tmp_path / "dangling.txt"
    write_text(file, "old")
    link.symlink_to(file)
    dangling.symlink_to(tmp_path / "folder" / "new.txt")
    for path in (link, dangling):
        write_text(path, "new")
        assert path.is_symlink()
        assert path.read_text(encoding="utf8") == "new"
    assert file.read_text(encoding="utf8") == "new"
    assert sorted(one.name for one in file.parent.iterdir()) == ["file.txt", "new.txt"]


def test_json_has_no_words_for_what_is_no_finite_number(tmp_path: Path) -> None:
    content = {"a": [float("nan"), (1.5, float("inf"))], "b": {"c": -float("inf"), "d": True, "e": "NaN"}}
    expected = {"a": [None, [1.5, None]], "b": {"c": None, "d": True, "e": "NaN"}}
    write_json(tmp_path / "a.json", content)
    for text in (to_json(content), (tmp_path / "a.json").read_text(encoding="utf8")):
        assert json.loads(text, parse_constant=pytest.fail) == expected


def test_json_that_is_printed_is_ascii() -> None:
    assert to_json({"text": "\u00fc"}).isascii()
