"""How long entities and Docs are."""

from collections import Counter

import pytest
import spacy

from spacy_crf_ner.data.checks.lengths import (
    LengthCounts,
    check_doc_lengths,
    check_entity_lengths,
    check_length_drift,
    quantile,
)
from tests.data.checks.made import counted, doc, levels


def words(n: int) -> str:
    return " ".join(["word"] * n)


def test_entities_of_more_than_20_tokens_are_listed_the_longest_first() -> None:
    docs = [doc(words(30), (0, n, "ORG")) for n in (20, 21, 25)]
    found = check_entity_lengths({"train": counted(LengthCounts(), docs)})
    assert levels(found) == [("warn", "long-entities")]
    assert found[0].message == "2 entities of train with more than 20 tokens"
    assert [example.split(":")[0] for example in found[0].examples] == ["25 tokens", "21 tokens"]


def test_shorter_entities_are_good() -> None:
    found = check_entity_lengths({"train": counted(LengthCounts(), [doc(words(30), (0, 20, "ORG"))])})
    assert [(one.level, one.message) for one in found] == [("good", "The longest entity has 20 tokens")]
    assert check_entity_lengths({"train": LengthCounts()}) == []


def test_docs_of_more_than_2000_tokens_are_told() -> None:
    parts = {"train": counted(LengthCounts(), [doc(words(2000)), doc(words(2001))]), "dev": LengthCounts()}
    found = check_doc_lengths(parts)
    assert [one.message for one in found] == [
        "1 Doc of train with more than 2,000 tokens; the longest has 2,001"
    ]
    assert check_doc_lengths({"train": counted(LengthCounts(), [doc(words(2000))])}) == []


def test_a_text_that_spacy_does_not_take_fails() -> None:
    text = "word" * 250_001
    found = check_doc_lengths({"train": counted(LengthCounts(), [doc(text), doc(text[:1_000_000])])})
    assert levels(found) == [("fail", "long-docs")]
    assert found[0].message == "1 Doc of train with more than 1,000,000 characters"
    with pytest.raises(ValueError, match="E088"):
        spacy.blank("en").make_doc(text)


@pytest.mark.parametrize(("length", "level"), [(5, "good"), (15, "good"), (16, "warn"), (1, "warn")])
def test_docs_of_another_length_than_those_of_train_are_told(length: int, level: str) -> None:
    parts = {
        "train": counted(LengthCounts(), [doc(words(5))] * 3),
        "dev": counted(LengthCounts(), [doc(words(length))]),
    }
    assert levels(check_length_drift(parts)) == [(level, "length-drift")]


def test_there_is_nothing_to_compare_with_without_train_or_tokens() -> None:
    assert check_length_drift({"train": LengthCounts(), "dev": counted(LengthCounts(), [doc("a b")])}) == []
    assert check_length_drift({"train": counted(LengthCounts(), [doc("a b")]), "dev": LengthCounts()}) == []


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 2), (0.75, 2), (0.76, 10), (1.0, 10)])
def test_a_quantile_is_the_smallest_value_that_the_share_does_not_exceed(share: float, value: int) -> None:
    assert quantile(Counter({1: 1, 2: 2, 10: 1}), share) == value
