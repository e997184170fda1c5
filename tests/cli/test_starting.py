"""What commands have in common: wrong input ends them with an error that says what to change, before the long work."""

from __future__ import annotations

from pathlib import Path

import pytest
import thinc.util
from spacy.util import registry

from tests import tiny
from tests.cli.support import run
from tests.sharing import packages

CONFIG = tiny.CONFIGS / "crf_ner_cnn.cfg"
SPACE = "training.dropout: [0.1, 0.2]\n"


@pytest.fixture(scope="module", autouse=True)
def commands() -> None:
    registry.cli.get_all()


@pytest.fixture(scope="module")
def files(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What commands are given."""
    folder = tmp_path_factory.mktemp("starting")
    found = {"model": folder / "model", "config": CONFIG, "docs": tiny_corpus, "out": folder / "out"}
    packages.save_pipeline(found["model"])
    contents = {
        "space.yml": SPACE,
        "texts.txt": "A text.\n",
        "file.txt": "",
        "code.py": "raise ValueError('mine')\n",
    }
    for name, content in contents.items():
        path = found[Path(name).stem] = folder / name
        path.write_text(content, encoding="utf8")
    found["broken"] = packages.save_pipeline(folder / "broken")
    (found["broken"] / "ner" / "model").write_bytes(b"\x00\x01")
    found["unknown"] = packages.save_pipeline(folder / "unknown")
    text = (found["unknown"] / "config.cfg").read_text(encoding="utf8")
    (found["unknown"] / "config.cfg").write_text(
        text.replace('"crf_ner"', '"nobody_has_it"'), encoding="utf8"
    )
    return found


# Their arguments, by the names of files; those that load a pipeline begin with it.
COMMANDS = {
    "calibrate": "{model} {docs} --output {out}",
    "distill": "{model} {config} {texts} --output {out}",
    "params": "{model}",
    "save-adapter": "{model} {out}",
    "tune": "{config} {space} --output {out}",
}
LOADING = ("calibrate", "distill", "params", "save-adapter", "info")
WRITING = ("calibrate", "distill", "save-adapter", "tune")


def arguments(command: str, files: dict[str, Path], **changes: Path | str) -> list[str]:
    given = {name: str(path) for name, path in {**files, **changes}.items()}
    return ["crf-ner", command, *COMMANDS.get(command, "{model}").format(**given).split()]


@pytest.mark.parametrize("command", LOADING)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nothing", "Can't find model"),
        ("broken", "does not fit its configuration or is damaged"),
        ("unknown", "nobody_has_it"),
    ],
)
def test_a_pipeline_that_cannot_be_loaded_is_named(
    command: str, name: str, reason: str, files: dict[str, Path]
) -> None:
    model = files.get(name, files["out"] / "nothing")
    output = run(*arguments(command, files, model=model), fails=True)
    assert "Cannot load the pipeline" in output
    assert reason in output
    assert not files["out"].exists()


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without one, also where there is one."""
    monkeypatch.setattr(thinc.util, "has_cupy_gpu", False)
    monkeypatch.setattr(thinc.util, "has_cupy", True)


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_gpu_that_is_not_there_is_an_error(command: str, files: dict[str, Path]) -> None:
    output = run(*arguments(command, files), "--gpu-id", "0", fails=True)
    assert "`--gpu-id 0` asks for a GPU, but it cannot be used" in output
    assert not files["out"].exists()


@pytest.mark.parametrize("command", [*COMMANDS, "info"])
def test_code_that_fails_is_named(command: str, files: dict[str, Path]) -> None:
    output = run(*arguments(command, files), "--code", files["code"], fails=True)
    assert "Couldn't load Python code" in output
    assert "mine" in output


@pytest.mark.parametrize("command", WRITING)
def test_a_place_that_cannot_be_written_is_found_before_anything_is_loaded(
    command: str, files: dict[str, Path]
) -> None:
    output = run(*arguments(command, files, out=files["file"] / "out"), "--code", files["code"], fails=True)
    assert "is a file, not a folder" in output
    assert "mine" not in output


@pytest.mark.parametrize("command", ["params", "distill", "tune"])
def test_an_option_that_does_not_exist_is_an_error(command: str, files: dict[str, Path]) -> None:
    output = run(*arguments(command, files), "--no-such-option", "3", fails=True)
    assert "no such option; settings of the config have a dot: --no-such-option" in output


def test_params_of_a_config_without_data_says_what_spacy_says(files: dict[str, Path]) -> None:
    assert "Corpus path can't be None" in run("crf-ner", "params", files["config"], fails=True)


@pytest.mark.parametrize("command", ["calibrate", "distill"])
def test_a_folder_in_place_of_the_json_is_found_before_anything_is_loaded(
    command: str, files: dict[str, Path], tmp_path: Path
) -> None:
    # Typer says it where the folder is there from the beginning.
    output = run(*arguments(command, files), "--json", files["file"] / "x.json", fails=True)
    assert "is a file, not a folder" in output
    assert not files["out"].exists()


def test_data_that_is_none_is_an_error(files: dict[str, Path], tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.spacy"
    damaged.write_bytes(b"no Docs")
    for path, reason in ((files["texts"], "to be a .spacy file"), (damaged, "they cannot be read")):
        output = run(*arguments("calibrate", files, docs=path), fails=True)
        assert reason in output
        assert not files["out"].exists()


@pytest.mark.parametrize("command", ["params", "distill", "tune", "check"])
def test_a_config_that_is_none_is_an_error(command: str, files: dict[str, Path], tmp_path: Path) -> None:
    config = tmp_path / "none.cfg"
    config.write_text("no config [\n", encoding="utf8")
    changed = {"config": config, "model": config if command == "params" else files["model"]}
    given = (
        ["crf-ner", "check", "--config", str(config)]
        if command == "check"
        else arguments(command, files, **changed)
    )
    assert "no section headers" in run(*given, fails=True)
