"""What becomes of adapters later on: training goes on, listeners are replaced, models are copied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import torch
from spacy.training.initialize import init_nlp
from thinc.api import Config

from spacy_crf_ner.models.adapters import PeftTransformerModel, find_adapters
from spacy_crf_ner.models.adapters.transformer import replace_listener_cfg
from tests import tiny
from tests.models.adapters.encoders import (
    blank_docs,
    encode,
    initialize,
    make_nlp,
    model_in,
    quick,
    train,
    trained_nlp,
    weights,
)
from tests.pipeline.transformers import make_transformer_nlp


@pytest.mark.parametrize("how", ["load", "source"])
def test_a_merged_model_gets_new_adapters_when_its_training_goes_on(
    how: str, tiny_encoder: Path, tmp_path: Path
) -> None:
    first = trained_nlp(tiny_encoder)
    first.to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    if how == "source":
        source, nlp = nlp, spacy.blank("xx")
        for name in source.pipe_names:
            nlp.add_pipe(name, source=source)
    optimizer = quick(nlp.resume_training())
    model = model_in(nlp)
    assert not model.is_adapted
    # `nlp.update` applies the encoder's gradient in the update after, so one would show nothing.
    train(nlp, optimizer, 2)
    assert model.is_adapted
    merged = weights(spacy.load(tmp_path).get_pipe("transformer").model.transformer)
    kept = {
        name.removeprefix("base_model.model.").replace(".base_layer", ""): value
        for name, value in model.transformer.named_parameters()
        if not value.requires_grad
    }
    assert kept.keys() == merged.keys()
    assert all(torch.equal(value, merged[name]) for name, value in kept.items())
    assert np.abs(encode(nlp) - encode(first)).max() > 1e-4
    nlp.to_disk(tmp_path / "second")
    np.testing.assert_allclose(encode(spacy.load(tmp_path / "second")), encode(nlp), atol=1e-5)


def test_initialize_keeps_an_encoder_that_is_loaded(tiny_encoder: Path, tmp_path: Path) -> None:
    nlp = trained_nlp(tiny_encoder)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    optimizer = initialize(loaded)
    np.testing.assert_allclose(encode(loaded), encode(nlp), atol=1e-5)
    train(loaded, optimizer, 1)
    assert model_in(loaded).is_adapted


@pytest.mark.parametrize("method", ["lora", "prompt_tuning"])
def test_adapters_go_onto_an_encoder_that_was_trained_without(method: str, tiny_encoder: Path) -> None:
    plain = make_transformer_nlp(tiny_encoder)
    initialize(plain)
    nlp = make_nlp(tiny_encoder, method).from_bytes(plain.to_bytes())
    np.testing.assert_allclose(encode(nlp), encode(plain), atol=1e-6)
    train(nlp, quick(nlp.resume_training()), 2)
    assert model_in(nlp).is_adapted


def test_a_sourced_pipeline_resumes_in_a_config(tiny_encoder: Path, tmp_path: Path) -> None:
    trained_nlp(tiny_encoder).to_disk(tmp_path / "first")
    config = Config(make_nlp(tiny_encoder).config)
    for name in ("transformer", "crf_ner"):
        config["components"][name] = {"source": str(tmp_path / "first")}
    config["corpora"]["train"]["path"] = config["corpora"]["dev"]["path"] = str(tmp_path / "none")
    config["initialize"]["init_tok2vec"] = None
    nlp = init_nlp(config.merge({"training": {"frozen_components": []}}))
    assert nlp.pipe_names == ["transformer", "crf_ner"]
    train(nlp, quick(nlp.resume_training()), 1)
    assert model_in(nlp).is_adapted


@pytest.mark.parametrize(
    ("method", "settings"), [("lora", {}), ("lora", {"merge": False}), ("prompt_tuning", {})]
)
def test_listeners_are_replaced_and_restored(
    method: str, settings: dict[str, Any], tiny_encoder: Path, tmp_path: Path
) -> None:
    nlp = trained_nlp(tiny_encoder, method, **settings)
    expected = [tiny.entities(doc) for doc in nlp.pipe(tiny.TINY_TEXTS)]
    nlp.replace_listeners("transformer", "crf_ner", ["model.tok2vec"])
    assert [tiny.entities(doc) for doc in nlp.pipe(tiny.TINY_TEXTS)] == expected
    inner = find_adapters(nlp)
    assert list(inner) == ["transformer", "crf_ner"]
    assert inner["crf_ner"].shim.id != inner["transformer"].shim.id
    assert inner["crf_ner"].transformer is not inner["transformer"].transformer
    nlp.remove_pipe("transformer")
    # It trains inside of the component.
    before = weights(inner["crf_ner"].transformer)
    train(nlp, quick(nlp.resume_training()), 2)
    after = weights(inner["crf_ner"].transformer)
    trains = {name for name, value in inner["crf_ner"].transformer.named_parameters() if value.requires_grad}
    assert {name for name in before if not torch.equal(before[name], after[name])} == trains
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    architecture = loaded.config["components"]["crf_ner"]["model"]["tok2vec"]["@architectures"]
    assert architecture == "spacy-crf-ner.PeftTok2VecTransformer.v1"
    for doc, other in zip(loaded.pipe(tiny.TINY_TEXTS), nlp.pipe(tiny.TINY_TEXTS), strict=True):
        assert [(ent.text, ent._.crf_prob) for ent in doc.ents] == [
            (ent.text, pytest.approx(ent._.crf_prob, abs=1e-5)) for ent in other.ents
        ]


def test_a_replaced_listener_that_is_no_transformer_keeps_the_architecture() -> None:
    config = {"@architectures": "spacy-crf-ner.PeftTransformerModel.v1", "name": "x"}
    assert replace_listener_cfg(config, {"@architectures": "spacy.Tok2VecListener.v1"}) == config


def test_a_copy_has_weights_of_its_own(tiny_encoder: Path) -> None:
    nlp = trained_nlp(tiny_encoder)
    model = model_in(nlp)
    copied = model.copy()
    assert isinstance(copied, PeftTransformerModel)
    docs = blank_docs(nlp, "Anna lives in Berlin")
    expected = model.predict(docs).model_output.last_hidden_state
    before = expected.clone()
    np.testing.assert_array_equal(copied.predict(docs).model_output.last_hidden_state, before)
    train(nlp, quick(nlp.resume_training()), 2)
    assert (model.predict(docs).model_output.last_hidden_state - before).abs().max() > 1e-4
    np.testing.assert_array_equal(copied.predict(docs).model_output.last_hidden_state, before)
    assert copied.get_dim("nO") == model.get_dim("nO")
    # It has its encoder, and does not load another.
    copied.initialize(X=docs)
    np.testing.assert_array_equal(copied.predict(docs).model_output.last_hidden_state, before)
