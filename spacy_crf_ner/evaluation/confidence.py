"""What the probabilities of predicted entities are worth: as a threshold, and as a promise."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .entity_counts import Counts
from .judged_docs import JudgedDoc
from .reliability import (
    BoolArray,
    FloatArray,
    ReliabilityBin,
    brier_score,
    calibration_error,
    precision_recall_area,
    reliability_bins,
)

# A curve of so many points looks like one of all.
POINTS = 200


class CurvePoint(NamedTuple):
    """What is left if only the entities from some probability on are kept, as `threshold` of `crf_ner` does.

    threshold (float): The least probability that is kept.
    precision (float): The share of entities kept that is right.
    recall (float): The share of all annotated entities that is kept.
    f1 (float): Harmonic mean of both.
    """

    threshold: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Confidence:
    """How predicted entities and their probabilities `crf_prob` go together.

    entities (int): Predicted entities that have a probability; others count for nothing here.
    area (float): Average precision, as of `precision_recall_area`: how well the probabilities tell right predictions
        from wrong ones. Entities that are not predicted do not lower it, as they lower the recall of the curve; NaN if
        no prediction is right.
    precision_recall (list[CurvePoint]): The curve, with falling thresholds.
    calibration_error (float): Expected calibration error over `reliability`.
    brier_score (float): Mean squared error of the probabilities.
    reliability (list[ReliabilityBin]): The reliability diagram.
    """

    entities: int
    area: float
    precision_recall: list[CurvePoint]
    calibration_error: float
    brier_score: float
    reliability: list[ReliabilityBin]

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): All of it, ready for JSON."""
        return {
            "entities": self.entities,
            "area": None if math.isnan(self.area) else self.area,
            "calibration_error": self.calibration_error,
            "brier": self.brier_score,
            "precision_recall": [point._asdict() for point in self.precision_recall],
            "reliability": [
                {
                    "low": one.low,
                    "high": one.high,
                    "confidence": one.confidence,
                    "precision": one.accuracy,
                    "count": one.size,
                }
                for one in self.reliability
            ],
        }


def measure_confidence(docs: Iterable[JudgedDoc]) -> Confidence | None:
    """Measure the probabilities that a pipeline gave to its entities.

    docs (Iterable[JudgedDoc]): The Docs.
    RETURNS (Confidence | None): All measures; None if no entity has a probability.
    RAISES (EvaluationError): A probability that is not from 0 to 1.
    """
    found: list[tuple[float, bool]] = []
    annotated = 0
    for doc in docs:
        annotated += len(doc.gold)
        found.extend(_outcomes(doc))
    if not found:
        return None
    chances = np.array([probability for probability, _ in found])
    correct = np.array([outcome for _, outcome in found], dtype=bool)
    return Confidence(
        entities=len(found),
        area=precision_recall_area(chances, correct),
        precision_recall=precision_recall_curve(chances, correct, annotated),
        calibration_error=calibration_error(chances, correct),
        brier_score=brier_score(chances, correct),
        reliability=reliability_bins(chances, correct),
    )


def precision_recall_curve(
    probabilities: FloatArray, correct: BoolArray, annotated: int, points: int = POINTS
) -> list[CurvePoint]:
    """Precision and recall of the entities from each probability on.

    probabilities (FloatArray): Of each prediction. *Shape:* (n,).
    correct (BoolArray): Whether each is right. *Shape:* (n,).
    annotated (int): Annotated entities, found or not.
    points (int): How many points there are at most, at least 2; beside those, the one of the best F1 is always there.
    RETURNS (list[CurvePoint]): With falling thresholds, from the highest probability to the lowest. Where there are too
        many, they are about equally far apart by the number of entities that are kept.
    """
    if not len(probabilities):
        return []
    order = np.argsort(-probabilities, kind="stable")
    falling = probabilities[order]
    # Equal probabilities are kept or dropped together.
    lasts = np.flatnonzero(np.append(np.diff(falling) != 0, True))
    hits = np.cumsum(correct[order])[lasts]
    curve = []
    for threshold, last, right in zip(falling[lasts].tolist(), lasts.tolist(), hits.tolist(), strict=True):
        counts = Counts(tp=right, fp=last + 1 - right, fn=annotated - right)
        curve.append(CurvePoint(threshold, counts.precision, counts.recall, counts.f1))
    if len(curve) <= points:
        return curve
    wanted = np.linspace(lasts[0], lasts[-1], points)
    chosen = set(np.searchsorted(lasts, np.rint(wanted)).tolist())
    chosen.add(max(range(len(curve)), key=lambda index: curve[index].f1))
    return [curve[index] for index in sorted(chosen)]


def _outcomes(doc: JudgedDoc) -> Iterator[tuple[float, bool]]:
    """The probability of each entity that has one, and whether the entity is right.

    Of equal ones the most probable is: it is left when a threshold has dropped the others.
    """
    pairs = zip(doc.predicted, doc.probabilities, strict=True)
    known = [(probability, span) for span, probability in pairs if probability is not None]
    waiting = set(doc.gold)
    for probability, span in sorted(known, key=lambda pair: -pair[0]):
        yield probability, span in waiting
        waiting.discard(span)
