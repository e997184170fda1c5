"""Whether one pipeline is better than another, or whether it is only the data that happens to suit it."""

from dataclasses import dataclass

import numpy as np

from ..errors import Errors, EvaluationError
from .resampling import (
    BLOCK,
    SAMPLES,
    CountArray,
    FloatArray,
    Interval,
    percentiles,
    precision_recall_f1,
    resampled,
)

# Differences this near to the observed one are equal to it: the same counts, added up in another order.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Comparison:
    """The difference between two pipelines on the same Docs.

    first (float): F1 of the first, 0 to 1, all labels together.
    second (float): F1 of the second.
    difference (float): First minus second: above 0 if the first is better.
    interval (Interval | None): Of the difference, 95 %, by paired bootstrap.
    p_value (float): How probable a difference as large as this, in either direction, is between pipelines that are
        equally good.
    samples (int): Samples that interval and p-value each are computed from.
    seed (int): Of their random numbers.
    """

    first: float
    second: float
    difference: float
    interval: Interval | None
    p_value: float
    samples: int
    seed: int


def compare(first: CountArray, second: CountArray, *, samples: int = SAMPLES, seed: int = 0) -> Comparison:
    """Compare the F1 of two pipelines on the same Docs.

    The interval is that of the difference in samples of Docs that are the same for both (Berg-Kirkpatrick et al. 2012,
    https://aclanthology.org/D12-1091/). The p-value is that of approximate randomisation (Yeh 2000,
    https://aclanthology.org/C00-2137/): for each Doc it is left to chance whose predictions are whose, and (1 + number
    of samples with a difference at least as large) / (1 + samples) is returned.

    first (CountArray): Counts of the first pipeline, as of `count_by_doc`. *Shape:* (n_docs, n_labels, 3).
    second (CountArray): Counts of the second on the same Docs; its labels may be others.
    samples (int): Samples of each of both, at least 1.
    seed (int): Of their random numbers.
    RETURNS (Comparison): Difference, interval and p-value.
    RAISES (EvaluationError): Counts of different numbers of Docs, no Docs, or no samples.
    """
    if len(first) != len(second):
        raise EvaluationError(Errors.E100.format(first=len(first), second=len(second)))
    # All labels together. *Shape:* (n_docs, 2, 3)
    both = np.stack([first.sum(axis=1), second.sum(axis=1)], axis=1).astype(np.int32)
    drawn = np.concatenate(list(resampled(both, samples, seed)))
    f1 = precision_recall_f1(drawn)[..., 2]
    one, other = (_f1(counts) for counts in both.sum(axis=0, dtype=np.int64))
    return Comparison(
        first=one,
        second=other,
        difference=one - other,
        interval=percentiles(f1[:, 0] - f1[:, 1]),
        p_value=_randomisation(both, abs(one - other), samples, seed),
        samples=samples,
        seed=seed,
    )


def _randomisation(both: CountArray, observed: float, samples: int, seed: int) -> float:
    """The p-value of an absolute difference.

    both (CountArray): Counts of both pipelines. *Shape:* (n_docs, 2, 3).
    """
    # What a Doc changes if its predictions are swapped; most change nothing.
    change = (both[:, 1] - both[:, 0]).astype(np.float64)
    change = change[change.any(axis=1)]
    sums = both.sum(axis=0, dtype=np.int64).astype(np.float64)
    generator = np.random.default_rng(seed)
    size = max(1, BLOCK // max(1, len(change)))
    n_large = 0
    for begin in range(0, samples, size):
        n_rows = min(size, samples - begin)
        swapped = generator.integers(0, 2, size=(n_rows, len(change))).astype(np.float64) @ change
        differences = np.abs(_all_f1(sums[0] + swapped) - _all_f1(sums[1] - swapped))
        n_large += int((differences >= observed - ROUNDING).sum())
    return (1 + n_large) / (1 + samples)


def _all_f1(counts: FloatArray) -> FloatArray:
    """F1 of samples, 0 where no entity counts. *Shape:* (samples,)"""
    return np.nan_to_num(precision_recall_f1(counts)[..., 2])


def _f1(counts: CountArray) -> float:
    return float(_all_f1(counts.astype(np.float64)))
