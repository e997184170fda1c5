"""What is changed of a ready config for each choice."""

from __future__ import annotations

from typing import Any

import pytest
import spacy

from spacy_crf_ner.training.ready_configs import Choices, load_ready_config
from spacy_crf_ner.training.ready_configs.decisions import Decision, decide
from spacy_crf_ner.training.ready_configs.encoder_shapes import EncoderShape

BASE = EncoderShape(12, large=False, positions=512, known=True)
LARGE = EncoderShape(24, large=True, positions=512, known=True)
RATE = "training.optimizer.learn_rate.initial_rate"


def settings(base: str, shape: EncoderShape | None = None, **choices: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for decision in decided(base, shape, **choices):
        found.update(decision.settings)
    return found


def decided(base: str, shape: EncoderShape | None = None, **choices: Any) -> list[Decision]:
    language = spacy.util.get_lang_class(choices.get("lang", "en"))
    return decide(Choices(**choices), load_ready_config(base), language, shape)


def test_without_choices_only_the_language_is_set() -> None:
    assert settings("crf_ner_cnn") == {"nlp.lang": "en"}


def test_languages_without_spaces_get_their_own_tokenizer() -> None:
    found = settings("crf_ner_cnn", lang="zh")
    assert found["nlp.tokenizer"] == {"@tokenizers": "spacy.zh.ChineseTokenizer", "segmenter": "char"}
    assert found["initialize.tokenizer"] == {"pkuseg_model": None, "pkuseg_user_dict": "default"}
    assert any(
        "a token for each character" in decision.reason for decision in decided("crf_ner_cnn", lang="zh")
    )
    assert "nlp.tokenizer" not in settings("crf_ner_cnn", lang="de")


@pytest.mark.parametrize("network", ["bilstm", "idcnn"])
def test_scripts_without_letters_get_no_prefixes_and_suffixes(network: str) -> None:
    assert settings(f"crf_ner_{network}", lang="zh")["components.tok2vec.model.embed.attrs"] == [
        "NORM",
        "SHAPE",
    ]
    assert "components.tok2vec.model.embed.attrs" not in settings(f"crf_ner_{network}", lang="de")
    assert settings("crf_ner_cnn", lang="zh")["components.tok2vec.model.subword_features"] is False


def test_efficiency_freezes_the_embeddings_and_the_lower_half_of_a_transformer() -> None:
    found = settings("crf_ner_trf", BASE, encoder="x", optimize="efficiency")
    assert found["initialize.after_init"] == {
        "@callbacks": "spacy-crf-ner.freeze.v1",
        "component": "transformer",
        "embeddings": True,
        "layers": 6,
        "patterns": None,
    }
    assert "initialize.after_init" not in settings("crf_ner_trf", BASE, encoder="x", optimize="accuracy")


@pytest.mark.parametrize(("base", "shape"), [("crf_ner_trf", BASE), ("crf_ner_cnn", None)])
def test_few_labels_decode_by_posterior_and_train_less(base: str, shape: EncoderShape | None) -> None:
    found = settings(base, shape, encoder="x" if shape else "cnn", optimize="few-labels")
    assert (found["components.ner.decoding"], found["components.ner.threshold"]) == ("posterior", 0.3)
    ready = load_ready_config(base)["training"]
    assert found["training.max_steps"] < ready["max_steps"]
    assert found["training.patience"] < ready["patience"]
    assert found["training.eval_frequency"] < found["training.patience"] < found["training.max_steps"]


@pytest.mark.parametrize("choice", [{"gpu": False}, {"optimize": "few-labels"}])
def test_the_learning_rate_ends_with_the_updates(choice: dict[str, Any]) -> None:
    found = settings("crf_ner_trf", BASE, encoder="x", **choice)
    schedule = "training.optimizer.learn_rate"
    assert found["training.max_steps"] == found[f"{schedule}.total_steps"]
    assert 0 < found[f"{schedule}.warmup_steps"] < found["training.max_steps"]


def test_without_a_gpu_a_transformer_gets_smaller_batches_and_a_network_stays_as_it_is() -> None:
    found = settings("crf_ner_trf", BASE, encoder="x", gpu=False)
    ready = load_ready_config("crf_ner_trf")
    assert found["system.gpu_allocator"] is None
    assert found["nlp.batch_size"] < ready["nlp"]["batch_size"]
    assert found["training.batcher.size"] < ready["training"]["batcher"]["size"]
    assert found["training.accumulate_gradient"] == 1
    found = settings("crf_ner_cnn", encoder="cnn", gpu=False)
    assert found == {"nlp.lang": "en", "system.gpu_allocator": None}
    assert settings("crf_ner_cnn", encoder="cnn", gpu=True)["system.gpu_allocator"] == "pytorch"


def test_large_encoders_learn_at_a_lower_rate_in_smaller_parts() -> None:
    found = settings("crf_ner_trf", LARGE, encoder="x", gpu=True)
    assert (
        found[RATE]
        == 2e-5
        < load_ready_config("crf_ner_trf")["training"]["optimizer"]["learn_rate"]["initial_rate"]
    )
    assert found["training.accumulate_gradient"] == 6
    assert settings("crf_ner_trf", LARGE, encoder="x", gpu=False)["training.accumulate_gradient"] == 1
    assert RATE not in settings("crf_ner_trf", BASE, encoder="x", gpu=True)


def test_the_rate_of_adapters_and_of_networks_on_a_frozen_encoder_is_not_that_of_the_encoder() -> None:
    for preset in ("crf_ner_lora", "crf_ner_frozen_trf"):
        assert RATE not in settings(preset, LARGE, encoder="x", preset=preset)


def test_short_encoders_get_short_windows() -> None:
    spans = "components.transformer.model.get_spans"
    found = settings("crf_ner_trf", BASE._replace(positions=128), encoder="x")
    assert (found[f"{spans}.window"], found[f"{spans}.stride"]) == (64, 48)
    assert f"{spans}.window" not in settings("crf_ner_trf", BASE, encoder="x")
    assert f"{spans}.window" not in settings("crf_ner_trf", BASE._replace(positions=None), encoder="x")


def test_a_guess_is_said_to_be_one() -> None:
    guess = BASE._replace(known=False)
    reasons = [decision.reason for decision in decided("crf_ner_trf", guess, encoder="x/y")]
    assert any("x/y was found neither here nor on the Hub" in reason for reason in reasons)
    assert not any("neither" in decision.reason for decision in decided("crf_ner_trf", BASE, encoder="x/y"))


def test_scheme_and_data_are_written_down() -> None:
    found = settings("crf_ner_cnn", scheme="BIO", train="t.spacy", dev="d.spacy")
    assert found["components.ner.scheme"] == "BIO"
    assert (found["paths.train"], found["paths.dev"]) == ("t.spacy", "d.spacy")
