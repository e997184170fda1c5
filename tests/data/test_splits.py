"""Training, development and test data by documents."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from spacy_crf_ner.data.records import Record
from spacy_crf_ner.data.splits import Documents, assign_parts, parse_shares
from spacy_crf_ner.errors import DataError

SHARES = {"train": 0.8, "dev": 0.1, "test": 0.1}


def record_sizes(sizes: list[int], parts: list[str]) -> dict[str, int]:
    """Records of each part."""
    return {
        name: sum(size for size, part in zip(sizes, parts, strict=True) if part == name) for name in SHARES
    }


@pytest.mark.parametrize(
    ("split", "shares"),
    [
        ("80/10/10", SHARES),
        ("8/1/1", SHARES),
        ("0.8/0.1/0.1", SHARES),
        ("3/1", {"train": 0.75, "dev": 0.25}),
    ],
)
def test_numbers_are_shares_of_train_dev_and_test(split: str, shares: dict[str, float]) -> None:
    assert parse_shares(split) == pytest.approx(shares)


@pytest.mark.parametrize(
    "split", ["", "80", "80/20/0", "80/-10/30", "a/b", "1/2/3/4", "nan/1", "inf/1", "80-20"]
)
def test_numbers_that_are_no_shares_are_shown(split: str) -> None:
    with pytest.raises(DataError, match=f"two or three numbers above 0.*80/10/10.*got '{split}'"):
        parse_shares(split)


def test_records_of_a_document_are_counted_together_and_others_alone() -> None:
    documents = Documents()
    names = ("a", "", "b", "a", "")
    assert [documents.add(Record(Path("x"), 1, "t", document=name)) for name in names] == [0, 1, 2, 0, 3]
    assert documents.sizes == [2, 1, 1, 1]


@pytest.mark.parametrize(
    ("n_documents", "expected"),
    [(10, (8, 1, 1)), (48, (38, 5, 5)), (1000, (800, 100, 100)), (25, (20, 3, 2))],
)
def test_single_records_are_divided_as_near_as_can_be(n_documents: int, expected: tuple[int, ...]) -> None:
    sizes = [1] * n_documents
    assert tuple(record_sizes(sizes, assign_parts(sizes, SHARES, seed=0)).values()) == expected


@pytest.mark.parametrize(
    ("sizes", "empty"), [([1] * 5, "test"), ([50], "dev, test"), ([], "train, dev, test")]
)
def test_parts_that_nothing_is_left_for_are_named(sizes: list[int], empty: str) -> None:
    message = f"`--split 80/10/10`.* of {len(sizes)} documents none is left for {empty}\\."
    with pytest.raises(DataError, match=message):
        assign_parts(sizes, SHARES, seed=0)


def test_documents_of_all_sizes_come_near_to_the_shares_and_no_part_has_the_small_ones_only() -> None:
    sizes = [1 + 7 * number % 40 for number in range(200)]
    parts = assign_parts(sizes, SHARES, seed=3)
    total = sum(sizes)
    for name, size in record_sizes(sizes, parts).items():
        assert size == pytest.approx(SHARES[name] * total, abs=2)
    mean = total / len(sizes)
    for name, documents in Counter(parts).items():
        assert record_sizes(sizes, parts)[name] / documents == pytest.approx(mean, rel=0.25)


def test_the_same_seed_gives_the_same_split_on_every_machine_and_another_seed_another() -> None:
    parts = assign_parts([1] * 12, {"train": 0.5, "dev": 0.5}, seed=0)
    # Written down: a change of it would move the test data of those who used it.
    assert "".join(part[0] for part in parts) == "tdttdddtdtdt"
    assert assign_parts([1] * 12, {"train": 0.5, "dev": 0.5}, seed=1) != parts
