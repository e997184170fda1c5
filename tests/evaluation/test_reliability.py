"""Measures of probabilities against values computed by hand, and against scikit-learn where it is installed."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_crf_ner.errors import EvaluationError
from spacy_crf_ner.evaluation import (
    ReliabilityBin,
    brier_score,
    calibration_error,
    precision_recall_area,
    reliability_bins,
    span_log_loss,
)

CHANCES = [0.95, 0.85, 0.85, 0.15, 0.1, 0.5]
RIGHT = [True, True, False, False, True, True]

PREDICTIONS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


def columns(predictions: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    chances, right = zip(*predictions, strict=True)
    return np.array(chances), np.array(right)


def test_bins_hold_what_lies_between_their_edges() -> None:
    bins = reliability_bins([0.0, 0.24, 0.25, 0.5, 0.74, 1.0, 0.8], [0, 1, 1, 0, 1, 1, 0], 4)
    assert bins == [
        ReliabilityBin(0.0, 0.25, 2, pytest.approx(0.12), 0.5),
        ReliabilityBin(0.25, 0.5, 1, 0.25, 1.0),
        ReliabilityBin(0.5, 0.75, 2, pytest.approx(0.62), 0.5),
        ReliabilityBin(0.75, 1.0, 2, pytest.approx(0.9), 0.5),
    ]


def test_an_empty_bin_has_neither_mean_nor_accuracy() -> None:
    assert reliability_bins([0.9], [True], 2)[0] == ReliabilityBin(0.0, 0.5, 0, None, None)


def test_the_calibration_error_is_the_mean_gap_weighted_by_the_size_of_the_bins() -> None:
    # Bins of ten: [.95], [.85, .85], [.15, .1], [.5]
    gaps = [1 * 0.05, 2 * abs(0.5 - 0.85), 2 * abs(0.5 - 0.125), 1 * 0.5]
    assert calibration_error(CHANCES, RIGHT) == pytest.approx(sum(gaps) / 6)
    assert calibration_error(CHANCES, RIGHT, bins=1) == pytest.approx(abs(4 / 6 - sum(CHANCES) / 6))


def test_the_brier_score_is_the_mean_squared_error() -> None:
    errors = [0.05**2, 0.15**2, 0.85**2, 0.15**2, 0.9**2, 0.5**2]
    assert brier_score(CHANCES, RIGHT) == pytest.approx(sum(errors) / 6)


def test_the_log_loss_is_that_of_coins() -> None:
    logs = [math.log(0.95), math.log(0.85), math.log(0.15), math.log(0.85), math.log(0.1), math.log(0.5)]
    assert span_log_loss(CHANCES, RIGHT) == pytest.approx(-sum(logs) / 6)


def test_one_sure_error_does_not_cost_infinity() -> None:
    assert span_log_loss([1.0, 0.0], [False, True]) == pytest.approx(-math.log(1e-6), rel=1e-6)
    assert span_log_loss([1.0, 0.0], [True, False]) == pytest.approx(0, abs=1e-5)


def test_the_area_adds_up_precision_where_recall_grows() -> None:
    # Accepted in the order right, (right, wrong) together, right, wrong, right.
    expected = 1 / 4 * 1 + 1 / 4 * 2 / 3 + 1 / 4 * 3 / 4 + 1 / 4 * 4 / 6
    assert precision_recall_area(CHANCES, RIGHT) == pytest.approx(expected)


def test_the_area_of_a_perfect_order_is_1_and_of_no_order_the_share_of_right_ones() -> None:
    assert precision_recall_area([3.0, 2.0, -1.0, -2.0], [True, True, False, False]) == 1.0
    assert precision_recall_area([0.5] * 8, [True] * 2 + [False] * 6) == 0.25


def test_equal_scores_count_the_same_in_any_order() -> None:
    scores, right = [0.9, 0.5, 0.5, 0.5], [True, True, False, False]
    areas = [precision_recall_area(scores, [right[0], *np.roll(right[1:], shift)]) for shift in range(3)]
    assert areas == pytest.approx([1 / 2 + 1 / 2 * 2 / 4] * 3)


@given(PREDICTIONS)
def test_measures_keep_to_their_range(predictions: list[tuple[float, bool]]) -> None:
    chances, right = columns(predictions)
    assert 0 <= calibration_error(chances, right) <= 1
    assert 0 <= brier_score(chances, right) <= 1
    assert 0 <= span_log_loss(chances, right) <= -math.log(1e-6) + 1e-6
    assert math.isnan(precision_recall_area(chances, right)) is not right.any()


@given(PREDICTIONS, st.integers(1, 20))
def test_every_prediction_is_in_one_bin(predictions: list[tuple[float, bool]], n_bins: int) -> None:
    chances, right = columns(predictions)
    bins = reliability_bins(chances, right, n_bins)
    assert len(bins) == n_bins
    assert sum(one.size for one in bins) == len(predictions)
    assert sum(one.size * (one.accuracy or 0) for one in bins) == pytest.approx(right.sum())
    for one in bins:
        if one.confidence is not None:
            assert one.low - 1e-9 <= one.confidence <= one.high + 1e-9


@given(PREDICTIONS)
def test_measures_agree_with_scikit_learn(predictions: list[tuple[float, bool]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    chances, right = columns(predictions)
    assert brier_score(chances, right) == pytest.approx(metrics.brier_score_loss(right, chances))
    clipped = np.clip(chances, 1e-6, 1 - 1e-6)
    assert span_log_loss(chances, right) == pytest.approx(metrics.log_loss(right, clipped, labels=[0, 1]))
    if right.any():
        area = metrics.average_precision_score(right, chances)
        assert precision_recall_area(chances, right) == pytest.approx(area)


@pytest.mark.parametrize(
    "measure",
    [calibration_error, brier_score, span_log_loss, precision_recall_area],
    ids=lambda m: m.__name__,
)
def test_nothing_to_measure_is_not_a_number(measure) -> None:
    assert math.isnan(measure([], []))


@pytest.mark.parametrize("measure", [calibration_error, brier_score, span_log_loss])
@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan])
def test_what_is_no_probability_is_an_error(measure, wrong: float) -> None:
    with pytest.raises(EvaluationError, match=f"Expected `probabilities` to be 0 to 1, but got {wrong}"):
        measure([0.5, wrong], [True, False])


@pytest.mark.parametrize("measure", [calibration_error, precision_recall_area])
def test_arrays_of_different_sizes_are_an_error(measure) -> None:
    with pytest.raises(EvaluationError, match=r"one outcome for each score, \(2,\), but got \(1,\)"):
        measure([0.5, 0.5], [True])


def test_no_bins_are_an_error() -> None:
    with pytest.raises(EvaluationError, match="Expected `bins` to be at least 1, but got 0"):
        calibration_error([0.5], [True], bins=0)
