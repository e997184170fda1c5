"""Temperatures are found again where the annotation was drawn with them."""

import math

import numpy as np
import pytest

from spacy_crf_ner.errors import EvaluationError
from spacy_crf_ner.evaluation import (
    HeldOut,
    Temperatures,
    brier_score,
    calibrate,
    calibration_error,
    gather,
    measure,
    span_log_loss,
)
from spacy_crf_ner.tags import TagSpan
from tests.evaluation import corpora
from tests.pipeline import scripted


def held_out(
    temperature: float, own: dict[str, float] | None = None, count: int = 400, scale: float = 4.0
) -> HeldOut:
    """Docs annotated by chance, as probable as the model at these temperatures says."""
    nlp = corpora.pipeline(corpora.scores_by_text(scale))
    examples = corpora.sampled_examples(nlp, count, temperature, own)
    return gather(nlp, corpora.crf_ner(nlp), examples)


@pytest.fixture(scope="module")
def overconfident() -> HeldOut:
    return held_out(2.5)


@pytest.mark.parametrize("objective", ["spans", "sequences"])
def test_the_temperature_of_an_overconfident_model_is_found(objective: str, overconfident: HeldOut) -> None:
    found = calibrate(overconfident, objective=objective)
    assert found.temperatures.by_label is None
    assert found.temperatures.shared == pytest.approx(2.5, rel=0.1)
    assert found.after.calibration_error < 0.04 < 0.2 < found.before.calibration_error
    assert found.after.brier_score < found.before.brier_score
    assert found.after.log_loss < found.before.log_loss
    assert found.after.annotation_loss < found.before.annotation_loss
    assert found.after.confidence == pytest.approx(found.after.precision, abs=0.04)
    assert found.before.spans == found.after.spans > 600
    assert not found.is_doubtful


def test_the_temperature_of_an_underconfident_model_is_found() -> None:
    found = calibrate(held_out(0.5, scale=1.0))
    assert found.temperatures.shared == pytest.approx(0.5, rel=0.1)


def test_a_calibrated_model_stays_as_it_is() -> None:
    found = calibrate(held_out(1.0, scale=2.0))
    assert found.temperatures.shared == pytest.approx(1.0, rel=0.12)


@pytest.mark.parametrize("objective", ["spans", "sequences"])
def test_labels_get_their_own_temperatures(objective: str) -> None:
    data = held_out(2.0, {"PER": 1.5, "LOC": 4.0}, count=1000)
    found = calibrate(data, objective=objective, per_label=True)
    own = found.temperatures.by_label
    assert own is not None
    assert set(own) == {"PER", "LOC"}
    assert own["PER"] == pytest.approx(1.5, rel=0.15)
    assert own["LOC"] == pytest.approx(4.0, rel=0.25)
    shared = calibrate(data, objective=objective)
    field = "log_loss" if objective == "spans" else "annotation_loss"
    assert getattr(found.after, field) < getattr(shared.after, field)


def test_labels_with_few_predicted_entities_share_a_temperature() -> None:
    nlp = corpora.pipeline(corpora.scores_by_text(3.0), ("PER", "LOC", "NONE"))
    component = corpora.crf_ner(nlp)
    examples = corpora.sampled_examples(nlp, 60, 1.5)
    component.model.get_ref("output_layer").get_param("b")[-4:] = -6.0
    found = calibrate(gather(nlp, component, examples), per_label=True)
    assert found.temperatures.by_label is not None
    assert list(found.temperatures.by_label) == ["PER", "LOC"]
    assert list(found.rare) == ["NONE"]
    assert 0 <= found.rare["NONE"] < 20


def test_without_a_label_of_its_own_the_temperature_is_shared_by_all() -> None:
    data = held_out(2.0, count=8)
    found = calibrate(data, per_label=True)
    assert found.temperatures == calibrate(data).temperatures
    assert set(found.rare) == set(corpora.LABELS)


def test_measures_are_those_of_the_predicted_entities(overconfident: HeldOut) -> None:
    temperatures = Temperatures(1.3, {"LOC": 3.0})
    measured = measure(overconfident, temperatures, bins=5)
    predicted = overconfident.predict(temperatures)
    chances = overconfident.spans_of(predicted).probabilities(*temperatures)
    assert measured.spans == len(predicted.spans)
    assert measured.left_out == predicted.left_out
    assert measured.precision == predicted.correct.mean()
    assert measured.confidence == pytest.approx(chances.mean())
    assert measured.calibration_error == calibration_error(chances, predicted.correct, 5)
    assert measured.brier_score == brier_score(chances, predicted.correct)
    assert measured.log_loss == span_log_loss(chances, predicted.correct)
    assert measured.annotation_loss == overconfident.annotation_loss(temperatures)
    assert len(measured.bins) == 5


def test_it_is_compared_with_the_temperatures_in_use(overconfident: HeldOut) -> None:
    current = Temperatures(4.0)
    assert calibrate(overconfident, current=current).before == measure(overconfident, current)


def test_no_other_temperature_fits_better(overconfident: HeldOut) -> None:
    best = calibrate(overconfident).after.log_loss
    others = [measure(overconfident, Temperatures(value)).log_loss for value in np.geomspace(0.3, 9, 15)]
    assert best <= min(others) + 1e-6


@pytest.mark.parametrize(("right", "limit"), [(True, 0.1), (False, 10.0)])
def test_predictions_that_are_all_right_or_all_wrong_end_at_the_limits(right: bool, limit: float) -> None:
    nlp = corpora.pipeline(scripted.wishes((0, 1, "PER"), strength=2.0))
    gold = [TagSpan(0, 1, "PER" if right else "LOC")]
    found = calibrate(gather(nlp, corpora.crf_ner(nlp), [corpora.example(nlp, "Anna met Bo", gold)]))
    assert found.temperatures.shared == limit
    assert found.is_doubtful


def test_no_predictions_are_an_error() -> None:
    nlp = corpora.pipeline(scripted.wishes())
    data = gather(nlp, corpora.crf_ner(nlp), [corpora.example(nlp, "Anna", [TagSpan(0, 1, "PER")])])
    assert math.isnan(measure(data, Temperatures()).precision)
    with pytest.raises(
        EvaluationError, match=r"no entity on the annotated tokens of the 1 Docs \(0 on tokens"
    ):
        calibrate(data)


def test_another_objective_is_an_error(overconfident: HeldOut) -> None:
    with pytest.raises(
        EvaluationError, match="Expected `objective` to be one of spans, sequences, but got tokens"
    ):
        calibrate(overconfident, objective="tokens")
