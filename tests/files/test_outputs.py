"""Whether a file can be written, told in advance."""

import os
from pathlib import Path

import pytest

from spacy_crf_ner.errors import DataError
from spacy_crf_ner.files import require_writable, write_text


def test_new_files_old_files_and_files_in_folders_that_are_not_there_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.json").touch()
    for path in (tmp_path / "old.json", tmp_path / "new" / "er" / "new.json", Path("relative.json")):
        require_writable(path)
        write_text(path, "text")
        assert path.read_text(encoding="utf8") == "text"


def test_nothing_is_made(tmp_path: Path) -> None:
    require_writable(tmp_path / "new" / "file.json")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="to be a file, new or to be replaced, but it is a folder"):
        require_writable(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    message = r"file/new/page\.html, but .*file is a file, not a folder\. Choose another place"
    with pytest.raises(DataError, match=message):
        require_writable(tmp_path / "file" / "new" / "page.html")


def test_a_name_that_no_file_can_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Expected to be able to write .* but .*name too long"):
        require_writable(tmp_path / ("a" * 300))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_changed_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(DataError, match=r"the folder .*closed cannot be written to"):
        require_writable(folder / "page.html")
