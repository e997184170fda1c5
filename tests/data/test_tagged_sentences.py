"""From tags to entities, and from tokens to texts."""

import re
from itertools import product
from pathlib import Path

import pytest

from spacy_crf_ner.data.records import Mention
from spacy_crf_ner.data.tag_schemes import OUTSIDE, SCHEMES, Tagging
from spacy_crf_ner.data.tagged_sentences import Entity, Word, make_record, read_entities

PATH = Path("some.conll")


def spans(tags: str, scheme: str) -> list[tuple[int, int, str]]:
    return [entity[:3] for entity in read_entities(tags.split(), Tagging(scheme, "prefix"))]


def faults(tags: str, scheme: str) -> list[str]:
    return [entity.fault for entity in read_entities(tags.split(), Tagging(scheme, "prefix"))]


@pytest.mark.parametrize(
    ("scheme", "tags", "expected"),
    [
        ("IO", "I-X I-X I-Y O I-X", [(0, 2, "X"), (2, 3, "Y"), (4, 5, "X")]),
        ("IOB1", "I-X I-X B-X I-X I-Y", [(0, 2, "X"), (2, 4, "X"), (4, 5, "Y")]),
        ("IOB2", "B-X I-X B-X O B-Y", [(0, 2, "X"), (2, 3, "X"), (4, 5, "Y")]),
        ("BIOES", "B-X I-X E-X S-X S-X O", [(0, 3, "X"), (3, 4, "X"), (4, 5, "X")]),
        ("BILOU", "U-X B-X L-X O", [(0, 1, "X"), (1, 3, "X")]),
        ("BMES", "B-X M-X E-X S-Y", [(0, 3, "X"), (3, 4, "Y")]),
        ("BMEWO", "B-X E-X W-X", [(0, 2, "X"), (2, 3, "X")]),
    ],
)
def test_valid_tags_are_read_by_the_rules_of_their_scheme(
    scheme: str, tags: str, expected: list[tuple[int, int, str]]
) -> None:
    assert spans(tags, scheme) == expected
    assert faults(tags, scheme) == [""] * len(expected)


def test_bare_labels_are_one_entity_as_long_as_they_last() -> None:
    entities = list(read_entities(["X", "X", "Y", "O", "X"], Tagging("BARE", "bare")))
    assert entities == [Entity(0, 2, "X", ""), Entity(2, 3, "Y", ""), Entity(4, 5, "X", "")]


@pytest.mark.parametrize(
    ("scheme", "tags", "expected", "told"),
    [
        ("IOB2", "O I-X I-X", [(1, 3, "X")], ["begin with I-X here"]),
        ("IOB2", "B-X I-Y", [(0, 1, "X"), (1, 2, "Y")], ["", "begin with I-Y here"]),
        ("IOB2", "B-X - I-X", [(0, 1, "X"), (2, 3, "X")], ["", "begin with I-X here"]),
        ("IOB1", "B-X O I-X B-X", [(0, 1, "X"), (2, 3, "X"), (3, 4, "X")], ["begin with B-X here", "", ""]),
        ("IOB1", "I-X B-Y", [(0, 1, "X"), (1, 2, "Y")], ["", "begin with B-Y here"]),
        ("BIOES", "B-X O", [(0, 1, "X")], ["end with B-X"]),
        ("BIOES", "B-X I-X B-X E-X", [(0, 2, "X"), (2, 4, "X")], ["end with I-X", ""]),
        ("BIOES", "E-X S-X", [(0, 1, "X"), (1, 2, "X")], ["begin with E-X here", ""]),
        ("BIOES", "O I-X O", [(1, 2, "X")], ["begin with I-X here, and not end with I-X"]),
        (
            "BIOES",
            "B-X E-X I-X",
            [(0, 2, "X"), (2, 3, "X")],
            ["", "begin with I-X here, and not end with I-X"],
        ),
        ("BIOES", "B-X S-X", [(0, 1, "X"), (1, 2, "X")], ["end with B-X", ""]),
        ("BILOU", "I-X L-X", [(0, 2, "X")], ["begin with I-X here"]),
    ],
)
def test_invalid_tags_are_read_and_told(
    scheme: str, tags: str, expected: list[tuple[int, int, str]], told: list[str]
) -> None:
    assert spans(tags, scheme) == expected
    assert faults(tags, scheme) == [fault and f"in {scheme} an entity does not {fault}" for fault in told]


def encoded(scheme: str, sequence: str) -> bool:
    """Whether the letters of one label, O included, are a valid sequence of a scheme: as a regular expression."""
    entity = {
        "IOB2": "BI*",
        "BIOES": "S|BI*E",
        "BILOU": "U|BI*L",
        "BMES": "S|BM*E",
        "BMEWO": "W|BM*E",
        "IOB1": "I+(BI*)*",
        "IO": "I+",
    }[scheme]
    between = "O+" if scheme in ("IO", "IOB1") else "O*"
    return re.fullmatch(rf"O*(({entity})({between}({entity}))*)?O*", sequence) is not None


@pytest.mark.parametrize("scheme", sorted(SCHEMES.keys() - {"BARE"}))
def test_a_fault_is_told_of_all_sequences_that_are_invalid_and_of_no_other(scheme: str) -> None:
    for letters in product("O" + SCHEMES[scheme].letters, repeat=5):
        tags = " ".join(letter if letter == OUTSIDE else f"{letter}-X" for letter in letters)
        assert any(faults(tags, scheme)) is not encoded(scheme, "".join(letters)), tags
        # No token with a tag is lost.
        covered = {position for start, end, _ in spans(tags, scheme) for position in range(start, end)}
        assert covered == {position for position, letter in enumerate(letters) if letter != OUTSIDE}


def words(*gaps: tuple[str, str]) -> list[Word]:
    return [Word(text, gap, line, False) for line, (text, gap) in enumerate(gaps, start=1)]


def test_whitespace_that_is_no_space_becomes_a_token() -> None:
    sentence = words(("a", "\u00a0"), ("b", "  "), ("c", " \n"), ("d", ""), ("e", " "))
    record = make_record(PATH, sentence, [Entity(0, 3, "X", ""), Entity(4, 5, "Y", "")])
    assert record.text == "a\u00a0b  c \nde"
    assert record.words == ("a", "\u00a0", "b", " ", "c", "\n", "d", "e")
    assert record.spaces == (False, False, True, False, True, False, False, False)
    assert record.mentions == (Mention(0, 6, "X", 1), Mention(9, 10, "Y", 5))


def test_a_fault_is_kept_with_its_place_and_text() -> None:
    record = make_record(PATH, words(("a", " "), ("b", " "), ("c", "")), [Entity(1, 3, "X", "it is wrong")])
    assert record.repaired == ((PATH, 2, "b c", "X", "it is wrong; read as conlleval does"),)
