"""Freezing: what no longer moves, where no gradient is computed, and settings that do not fit."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import spacy
import torch
from spacy.language import Language
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as train_loop
from thinc.api import SGD

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.freezing import build_freeze_v1
from tests import tiny
from tests.training.deep_encoder import (
    DEPTH,
    encoder_of,
    gradients,
    learning,
    make_config,
    train_with,
    values,
)

FREEZE = {"@callbacks": "spacy-crf-ner.freeze.v1", "layers": 2}


def names_in(nlp: Language, *parts: str) -> set[str]:
    return {name for name, _ in encoder_of(nlp).named_parameters() if any(part in name for part in parts)}


def test_embeddings_and_lower_layers_are_frozen(nlp: Language) -> None:
    everything = learning(nlp)
    assert build_freeze_v1(layers=2)(nlp) is nlp
    assert everything - learning(nlp) == names_in(nlp, "embeddings.", "layer.0.", "layer.1.")
    assert learning(nlp) == names_in(nlp, "layer.2.")


def test_embeddings_alone_layers_alone_and_patterns(nlp: Language) -> None:
    everything = learning(nlp)
    build_freeze_v1()(nlp)
    assert everything - learning(nlp) == names_in(nlp, "embeddings.")
    encoder_of(nlp).requires_grad_(True)
    build_freeze_v1(embeddings=False, layers=1)(nlp)
    assert everything - learning(nlp) == names_in(nlp, "layer.0.")
    encoder_of(nlp).requires_grad_(True)
    build_freeze_v1(embeddings=False, patterns=[r"self\.query", r"LayerNorm\.bias$"])(nlp)
    assert everything - learning(nlp) == names_in(nlp, "self.query", "LayerNorm.bias")


def test_what_learns_gets_the_gradient_that_it_had_and_the_rest_none(nlp: Language) -> None:
    full = gradients(nlp)
    build_freeze_v1(layers=2)(nlp)
    frozen = gradients(nlp)
    lower = names_in(nlp, "embeddings.", "layer.0.", "layer.1.")
    assert full.keys() - frozen.keys() == lower
    for name, gradient in frozen.items():
        assert gradient == pytest.approx(full[name], abs=1e-4), name


def test_nothing_is_kept_for_gradients_below_the_lowest_layer_that_learns(nlp: Language) -> None:
    outputs: list[torch.Tensor] = []
    layers: Any = encoder_of(nlp).encoder.layer  # type: ignore[union-attr]
    handles = [layer.register_forward_hook(lambda *args: outputs.append(args[-1][0])) for layer in layers]
    try:
        build_freeze_v1(layers=2)(nlp)
        gradients(nlp)
    finally:
        for handle in handles:
            handle.remove()
    assert [output.requires_grad for output in outputs] == [False, False, True]


def test_with_everything_frozen_the_head_still_learns(nlp: Language) -> None:
    build_freeze_v1(layers=DEPTH)(nlp)
    assert not learning(nlp)
    found = gradients(nlp)
    assert {name for name in found if "." in name and not name.startswith("linear")} == set()
    assert found["linear.W"].any()
    before = values(nlp)
    docs = tiny.make_tiny_docs()
    nlp.update([Example(nlp.make_doc(doc.text), doc) for doc in docs], sgd=SGD(0.1, L2=0.1))
    after = values(nlp)
    moved = {name for name in after if (after[name] != before[name]).any()}
    assert moved == {f"linear.{name}" for name in "Wb"} | {
        f"linear_chain_crf.{name}" for name in ("transitions", "start", "end")
    }


def test_frozen_pipelines_predict_without_gradients(nlp: Language) -> None:
    text = tiny.TINY_TEXTS[0]
    before = tiny.encoding(nlp.get_pipe("transformer"), nlp.make_doc(text))
    build_freeze_v1(layers=DEPTH)(nlp)
    hidden = []
    handle = encoder_of(nlp).register_forward_hook(lambda *args: hidden.append(args[-1].last_hidden_state))
    after = tiny.encoding(nlp.get_pipe("transformer"), nlp.make_doc(text))
    handle.remove()
    assert (before == after).all()
    assert not hidden[0].requires_grad


def test_gradients_from_before_are_gone(nlp: Language) -> None:
    gradients(nlp)
    build_freeze_v1(layers=1)(nlp)
    kept = {name for name, value in encoder_of(nlp).named_parameters() if value.grad is not None}
    assert kept == learning(nlp) - names_in(nlp, "embeddings.", "layer.0.")


def test_a_second_call_changes_nothing(nlp: Language) -> None:
    freeze = build_freeze_v1(layers=1)
    freeze(nlp)
    first = learning(nlp)
    freeze(nlp, {"step": 1, "epoch": 0})
    assert learning(nlp) == first
    assert len(encoder_of(nlp)._forward_hooks) == 1


# Trained.


@pytest.mark.parametrize("place", ["initialize.after_init", "training.before_update"])
@pytest.mark.parametrize(
    "optimizer", [None, {"L2": 0.1, "use_averages": True}], ids=["Adam", "LayerwiseAdam"]
)
def test_training_leaves_what_is_frozen_as_it_was(
    place: str, optimizer: dict[str, Any] | None, tiny_corpus: Path, encoder: Path
) -> None:
    config = make_config(tiny_corpus, encoder, optimizer)
    section, key = place.split(".")
    config[section][key] = dict(FREEZE)
    nlp = init_nlp(config)
    before = values(nlp)
    train_loop(nlp, stdout=StringIO(), stderr=StringIO())
    after = values(nlp)
    moved = {name for name in after if (after[name] != before[name]).any()}
    assert moved - {"linear.W", "linear.b"} == names_in(nlp, "layer.2.") | {
        f"linear_chain_crf.{name}" for name in ("transitions", "start", "end")
    }


def test_a_saved_pipeline_is_not_frozen_and_keeps_the_encoder(
    tiny_corpus: Path, encoder: Path, tmp_path: Path
) -> None:
    config = make_config(tiny_corpus, encoder)
    config["initialize"]["after_init"] = dict(FREEZE)
    loaded = train_with(config, tmp_path / "run")
    assert all(parameter.requires_grad for parameter in encoder_of(loaded).parameters())
    before = values(init_nlp(config))
    after = values(loaded)
    kept = {name for name in after if (after[name] == before[name]).all() and "pooler" not in name}
    assert kept == names_in(loaded, "embeddings.", "layer.0.", "layer.1.")


# Settings.


def test_a_component_that_is_not_there_is_an_error(nlp: Language) -> None:
    with pytest.raises(
        TrainingError, match=r"component of the pipeline \(transformer, ner\), got 'encoder'\."
    ):
        build_freeze_v1(component="encoder")(nlp)


def test_a_component_without_an_encoder_is_an_error(nlp: Language) -> None:
    with pytest.raises(
        TrainingError, match=r"Component 'ner' holds no torch module .* `component` has to name"
    ):
        build_freeze_v1(component="ner")(nlp)
    other = spacy.blank("en")
    other.add_pipe("sentencizer")
    with pytest.raises(TrainingError, match=r"Component 'sentencizer' holds no"):
        build_freeze_v1(component="sentencizer")(other)


def test_a_transformer_that_is_not_initialized_is_an_error(encoder: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer")
    with pytest.raises(TrainingError, match=r"Component 'transformer' holds no .* not initialized yet"):
        build_freeze_v1()(nlp)


@pytest.mark.parametrize("layers", [-1, DEPTH + 1])
def test_more_layers_than_there_are_are_an_error(nlp: Language, layers: int) -> None:
    everything = learning(nlp)
    with pytest.raises(
        TrainingError, match=rf"`layers` is {layers}, but .* 'transformer' has 3 layers: .* 0 to 3\."
    ):
        build_freeze_v1(layers=layers)(nlp)
    assert learning(nlp) == everything


def test_a_pattern_that_finds_nothing_is_an_error_and_nothing_is_frozen(nlp: Language) -> None:
    everything = learning(nlp)
    message = r"`patterns\.attn` finds nothing in the encoder of 'transformer', .* 'embeddings\.word"
    with pytest.raises(TrainingError, match=message):
        build_freeze_v1(layers=1, patterns=["query", "attn"])(nlp)
    assert learning(nlp) == everything


def test_an_encoder_without_embeddings_is_an_error_if_they_are_to_be_frozen(nlp: Language) -> None:
    module = encoder_of(nlp)
    whole = module.embeddings
    module.embeddings = torch.nn.Identity()  # type: ignore[assignment]
    try:
        with pytest.raises(TrainingError, match=r"`embeddings` finds nothing .* 'encoder\.layer\.0"):
            build_freeze_v1()(nlp)
        build_freeze_v1(embeddings=False, layers=1)(nlp)
    finally:
        module.embeddings = whole


def test_freezing_nothing_is_an_error() -> None:
    with pytest.raises(
        TrainingError, match=r"Nothing would be frozen in 'transformer': set `embeddings`, `layers`"
    ):
        build_freeze_v1(embeddings=False)


def test_what_is_no_regular_expression_is_an_error() -> None:
    with pytest.raises(TrainingError, match=r"regular expressions, got '\*': nothing to repeat"):
        build_freeze_v1(patterns=["*"])
