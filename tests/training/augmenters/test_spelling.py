"""Case and typing errors: other spellings of the same words, of which all annotation stays."""

from __future__ import annotations

from random import Random

import pytest
from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.augmenters import build_random_case_v1, build_typos_v1
from spacy_crf_ner.training.augmenters.typos import NEIGHBOURS, OPERATIONS
from tests.training.augmenters.annotated import (
    NOTE,
    SOFT,
    WORDS,
    contents,
    example_of,
    group,
    heads_of,
    iob_of,
    make_doc,
    starts_of,
    words_of,
)


@pytest.mark.parametrize("build", [build_random_case_v1, build_typos_v1])
def test_all_annotation_stays(nlp: Language, build: object) -> None:
    doc = make_doc(nlp)
    doc.set_ents([Span(doc, 0, 2, "PER", kb_id="Q1"), doc.ents[1]], missing=[doc[7:9]], default="unmodified")
    doc.cats = {"music": 1.0}
    for token in doc:
        token._.set(NOTE, token.i)
    doc[0]._.set(SOFT, {"PER": 0.5})
    doc[4:6]._.note = "city"
    group(doc, "wrong", (4, 5, "PER"))
    example = example_of(doc)
    before = contents(example)
    _, *others = build(level=1.0, versions=8, seed=3)(nlp, example)  # type: ignore[operator]
    assert contents(example) == before
    assert len(others) == 8
    for other in others:
        new = other.reference
        assert words_of(new) != WORDS
        assert words_of(other.predicted) == words_of(new)
        assert iob_of(new) == iob_of(doc)
        assert starts_of(new) == starts_of(doc)
        assert [token.head.i for token in new] == [token.head.i for token in doc]
        assert None not in heads_of(new)
        for attribute in ("tag_", "lemma_", "dep_", "whitespace_"):
            assert [getattr(a, attribute) for a in new] == [getattr(a, attribute) for a in doc]
        assert [entity.kb_id_ for entity in new.ents] == ["Q1", "", ""]
        assert [token._.note for token in new] == list(range(12))
        assert new[0]._.get(SOFT) == {"PER": 0.5}
        assert new[4:6]._.note == "city"
        assert [(span.start, span.end) for span in new.spans["wrong"]] == [(4, 5)]
        assert new.cats == {"music": 1.0}


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("lower", "don't visit iphone city"),
        ("upper", "DON'T VISIT IPHONE CITY"),
        ("title", "Don't Visit Iphone City"),
    ],
)
def test_a_whole_text_is_written_in_one_style(nlp: Language, style: str, expected: str) -> None:
    doc = Doc(nlp.vocab, words=["don't", "Visit", "iPhone", "city"], spaces=[True, True, True, False])
    _, new = build_random_case_v1(level=1.0, whole_text=1.0, styles=[style])(nlp, example_of(doc))
    assert new.text == expected
    # How a word is written is part of its norm, which is not annotated.
    assert [token.norm_ for token in new.reference] == [token.norm_ for token in new.predicted]


def test_words_are_written_in_styles_of_their_own(nlp: Language) -> None:
    doc = Doc(nlp.vocab, words=["a1", "bB", "27", "cC", "北京"])
    augmenter = build_random_case_v1(level=1.0, whole_text=0.0, per_token=0.0)
    found: set[tuple[str, ...]] = set()
    for _ in range(60):
        _, *new = augmenter(nlp, example_of(doc))
        found.update(tuple(words_of(one.reference)) for one in new)
    # With a probability of 0, one word at a time.
    others = [("A1", "bB", "27", "cC", "北京")]
    others += [("a1", word, "27", "cC", "北京") for word in ("bb", "BB", "Bb")]
    others += [("a1", "bB", "27", word, "北京") for word in ("cc", "CC", "Cc")]
    assert found == set(others)


def test_there_is_no_other_version_in_writing_without_case(nlp: Language) -> None:
    for words in ([], ["我", "住", "在", "北京", "。"], ["1", "+", "1"]):
        doc = Doc(nlp.vocab, words=words)
        for whole_text in (0.0, 1.0):
            augmenter = build_random_case_v1(level=1.0, whole_text=whole_text)
            assert len(list(augmenter(nlp, example_of(doc)))) == 1


def test_letters_that_become_two_are_no_problem(nlp: Language) -> None:
    doc = Doc(nlp.vocab, words=["Straße", "in", "Köln"], ents=["B-LOC", "O", "B-LOC"])
    doc[2:3]._.note = "city"
    _, new = build_random_case_v1(level=1.0, whole_text=1.0, styles=["upper"])(nlp, example_of(doc))
    assert words_of(new.reference) == ["STRASSE", "IN", "KÖLN"]
    assert new.reference[2:3]._.note == "city"
    assert new.get_aligned_ner() == ["U-LOC", "O", "U-LOC"]


def test_keys_have_their_neighbours_on_all_sides() -> None:
    assert set(NEIGHBOURS["q"]) == set("wa")
    assert set(NEIGHBOURS["s"]) == set("adwezx")
    assert set(NEIGHBOURS["p"]) == set("ol")
    assert set(NEIGHBOURS["m"]) == set("njk")
    assert set(NEIGHBOURS["z"]) == set("asx")
    assert all(a in NEIGHBOURS[b] for a, around in NEIGHBOURS.items() for b in around)


@pytest.mark.parametrize(
    ("operation", "place", "expected"),
    [
        ("swap", 0, {"aRis"}),
        ("swap", 3, {"Rasi"}),
        ("drop", 1, {"Ris"}),
        ("insert", 0, {f"R{key}ais" for key in "ETDF"}),
        ("replace", 0, {f"{key}ais" for key in "ETDF"}),
        ("replace", 1, {f"R{key}is" for key in "qwsz"}),
    ],
)
def test_an_error_is_one_of_its_kind(operation: str, place: int, expected: set[str]) -> None:
    random = Random(0)
    assert {OPERATIONS[operation]("Rais", place, random) for _ in range(60)} == expected


@pytest.mark.parametrize(("operation", "expected"), [("insert", "日日本"), ("replace", "日本")])
def test_a_letter_without_a_key_is_doubled_or_stays(operation: str, expected: str) -> None:
    assert OPERATIONS[operation]("日本", 0, Random(0)) == expected


def test_only_words_of_letters_that_are_long_enough_get_errors(nlp: Language) -> None:
    words = ["see", "https://x.org/abcd", "abc123", "@someone", "12345", "word", "\n\n\n\n"]
    doc = Doc(nlp.vocab, words=words)
    _, new = build_typos_v1(level=1.0, per_token=1.0, operations=["drop"])(nlp, example_of(doc))
    assert [a == b for a, b in zip(words_of(new.reference), words, strict=True)] == [
        True, True, True, True, True, False, True
    ]  # fmt: skip
    _, new = build_typos_v1(level=1.0, per_token=1.0, operations=["drop"], min_length=3)(nlp, example_of(doc))
    assert len(words_of(new.reference)[0]) == 2


def test_where_no_word_changes_there_is_no_other_version(nlp: Language) -> None:
    augmenter = build_typos_v1(level=1.0, operations=["swap"])
    for words in ([], ["a", "bb"], ["aaaa"]):
        assert len(list(augmenter(nlp, example_of(Doc(nlp.vocab, words=words))))) == 1


@pytest.mark.parametrize(
    ("build", "settings", "expected"),
    [
        (build_random_case_v1, {"whole_text": 2.0}, "`whole_text` to be a number from 0 to 1, but got 2.0"),
        (build_random_case_v1, {"per_token": -1.0}, "`per_token` to be a number from 0 to 1"),
        (
            build_random_case_v1,
            {"styles": []},
            r"`styles` to be a list with one or more of lower, upper, title.*\[\]",
        ),
        (build_random_case_v1, {"styles": ["lower", "Camel"]}, "`styles` to be .*'Camel'"),
        (build_typos_v1, {"per_token": 1.5}, "`per_token` to be a number from 0 to 1"),
        (build_typos_v1, {"operations": []}, "`operations` to be a list with one or more of swap, drop"),
        (build_typos_v1, {"operations": ["double"]}, "`operations` to be .*'double'"),
        (build_typos_v1, {"min_length": 1}, "`min_length` to be a number of at least 2, but got 1"),
    ],
)
def test_settings_that_make_no_sense_are_errors(
    build: object, settings: dict[str, object], expected: str
) -> None:
    with pytest.raises(TrainingError, match=expected):
        build(**settings)  # type: ignore[operator]
