"""Two pipelines on the same Docs, against all ways to swap their predictions and samples counted Doc by Doc."""

import itertools

import numpy as np
import pytest

from spacy_crf_ner.errors import EvaluationError
from spacy_crf_ner.evaluation import Counts, compare, count_all
from spacy_crf_ner.evaluation import comparison as module
from tests.evaluation.judged import judged, random_docs


def f1(rows: np.ndarray) -> float:
    return Counts(*rows.sum(axis=0).tolist()).f1


def flat(counts: np.ndarray) -> np.ndarray:
    return counts.sum(axis=1)


FIRST, SECOND = (count_all(random_docs(10, seed)) for seed in (1, 2))


def test_the_difference_is_that_of_the_scores() -> None:
    found = compare(FIRST, SECOND, samples=10)
    assert (found.first, found.second) == (f1(flat(FIRST)), f1(flat(SECOND)))
    assert found.difference == found.first - found.second != 0


def test_the_p_value_nears_that_of_all_ways_to_swap_predictions() -> None:
    first, second = flat(FIRST), flat(SECOND)
    observed = abs(f1(first) - f1(second))
    ways = [np.array(way)[:, None] for way in itertools.product([False, True], repeat=len(first))]
    differences = [abs(f1(np.where(way, second, first)) - f1(np.where(way, first, second))) for way in ways]
    exact = np.mean([difference >= observed - 1e-12 for difference in differences])
    assert 0.05 < exact < 0.95
    found = compare(FIRST, SECOND, samples=20_000)
    assert found.p_value == pytest.approx(exact, abs=0.015)


def test_pipelines_that_do_the_same_do_not_differ() -> None:
    found = compare(FIRST, FIRST, samples=50)
    assert (found.difference, found.interval, found.p_value) == (0.0, (0.0, 0.0), 1.0)


def test_no_p_value_is_below_what_the_samples_can_tell() -> None:
    good = [judged([(0, 1, "PER")], [(0, 1, "PER")])] * 40
    bad = [judged([(0, 1, "PER")])] * 40
    found = compare(count_all(good), count_all(bad), samples=99)
    assert found.difference == 1.0
    assert found.interval == (1.0, 1.0)
    assert found.p_value == 1 / 100


def test_the_interval_is_that_of_samples_that_both_share() -> None:
    first, second = flat(FIRST), flat(SECOND)
    generator = np.random.default_rng(5)
    drawn = []
    for _ in range(4000):
        rows = generator.integers(0, len(first), len(first))
        drawn.append(f1(first[rows]) - f1(second[rows]))
    found = compare(FIRST, SECOND, samples=4000)
    assert found.interval == pytest.approx(np.quantile(drawn, [0.025, 0.975]).tolist(), abs=0.03)


def test_swapping_the_pipelines_swaps_the_signs() -> None:
    one, other = compare(FIRST, SECOND, samples=100), compare(SECOND, FIRST, samples=100)
    assert other.difference == -one.difference
    assert one.interval is not None
    assert other.interval == pytest.approx((-one.interval.high, -one.interval.low))


def test_labels_may_be_others_and_the_size_of_blocks_does_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    more = np.concatenate([SECOND, np.zeros_like(SECOND)], axis=1)
    whole = compare(FIRST, SECOND, samples=100)
    assert compare(FIRST, more, samples=100) == whole
    monkeypatch.setattr(module, "BLOCK", 31)
    assert compare(FIRST, SECOND, samples=100) == whole


def test_docs_without_entities_do_not_differ() -> None:
    nothing = np.zeros((3, 1, 3), dtype=np.int32)
    found = compare(nothing, nothing, samples=5)
    assert (found.first, found.interval, found.p_value) == (0.0, None, 1.0)


def test_both_need_the_same_docs() -> None:
    with pytest.raises(EvaluationError, match="on the same Docs, but got 10 and 9 Docs"):
        compare(FIRST, SECOND[:9])
