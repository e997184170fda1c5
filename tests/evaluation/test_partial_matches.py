"""Credit for near matches: the cases of SemEval-2013, and nervaluate where it is installed."""

import pytest

from spacy_crf_ner.evaluation import JudgedDoc, MatchCounts, count_by_label, count_matches, total
from tests.evaluation.judged import LABELS, SpanTuple, judged, random_docs


@pytest.mark.parametrize(
    ("predicted", "strict", "exact", "partial", "label"),
    [
        ((0, 2, "PER"), "correct", "correct", "correct", "correct"),
        ((0, 2, "LOC"), "incorrect", "correct", "correct", "incorrect"),
        ((0, 3, "PER"), "incorrect", "incorrect", "partial", "correct"),
        ((0, 3, "LOC"), "incorrect", "incorrect", "partial", "incorrect"),
    ],
)
def test_each_measure_has_its_own_opinion(
    predicted: SpanTuple, strict: str, exact: str, partial: str, label: str
) -> None:
    found = count_matches([judged([(0, 2, "PER")], [predicted])])
    expected = {"strict": strict, "exact": exact, "partial": partial, "type": label}
    assert found == {measure: MatchCounts(**{outcome: 1}) for measure, outcome in expected.items()}


def test_what_has_no_counterpart_is_missed_or_spurious_for_all() -> None:
    found = count_matches([judged([(0, 2, "PER")], [(4, 5, "PER")])])
    assert set(found.values()) == {MatchCounts(missed=1, spurious=1)}


def test_partial_pairs_count_half() -> None:
    counts = MatchCounts(correct=2, incorrect=1, partial=2, missed=3, spurious=1)
    assert (counts.possible, counts.actual) == (8, 6)
    assert (counts.precision, counts.recall) == (3 / 6, 3 / 8)
    assert counts.f1 == pytest.approx(2 * 3 / (6 + 8))


def test_scores_without_entities_are_zero() -> None:
    assert (MatchCounts().precision, MatchCounts().recall, MatchCounts().f1) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("seed", range(10))
def test_strict_matches_are_the_usual_scores_and_nothing_is_counted_twice(seed: int) -> None:
    docs = random_docs(50, seed)
    usual = total(count_by_label(docs).values())
    found = count_matches(docs)
    strict = found["strict"]
    assert (strict.precision, strict.recall, strict.f1) == (usual.precision, usual.recall, usual.f1)
    for counts in found.values():
        assert (counts.possible, counts.actual) == (usual.annotated, usual.predicted)
    assert found["partial"].partial > 0


def is_clear(doc: JudgedDoc) -> bool:
    """Whether no entity overlaps two of the other side, so that there is no choice."""
    ranges = [[set(range(span.start, span.end)) for span in side] for side in (doc.gold, doc.predicted)]
    return all(
        sum(bool(one & other) for other in others) <= 1
        for mine, others in (ranges, ranges[::-1])
        for one in mine
    )


def test_counts_are_those_of_nervaluate_where_counterparts_are_clear() -> None:
    nervaluate = pytest.importorskip("nervaluate.evaluator", reason="nervaluate is not installed")
    docs = [doc for doc in random_docs(200) if is_clear(doc)]
    assert len(docs) > 50
    # Its ends are the last tokens.
    sides = [
        [
            [{"label": span.label, "start": span.start, "end": span.end - 1} for span in getattr(doc, side)]
            for doc in docs
        ]
        for side in ("gold", "predicted")
    ]
    theirs = nervaluate.Evaluator(*sides, tags=list(LABELS), loader="dict").evaluate()["overall"]
    for measure, counts in count_matches(docs).items():
        result = theirs["ent_type" if measure == "type" else measure]
        got = (result.correct, result.incorrect, result.partial, result.missed, result.spurious)
        assert tuple(counts) == got
        assert (counts.precision, counts.recall, counts.f1) == pytest.approx(
            (result.precision, result.recall, result.f1)
        )
