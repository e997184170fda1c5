"""What is said of a pipeline is what its config, its components and its meta.json have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from spacy.util import load_config

from spacy_crf_ner.sharing import find_facts, find_local_paths, read_model
from spacy_crf_ner.sharing.facts import hide_local_path
from tests import tiny

META = {"lang": "en", "name": "tiny", "version": "1.0.0", "spacy_version": ">=3.8,<3.9"}


def facts_of(config_name: str, meta: dict[str, Any] | None = None, **saved: Any) -> Any:
    config = load_config(tiny.CONFIGS / f"{config_name}.cfg", interpolate=True)
    return find_facts({**META, **(meta or {})}, config, {"ner": saved})


def test_a_config_with_a_transformer_tells_its_name_and_windows() -> None:
    facts = facts_of("crf_ner_trf")
    assert facts.components == {"transformer": "transformer", "ner": "crf_ner"}
    config = load_config(tiny.CONFIGS / "crf_ner_trf.cfg", interpolate=True)
    model = config["components"]["transformer"]["model"]
    assert facts.crf[0].encoder == f"{model['name']} ({model['@architectures']})"
    assert facts.windows == [(model["get_spans"]["window"], model["get_spans"]["stride"])]
    assert facts.training["max_steps"] == config["training"]["max_steps"]
    assert facts.needs == ["spacy>=3.8,<3.9", "spacy-crf-ner", "spacy-transformers"]


@pytest.mark.parametrize(
    ("config_name", "parts"),
    [
        ("crf_ner_cnn", ["spacy.HashEmbedCNN.v2"]),
        ("crf_ner_bilstm", ["spacy-crf-ner.BiLSTM.v1"]),
        ("crf_ner_lora", ["spacy-crf-ner.PeftTransformerModel.v1"]),
    ],
)
def test_every_encoder_is_named_by_its_architectures(config_name: str, parts: list[str]) -> None:
    encoder = facts_of(config_name).crf[0].encoder
    assert all(part in encoder for part in parts), encoder


def test_what_a_component_saved_goes_before_its_config() -> None:
    assert not facts_of("crf_ner_cnn").crf[0].calibrated
    facts = facts_of("crf_ner_cnn", temperature=1.7, label_counts={"O": 90, "GPE": 4})
    (one,) = facts.crf
    assert (one.temperature, one.calibrated, one.label_counts) == (1.7, True, {"GPE": 4})
    assert facts_of("crf_ner_cnn", label_temperatures={"GPE": 2.0}).crf[0].calibrated


def test_requirements_of_a_package_are_taken_as_they_are() -> None:
    requirements = ["spacy-crf-ner>=0.1.0,<0.2.0", "spacy>=3.8,<3.9"]
    facts = facts_of("crf_ner_cnn", {"requirements": requirements})
    assert facts.needs == ["spacy>=3.8,<3.9", "spacy-crf-ner>=0.1.0,<0.2.0"]


def test_nonsense_is_left_out() -> None:
    config = {"nlp": {"pipeline": ["ner"]}, "components": {"ner": {"factory": "crf_ner", "model": 3}}}
    meta = {"labels": {"ner": "GPE", "gone": ["X"]}, "requirements": 3, "spacy_version": None}
    facts = find_facts(meta, {**config, "training": [], "corpora": None}, {"ner": {"temperature": "hot"}})
    assert (facts.labels, facts.windows, facts.training, facts.max_length) == ({}, [], {}, 0)
    assert facts.needs == ["spacy", "spacy-crf-ner"]
    assert (facts.crf[0].encoder, facts.crf[0].temperature, facts.crf[0].loss) == ("?", 1.0, "nll")


@pytest.mark.parametrize("nonsense", ["high", float("nan"), float("inf"), 10**400, True, [0.5]])
def test_settings_that_are_no_numbers_are_left_out(nonsense: object) -> None:
    own = {"GPE": nonsense, "ORG": 2}
    (one,) = facts_of("crf_ner_cnn", threshold=nonsense, temperature=nonsense, label_temperatures=own).crf
    assert (one.threshold, one.temperature, one.label_temperatures) == (None, 1.0, {"ORG": 2.0})


def test_the_longest_text_of_training_is_that_of_the_corpus_that_trains() -> None:
    config = {
        "training": {"train_corpus": "corpora.mine"},
        "corpora": {"mine": {"max_length": 300}, "train": {"max_length": 5}},
    }
    assert find_facts(META, config, {}).max_length == 300


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("bert-base-cased", "bert-base-cased"),
        ("dslim/bert-base-NER", "dslim/bert-base-NER"),
        ("/home/ada/encoders/mine", "mine"),
        ("/home/ada/encoders/mine/", "mine"),
        ("C:\\Users\\ada\\mine", "mine"),
        ("~/mine", "mine"),
        ("./mine", "mine"),
        ("../encoders/mine", "mine"),
        ("runs/12/mine", "mine"),
        ("spacy-crf-ner.nll.v1", "spacy-crf-ner.nll.v1"),
    ],
)
def test_of_paths_only_the_last_part_is_shown(name: str, shown: str) -> None:
    assert hide_local_path(name) == shown


def test_places_are_found_wherever_they_are_in_a_config() -> None:
    config = {
        "paths": {"train": "/home/ada/train.spacy", "dev": None},
        "corpora": {"train": {"path": "/home/ada/train.spacy"}},
        "components": {"ner": {"model": {"name": "C:\\mine", "arch": "spacy.Tok2Vec.v2"}}},
    }
    assert find_local_paths(config) == {
        "paths.train": "/home/ada/train.spacy",
        "components.ner.model.name": "C:\\mine",
    }


def test_a_saved_pipeline_names_its_labels(pipeline: Path) -> None:
    model = read_model(pipeline)
    facts = find_facts(model.meta, model.config, model.saved)
    assert facts.labels == {"ner": ["GPE", "ORG", "PERSON"]}
    assert facts.crf[0].encoder.startswith("spacy.HashEmbedCNN.v2")
