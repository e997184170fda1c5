"""spaCy's own commands do with `crf_ner` what they do with spaCy's `ner`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import spacy
import srsly
from spacy.cli.find_threshold import find_threshold
from spacy.tokens import DocBin
from spacy.training import Corpus
from spacy.training.initialize import init_nlp
from spacy.util import load_config
from thinc.api import Config

from tests import tiny
from tests.cli.support import load, prediction, predictions, read_config, run

Arguments = Callable[..., list[str]]


@pytest.fixture
def config_path(config_name: str) -> Path:
    return tiny.CONFIGS / f"{config_name}.cfg"


@pytest.fixture
def settings(config_name: str, tiny_corpus: Path, tiny_encoder: Path) -> list[str]:
    return tiny.as_arguments(tiny.overrides(config_name, tiny_corpus, tiny_encoder, steps=5))


def test_init_fill_config_completes_a_component_given_by_its_factory_alone(tmp_path: Path) -> None:
    Config(
        {"nlp": {"lang": "en", "pipeline": ["ner"]}, "components": {"ner": {"factory": "crf_ner"}}}
    ).to_disk(tmp_path / "partial.cfg")
    assert "Auto-filled config with all values" in run(
        "init", "fill-config", tmp_path / "partial.cfg", tmp_path / "filled.cfg"
    )
    filled = load_config(tmp_path / "filled.cfg")
    component = filled["components"]["ner"]
    assert component["scheme"] == "BILUO"
    assert component["scorer"] == {"@scorers": "spacy.ner_scorer.v1"}
    assert component["model"]["@architectures"] == "spacy-crf-ner.CRFTagger.v1"
    assert component["model"]["nO"] is None
    assert component["model"]["tok2vec"]["@architectures"] == "spacy.HashEmbedCNN.v2"
    assert filled["training"]["score_weights"]["ents_f"] == 1.0


def test_debug_config_finds_our_configs_valid(config_path: Path, settings: list[str]) -> None:
    assert "Config is valid" in run("debug", "config", config_path, *settings)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("threshold", "high"), ("probabilities", "perhaps"), ("model.tok2vec.upstream", "[]")],
)
def test_debug_config_names_a_setting_with_a_wrong_value(
    setting: str, value: str, config_path: Path, settings: list[str]
) -> None:
    output = run("debug", "config", config_path, *settings, f"--components.ner.{setting}", value, fails=True)
    assert "Config validation error" in output or "Config error" in output
    assert setting.rpartition(".")[2] in output


def test_debug_model_trains_and_prints_the_model(config_path: Path, settings: list[str]) -> None:
    output = run("debug", "model", config_path, "ner", "-P1", "-P3", "-DIM", "-PAR", *settings)
    assert "Initialized the model with the training corpus" in output
    assert "'crf_tagger'" in output
    # B, I, L and U of each label, and O
    n_tags = 4 * len(tiny.TINY_LABELS) + 1
    assert f"dim nO: {n_tags}" in output
    assert f"param transitions: ({n_tags}, {n_tags})" in output
    assert "STEP 3 - prediction" in output
    assert "Successfully ended analysis" in output


def test_debug_model_asks_for_a_corpus_when_it_has_none(config_path: Path, tiny_encoder: Path) -> None:
    encoder = ["--paths.encoder", str(tiny_encoder)] if config_path.stem == "crf_ner_trf" else []
    output = run("debug", "model", config_path, "ner", *encoder, fails=True)
    assert "provide a valid 'train_corpus'" in output


def test_init_labels_writes_labels_that_training_takes_back_in_their_order(
    config_name: str,
    config_path: Path,
    settings: list[str],
    tiny_corpus: Path,
    tiny_encoder: Path,
    tmp_path: Path,
) -> None:
    run("init", "labels", config_path, tmp_path, *settings)
    assert srsly.read_json(tmp_path / "ner.json") == list(tiny.TINY_LABELS)
    order = ["PERSON", "EVENT", "GPE", "ORG"]
    srsly.write_json(tmp_path / "ner.json", order)
    config = read_config(config_name)
    reader = {"@readers": "spacy.read_labels.v1", "path": str(tmp_path / "ner.json")}
    config["initialize"]["components"] = {"ner": {"labels": reader}}
    overrides = tiny.overrides(config_name, tiny_corpus, tiny_encoder, steps=1)
    nlp = init_nlp(Config().from_str(config.to_str(), overrides=overrides))
    assert list(nlp.get_pipe("ner").labels) == order


def test_evaluate_reports_the_scores_of_the_pipeline(
    trained: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    output = run("evaluate", trained, tiny_corpus, "--output", tmp_path / "metrics.json")
    nlp = spacy.load(trained)
    scores = nlp.evaluate(list(Corpus(tiny_corpus)(nlp)))
    saved = srsly.read_json(tmp_path / "metrics.json")
    assert saved["ents_f"] == scores["ents_f"] > 0.9
    assert sorted(saved["ents_per_type"]) == sorted(tiny.TINY_LABELS)
    assert f"NER F {100 * scores['ents_f']:.2f}" in output


def test_apply_saves_entities_and_their_probabilities(trained: Path, tmp_path: Path) -> None:
    texts = [{"text": text} for text in tiny.TINY_TEXTS]
    srsly.write_jsonl(tmp_path / "texts.jsonl", texts)
    run("apply", trained, tmp_path / "texts.jsonl", tmp_path / "docs.spacy")
    nlp = spacy.load(trained)
    docs = DocBin().from_disk(tmp_path / "docs.spacy").get_docs(nlp.vocab)
    expected = predictions(nlp)
    assert [prediction(doc) for doc in docs] == expected
    assert any(0.0 < (entity[3].value or 0.0) <= 1.0 for entities in expected for entity in entities)


def test_assemble_joins_trained_components(config_name: str, trained: Path, tmp_path: Path) -> None:
    config = read_config(config_name)
    config["components"] = {name: {"source": str(trained)} for name in config["nlp"]["pipeline"]}
    config.to_disk(tmp_path / "sourced.cfg")
    run("assemble", tmp_path / "sourced.cfg", tmp_path / "assembled")
    assert predictions(spacy.load(tmp_path / "assembled")) == predictions(spacy.load(trained))


def test_assemble_takes_labels_from_the_config(config_name: str, tiny_encoder: Path, tmp_path: Path) -> None:
    config = read_config(config_name)
    config["initialize"]["components"] = {"ner": {"labels": ["EVENT", "GPE"]}}
    if config_name == "crf_ner_trf":
        config["paths"]["encoder"] = str(tiny_encoder)
    config.to_disk(tmp_path / "labels.cfg")
    run("assemble", tmp_path / "labels.cfg", tmp_path / "assembled")
    nlp = spacy.load(tmp_path / "assembled")
    assert nlp.get_pipe("ner").labels == ("EVENT", "GPE")
    assert nlp("Anna Schmidt lives in Berlin .").has_annotation("ENT_IOB")


def test_find_threshold_tries_the_component_at_each_threshold(trained: Path, tiny_corpus: Path) -> None:
    best, recall, scores = find_threshold(str(trained), tiny_corpus, "ner", "threshold", "ents_r", n_trials=3)
    assert list(scores) == [0.0, 0.5, 1.0]
    nlp = spacy.load(trained)
    examples = list(Corpus(tiny_corpus)(nlp))
    assert (best, recall) == (0.0, nlp.evaluate(examples)["ents_r"])
    assert scores[0.0] >= scores[0.5] > scores[1.0]
    # The threshold that is found is used by writing it into the config.
    assert load(trained, threshold=1.0).evaluate(examples)["ents_r"] == scores[1.0]


def test_find_threshold_prints_the_best_one(trained: Path, tiny_corpus: Path) -> None:
    output = run("find-threshold", trained, tiny_corpus, "ner", "threshold", "ents_f", "--n_trials", "2")
    assert "Best threshold: 0.0 with ents_f value of" in output


def test_train_takes_the_trained_pipeline_as_a_start(
    config_name: str, trained: Path, tiny_corpus: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    config = read_config(config_name)
    config["components"] = {name: {"source": str(trained)} for name in config["nlp"]["pipeline"]}
    config.to_disk(tmp_path / "resume.cfg")
    settings = tiny.overrides(config_name, tiny_corpus, tiny_encoder, steps=2)
    settings["training.optimizer.learn_rate.initial_rate"] = 0.0
    run("train", tmp_path / "resume.cfg", "--output", tmp_path / "resumed", *tiny.as_arguments(settings))
    assert predictions(spacy.load(tmp_path / "resumed" / "model-last")) == predictions(spacy.load(trained))
