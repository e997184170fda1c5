"""How far probabilities can be trusted: measures of predictions that have a probability each and are right or wrong."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import Errors, EvaluationError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DEFAULT_BINS = 10
# Probabilities come from float32 scores, whose rounding is of this size: beyond it no log-likelihood is meant.
CERTAINTY = 1e-6


class ReliabilityBin(NamedTuple):
    """Predictions of about the same probability.

    low (float): Smallest probability of the bin.
    high (float): Probability at which the next bin begins; the last one holds 1.0, too.
    size (int): Predictions in it.
    confidence (float | None): Their mean probability; None in an empty bin.
    accuracy (float | None): The share of them that is right; None in an empty bin.
    """

    low: float
    high: float
    size: int
    confidence: float | None
    accuracy: float | None


def reliability_bins(
    probabilities: ArrayLike, correct: ArrayLike, bins: int = DEFAULT_BINS
) -> list[ReliabilityBin]:
    """Sort predictions into bins of equal width by their probability.

    probabilities (ArrayLike): Probability of each prediction, 0 to 1. *Shape:* (n,).
    correct (ArrayLike): Whether each is right. *Shape:* (n,), bool.
    bins (int): Number of bins, at least 1.
    RETURNS (list[ReliabilityBin]): All bins, from 0 to 1.
    RAISES (EvaluationError): Arrays that do not fit together, or no bins.
    """
    chances, outcomes = _checked(probabilities, correct)
    if bins < 1:
        raise EvaluationError(Errors.E001.format(name="bins", expected="at least 1", got=bins))
    places = np.minimum((chances * bins).astype(np.int64), bins - 1)
    counts = np.bincount(places, minlength=bins)
    sums = np.bincount(places, weights=chances, minlength=bins)
    hits = np.bincount(places, weights=outcomes, minlength=bins)
    edges = np.linspace(0.0, 1.0, bins + 1).tolist()
    return [
        ReliabilityBin(low, high, count, total / count if count else None, right / count if count else None)
        for low, high, count, total, right in zip(
            edges[:-1], edges[1:], counts.tolist(), sums.tolist(), hits.tolist(), strict=True
        )
    ]


def calibration_error(probabilities: ArrayLike, correct: ArrayLike, bins: int = DEFAULT_BINS) -> float:
    """Expected calibration error: the mean distance between probability and share of right predictions, by bins.

    sum_b |B_b| / n * |accuracy(B_b) - confidence(B_b)| over bins of equal width (Naeini et al. 2015,
    https://doi.org/10.1609/aaai.v29i1.9602; Guo et al. 2017, https://arxiv.org/abs/1706.04599, equation 3). It says
    nothing about whether the probabilities tell right from wrong: a constant that is right on average has 0.

    probabilities (ArrayLike): Probability of each prediction, 0 to 1. *Shape:* (n,).
    correct (ArrayLike): Whether each is right. *Shape:* (n,), bool.
    bins (int): Number of bins, at least 1.
    RETURNS (float): 0 to 1; NaN without predictions.
    RAISES (EvaluationError): Arrays that do not fit together, or no bins.
    """
    filled = [
        (one.size, abs(one.accuracy - one.confidence))
        for one in reliability_bins(probabilities, correct, bins)
        if one.accuracy is not None and one.confidence is not None
    ]
    total = sum(size for size, _ in filled)
    return sum(size * gap for size, gap in filled) / total if total else float("nan")


def brier_score(probabilities: ArrayLike, correct: ArrayLike) -> float:
    """Mean square of the distance between probability and outcome, 1 or 0.

    A proper score: it rewards both calibration and telling right from wrong (Brier 1950,
    https://doi.org/10.1175/1520-0493(1950)078%3C0001:VOFEIT%3E2.0.CO;2, for two outcomes counted once).

    probabilities (ArrayLike): Probability of each prediction, 0 to 1. *Shape:* (n,).
    correct (ArrayLike): Whether each is right. *Shape:* (n,), bool.
    RETURNS (float): 0 (perfect) to 1; NaN without predictions.
    RAISES (EvaluationError): Arrays that do not fit together.
    """
    chances, outcomes = _checked(probabilities, correct)
    return float(np.mean((chances - outcomes) ** 2)) if len(chances) else float("nan")


def span_log_loss(probabilities: ArrayLike, correct: ArrayLike) -> float:
    """Mean negative log-likelihood of the outcomes: -log p where a prediction is right, -log(1 - p) where it is wrong.

    The other proper score, and the one that temperatures are fitted to (Guo et al. 2017,
    https://arxiv.org/abs/1706.04599, section 2). Probabilities are taken to be no closer to 0 and 1 than 1e-6, the
    rounding of float32, so that one sure error costs 13.8 nats and not infinity.

    probabilities (ArrayLike): Probability of each prediction, 0 to 1. *Shape:* (n,).
    correct (ArrayLike): Whether each is right. *Shape:* (n,), bool.
    RETURNS (float): Nats per prediction; NaN without predictions.
    RAISES (EvaluationError): Arrays that do not fit together.
    """
    chances, outcomes = _checked(probabilities, correct)
    if not len(chances):
        return float("nan")
    clipped = np.clip(chances, CERTAINTY, 1.0 - CERTAINTY)
    return float(-np.mean(np.where(outcomes, np.log(clipped), np.log1p(-clipped))))


def precision_recall_area(scores: ArrayLike, correct: ArrayLike) -> float:
    """Area under the precision-recall curve as predictions are accepted from the highest score down.

    Average precision, sum_k (R_k - R_(k-1)) P_k over the distinct scores, without interpolation (Davis and Goadrich
    2006, https://doi.org/10.1145/1143844.1143874, on why lines between the points are too optimistic). Recall is the
    share of those right predictions that are there. Only the order of the scores counts.

    scores (ArrayLike): Any numbers, higher for predictions that are more likely right. *Shape:* (n,).
    correct (ArrayLike): Whether each is right. *Shape:* (n,), bool.
    RETURNS (float): 0 to 1; that of a random order is about the share of right predictions. NaN if none is right.
    RAISES (EvaluationError): Arrays that do not fit together.
    """
    values, outcomes = _same_size(scores, correct)
    if not outcomes.any():
        return float("nan")
    order = np.argsort(-values, kind="stable")
    # Equal scores are accepted together: the order in which they happen to come means nothing.
    lasts = np.flatnonzero(np.append(np.diff(values[order]) != 0, True))
    hits = np.cumsum(outcomes[order])[lasts]
    gained = np.diff(hits, prepend=0) / hits[-1]
    return float(np.sum(gained * hits / (lasts + 1)))


def _checked(probabilities: ArrayLike, correct: ArrayLike) -> tuple[FloatArray, BoolArray]:
    chances, outcomes = _same_size(probabilities, correct)
    outside = ~((chances >= 0.0) & (chances <= 1.0))
    if outside.any():
        got = chances[outside][0]
        raise EvaluationError(Errors.E001.format(name="probabilities", expected="0 to 1", got=got))
    return chances, outcomes


def _same_size(scores: ArrayLike, correct: ArrayLike) -> tuple[FloatArray, BoolArray]:
    values, outcomes = np.asarray(scores, dtype=np.float64), np.asarray(correct, dtype=bool)
    if values.ndim != 1 or values.shape != outcomes.shape:
        expected = f"one outcome for each score, {values.shape}"
        raise EvaluationError(Errors.E001.format(name="correct", expected=expected, got=outcomes.shape))
    return values, outcomes
