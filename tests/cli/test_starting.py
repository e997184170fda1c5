"""What commands have in common: wrong input ends them with an error that says what to change, before the long work."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
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
    untrained = spacy.blank("en")
    untrained.add_pipe("ner")
    found["untrained"] = folder / "untrained"
    untrained.to_disk(found["untrained"])
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
    "evaluate": "{model} {docs} --html {out}/page.html",
    "explain": "{model} A_text. --html {out}/page.html",
    "params": "{model}",
    "save-adapter": "{model} {out}",
    "show": "{model} A_text. --html {out}/page.html",
    "tune": "{config} {space} --output {out}",
}
LOADING = ("calibrate", "distill", "evaluate", "explain", "params", "save-adapter", "show", "info")
WRITING = ("calibrate", "distill", "evaluate", "explain", "save-adapter", "show", "tune")


def arguments(command: str, files: dict[str, Path], **changes: Path | str) -> list[str]:
    given = {name: str(path) for name, path in {**files, **changes}.items()}
    # Divided first: folders may have spaces in their names.
    return ["crf-ner", command, *(part.format(**given) for part in COMMANDS.get(command, "{model}").split())]


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


@pytest.mark.parametrize("command", ["params", "distill", "explain", "show", "tune"])
def test_an_option_that_does_not_exist_is_an_error(command: str, files: dict[str, Path]) -> None:
    output = run(*arguments(command, files), "--no-such-option", "3", fails=True)
    assert "no such option; settings of the config have a dot: --no-such-option" in output


@pytest.mark.parametrize("command", ["evaluate", "show"])
def test_a_component_that_fails_is_an_error_that_names_the_pipeline(
    command: str, files: dict[str, Path]
) -> None:
    output = run(*arguments(command, files, model=files["untrained"]), fails=True)
    assert (
        f"Expected the pipeline {files['untrained']} to annotate texts, but that fails (KeyError: " in output
    )
    assert "has not been allocated yet" in output
    assert "Its components are: ner." in output
    assert not files["out"].exists()


@pytest.mark.parametrize(
    ("command", "name"), [("calibrate", "docs"), ("distill", "texts"), ("distill", "config")]
)
def test_the_json_does_not_take_the_place_of_an_input(
    command: str, name: str, files: dict[str, Path]
) -> None:
    before = files[name].read_bytes()
    output = run(*arguments(command, files), "--json", files[name], fails=True)
    assert "Expected `--json` to be a file of its own" in output
    assert files[name].read_bytes() == before


@pytest.mark.parametrize("command", LOADING)
def test_the_folder_of_a_training_is_no_pipeline_but_holds_some(
    command: str, files: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "model-best").symlink_to(files["model"])
    output = run(*arguments(command, files, model=tmp_path), fails=True)
    assert f"{tmp_path} is the output of a training, which holds several pipelines. Name one of" in output
    assert "model-best" in output
    assert not files["out"].exists()


# `params` takes a file for a config, and `calibrate` wants a folder to save to, which is said first.
@pytest.mark.parametrize("command", sorted({*LOADING} - {"calibrate", "params"}))
def test_a_file_in_place_of_a_pipeline_is_said_to_be_one(command: str, files: dict[str, Path]) -> None:
    for name, hint in (
        ("docs", "holds Docs. The pipeline is named first"),
        ("texts", "is a file. Pipelines are"),
    ):
        output = run(*arguments(command, files, model=files[name]), fails=True)
        assert f"{files[name]} {hint}" in output
    assert not files["out"].exists()


@pytest.mark.parametrize("command", ["calibrate", "evaluate"])
def test_a_pipeline_in_place_of_docs_is_said_to_be_one(command: str, files: dict[str, Path]) -> None:
    output = run(*arguments(command, files, docs=files["model"]), fails=True)
    assert "got a pipeline, which is named before the Docs" in output


def test_words_without_quotes_are_an_error(files: dict[str, Path]) -> None:
    output = run("crf-ner", "explain", files["model"], "Words", "without", "quotes", fails=True)
    assert "unexpected argument: without (a text of several words needs quotes" in output


@pytest.mark.parametrize("command", ["explain", "show"])
def test_a_text_that_is_not_utf8_is_an_error(command: str, files: dict[str, Path], tmp_path: Path) -> None:
    # As Python reads the byte FF of an argument.
    output = run("crf-ner", command, files["model"], "ab\udcff", fails=True)
    assert "Expected a text in UTF-8, but character 3 of an argument is none" in output


def test_half_a_surrogate_pair_is_no_text(files: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "halved.jsonl"
    path.write_text('{"text": "a\\ud83d"}\n', encoding="utf8")
    assert "but character 2 of" in run("crf-ner", "show", files["model"], "--file", path, fails=True)


def test_params_of_a_config_without_data_says_what_spacy_says(files: dict[str, Path]) -> None:
    assert "Corpus path can't be None" in run("crf-ner", "params", files["config"], fails=True)


def test_tables_and_json_are_not_printed_together(files: dict[str, Path]) -> None:
    others = (
        ["crf-ner", "check", files["docs"]],
        ["crf-ner", "convert", files["texts"], "--output", files["out"]],
    )
    for given in (arguments("calibrate", files), arguments("distill", files), *others):
        output = run(*given, "--json", "-", fails=True)
        assert "Expected `--json` to be a file, but got -, which is standard output" in output
    assert not files["out"].exists()
    assert not Path("-").exists()


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


@pytest.mark.parametrize(
    ("content", "reason"), [(b"no config [\n", "no section headers"), (b"\x9c", "it is no text ('utf-8'")]
)
@pytest.mark.parametrize("command", ["params", "distill", "tune", "check"])
def test_a_config_that_is_none_is_an_error(
    command: str, content: bytes, reason: str, files: dict[str, Path], tmp_path: Path
) -> None:
    config = tmp_path / "none.cfg"
    config.write_bytes(content)
    changed = {"config": config, "model": config if command == "params" else files["model"]}
    given = (
        ["crf-ner", "check", "--config", str(config)]
        if command == "check"
        else arguments(command, files, **changed)
    )
    assert reason in run(*given, fails=True)
