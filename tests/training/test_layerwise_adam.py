"""LayerwiseAdam: what it does to single parameters, and to pipelines that `spacy train` trains."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from confection import ConfigValidationError
from spacy.training.initialize import init_nlp
from spacy.util import registry
from thinc.api import Adam, Config, Optimizer, constant_then, decaying

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.layerwise_adam import build_layerwise_adam_v1
from tests import tiny
from tests.training.deep_encoder import (
    DEPTH,
    RATE,
    Values,
    changes,
    make_config,
    train_with,
    values,
)

QUERY = "encoder.layer.{}.attention.self.query.weight"
WEIGHTS = [[1.0, -2.0], [0.5, 4.0]]
GRADIENT = [[0.1, 0.3], [-0.2, 0.0]]


@pytest.fixture(scope="module")
def plain(tiny_corpus: Path, encoder: Path) -> Values:
    """What one update does to each parameter without weight decay."""
    settings = {"layer_decay": 0.5, "head": 2.0, "crf": 3.0, "L2": 0.0, "patterns": {"query": 0.1}}
    return changes(make_config(tiny_corpus, encoder, settings))


def update(optimizer: Optimizer, name: str, times: int = 1, **options: Any) -> np.ndarray[Any, Any]:
    weights = np.asarray(WEIGHTS, dtype="float32")
    for _ in range(times):
        weights, gradient = optimizer((1, name), weights, np.asarray(GRADIENT, dtype="float32"), **options)
        assert not gradient.any()
    return weights


# One parameter.


@pytest.mark.parametrize("is_decay", [True, False])
def test_it_is_thincs_adam_with_another_rate(is_decay: bool) -> None:
    settings: dict[str, Any] = {"L2": 0.1, "beta1": 0.8, "beta2": 0.9, "eps": 0.01, "grad_clip": 0.2}
    settings |= {"L2_is_weight_decay": is_decay, "use_averages": True}
    ours = build_layerwise_adam_v1(0.1, n_layers=3, layer_decay=0.5, **settings)
    theirs = Adam(0.025, **settings)
    name = QUERY.format(0)
    np.testing.assert_allclose(update(ours, name, times=3), update(theirs, name, times=3), rtol=1e-6)
    assert ours.averages is not None
    assert theirs.averages is not None
    np.testing.assert_allclose(ours.averages[1, name], theirs.averages[1, name], rtol=1e-6)


def test_its_defaults_are_those_of_adam_with_weight_decay_and_without_averages() -> None:
    ours, theirs = build_layerwise_adam_v1(0.1, n_layers=3), Adam(0.1, L2=0.01, use_averages=False)
    name = QUERY.format(2)
    np.testing.assert_array_equal(update(ours, name, times=3), update(theirs, name, times=3))
    assert ours.averages is None


def test_schedules_are_scaled_step_by_step() -> None:
    schedule = {"learn_rate": constant_then(0.1, 1, decaying(0.1, 0.5)), "L2": [0.2, 0.1]}
    half = {"learn_rate": constant_then(0.05, 1, decaying(0.05, 0.5)), "L2": [0.2, 0.1]}
    ours = build_layerwise_adam_v1(n_layers=2, layer_decay=0.5, **schedule)  # type: ignore[arg-type]
    theirs = Adam(**half, use_averages=False)  # type: ignore[arg-type]
    name = QUERY.format(0)
    for step in range(4):
        np.testing.assert_allclose(update(ours, name), update(theirs, name), rtol=1e-6)
        if step == 0:
            update(ours, QUERY.format(1))
        ours.step_schedules()
        theirs.step_schedules()
    assert ours.learn_rate == pytest.approx(2 * theirs.learn_rate)
    assert ours.L2 == theirs.L2 == 0.1


def test_a_factor_of_the_caller_multiplies_its_own() -> None:
    ours = build_layerwise_adam_v1(0.1, n_layers=2, layer_decay=0.5, L2=0.0)
    theirs = Adam(0.1, L2=0.0)
    name = QUERY.format(0)
    np.testing.assert_allclose(
        update(ours, name, lr_scale=0.4), update(theirs, name, lr_scale=0.2), rtol=1e-6
    )


def test_the_weight_decay_is_there_again_after_a_bias_and_after_an_error() -> None:
    optimizer = build_layerwise_adam_v1(0.1, n_layers=1, L2=0.5)
    bias = np.ones(2, dtype="float32")
    optimizer((1, "encoder.layer.0.output.dense.bias"), bias, np.zeros(2, dtype="float32"))
    assert (bias == 1.0).all()
    assert optimizer.L2 == 0.5
    with pytest.raises(ValueError, match="incompatible shapes"):
        optimizer((1, "b"), bias, np.ones(3, dtype="float32"))
    assert optimizer.L2 == 0.5


def test_an_encoder_with_more_layers_is_an_error_and_its_weights_stay() -> None:
    optimizer = build_layerwise_adam_v1(0.1, n_layers=2)
    weights = np.asarray(WEIGHTS, dtype="float32")
    with pytest.raises(
        TrainingError, match=r"`n_layers` is 2, but 'encoder\.layer\.2\..*' is of layer 2, counted"
    ):
        optimizer((1, QUERY.format(2)), weights, np.ones_like(weights))
    np.testing.assert_array_equal(weights, WEIGHTS)


def test_an_encoder_with_fewer_layers_is_an_error_after_the_first_update() -> None:
    optimizer = build_layerwise_adam_v1(0.1, n_layers=12)
    for layer in (5, 0):
        update(optimizer, QUERY.format(layer))
    # Embeddings may come after the layers.
    update(optimizer, "encoder.rel_embeddings.weight")
    with pytest.raises(
        TrainingError, match=r"is 12, but the highest layer that learns is number 6, .* set .* to 6\."
    ):
        optimizer.step_schedules()


def test_the_error_comes_when_the_encoder_begins_to_learn() -> None:
    optimizer = build_layerwise_adam_v1(0.1, n_layers=3)
    update(optimizer, "W")
    optimizer.step_schedules()
    update(optimizer, QUERY.format(0))
    with pytest.raises(TrainingError, match=r"set `n_layers` to 1\."):
        optimizer.step_schedules()


def test_two_encoders_are_checked_each_for_itself() -> None:
    optimizer = build_layerwise_adam_v1(0.1, n_layers=2)
    weights = np.asarray(WEIGHTS, dtype="float32")
    optimizer((1, QUERY.format(1)), weights, np.ones_like(weights))
    optimizer((2, QUERY.format(0)), weights, np.ones_like(weights))
    with pytest.raises(TrainingError, match="number 1"):
        optimizer.step_schedules()


def test_frozen_layers_below_the_top_are_no_error_and_layers_may_pause() -> None:
    optimizer = build_layerwise_adam_v1(0.1, n_layers=12)
    for layers in ([11], [11, 10], [3]):
        for layer in layers:
            update(optimizer, QUERY.format(layer))
        optimizer.step_schedules()


def test_embeddings_without_layers_are_an_error_unless_there_are_none() -> None:
    optimizer = build_layerwise_adam_v1(0.1, n_layers=3)
    update(optimizer, "embeddings.word_embeddings.weight")
    update(optimizer, "stages.0.weight")
    with pytest.raises(
        TrainingError, match=r"`n_layers` is 3, but .* none of its layers.* Set `n_layers` to 0"
    ):
        optimizer.step_schedules()
    optimizer = build_layerwise_adam_v1(0.1, n_layers=0)
    update(optimizer, "embeddings.word_embeddings.weight")
    optimizer.step_schedules()


# Configs.


def resolve(settings: str) -> Any:
    head = '[optimizer]\n@optimizers = "spacy-crf-ner.LayerwiseAdam.v1"\nlearn_rate = 0.1\n'
    return registry.resolve(Config().from_str(head + settings))["optimizer"]


def test_patterns_keep_their_order_and_signs_in_a_config() -> None:
    settings = (
        r"n_layers = 2" + "\n[optimizer.patterns]\n" + r"self\.(query|key) = 3" + "\nquery = 5\nDense = 7\n"
    )
    optimizer = resolve(settings)
    assert list(optimizer.rates.patterns.items()) == [
        (r"self\.(query|key)", 3.0),
        ("query", 5.0),
        ("Dense", 7.0),
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("n_layers = 2.5", "n_layers"),
        ('n_layers = "two"', "n_layers"),
        ("n_layers = 2\nlayer_decay = null", "layer_decay"),
        ("n_layers = 2\nlayers = 3", "layers"),
        ('n_layers = 2\n[optimizer.patterns]\nquery = "fast"', "patterns"),
    ],
)
def test_settings_of_another_type_are_an_error_of_the_config(settings: str, message: str) -> None:
    with pytest.raises(ConfigValidationError, match=message):
        resolve(settings)


def test_settings_out_of_their_range_are_an_error_of_ours() -> None:
    with pytest.raises(TrainingError, match="`layer_decay`"):
        resolve("n_layers = 2\nlayer_decay = 1.5")


# Trained by the command `spacy train`.


def expected_factor(name: str) -> float:
    pattern = 0.1 if "query" in name else 1.0
    layer = re.search(r"layer\.(\d)", name)
    if layer:
        return pattern * 0.5 ** (DEPTH - 1 - int(layer[1]))
    if name.startswith("embeddings"):
        return pattern * 0.5**DEPTH
    return 3.0 if name.startswith("linear_chain_crf") else 2.0


def test_the_first_update_moves_each_parameter_by_its_rate(plain: Values) -> None:
    moved = {name: float(abs(change).max()) for name, change in plain.items() if "pooler" not in name}
    # A key's bias adds the same to all scores of a query, which softmax does not see: its gradient is noise.
    moved = {name: value for name, value in moved.items() if not name.endswith("key.bias")}
    assert len(moved) > 40
    for name, value in moved.items():
        assert value == pytest.approx(RATE * expected_factor(name), rel=0.01), name
    assert not any(change.any() for name, change in plain.items() if "pooler" in name)


def test_weights_decay_by_their_rate_and_biases_and_gains_do_not(
    plain: Values, tiny_corpus: Path, encoder: Path
) -> None:
    settings = {"layer_decay": 0.5, "head": 2.0, "crf": 3.0, "L2": 5.0, "patterns": {"query": 0.1}}
    config = make_config(tiny_corpus, encoder, settings)
    decayed = changes(config)
    start = values(init_nlp(config))
    for name, change in decayed.items():
        difference = change - plain[name]
        if "pooler" in name or change.ndim < 2:
            assert not difference.any(), name
        else:
            before_decay = start[name] + plain[name]
            expected = -RATE * expected_factor(name) * 5.0 * before_decay
            np.testing.assert_allclose(difference, expected, atol=1e-6, err_msg=name)


def test_averages_are_saved_and_a_trained_pipeline_goes_on(
    plain: Values, tiny_corpus: Path, encoder: Path, tmp_path: Path
) -> None:
    settings = {"layer_decay": 0.5, "head": 2.0, "crf": 3.0, "L2": 0.0, "patterns": {"query": 0.1}}
    config = make_config(tiny_corpus, encoder, {**settings, "use_averages": True})
    start = values(init_nlp(config))
    first = values(train_with(config, tmp_path / "first"))
    # After one update Thinc's mean is (1 - 2 / 11) times the parameter, as it begins at 0; of torch it has none.
    average = (start["linear.W"] + plain["linear.W"]) * 9 / 11
    np.testing.assert_allclose(first["linear.W"], average, atol=1e-6)
    query = QUERY.format(0)
    np.testing.assert_allclose(first[query], start[query] + plain[query], atol=1e-6)
    source = {"source": str(tmp_path / "first" / "output" / "model-last")}
    config = make_config(tiny_corpus, encoder, settings)
    config["components"] = {"transformer": dict(source), "ner": dict(source)}
    second = changes(config)
    for name, change in second.items():
        if name.startswith("encoder.layer") and "key.bias" not in name:
            assert abs(change).max() == pytest.approx(RATE * expected_factor(name), rel=0.01), name


def test_the_wrong_number_of_layers_ends_a_training(tiny_corpus: Path, encoder: Path) -> None:
    config = make_config(tiny_corpus, encoder, {})
    config["training"]["optimizer"]["n_layers"] = DEPTH + 1
    with pytest.raises(TrainingError, match=rf"set `n_layers` to {DEPTH}\."):
        changes(config)


def test_a_pipeline_without_a_transformer_learns_at_the_head_s_rate() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("crf_ner")
    docs = tiny.make_tiny_docs()
    examples = [spacy.training.Example(nlp.make_doc(doc.text), doc) for doc in docs]
    nlp.initialize(lambda: examples)
    before = values(nlp)
    optimizer = build_layerwise_adam_v1(RATE, n_layers=0, head=2.0, crf=3.0, L2=0.0)
    nlp.update(examples, sgd=optimizer)
    after = values(nlp)
    for name in ("hashembed.E", "linear.W"):
        assert abs(after[name] - before[name]).max() == pytest.approx(2 * RATE, rel=0.01)
    crf = "linear_chain_crf.transitions"
    assert abs(after[crf] - before[crf]).max() == pytest.approx(3 * RATE, rel=0.01)
