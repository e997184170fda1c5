"""The table of parameters: rates at their peak, sums, and components that hold no parameters."""

from __future__ import annotations

import pytest
import spacy
from thinc.api import Adam, warmup_linear

from spacy_crf_ner.training.layerwise_adam import build_layerwise_adam_v1
from spacy_crf_ner.training.parameter_table import (
    FROZEN,
    NO_GRADIENT,
    ParameterRow,
    add_rates,
    check_optimizer,
    group_totals,
    list_parameters,
    peak_rate,
    probe,
)
from tests import tiny


def row(name: str, group: str, shape: tuple[int, ...] = (2, 3), hindrance: str | None = None) -> ParameterRow:
    return ParameterRow("ner", "layer", name, shape, group, False, hindrance)


@pytest.mark.parametrize(("max_steps", "expected"), [(0, 0.5), (100, 0.5), (5, 0.25), (1, 0.05)])
def test_the_peak_of_a_schedule_is_sought_among_the_steps_of_the_training(
    max_steps: int, expected: float
) -> None:
    assert peak_rate(Adam(warmup_linear(0.5, 10, 40)), max_steps) == pytest.approx(expected)


def test_the_peak_of_falling_and_constant_rates_is_the_first() -> None:
    assert peak_rate(Adam([0.3, 0.2, 0.1]), 0) == 0.3
    assert peak_rate(Adam(0.3), 7) == 0.3


def test_sums_are_in_the_order_from_the_embeddings_up() -> None:
    groups = ["crf", "layer 10", "head", "layer 9", "embeddings", "pooler"]
    totals = group_totals([row("W", group) for group in groups])
    assert [total.group for total in totals] == ["embeddings", "layer 9", "layer 10", "pooler", "head", "crf"]


def test_sums_tell_what_learns_and_at_which_rates() -> None:
    rows = [row("W", "head"), row("b", "head", (5,)), row("E", "head", (7, 7), FROZEN)]
    optimizer = build_layerwise_adam_v1(0.5, n_layers=0, patterns={"b": 0.5, "E": 9.0})
    (total,) = group_totals(add_rates(rows, optimizer, 0.5))
    assert (total.size, total.learning, total.rates) == (60, 11, (0.25, 0.5))


def test_a_scalar_counts_as_one_parameter() -> None:
    assert row("scale", "head", ()).size == 1


def test_components_without_a_model_are_left_out_and_without_a_batch_everything_may_learn() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("crf_ner")
    # Not initialized: most parameters are not there yet.
    assert {one.component for one in list_parameters(nlp)} <= {"ner", "crf_ner"}
    examples = [spacy.training.Example(nlp.make_doc(doc.text), doc) for doc in tiny.make_tiny_docs()]
    nlp.initialize(lambda: examples)
    rows = list_parameters(nlp)
    assert {one.component for one in rows} == {"crf_ner"}
    assert all(one.learns for one in rows)
    assert {one.hindrance for one in list_parameters(nlp, probed=True)} == {NO_GRADIENT}
    before = nlp.get_pipe("crf_ner").model.to_bytes()
    probe(nlp, iter(examples), [], [])
    assert nlp.get_pipe("crf_ner").model.to_bytes() == before
    assert all(one.learns for one in list_parameters(nlp, probed=True))
    check_optimizer(nlp, rows, build_layerwise_adam_v1(0.1, n_layers=12))
    check_optimizer(nlp, rows, Adam(0.1))
