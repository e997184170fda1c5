"""What probabilities are worth: against the other measures of Docs from which predictions are really dropped."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given

from spacy_crf_ner.errors import EvaluationError
from spacy_crf_ner.evaluation import (
    Counts,
    CurvePoint,
    JudgedDoc,
    count_by_label,
    measure_confidence,
    precision_recall_curve,
    total,
)
from spacy_crf_ner.evaluation.reliability import brier_score, calibration_error, precision_recall_area
from tests.evaluation.judged import judged
from tests.evaluation.strategies import judged_docs

DOCS = [
    judged(
        [(0, 2, "PER"), (3, 4, "LOC"), (6, 7, "LOC")],
        [(0, 2, "PER"), (3, 4, "ORG"), (5, 6, "LOC"), (6, 7, "LOC")],
        probabilities=[0.9, 0.75, None, 0.4],
    )
]


def kept(docs: Sequence[JudgedDoc], threshold: float) -> Counts:
    """Micro counts of Docs without the predictions below a probability, or without one."""
    dropped = []
    for doc in docs:
        left = [
            (span, probability)
            for span, probability in zip(doc.predicted, doc.probabilities, strict=True)
            if probability is not None and probability >= threshold
        ]
        spans, probabilities = tuple(one for one, _ in left), tuple(one for _, one in left)
        dropped.append(replace(doc, predicted=spans, probabilities=probabilities))
    return total(count_by_label(dropped).values())


def test_a_point_is_what_a_threshold_leaves() -> None:
    found = measure_confidence(DOCS)
    assert found is not None
    assert found.entities == 3
    assert found.precision_recall == [
        CurvePoint(0.9, 1.0, 1 / 3, 0.5),
        CurvePoint(0.75, 0.5, 1 / 3, pytest.approx(0.4)),
        CurvePoint(0.4, 2 / 3, 2 / 3, pytest.approx(2 / 3)),
    ]
    assert found.area == pytest.approx((1 + 2 / 3) / 2)
    assert found.brier_score == pytest.approx((0.1**2 + 0.75**2 + 0.6**2) / 3)
    assert found.calibration_error == pytest.approx((0.1 + 0.75 + 0.6) / 3)
    assert [one.size for one in found.reliability] == [0, 0, 0, 0, 1, 0, 0, 1, 0, 1]


def test_it_is_json() -> None:
    found = measure_confidence(DOCS)
    assert found is not None
    saved = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert saved["precision_recall"][0] == {"threshold": 0.9, "precision": 1.0, "recall": 1 / 3, "f1": 0.5}
    assert saved["reliability"][9] == {
        "low": 0.9,
        "high": 1.0,
        "confidence": 0.9,
        "precision": 1.0,
        "count": 1,
    }
    assert saved["reliability"][0]["precision"] is None


def test_without_a_right_prediction_there_is_no_area() -> None:
    found = measure_confidence([judged([(0, 1, "PER")], [(2, 3, "PER")], probabilities=[0.9])])
    assert found is not None
    saved = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert saved["area"] is None
    assert saved["precision_recall"] == [{"threshold": 0.9, "precision": 0.0, "recall": 0.0, "f1": 0.0}]


def test_without_probabilities_there_is_nothing() -> None:
    assert measure_confidence([judged([(0, 1, "PER")], [(0, 1, "PER")])]) is None
    assert measure_confidence([]) is None
    assert precision_recall_curve(np.array([]), np.array([], dtype=bool), 3) == []


@pytest.mark.parametrize("wrong", [1.5, -0.1, float("nan")])
def test_probabilities_that_are_none_are_refused(wrong: float) -> None:
    docs = [judged([(0, 1, "PER")], [(0, 1, "PER"), (2, 3, "LOC")], probabilities=[0.5, wrong])]
    with pytest.raises(EvaluationError, match=f"Expected `probabilities` to be 0 to 1, but got {wrong}"):
        measure_confidence(docs)


@given(judged_docs())
def test_every_point_is_what_is_measured_if_predictions_are_dropped(docs: list[JudgedDoc]) -> None:
    found = measure_confidence(docs)
    known = {one for doc in docs for one in doc.probabilities if one is not None}
    if found is None:
        assert not known
        return
    assert [point.threshold for point in found.precision_recall] == sorted(known, reverse=True)
    for threshold, *scores in found.precision_recall:
        counts = kept(docs, threshold)
        assert scores == [counts.precision, counts.recall, counts.f1]
    assert sum(one.size for one in found.reliability) == found.entities


@given(judged_docs(without_probability=False))
def test_the_last_point_is_that_of_all_predictions(docs: list[JudgedDoc]) -> None:
    found = measure_confidence(docs)
    micro = total(count_by_label(docs).values())
    if found is not None:
        assert found.entities == micro.predicted
        assert found.precision_recall[-1][1:] == (micro.precision, micro.recall, micro.f1)
        right = sum((one.accuracy or 0.0) * one.size for one in found.reliability)
        assert right == pytest.approx(micro.tp)


def many_predictions(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that are about as good as they say."""
    generator = np.random.default_rng(5)
    chances = generator.random(count)
    return chances, generator.random(count) < chances


def test_the_area_is_that_below_the_steps_of_the_curve_if_nothing_else_is_annotated() -> None:
    chances, right = many_predictions(150)
    curve = precision_recall_curve(chances, right, annotated=int(right.sum()))
    recalls = [0.0, *(point.recall for point in curve)]
    area = sum(
        (after - before) * point.precision
        for (before, after), point in zip(pairwise(recalls), curve, strict=True)
    )
    assert area == pytest.approx(precision_recall_area(chances, right))


def test_a_long_curve_is_thinned_and_keeps_its_ends_and_the_best_point() -> None:
    chances, right = many_predictions(5000)
    whole = precision_recall_curve(chances, right, 3000, points=5000)
    thin = precision_recall_curve(chances, right, 3000)
    assert len(whole) == 5000
    assert 200 <= len(thin) <= 201
    assert set(thin) <= set(whole)
    assert (thin[0], thin[-1]) == (whole[0], whole[-1])
    assert max(point.f1 for point in thin) == max(point.f1 for point in whole)
    # No stretch of it is missing: the gaps are about those of 200 points among 5,000.
    places = [whole.index(point) for point in thin]
    assert max(np.diff(places)) <= 26


def test_measures_are_those_of_all_docs_together() -> None:
    found = measure_confidence(DOCS * 2)
    chances, right = [0.9, 0.75, 0.4] * 2, [True, False, True] * 2
    assert found is not None
    assert found.area == precision_recall_area(chances, right)
    assert found.brier_score == pytest.approx(brier_score(chances, right))
    assert found.calibration_error == pytest.approx(calibration_error(chances, right))
