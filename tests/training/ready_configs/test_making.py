"""Whole configs: complete, safe, and made of the ready config that fits."""

from __future__ import annotations

import pkgutil
from pathlib import Path
from typing import Any

import pytest
import spacy.lang
from spacy.cli.init_config import fill_config
from spacy.util import get_lang_class

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.ready_configs import Choices, find_ready_configs, load_ready_config, make_config
from spacy_crf_ner.training.ready_configs.making import LANGUAGE_PACKAGES

LANGUAGES = [name for _, name, is_package in pkgutil.iter_modules(spacy.lang.__path__) if is_package]
CUDA = "'spacy[cuda12x]'  # or your version of CUDA"


def made_for(**choices: Any) -> Any:
    return make_config(Choices(**choices))


@pytest.mark.parametrize("preset", sorted(find_ready_configs()))
def test_a_preset_alone_is_the_ready_config(preset: str) -> None:
    made = made_for(preset=preset)
    assert made.base == preset
    assert made.config == load_ready_config(preset)


@pytest.mark.parametrize(
    ("choices", "base", "encoder"),
    [
        ({}, "crf_ner_cnn", None),
        ({"encoder": "cnn", "gpu": True}, "crf_ner_cnn", None),
        ({"encoder": "BiLSTM"}, "crf_ner_bilstm", None),
        ({"encoder": "idcnn"}, "crf_ner_idcnn", None),
        ({"encoder": "a/b"}, "crf_ner_trf", "a/b"),
        ({"gpu": True}, "crf_ner_trf", "roberta-base"),
        ({"gpu": True, "lang": "zh"}, "crf_ner_trf", "bert-base-chinese"),
        ({"gpu": True, "lang": "xx"}, "crf_ner_trf", "bert-base-multilingual-uncased"),
        ({"optimize": "efficiency"}, "crf_ner_cnn", None),
        ({"optimize": "few-labels"}, "crf_ner_trf", "roberta-base"),
        ({"preset": "crf_ner_lora", "encoder": "a/b"}, "crf_ner_lora", "a/b"),
    ],
    ids=str,
)
def test_the_ready_config_and_the_encoder_follow_from_the_choices(
    choices: dict[str, Any], base: str, encoder: str | None
) -> None:
    made = made_for(**choices)
    assert made.base == base
    assert made.config["paths"].get("encoder") == encoder


@pytest.mark.parametrize(
    "choices",
    [
        {"lang": "zh", "encoder": "bilstm", "scheme": "BIO", "train": "t.spacy"},
        {"lang": "zh", "encoder": "cnn", "optimize": "few-labels", "gpu": True},
        {"lang": "de", "encoder": "a/large", "optimize": "efficiency"},
        {"encoder": "a/b", "optimize": "few-labels", "gpu": False},
        {"lang": "xx", "preset": "crf_ner_lora", "encoder": "a/b", "scheme": "IO", "gpu": False},
    ],
    ids=str,
)
def test_fill_config_adds_and_changes_nothing(choices: dict[str, Any], tmp_path: Path) -> None:
    made = made_for(**choices)
    made.config.to_disk(tmp_path / "made.cfg", interpolate=False)
    _, filled = fill_config(tmp_path / "filled.cfg", tmp_path / "made.cfg", silent=True)
    assert filled == made.config


@pytest.mark.parametrize("optimize", ["accuracy", "efficiency", "few-labels"])
@pytest.mark.parametrize("gpu", [True, False, None])
@pytest.mark.parametrize("encoder", ["a/base", "a/large"])
def test_every_config_is_safe_for_pretrained_weights(optimize: str, gpu: bool | None, encoder: str) -> None:
    config = made_for(encoder=encoder, optimize=optimize, gpu=gpu).config
    schedule = config["training"]["optimizer"]["learn_rate"]
    assert schedule["@schedules"] == "warmup_linear.v1"
    assert schedule["initial_rate"] <= 1e-4
    assert 0 < schedule["warmup_steps"] < schedule["total_steps"] == config["training"]["max_steps"]
    assert config["training"]["optimizer"]["grad_clip"] == 1.0
    assert config["components"]["transformer"]["model"]["mixed_precision"] is False
    assert config["training"]["batcher"]["discard_oversize"] is False


def test_each_setting_that_is_changed_is_told_once() -> None:
    made = made_for(encoder="a/large", gpu=False, optimize="few-labels")
    names = [name for decision in made.decisions for name in decision.settings]
    assert len(names) == len(set(names))
    told = {name: value for decision in made.decisions for name, value in decision.settings.items()}
    assert told["training.max_steps"] == made.config["training"]["max_steps"] == 600
    ready = load_ready_config("crf_ner_trf")
    assert told["nlp.batch_size"] != ready["nlp"]["batch_size"]
    assert "nlp.lang" not in told


def test_packages_are_those_of_language_adapters_and_gpu() -> None:
    assert made_for().packages == ()
    assert made_for(lang="ja").packages == ("'spacy[ja]'",)
    assert made_for(preset="crf_ner_lora").packages == ("'spacy-crf-ner[peft]'", CUDA)
    assert made_for(preset="crf_ner_lora", gpu=False).packages == ("'spacy-crf-ner[peft]'",)


def test_a_transformer_that_nobody_named_is_for_a_gpu_only_if_there_is_one() -> None:
    assert not made_for(optimize="few-labels").gpu
    assert made_for(optimize="few-labels", gpu=True).gpu
    assert made_for(encoder="a/b").gpu


def test_the_defaults_of_every_language_are_taken_over() -> None:
    for lang in LANGUAGES:
        defaults = get_lang_class(lang).Defaults.config
        config = made_for(lang=lang).config
        assert config["nlp"]["lang"] == lang
        sections = {(part, name) for part, section in defaults.items() for name in section}
        assert sections <= {("nlp", "tokenizer"), ("initialize", "tokenizer")}
        for part, name in sections:
            assert config[part][name] == defaults[part][name]
        # Chinese has several tokenizers, and takes the one that asks for nothing.
        assert (("nlp", "tokenizer") in sections) is (lang in {*LANGUAGE_PACKAGES, "zh"})


@pytest.mark.parametrize("lang", ["english", "lex_attrs", "qq", "", "e\nn"])
def test_an_unknown_language_is_an_error(lang: str) -> None:
    with pytest.raises(TrainingError, match=r"`--lang` to be the code of a language .* Give 'xx'"):
        made_for(lang=lang)


def test_three_letters_are_the_same_language() -> None:
    assert made_for(lang="deu").config["nlp"]["lang"] == "de"


@pytest.mark.parametrize(
    ("preset", "encoder", "message"),
    [
        (
            "crf_ner_cnn",
            "a/b",
            "without `--encoder`, got 'a/b' for it, too: 'crf_ner_cnn' has no transformer",
        ),
        ("crf_ner_trf", "cnn", "'crf_ner_trf' has a transformer, which is no small network"),
        ("trf", None, "`--preset` to be one of crf_ner_bilstm, .*got 'trf'"),
    ],
)
def test_an_encoder_that_does_not_fit_the_preset_is_an_error(
    preset: str, encoder: str | None, message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        made_for(preset=preset, encoder=encoder)
