"""The folder of a push is written whole or not at all, and takes the place of nothing but an earlier push."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
import spacy

from spacy_crf_ner.errors import DataError, SharingError
from spacy_crf_ner.sharing import check_folder, read_model, write_folder
from tests.sharing import packages


def push(
    source: Path, folder: Path, page: Path | None = None, *, force: bool = False, card: str = "card"
) -> list[str]:
    """RETURNS (list[str]): Names of the files, as they were reported."""
    model = read_model(source)
    check_folder(folder, model, force=force)
    names: list[str] = []
    write_folder(folder, model, card, page, names.append)
    return names


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


def test_the_files_of_the_pipeline_lie_beside_the_wheel_and_the_card(wheel: Path, tmp_path: Path) -> None:
    page = tmp_path / "evaluation.html"
    page.write_text("<p>", encoding="utf8")
    names = push(wheel, tmp_path / "new" / "folder", page)
    found = contents(tmp_path / "new" / "folder")
    with zipfile.ZipFile(wheel) as archive:
        root = "en_tiny/en_tiny-1.2.3/"
        inside = {
            name.removeprefix(root): archive.read(name)
            for name in archive.namelist()
            if name.startswith(root)
        }
    expected = {**inside, wheel.name: wheel.read_bytes(), "report.html": b"<p>", "README.md": b"card"}
    assert found == expected
    assert set(names) == set(expected)
    assert spacy.load(tmp_path / "new" / "folder").get_pipe("ner").labels == ("GPE", "ORG", "PERSON")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["folder"]


def test_an_empty_folder_is_taken_and_an_earlier_push_only_by_force(pipeline: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    push(pipeline, folder)
    (folder / "stale").write_text("", encoding="utf8")
    with pytest.raises(SharingError, match=r"holds what an earlier push wrote.*`--force` to replace it"):
        push(pipeline, folder)
    push(pipeline, folder, force=True, card="new")
    assert (folder / "README.md").read_text(encoding="utf8") == "new"
    assert not (folder / "stale").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_with_anything_else_is_left_as_it_is(force: bool, pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Ada", encoding="utf8")
    with pytest.raises(SharingError, match="something that no push wrote"):
        push(pipeline, tmp_path, force=force)
    assert contents(tmp_path) == {"letter.txt": b"Dear Ada"}


def test_a_clone_of_a_repository_is_left_as_it_is(pipeline: Path, tmp_path: Path) -> None:
    push(pipeline, tmp_path / "clone")
    (tmp_path / "clone" / ".git").mkdir()
    with pytest.raises(SharingError, match="something that no push wrote"):
        push(pipeline, tmp_path / "clone", force=True)


def test_a_pipeline_is_not_written_over_itself(tmp_path: Path) -> None:
    (tmp_path / "above").mkdir()
    path = packages.save_pipeline(tmp_path / "above" / "pipeline")
    for folder in (path, path.parent, path.parent / "." / "pipeline"):
        with pytest.raises(SharingError, match="holds the pipeline that is to be written"):
            push(path, folder, force=True)
    assert read_model(path).name == "en_tiny"


def test_a_file_of_this_name_is_left_as_it_is(pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf8")
    with pytest.raises(SharingError, match="it is a file"):
        push(pipeline, tmp_path / "file", force=True)
    assert contents(tmp_path) == {"file": b"mine"}


def test_after_a_failure_the_folder_is_as_it_was(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    push(wheel, folder)
    before = contents(folder)
    damaged = tmp_path / wheel.name
    content = bytearray(wheel.read_bytes())
    with zipfile.ZipFile(wheel) as archive:
        # A file that is only copied, and comes after others.
        content[archive.getinfo("en_tiny/en_tiny-1.2.3/vocab/strings.json").header_offset + 2000] ^= 0xFF
    damaged.write_bytes(bytes(content))
    with pytest.raises(SharingError, match="cannot be read: Bad CRC-32"):
        push(damaged, folder, force=True)
    with pytest.raises(SharingError, match="cannot be read: Bad CRC-32"):
        push(damaged, tmp_path / "other")
    assert contents(folder) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["folder", wheel.name])


def test_if_the_new_folder_cannot_take_its_place_the_old_one_comes_back(
    pipeline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    push(pipeline, folder)
    before = contents(folder)
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if path.name.endswith(".part"):
            raise OSError("no")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="no"):
        push(pipeline, folder, force=True)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_folder_that_cannot_be_made_is_found_before_anything_is_written(
    pipeline: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is a file, not a folder"):
        push(pipeline, tmp_path / "file" / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_a_killed_push_left_is_no_obstacle(pipeline: Path, tmp_path: Path) -> None:
    left = tmp_path / f".folder.{os.getpid()}.part"
    left.mkdir()
    (left / "file").touch()
    push(pipeline, tmp_path / "folder")
    assert not (tmp_path / "folder" / "file").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_link_to_a_folder_stays_a_link(pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    push(pipeline, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "README.md").is_file()
