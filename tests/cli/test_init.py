"""`python -m spacy crf-ner init`: configs that are printed, saved, checked by spaCy, and train."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from spacy.cli import app
from spacy.cli.train import train
from spacy.util import load_config, registry
from thinc.api import Config
from typer.testing import CliRunner

from spacy_crf_ner.training.ready_configs import find_ready_configs, load_ready_config
from tests import tiny
from tests.cli.support import run


@pytest.fixture(scope="module", autouse=True)
def commands() -> None:
    registry.cli.get_all()


def init(path: Path, *arguments: str | Path) -> tuple[Config, str]:
    said = run("crf-ner", "init", path, *arguments)
    return load_config(path, interpolate=False), said


def test_the_config_says_what_was_chosen_and_how_to_train(tmp_path: Path, tiny_encoder: Path) -> None:
    path = tmp_path / "new" / "config.cfg"
    config, said = init(
        path,
        "--lang",
        "de",
        "--encoder",
        tiny_encoder,
        "--optimize",
        "efficiency",
        "--scheme",
        "BIO",
        "--gpu",
    )
    assert config["nlp"]["lang"] == "de"
    assert config["paths"]["encoder"] == str(tiny_encoder)
    assert config["components"]["ner"]["scheme"] == "BIO"
    # It has a layer, and half of one is none; it takes 128 word pieces.
    assert config["initialize"]["after_init"]["layers"] == 0
    assert config["components"]["transformer"]["model"]["get_spans"]["window"] == 64
    for expected in (
        "Made of the ready config crf_ner_trf",
        "- Language de",
        "- Tag scheme BIO",
        f"Saved config to {path}",
        "pip install 'spacy[cuda12x]'",
        f"python -m spacy train {path} --output training --paths.train train.spacy --paths.dev dev.spacy --gpu-id 0",
    ):
        assert expected in said
    head = path.read_text(encoding="utf8").split("[paths]")[0]
    assert f"crf-ner init {path} --lang de --encoder {tiny_encoder} --optimize efficiency" in head


def test_standard_output_holds_the_config_and_nothing_else() -> None:
    result = CliRunner().invoke(app, ["crf-ner", "init", "-", "--preset", "crf_ner_bilstm"])
    assert result.exit_code == 0
    assert result.output.startswith("# Named entities with a BiLSTM-CRF")
    assert Config().from_str(result.output, interpolate=False) == load_ready_config("crf_ner_bilstm")


def test_the_list_has_a_line_for_each_ready_config() -> None:
    result = CliRunner().invoke(app, ["crf-ner", "init", "--list"])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line.split()[0] for line in lines] == list(find_ready_configs())
    assert lines[1].endswith(
        "Named entities with a CRF on a small convolutional network, trained from scratch on the CPU"
    )


def test_a_file_that_exists_is_replaced_only_with_force(tmp_path: Path) -> None:
    path = tmp_path / "config.cfg"
    path.write_text("mine", encoding="utf8")
    assert "to be a new file, but it exists" in run("crf-ner", "init", path, fails=True)
    assert path.read_text(encoding="utf8") == "mine"
    config, _ = init(path, "--force")
    assert config == load_ready_config("crf_ner_cnn")


def test_choices_that_do_not_fit_fail_with_their_message_and_write_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.cfg"
    assert "one of accuracy, efficiency, few-labels" in run(
        "crf-ner", "init", path, "--optimize", "x", fails=True
    )
    assert "code of a language" in run("crf-ner", "init", path, "--lang", "klingon", fails=True)
    assert list(tmp_path.iterdir()) == []


def test_data_that_are_not_there_yet_are_a_warning(tmp_path: Path, tiny_corpus: Path) -> None:
    absent = tmp_path / "dev.spacy"
    config, said = init(tmp_path / "config.cfg", "--train", tiny_corpus, "--dev", absent)
    assert (config["paths"]["train"], config["paths"]["dev"]) == (str(tiny_corpus), str(absent))
    assert "".join(f"{absent} does not exist yet".split()) in "".join(said.split())
    assert said.endswith("--output training")


@pytest.mark.parametrize(
    "arguments", [["--lang", "zh"], ["--encoder", "ENCODER", "--optimize", "efficiency"]]
)
def test_debug_config_finds_it_valid(
    arguments: list[str], tmp_path: Path, tiny_corpus: Path, tiny_encoder: Path
) -> None:
    arguments = [str(tiny_encoder) if one == "ENCODER" else one for one in arguments]
    path = tmp_path / "config.cfg"
    init(path, *arguments, "--train", tiny_corpus, "--dev", tiny_corpus)
    assert "Config is valid" in run("debug", "config", path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("crf_ner_trf", ["--encoder", "ENCODER", "--optimize", "efficiency"]),
        ("crf_ner_cnn", ["--encoder", "cnn", "--optimize", "few-labels"]),
    ],
)
def test_it_trains(
    name: str, arguments: list[str], tmp_path: Path, tiny_corpus: Path, tiny_encoder: Path
) -> None:
    arguments = [str(tiny_encoder) if one == "ENCODER" else one for one in arguments]
    path = tmp_path / "config.cfg"
    init(path, *arguments)
    settings: dict[str, Any] = tiny.overrides(name, tiny_corpus, tiny_encoder, steps=20)
    train(path, tmp_path / "output", overrides=settings)
    meta = json.loads((tmp_path / "output" / "model-last" / "meta.json").read_text(encoding="utf8"))
    assert meta["performance"]["ents_f"] > 0.8
