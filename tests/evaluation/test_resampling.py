"""Bootstrap intervals against samples that are drawn and counted Doc by Doc."""

import numpy as np
import pytest

from spacy_crf_ner.errors import EvaluationError
from spacy_crf_ner.evaluation import (
    Counts,
    count_by_doc,
    count_by_label,
    find_intervals,
    macro_average,
    resampling,
    total,
)
from spacy_crf_ner.evaluation.resampling import percentiles, precision_recall_f1, resampled
from tests.evaluation.judged import LABELS, judged, random_docs

SORTED = sorted(LABELS)


def test_counts_of_docs_add_up_to_those_of_labels() -> None:
    docs = random_docs(30)
    counts = count_by_doc(docs, SORTED)
    assert counts.shape == (30, 3, 3)
    assert [Counts(*row) for row in counts.sum(axis=0).tolist()] == list(count_by_label(docs).values())


def test_scores_of_arrays_are_those_of_counts() -> None:
    numbers = np.array([[3, 1, 2], [0, 4, 0], [0, 0, 4], [5, 0, 0], [0, 2, 2]], dtype=np.float64)
    for row, found in zip(numbers, precision_recall_f1(numbers), strict=True):
        one = Counts(*row.tolist())
        assert found.tolist() == [one.precision, one.recall, one.f1]
    assert np.isnan(precision_recall_f1(np.zeros((1, 3)))).all()


def test_intervals_are_those_of_docs_that_are_drawn_one_by_one() -> None:
    docs = random_docs(25)
    found = find_intervals(count_by_doc(docs, SORTED), SORTED, samples=2000, seed=3)
    generator = np.random.default_rng(11)
    drawn = []
    for _ in range(2000):
        counts = count_by_label(docs[index] for index in generator.integers(0, len(docs), len(docs)))
        micro, macro = total(counts.values()), macro_average(counts.values())
        drawn.append((micro.precision, micro.recall, micro.f1, macro.f1, counts["ORG"].f1))
    expected = np.quantile(drawn, [0.025, 0.975], axis=0).T.tolist()
    got = (found.precision, found.recall, found.f1, found.macro_f1, found.labels["ORG"])
    # Other random numbers: as far apart as the ends of intervals of 2,000 samples are by chance.
    for interval, ends in zip(got, expected, strict=True):
        assert interval == pytest.approx(ends, abs=0.02)
        assert interval is not None
        assert interval.high - interval.low > 0.1


def test_the_same_seed_gives_the_same_intervals_whatever_the_size_of_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = count_by_doc(random_docs(25), SORTED)
    first = find_intervals(counts, SORTED, samples=100, seed=1)
    monkeypatch.setattr(resampling, "BLOCK", 25 * 7)
    assert find_intervals(counts, SORTED, samples=100, seed=1) == first
    assert find_intervals(counts, SORTED, samples=100, seed=2) != first


def test_every_sample_has_as_many_docs_as_the_data() -> None:
    counts = np.ones((9, 1, 3), dtype=np.int32)
    assert np.concatenate(list(resampled(counts, 20, 0))).tolist() == [[[9.0] * 3]] * 20


def test_docs_that_are_all_alike_leave_no_doubt() -> None:
    docs = [judged([(0, 1, "PER"), (2, 3, "PER")], [(0, 1, "PER")])] * 10
    found = find_intervals(count_by_doc(docs, ["PER"]), ["PER"], samples=50)
    assert found.precision == (1.0, 1.0)
    assert found.recall == (0.5, 0.5)
    assert found.f1 == found.macro_f1 == found.labels["PER"] == pytest.approx((2 / 3, 2 / 3))


def test_samples_without_a_label_say_nothing_about_it() -> None:
    docs = [judged([(0, 1, "PER")], [(0, 1, "PER")])] * 9 + [judged([(0, 1, "LOC")], [(0, 1, "LOC")])]
    labels = ["LOC", "ORG", "PER"]
    found = find_intervals(count_by_doc(docs, labels), labels, samples=200)
    # A third of the samples lacks LOC: taken for 0, its interval would begin there, and so would that of the mean.
    assert found.labels == {"LOC": (1.0, 1.0), "ORG": None, "PER": (1.0, 1.0)}
    assert found.macro_f1 == (1.0, 1.0)


def test_docs_without_entities_have_no_intervals() -> None:
    found = find_intervals(count_by_doc([judged()], ["PER"]), ["PER"], samples=5)
    assert (found.precision, found.recall, found.f1, found.macro_f1) == (None,) * 4
    assert percentiles(np.array([np.nan])) is None


def test_samples_and_docs_are_needed() -> None:
    with pytest.raises(EvaluationError, match="Expected `samples` to be at least 1, but got 0"):
        find_intervals(np.ones((2, 1, 3), dtype=np.int32), ["PER"], samples=0)
    with pytest.raises(EvaluationError, match="Expected `counts` to be of at least 1 Doc, but got 0"):
        find_intervals(np.ones((0, 1, 3), dtype=np.int32), ["PER"])
