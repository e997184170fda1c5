"""Pipelines are read from directories, package folders and wheels, and nothing of them runs."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from spacy_crf_ner.errors import SharingError
from spacy_crf_ner.sharing import read_model
from tests.sharing import packages


def names(path: Path) -> set[str]:
    return {name for name, _ in read_model(path).files()}


def test_a_directory_a_package_folder_and_a_wheel_are_the_same_pipeline(pipeline: Path, wheel: Path) -> None:
    folder = wheel.parent.parent
    for path, expected in ((pipeline, None), (wheel, wheel), (folder, wheel)):
        model = read_model(path)
        assert (model.name, model.version, model.wheel) == ("en_tiny", "1.2.3", expected)
        assert model.meta["labels"]["ner"] == ["GPE", "ORG", "PERSON"]
        assert model.config["components"]["ner"]["factory"] == "crf_ner"
        assert model.saved["ner"]["scheme"] == "BILUO"
    on_disk = {file.relative_to(pipeline).as_posix() for file in pipeline.rglob("*") if file.is_file()}
    assert names(pipeline) == on_disk >= {"meta.json", "config.cfg", "ner/model", "ner/cfg"}
    # `spacy package` puts a README.md beside them.
    assert names(wheel) == names(folder) == on_disk | {"README.md"}


def test_a_package_folder_without_a_wheel_is_read_itself(pipeline: Path, tmp_path: Path) -> None:
    folder = packages.make_package(pipeline, tmp_path)
    model = read_model(folder)
    assert model.wheel is None
    assert model.root == folder / "en_tiny" / "en_tiny-1.2.3"


def test_a_relative_path_to_the_folder_itself_will_do(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(wheel.parent.parent)
    found = read_model(Path()).wheel
    assert found is not None
    assert found.resolve() == wheel


def test_hidden_files_are_left_out(tmp_path: Path) -> None:
    path = packages.save_pipeline(tmp_path / "pipeline")
    before = names(path)
    (path / ".git").mkdir()
    (path / ".git" / "config").write_text("secret", encoding="utf8")
    (path / "ner" / ".DS_Store").write_text("", encoding="utf8")
    assert names(path) == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nothing", "there is nothing"), ("a.txt", "another file"), ("folder", "no config.cfg")],
)
def test_what_is_no_pipeline_is_an_error(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("", encoding="utf8")
    (tmp_path / "folder").mkdir()
    with pytest.raises(SharingError, match=f"Expected .*{name} to be a pipeline.*{reason}"):
        read_model(tmp_path / name)


def test_a_wheel_of_something_else_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "other-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other/__init__.py", "")
    with pytest.raises(SharingError, match="not a wheel that `spacy package` made"):
        read_model(path)


def test_a_damaged_wheel_is_an_error_where_it_is_met(wheel: Path, tmp_path: Path) -> None:
    path = tmp_path / wheel.name
    path.write_bytes(wheel.read_bytes()[:-100])
    with pytest.raises(SharingError, match="cannot be read"):
        read_model(path)
    content = bytearray(wheel.read_bytes())
    with zipfile.ZipFile(wheel) as archive:
        place = archive.getinfo("en_tiny/en_tiny-1.2.3/meta.json").header_offset + 200
    content[place] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(SharingError, match=r"cannot be read: Bad CRC-32"):
        read_model(path)


@pytest.mark.parametrize("name", ["../evil", "a:b", "..\\evil"])
def test_no_name_leads_out_of_the_folder(name: str, wheel: Path, tmp_path: Path) -> None:
    path = tmp_path / wheel.name
    path.write_bytes(wheel.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"en_tiny/en_tiny-1.2.3/{name}", "")
    with pytest.raises(SharingError, match="leads out of the pipeline"):
        names(path)


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("meta.json", "{", "meta.json of .* Expecting"),
        ("meta.json", "[]", "no object of JSON"),
        ("meta.json", '{"lang": "en", "name": 3, "version": "1"}', "`name` is 3"),
        ("config.cfg", "[nlp]\nlang = $", "config.cfg of"),
        ("config.cfg", "no section", "config.cfg of"),
        ("ner/cfg", "\udcff", "^Expected ner/cfg of .* but it cannot be read: 'utf-8' codec"),
        ("ner/cfg", "[" * 100_000, "ner/cfg of .* recursion"),
    ],
)
def test_files_that_spacy_did_not_write_are_an_error(
    file: str, content: str, reason: str, tmp_path: Path
) -> None:
    path = packages.save_pipeline(tmp_path / "pipeline")
    (path / file).write_text(content, encoding="utf8", errors="surrogateescape")
    with pytest.raises(SharingError, match=reason):
        read_model(path)


def test_a_pipeline_without_meta_is_an_error(tmp_path: Path) -> None:
    path = packages.save_pipeline(tmp_path / "pipeline")
    (path / "meta.json").unlink()
    with pytest.raises(SharingError, match=r"^Expected meta\.json of .* it is not there") as found:
        read_model(path)
    assert str(found.value).count("Save the pipeline again") == 1


def test_variables_of_the_config_are_filled_in(trained_config: Path) -> None:
    config = read_model(trained_config).config
    assert config["corpora"]["train"]["path"] == "/home/ada/train.spacy"


@pytest.fixture
def trained_config(tmp_path: Path) -> Path:
    path = packages.save_pipeline(tmp_path / "pipeline")
    text = (path / "config.cfg").read_text(encoding="utf8")
    assert "train = null" in text
    (path / "config.cfg").write_text(
        text.replace("train = null", 'train = "/home/ada/train.spacy"'), encoding="utf8"
    )
    return path
