"""The ready configs are complete, and train."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.cli.init_config import fill_config
from spacy.cli.train import train
from spacy.training.initialize import init_nlp
from spacy.util import load_config
from thinc.api import Config

from tests import tiny

# Configs of which tests elsewhere show that they train: their corpora hold more than entities.
TRAINED_ELSEWHERE = ("crf_ner_multitask_trf",)


@pytest.fixture(scope="module", params=sorted(tiny.ENCODERS))
def config_name(request: pytest.FixtureRequest) -> str:
    """Each config that learns the tiny corpus; other rooms make do with two."""
    return str(request.param)


@pytest.fixture(params=sorted([*tiny.ENCODERS, *TRAINED_ELSEWHERE]))
def any_config(request: pytest.FixtureRequest) -> str:
    """Each config."""
    return str(request.param)


def load(config_name: str) -> Config:
    return load_config(tiny.CONFIGS / f"{config_name}.cfg", interpolate=False)


def test_there_is_a_test_for_every_config() -> None:
    tested = sorted([*tiny.ENCODERS, *TRAINED_ELSEWHERE])
    assert sorted(path.stem for path in tiny.CONFIGS.glob("*.cfg")) == tested


def test_fill_config_adds_and_changes_nothing(any_config: str, tmp_path: Path) -> None:
    _, filled = fill_config(tmp_path / "filled.cfg", tiny.CONFIGS / f"{any_config}.cfg")
    assert filled == load(any_config)


@pytest.mark.parametrize(
    "section", ["components.ner", "components.ner.model", "training", "training.optimizer"]
)
def test_fill_config_would_add_what_is_left_out(section: str, tmp_path: Path) -> None:
    config = load("crf_ner_trf")
    part: Any = config
    for key in section.split("."):
        part = part[key]
    # Settings with a default: neither names of functions and factories, nor sections.
    settings = [key for key in part if key[0] != "@" and key != "factory" and not isinstance(part[key], dict)]
    left_out = settings[0]
    del part[left_out]
    config.to_disk(tmp_path / "partial.cfg")
    _, filled = fill_config(tmp_path / "filled.cfg", tmp_path / "partial.cfg")
    for key in section.split("."):
        filled = filled[key]
    assert left_out in filled


def test_the_head_of_each_config_says_how_to_call_it(any_config: str) -> None:
    text = (tiny.CONFIGS / f"{any_config}.cfg").read_text(encoding="utf8")
    assert f"python -m spacy train configs/{any_config}.cfg" in text.split("[paths]")[0]


def test_the_encoder_of_the_transformer_config_is_a_setting_of_paths(tiny_encoder: Path) -> None:
    path = tiny.CONFIGS / "crf_ner_trf.cfg"
    assert load_config(path, interpolate=True)["components"]["transformer"]["model"]["name"] == "roberta-base"
    config = load_config(path, overrides={"paths.encoder": str(tiny_encoder)}, interpolate=True)
    assert config["components"]["transformer"]["model"]["name"] == str(tiny_encoder)


def test_the_transformer_config_is_safe_for_pretrained_weights() -> None:
    config = load("crf_ner_trf")
    schedule = config["training"]["optimizer"]["learn_rate"]
    assert schedule["@schedules"] == "warmup_linear.v1"
    assert schedule["initial_rate"] <= 1e-4
    assert 0 < schedule["warmup_steps"] < schedule["total_steps"] == config["training"]["max_steps"]
    assert config["training"]["optimizer"]["grad_clip"] == 1.0
    assert config["components"]["transformer"]["model"]["mixed_precision"] is False


def test_no_text_is_skipped_for_its_length(any_config: str) -> None:
    config = load(any_config)
    assert config["training"]["batcher"]["discard_oversize"] is False
    assert config["corpora"]["train"]["max_length"] == 0


def test_each_config_holds_the_defaults_of_the_component(any_config: str) -> None:
    defaults = spacy.blank("en").get_factory_meta("crf_ner").default_config
    section = load(any_config)["components"]["ner"]
    assert {key: value for key, value in section.items() if key not in ("model", "factory")} == {
        key: value for key, value in defaults.items() if key != "model"
    }


def test_training_with_the_config_learns_the_tiny_corpus(config_name: str, trained: Path) -> None:
    meta = json.loads((trained / "meta.json").read_text(encoding="utf8"))
    assert meta["pipeline"] == [tiny.ENCODERS[config_name], "ner"]
    assert meta["labels"]["ner"] == list(tiny.TINY_LABELS)
    assert meta["performance"]["ents_f"] > 0.9
    nlp = spacy.load(trained)
    for gold in tiny.make_tiny_docs()[:2]:
        assert tiny.entities(nlp(gold.text)) == tiny.entities(gold)


def test_training_changes_the_encoder_too_unless_it_is_frozen(
    config_name: str, trained: Path, tiny_corpus: Path, tiny_encoder: Path
) -> None:
    settings = tiny.overrides(config_name, tiny_corpus, tiny_encoder, steps=1)
    # The seed is the config's: these are the weights that the training began with.
    untrained = init_nlp(load_config(tiny.CONFIGS / f"{config_name}.cfg", overrides=settings))
    text = tiny.TINY_TEXTS[0]
    encoder = tiny.ENCODERS[config_name]
    before, after = (
        tiny.encoding(nlp.get_pipe(encoder), nlp.make_doc(text)) for nlp in (untrained, spacy.load(trained))
    )
    assert before.shape == after.shape
    frozen = load(config_name)["training"]["frozen_components"]
    assert bool(abs(before - after).max() > 0.01) is (encoder not in frozen)


def test_training_in_parts_of_a_batch_works(tiny_corpus: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    settings = tiny.overrides("crf_ner_trf", tiny_corpus, tiny_encoder, steps=20)
    del settings["training.accumulate_gradient"]
    assert load("crf_ner_trf")["training"]["accumulate_gradient"] > 1
    train(tiny.CONFIGS / "crf_ner_trf.cfg", tmp_path, overrides=settings)
    meta = json.loads((tmp_path / "model-last" / "meta.json").read_text(encoding="utf8"))
    assert meta["performance"]["ents_f"] > 0.9
