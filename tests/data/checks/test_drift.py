"""Whether parts have the same labels in the same shares."""

from collections import Counter
from random import Random

import pytest

from spacy_crf_ner.data.checks.drift import check_label_drift, divergence, divergence_by_chance
from spacy_crf_ner.data.checks.labels import LabelCounts
from tests.data.checks.made import levels


def test_the_divergence_is_0_for_the_same_shares_and_1_for_nothing_in_common() -> None:
    assert divergence({"A": 1, "B": 3}, {"A": 10, "B": 30}) == 0
    assert divergence({"A": 1, "B": 3}, {"C": 7}) == 1


def test_the_divergence_is_that_of_the_definition() -> None:
    # Of (1, 0) and (1/2, 1/2) with mean (3/4, 1/4): log2(4/3)/2 + (log2(2/3) + log2(2))/4.
    assert divergence({"A": 4}, {"A": 5, "B": 5}) == pytest.approx(0.3112781)
    assert divergence({"A": 5, "B": 5}, {"A": 4}) == pytest.approx(0.3112781)


def test_samples_of_one_distribution_differ_as_expected() -> None:
    random = Random(0)
    labels, weights = "ABCD", (0.4, 0.3, 0.2, 0.1)

    def sample(n: int) -> Counter[str]:
        return Counter(random.choices(labels, weights, k=n))

    pairs = [(sample(900), sample(300)) for _ in range(300)]
    mean = sum(divergence(*pair) for pair in pairs) / len(pairs)
    assert mean == pytest.approx(divergence_by_chance(*pairs[0]), rel=0.15)


def parts(train: dict[str, int], dev: dict[str, int]) -> dict[str, LabelCounts]:
    return {"train": LabelCounts(Counter(train)), "dev": LabelCounts(Counter(dev))}


@pytest.mark.parametrize(
    ("dev", "level"),
    [({"A": 52, "B": 48}, "good"), ({"A": 640, "B": 360}, "info"), ({"A": 900, "B": 100}, "warn")],
)
def test_shares_that_differ_are_shown(dev: dict[str, int], level: str) -> None:
    found = check_label_drift(parts({"A": 500, "B": 500}, dev))
    assert levels(found) == [(level, "label-drift")]
    if level == "warn":
        assert found[0].examples[0] == "'A': 50 % of train, 90 % of dev"


def test_a_difference_that_chance_makes_is_good() -> None:
    assert levels(check_label_drift(parts({"A": 5, "B": 5}, {"A": 2}))) == [("good", "label-drift")]


def test_one_label_or_no_entities_are_not_compared() -> None:
    assert check_label_drift(parts({"A": 5}, {"A": 2})) == []
    assert check_label_drift(parts({}, {"A": 2})) == []
    assert check_label_drift(parts({"A": 2}, {})) == []
