"""Factors on the learning rate, by name, and settings that make no sense."""

from __future__ import annotations

import math

import pytest

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.layerwise_rates import LayerwiseRates

FACTORS = {"embeddings": 3.0, "pooler": 5.0, "head": 7.0, "crf": 11.0}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("encoder.layer.3.output.dense.weight", 1.0),
        ("encoder.layer.2.output.dense.weight", 0.5),
        ("encoder.layer.0.output.dense.bias", 0.125),
        ("embeddings.word_embeddings.weight", 3.0 * 0.0625),
        ("pooler.dense.weight", 5.0),
        ("W", 7.0),
        ("transitions", 11.0),
    ],
)
def test_each_layer_learns_more_slowly_than_the_one_above(name: str, expected: float) -> None:
    assert LayerwiseRates(0.5, 4, FACTORS).factor(name) == expected


def test_without_decay_all_rates_are_equal() -> None:
    rates = LayerwiseRates(1.0, 4)
    assert {rates.factor(name) for name in ("h.0.ln_1.bias", "h.3.ln_1.bias", "wte.weight", "W", "end")} == {
        1.0
    }


def test_the_first_pattern_that_is_found_counts_on_top_of_the_group() -> None:
    rates = LayerwiseRates(0.5, 2, patterns={r"attention\.self": 10.0, "query|dense": 100.0, "^W$": 1000.0})
    assert rates.factor("encoder.layer.0.attention.self.query.weight") == 5.0
    assert rates.factor("encoder.layer.0.output.dense.weight") == 50.0
    assert rates.factor("encoder.layer.0.attention_self.key.weight") == 0.5
    assert rates.factor("W") == 1000.0


def test_a_factor_of_zero_is_allowed() -> None:
    assert LayerwiseRates(0.5, 2, {"crf": 0.0}).factor("transitions") == 0.0


def test_an_encoder_without_layers_has_none_to_decay_over() -> None:
    assert LayerwiseRates(0.5, 0).factor("word_embeddings.weight") == 1.0


@pytest.mark.parametrize("name", ["encoder.layer.4.output.dense.weight", "layer.11.ff.layer_1.bias"])
def test_a_layer_that_is_not_counted_is_an_error(name: str) -> None:
    with pytest.raises(
        TrainingError, match=r"`n_layers` is 4, but 'e?n?c?o?d?e?r?\.?layer\.(4|11)\..*: set `n_l"
    ):
        LayerwiseRates(0.5, 4).factor(name)


@pytest.mark.parametrize("value", [0.0, -0.5, 1.001, math.nan, math.inf])
def test_a_decay_out_of_its_range_is_an_error(value: float) -> None:
    with pytest.raises(TrainingError, match=rf"`layer_decay` to be above 0 and at most 1, got {value}"):
        LayerwiseRates(value, 4)


def test_a_negative_number_of_layers_is_an_error() -> None:
    with pytest.raises(TrainingError, match=r"`n_layers` .*, got -1"):
        LayerwiseRates(0.5, -1)


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_a_factor_out_of_its_range_is_an_error_that_names_it(value: float) -> None:
    with pytest.raises(TrainingError, match=rf"factor `head` .* at least 0, got {value}"):
        LayerwiseRates(0.5, 4, {"crf": 1.0, "head": value})
    with pytest.raises(TrainingError, match=rf"factor `patterns\.query` .*, got {value}"):
        LayerwiseRates(0.5, 4, patterns={"query": value})


def test_what_is_no_regular_expression_is_an_error() -> None:
    with pytest.raises(TrainingError, match=r"regular expressions, got '\(query': missing \), unterminated"):
        LayerwiseRates(0.5, 4, patterns={"(query": 1.0})
