"""How far scores depend on the Docs that happen to be in the data: bootstrap intervals over Docs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import Errors, EvaluationError
from .entity_counts import sort_out
from .judged_docs import JudgedDoc

CountArray = NDArray[np.int32]
FloatArray = NDArray[np.float64]

SAMPLES = 1000
LEVEL = 0.95
# Numbers of a block of samples that are in memory at once.
BLOCK = 2_000_000


class Interval(NamedTuple):
    """Where a score would be in 95 of 100 samples.

    low (float): The 2.5th percentile.
    high (float): The 97.5th percentile.
    """

    low: float
    high: float


@dataclass(frozen=True)
class Intervals:
    """Intervals of the scores of a pipeline; None where no sample has an entity that counts.

    precision (Interval | None): Of all labels together.
    recall (Interval | None): Of all labels together.
    f1 (Interval | None): Of all labels together.
    macro_f1 (Interval | None): Of the mean of the labels' F1.
    labels (dict[str, Interval | None]): Of the F1 of each label.
    """

    precision: Interval | None
    recall: Interval | None
    f1: Interval | None
    macro_f1: Interval | None
    labels: dict[str, Interval | None]


def count_by_doc(docs: Sequence[JudgedDoc], labels: Sequence[str]) -> CountArray:
    """Count the entities of each Doc and label, so that samples of Docs need not be counted again.

    docs (Sequence[JudgedDoc]): The Docs.
    labels (Sequence[str]): All labels that occur.
    RETURNS (CountArray): True positives, false positives and false negatives. *Shape:* (n_docs, n_labels, 3).
    """
    places = {label: index for index, label in enumerate(labels)}
    counts = np.zeros((len(docs), len(labels), 3), dtype=np.int32)
    for row, doc in zip(counts, docs, strict=True):
        for outcome, spans in enumerate(sort_out(doc)):
            for span in spans:
                row[places[span.label], outcome] += 1
    return counts


def find_intervals(
    counts: CountArray, labels: Sequence[str], *, samples: int = SAMPLES, seed: int = 0
) -> Intervals:
    """Bootstrap percentile intervals of 95 % (Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13).

    Each sample has as many Docs as the data, drawn with replacement: whole Docs, for the entities of one have much in
    common. Samples in which a label does not occur say nothing about it. The intervals do not hold for data of another
    kind, nor for another training run.

    counts (CountArray): What `count_by_doc` returned. *Shape:* (n_docs, n_labels, 3).
    labels (Sequence[str]): The labels, in the same order.
    samples (int): How many samples are drawn, at least 1.
    seed (int): Of their random numbers.
    RETURNS (Intervals): All intervals.
    RAISES (EvaluationError): No samples.
    """
    parts = [scores(drawn) for drawn in resampled(counts, samples, seed)]
    by_label = np.concatenate([part.labels for part in parts])
    micro = np.concatenate([part.micro for part in parts])
    occurs = ~np.isnan(by_label)
    sizes = occurs.sum(axis=1)
    sums = np.where(occurs, by_label, 0.0).sum(axis=1)
    macro = np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan)
    return Intervals(
        precision=percentiles(micro[:, 0]),
        recall=percentiles(micro[:, 1]),
        f1=percentiles(micro[:, 2]),
        macro_f1=percentiles(macro),
        labels={label: percentiles(by_label[:, index]) for index, label in enumerate(labels)},
    )


class Scores(NamedTuple):
    """Scores of several samples; NaN where no entity counts.

    micro (FloatArray): Precision, recall and F1 of all labels together. *Shape:* (samples, 3).
    labels (FloatArray): F1 of each label. *Shape:* (samples, n_labels).
    """

    micro: FloatArray
    labels: FloatArray


def scores(counts: FloatArray) -> Scores:
    """RETURNS (Scores): The scores of samples.

    counts (FloatArray): Sums over the Docs of each sample. *Shape:* (samples, n_labels, 3).
    """
    return Scores(precision_recall_f1(counts.sum(axis=1)), precision_recall_f1(counts)[..., 2])


def precision_recall_f1(counts: FloatArray) -> FloatArray:
    """Precision, recall and F1, each 0 if nothing could be right, as in `Counts`; NaN where no entity counts at all.

    counts (FloatArray): True positives, false positives and false negatives. *Shape:* (..., 3).
    RETURNS (FloatArray): The three scores. *Shape:* (..., 3).
    """
    tp, fp, fn = counts[..., 0], counts[..., 1], counts[..., 2]
    precision = tp / np.maximum(tp + fp, 1)
    recall = tp / np.maximum(tp + fn, 1)
    f1 = 2 * (precision * recall / np.where(tp > 0, precision + recall, 1.0))
    found = np.stack([precision, recall, f1], axis=-1)
    return np.where((tp + fp + fn > 0)[..., None], found, np.nan)


def resampled(counts: CountArray, samples: int, seed: int) -> Iterator[FloatArray]:
    """Draw samples of Docs, and sum up their counts.

    counts (CountArray): Any counts. *Shape:* (n_docs, ...).
    samples (int): How many samples, at least 1.
    seed (int): Samples of the same seed and number of Docs are the same: scores of two pipelines can be paired.
    YIELDS (FloatArray): Some of the samples. *Shape:* (n, ...).
    RAISES (EvaluationError): No samples, or no Docs.
    """
    if samples < 1:
        raise EvaluationError(Errors.E001.format(name="samples", expected="at least 1", got=samples))
    n_docs = len(counts)
    if not n_docs:
        raise EvaluationError(Errors.E001.format(name="counts", expected="of at least 1 Doc", got=n_docs))
    generator = np.random.default_rng(seed)
    # A product of float64 matrices is fast, and exact for numbers like these.
    flat = counts.reshape(n_docs, -1).astype(np.float64)
    size = max(1, BLOCK // n_docs)
    for first in range(0, samples, size):
        n_rows = min(size, samples - first)
        drawn = generator.integers(0, n_docs, size=(n_rows, n_docs))
        drawn += np.arange(n_rows)[:, None] * n_docs
        times = np.bincount(drawn.ravel(), minlength=n_rows * n_docs).reshape(n_rows, n_docs)
        yield (times.astype(np.float64) @ flat).reshape(n_rows, *counts.shape[1:])


def percentiles(values: FloatArray) -> Interval | None:
    """RETURNS (Interval | None): The middle 95 % of some numbers; None without any.

    values (FloatArray): The numbers; NaN are left out. *Shape:* (n,).
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))
