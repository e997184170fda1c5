"""Labels, by part of the corpus."""

from collections import Counter

import pytest

from spacy_crf_ner.data.checks.labels import (
    LabelCounts,
    check_agreement,
    check_entities,
    check_frequencies,
    check_spellings,
)
from tests.data.checks.made import counted, doc, levels


def parts(**numbers: dict[str, int]) -> dict[str, LabelCounts]:
    return {part: LabelCounts(Counter(counts)) for part, counts in numbers.items()}


def test_entities_are_counted_by_label() -> None:
    counts = counted(
        LabelCounts(), [doc("Anna met Boris", (0, 1, "PER"), (2, 3, "PER")), doc("Rome", (0, 1, "LOC"))]
    )
    assert counts.entities == {"PER": 2, "LOC": 1}


def test_a_part_without_entities_fails() -> None:
    found = check_entities(parts(train={}, dev={"PER": 3}))
    assert levels(found) == [("fail", "entities")]
    assert found[0].message == "train has no entities: nothing can be learned"
    assert levels(check_entities(parts(train={"PER": 1}))) == [("good", "entities")]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [({"PER": 50}, ["good"]), ({"PER": 49}, ["info"]), ({"PER": 9, "LOC": 10, "ORG": 50}, ["warn", "info"])],
)
def test_labels_with_few_entities_in_train_are_named(numbers: dict[str, int], expected: list[str]) -> None:
    found = check_frequencies(parts(train=numbers, dev={"PER": 1}))
    assert [one.level for one in found] == expected
    if len(found) == 2:
        assert found[0].message == "1 label of train with less than 10 entities: PER (9)"
        assert found[1].message == "1 label of train with less than 50 entities: LOC (10)"


def test_a_label_that_only_dev_has_fails_and_one_that_only_train_has_is_told() -> None:
    found = check_agreement(parts(train={"PER": 5, "ORG": 5}, dev={"PER": 3, "LOC": 1}))
    assert levels(found) == [("fail", "labels-of-parts"), ("info", "labels-of-parts")]
    assert "1 label of dev that train does not have: LOC" in found[0].message
    assert "25 % of its entities count as missed" in found[0].message
    assert found[1].message == "1 label of train that dev does not measure: ORG"


def test_the_same_labels_are_good_and_one_part_has_nothing_to_agree_with() -> None:
    assert levels(check_agreement(parts(train={"PER": 5}, dev={"PER": 1}))) == [("good", "labels-of-parts")]
    assert check_agreement(parts(train={"PER": 5})) == []


def test_spellings_of_a_label_are_named() -> None:
    found = check_spellings(parts(train={"PER": 5, "LOC": 1}, dev={"Per ": 2}))
    assert levels(found) == [("warn", "label-spellings")]
    assert found[0].examples == ("'PER' (5), 'Per ' (2)",)
    assert check_spellings(parts(train={"PER": 5, "PERS": 1})) == []
