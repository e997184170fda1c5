"""Fit temperatures on held-out Docs, so that of the entities with probability p a share of p is right."""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..errors import Errors, EvaluationError
from .held_out import UNTEMPERED, HeldOut, Predictions, Temperatures
from .reliability import (
    DEFAULT_BINS,
    ReliabilityBin,
    brier_score,
    calibration_error,
    reliability_bins,
    span_log_loss,
)
from .search import find_minimum

OBJECTIVES = ("spans", "sequences")
# Temperatures beyond these say that the data cannot tell: all predictions are right, or all are wrong.
LOWEST, HIGHEST = 0.1, 10.0
# Below, a label's own temperature would follow chance: with 20 spans the share of right ones is known to +-0.1.
FEWEST_SPANS = 20
ROUNDS = 5
WINDOW = 0.35
LEAST_GAIN = 1e-4
# Of float32, in nats.
ROUNDING = 1e-5

Loss = Callable[[Temperatures], float]


@dataclass(frozen=True)
class Reliability:
    """How far the probabilities of predicted entities can be trusted.

    spans (int): Predicted entities.
    left_out (int): Further ones, on tokens that are not annotated.
    precision (float): The share of entities that is right.
    confidence (float): Their mean probability.
    calibration_error (float): Expected calibration error over `bins`.
    brier_score (float): Mean squared error of the probabilities.
    log_loss (float): Negative log-likelihood of right and wrong, nats per entity.
    annotation_loss (float): Negative log-likelihood of the annotation as a whole, nats per sequence.
    bins (list[ReliabilityBin]): The reliability diagram.
    """

    spans: int
    left_out: int
    precision: float
    confidence: float
    calibration_error: float
    brier_score: float
    log_loss: float
    annotation_loss: float
    bins: list[ReliabilityBin]


@dataclass(frozen=True)
class Calibration:
    """What was fitted, and what it changed.

    temperatures (Temperatures): The result.
    before (Reliability): With the temperatures that were there.
    after (Reliability): With the new ones.
    rare (dict[str, int]): Labels that were to get a temperature of their own and share one, with their predicted
        entities: too few.
    """

    temperatures: Temperatures
    before: Reliability
    after: Reliability
    rare: dict[str, int]

    @property
    def is_doubtful(self) -> bool:
        """Whether the data cannot tell the temperature: all predicted entities are right, or all are wrong, or some
        temperature is as low or as high as the search allows.
        """
        shared, own = self.temperatures
        found = (shared, *(own or {}).values())
        one_sided = self.before.precision in {0.0, 1.0}
        return one_sided or min(found) <= LOWEST or max(found) >= HIGHEST


def calibrate(
    held_out: HeldOut,
    *,
    objective: str = "spans",
    per_label: bool = False,
    bins: int = DEFAULT_BINS,
    current: Temperatures = UNTEMPERED,
) -> Calibration:
    """Fit one temperature, or one for each label, and measure what they change.

    The predicted entities are those of the best tag sequences, whatever the component's `threshold` and `decoding` are:
    which entities these choose depends on the probabilities. One temperature does not change the best sequences; those
    of labels may, so that what was fitted to the entities before is measured on the entities after.

    held_out (HeldOut): Docs that the model was not trained on.
    objective (str): What is fitted: "spans", the negative log-likelihood of predicted entities being right or wrong; or
        "sequences", that of the annotation as a whole.
    per_label (bool): Whether labels with at least 20 predicted entities get temperatures of their own.
    bins (int): Bins of the calibration error and of the diagram.
    current (Temperatures): Those in use so far.
    RETURNS (Calibration): Temperatures, rounded to four digits, and measures before and after.
    RAISES (EvaluationError): An unknown objective, or no predicted entities on annotated tokens.
    """
    if objective not in OBJECTIVES:
        expected = "one of " + ", ".join(OBJECTIVES)
        raise EvaluationError(Errors.E001.format(name="objective", expected=expected, got=objective))
    predicted = held_out.predict()
    if not predicted.spans:
        raise EvaluationError(Errors.E003.format(n_docs=len(held_out.truths), left_out=predicted.left_out))
    loss = _span_loss(held_out, predicted) if objective == "spans" else held_out.annotation_loss
    temperatures = Temperatures(_fit_shared(loss))
    rare: dict[str, int] = {}
    if per_label:
        counts = Counter(span.label for _, span in predicted.spans)
        rare = {label: counts[label] for label in held_out.tagset.labels if counts[label] < FEWEST_SPANS}
        temperatures = _fit_labels(loss, temperatures, held_out.tagset.labels, rare)
    temperatures = _rounded(temperatures)
    before, after = (measure(held_out, one, bins) for one in (current, temperatures))
    return Calibration(temperatures, before, after, rare)


def measure(held_out: HeldOut, temperatures: Temperatures, bins: int = DEFAULT_BINS) -> Reliability:
    """Measure the probabilities of predicted entities.

    held_out (HeldOut): Annotated Docs.
    temperatures (Temperatures): What the scores are divided by.
    bins (int): Bins of the calibration error and of the diagram.
    RETURNS (Reliability): All measures; NaN where nothing is predicted.
    RAISES (EvaluationError): No bins.
    """
    predicted = held_out.predict(temperatures)
    chances, correct = held_out.spans_of(predicted).probabilities(*temperatures), predicted.correct
    return Reliability(
        spans=len(correct),
        left_out=predicted.left_out,
        precision=float(correct.mean()) if len(correct) else math.nan,
        confidence=float(chances.mean()) if len(correct) else math.nan,
        calibration_error=calibration_error(chances, correct, bins),
        brier_score=brier_score(chances, correct),
        log_loss=span_log_loss(chances, correct),
        annotation_loss=held_out.annotation_loss(temperatures),
        bins=reliability_bins(chances, correct, bins),
    )


def _span_loss(held_out: HeldOut, predicted: Predictions) -> Loss:
    spans = held_out.spans_of(predicted)
    return lambda temperatures: span_log_loss(spans.probabilities(*temperatures), predicted.correct)


def _fit_shared(loss: Loss) -> float:
    """The best temperature for everything, looked for on a logarithmic scale."""
    return _find(lambda value: loss(Temperatures(value)), start=1.0)


def _fit_labels(loss: Loss, start: Temperatures, labels: Iterable[str], rare: Iterable[str]) -> Temperatures:
    """Coordinate descent over the labels until nothing is gained; the shared temperature, which the transitions keep,
    stays.
    """
    own = {label: start.shared for label in labels if label not in rare}
    if not own:
        return start
    reached = loss(start)
    for turn in range(ROUNDS):
        for label in own:
            own[label] = _fit_label(loss, start.shared, own, label, window=WINDOW if turn else None)
        previous, reached = reached, loss(Temperatures(start.shared, own))
        if previous - reached < LEAST_GAIN:
            break
    return Temperatures(start.shared, own)


def _fit_label(loss: Loss, shared: float, own: dict[str, float], label: str, window: float | None) -> float:
    def loss_with(value: float) -> float:
        return loss(Temperatures(shared, {**own, label: value}))

    return _find(loss_with, start=own[label], window=window)


def _find(loss: Callable[[float], float], start: float, window: float | None = None) -> float:
    """The temperature of the smallest loss: anywhere, or within a window of nats around the start."""
    low, high = math.log(LOWEST), math.log(HIGHEST)
    middle, points = math.log(start), 19
    if window is not None:
        low, high, points = max(low, middle - window), min(high, middle + window), 5
    found = find_minimum(
        lambda x: loss(math.exp(x)), low, high, start=middle, points=points, negligible=ROUNDING
    )
    return math.exp(found)


def _rounded(temperatures: Temperatures) -> Temperatures:
    """Four digits are more than the data can tell, and fit to be read in a file."""
    shared, own = temperatures
    by_label = None if own is None else {label: _four_digits(value) for label, value in own.items()}
    return Temperatures(_four_digits(shared), by_label)


def _four_digits(value: float) -> float:
    return float(f"{value:.4g}")
