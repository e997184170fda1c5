"""Texts that are there twice."""

from __future__ import annotations

import pytest
from spacy.tokens import Doc

from spacy_crf_ner.data.checks.texts import TextIndex, check_leaks, check_repeated
from tests.data.checks.made import doc, levels, unannotated

LONG = "Anna met Boris in Rome"


def index(**parts: list[Doc]) -> TextIndex:
    result = TextIndex()
    for part, docs in parts.items():
        for number, one in enumerate(docs, start=1):
            result.add(part, number, one)
    return result


def others(n: int) -> list[Doc]:
    return [doc(f"This is text number {number}") for number in range(n)]


def test_a_text_that_comes_again_is_found_whatever_its_case_and_spaces() -> None:
    again = Doc(doc("").vocab, words=LONG.upper().split())
    again.set_ents([])
    found = check_repeated(index(train=[doc(LONG), *others(2), again]))
    assert levels(found) == [("info", "repeated-texts")]
    assert found[0].message == "1 Doc of train (25 %) with the text of an earlier Doc of train"
    assert found[0].examples == ("'ANNA MET BORIS IN ROME ', Docs 1 and 4",)


def test_different_texts_are_good() -> None:
    texts = index(train=others(3), dev=[doc(LONG), doc("")])
    assert levels(check_repeated(texts)) == [("good", "repeated-texts")]
    assert levels(check_leaks(texts)) == [("good", "leaks")]
    assert check_leaks(index(train=others(3))) == []


def test_the_same_text_with_other_entities_is_a_contradiction() -> None:
    one, other = doc(LONG, (0, 1, "PER")), doc(LONG, (0, 1, "ORG"))
    found = check_repeated(index(train=[one, one, other]))
    assert levels(found) == [("info", "repeated-texts"), ("warn", "contradictions")]
    assert (
        found[1].message
        == "1 Doc of train annotated otherwise than an earlier Doc of train with the same text"
    )
    assert found[1].examples == (f"{LONG!r}, Docs 1 and 3",)


def test_the_same_entity_at_another_place_is_a_contradiction() -> None:
    found = check_repeated(
        index(train=[doc("Anna met Anna", (0, 1, "PER")), doc("Anna met Anna", (2, 3, "PER"))])
    )
    assert ("warn", "contradictions") in levels(found)


def test_a_doc_without_annotation_contradicts_nothing() -> None:
    found = check_repeated(index(train=[doc(LONG, (0, 1, "PER")), unannotated(LONG)]))
    assert levels(found) == [("info", "repeated-texts")]


@pytest.mark.parametrize(("n_others", "level"), [(9, "fail"), (10, "warn")])
def test_a_text_of_train_in_dev_is_a_leak(n_others: int, level: str) -> None:
    found = check_leaks(
        index(train=[*others(1), doc(LONG)], dev=[doc(LONG, (0, 1, "PER")), *others(n_others + 1)[1:]])
    )
    assert levels(found) == [(level, "leaks")]
    assert "1 Doc of dev" in found[0].message
    assert "with the text of a Doc of train; 1 with entities" in found[0].message
    assert found[0].examples == (f"{LONG!r}, Doc 1 is Doc 2 of train",)


def test_short_texts_come_again_by_chance() -> None:
    thanks = [doc("Thank you"), doc("thank you")]
    found = check_leaks(index(train=thanks[:1], dev=[*thanks, *others(19)]))
    assert levels(found) == [("info", "leaks")]
    assert found[0].message.startswith("2 Docs of dev (9.5 %)")
    assert levels(check_leaks(index(train=thanks[:1], dev=[*thanks, *others(18)]))) == [("warn", "leaks")]


def test_all_pairs_of_parts_are_compared() -> None:
    found = check_leaks(index(train=[doc(LONG)], dev=[doc(LONG), doc("Paris")], test=[doc(LONG)]))
    assert [finding.message.split("; ")[0] for finding in found] == [
        "1 Doc of dev (50 %) with the text of a Doc of train",
        "1 Doc of test (100 %) with the text of a Doc of train",
        "1 Doc of test (100 %) with the text of a Doc of dev",
    ]
