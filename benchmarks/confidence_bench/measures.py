"""Measures of scores, with intervals from resampled Docs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacy_crf_ner.evaluation import brier_score, calibration_error, precision_recall_area, span_log_loss
from spacy_crf_ner.evaluation.search import find_minimum

from .names import ALL, LONG
from .scores import FloatArray, Method, Part

BoolArray = NDArray[np.bool_]
Measure = Callable[[FloatArray, BoolArray], float]

MEASURES: dict[str, Measure] = {
    "ece": calibration_error,
    "brier": brier_score,
    "nll": span_log_loss,
    "aupr": precision_recall_area,
}
# Of all intervals, how much lies below and above them: 95 % lie within.
TAILS = (2.5, 97.5)
LOWEST, HIGHEST = 0.1, 10.0


class Stage(NamedTuple):
    """Scores of the test part's entities by one method.

    method (str): Its name.
    calibrated (bool): Whether a temperature was fitted on the dev part.
    temperatures (dict[str, float]): The temperature under "" and those of labels.
    scores (FloatArray): *Shape:* (n_spans,).
    """

    method: str
    calibrated: bool
    temperatures: dict[str, float]
    scores: FloatArray


def fit_temperature(method: Method, dev: Part) -> float:
    """The temperature with the smallest log loss on the dev part: the same search as for ours.

    method (Method): How scores are computed.
    dev (Part): The dev part.
    RETURNS (float): The temperature, between 0.1 and 10.
    """

    def loss(log_temperature: float) -> float:
        return span_log_loss(method(dev, math.exp(log_temperature)), dev.predictions.correct)

    return math.exp(find_minimum(loss, math.log(LOWEST), math.log(HIGHEST), start=0.0))


def figures(
    stages: Sequence[Stage], ours: str, part: Part, resamples: int, seed: int = 0
) -> Iterator[dict[str, Any]]:
    """Measure all scores on the test part, and how far each is from ours: of all entities, and of long ones alone.

    The Docs are resampled with replacement (Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13:
    percentile intervals), for entities of one Doc are not independent. All scores are measured on the same resamples,
    so that the interval of a difference is that of paired values. Temperatures stay as they were fitted.

    stages (Sequence[Stage]): The scores.
    ours (str): The method that others are compared with.
    part (Part): The test part.
    resamples (int): How many.
    seed (int): What draws them.
    YIELDS (dict[str, Any]): Of each stage what it is, and by the names of ALL and LONG its `figures` by measure, with
        `value`, `low` and `high`; `difference`, the same less ours at the same stage, None for ours; and `chance`, the
        calibration error that remains by chance if the scores are exactly right.
    """
    drawn = list(draw(part, resamples, seed))
    groups = {ALL: np.ones(len(part.docs), dtype=bool), LONG: part.is_long}
    compared = {name: _compare(stages, ours, part, drawn, kept) for name, kept in groups.items()}
    for index, stage in enumerate(stages):
        yield {
            "method": stage.method,
            "calibrated": stage.calibrated,
            "temperatures": stage.temperatures,
            **{name: found[index] for name, found in compared.items()},
        }


def draw(part: Part, resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Entities of resampled Docs.

    part (Part): The part.
    resamples (int): How many.
    seed (int): What draws them.
    YIELDS (NDArray): Indices of entities, each as often as its Doc was drawn.
    """
    generator = np.random.default_rng(seed)
    n_docs = len(part.held_out.truths)
    for _ in range(resamples):
        counts = np.bincount(generator.integers(0, n_docs, n_docs), minlength=n_docs)
        yield np.repeat(np.arange(len(part.docs)), counts[part.docs])


def chance_error(scores: FloatArray, draws: int, seed: int) -> float:
    """Mean calibration error of scores that are exactly right: each entity is so with the probability of its score.

    scores (FloatArray): *Shape:* (n_spans,).
    draws (int): How often all outcomes are drawn.
    seed (int): What draws them.
    RETURNS (float): What is left by chance, for these scores of so many entities.
    """
    generator = np.random.default_rng(seed)
    return float(
        np.mean([calibration_error(scores, generator.random(len(scores)) < scores) for _ in range(draws)])
    )


def _compare(
    stages: Sequence[Stage], ours: str, part: Part, drawn: Sequence[NDArray[np.int64]], kept: BoolArray
) -> list[dict[str, Any]]:
    """Figures of all stages for the entities that are kept."""
    correct = part.predictions.correct
    chosen = [indices[kept[indices]] for indices in (np.arange(len(correct)), *drawn)]
    tables = [_table(stage.scores, correct, chosen) for stage in stages]
    pairs = list(zip(stages, tables, strict=True))
    base = {stage.calibrated: table for stage, table in pairs if stage.method == ours}
    return [
        {
            "figures": _intervals(table),
            "difference": None
            if table is base[stage.calibrated]
            else _intervals(table - base[stage.calibrated]),
            "chance": chance_error(stage.scores[kept], len(drawn), seed=0),
        }
        for stage, table in pairs
    ]


def _table(scores: FloatArray, correct: BoolArray, chosen: Sequence[NDArray[np.int64]]) -> FloatArray:
    """All measures, of the entities themselves in the first row and of each resample in one of the others."""
    return np.array(
        [[measure(scores[indices], correct[indices]) for measure in MEASURES.values()] for indices in chosen]
    )


def _intervals(table: FloatArray) -> dict[str, dict[str, float]]:
    # A resample in which nothing is right has no precision-recall curve.
    lows, highs = np.nanpercentile(table[1:], TAILS, axis=0).tolist()
    columns = zip(MEASURES, table[0].tolist(), lows, highs, strict=True)
    return {name: {"value": value, "low": low, "high": high} for name, value, low, high in columns}
