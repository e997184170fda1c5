"""Which entities are counterparts: by hand, and against a search that looks at all pairs again and again."""

import random

import pytest

from spacy_crf_ner.evaluation import Pair, pair_entities
from spacy_crf_ner.tags import TagSpan
from tests.evaluation.judged import SpanTuple, random_spans


def pairs(gold: list[SpanTuple], predicted: list[SpanTuple]) -> list[Pair]:
    return pair_entities([TagSpan(*span) for span in gold], [TagSpan(*span) for span in predicted])


@pytest.mark.parametrize(
    ("gold", "predicted", "kind"),
    [
        ((0, 2, "PER"), (0, 2, "PER"), "exact"),
        ((0, 2, "PER"), (0, 2, "LOC"), "label"),
        ((0, 2, "PER"), (0, 1, "PER"), "boundary"),
        ((0, 2, "PER"), (1, 4, "LOC"), "label_and_boundary"),
    ],
)
def test_entities_with_common_tokens_are_counterparts(
    gold: SpanTuple, predicted: SpanTuple, kind: str
) -> None:
    assert pairs([gold], [predicted]) == [(kind, 0, 0)]


def test_neighbours_have_nothing_in_common() -> None:
    assert pairs([(2, 4, "PER")], [(0, 2, "PER"), (4, 5, "PER")]) == [
        ("spurious", None, 0),
        ("missed", 0, None),
        ("spurious", None, 1),
    ]


def test_an_entity_that_was_split_is_one_wrong_boundary_and_a_spurious_one() -> None:
    assert pairs([(0, 3, "PER")], [(0, 1, "PER"), (1, 3, "PER")]) == [
        ("spurious", None, 0),
        ("boundary", 0, 1),
    ]


def test_the_same_label_comes_before_more_common_tokens() -> None:
    assert pairs([(0, 1, "PER"), (1, 4, "LOC")], [(0, 4, "PER")]) == [
        ("boundary", 0, 0),
        ("missed", 1, None),
    ]


def test_among_equals_the_left_one_is_taken() -> None:
    assert pairs([(0, 2, "PER"), (2, 4, "PER")], [(1, 3, "PER")]) == [
        ("boundary", 0, 0),
        ("missed", 1, None),
    ]


def test_of_two_equal_predictions_one_is_spurious() -> None:
    assert sorted(pairs([(0, 2, "PER")], [(0, 2, "PER"), (0, 2, "PER")])) == [
        ("exact", 0, 0),
        ("spurious", None, 1),
    ]


def quality(gold: SpanTuple, predicted: SpanTuple) -> tuple[int, int, int]:
    """Smaller is better: whether the tokens and label differ, and minus the common tokens."""
    common = len(set(range(*gold[:2])) & set(range(*predicted[:2])))
    other_tokens, other_label = gold[:2] != predicted[:2], gold[2] != predicted[2]
    return (2 * other_tokens + other_label, -common, gold[0]) if common else (99, 0, 0)


@pytest.mark.parametrize("seed", range(30))
def test_the_best_pair_is_taken_first(seed: int) -> None:
    chance = random.Random(seed)
    gold, predicted = random_spans(chance, 20), random_spans(chance, 20)
    found = pairs(gold, predicted)
    expected = set()
    left, right = list(range(len(gold))), list(range(len(predicted)))
    while left and right:
        best, i, j = min((quality(gold[i], predicted[j]), i, j) for i in left for j in right)
        if best[0] == 99:
            break
        expected.add((("exact", "label", "boundary", "label_and_boundary")[best[0]], i, j))
        left.remove(i)
        right.remove(j)
    expected |= {("missed", i, None) for i in left} | {("spurious", None, j) for j in right}
    assert set(found) == expected
    assert len(found) == len(expected)
