"""Characters to tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc

from spacy_crf_ner.data.alignment import Alignment, align
from spacy_crf_ner.data.records import Mention, Problem, Record
from spacy_crf_ner.errors import DataError
from tests import tiny

PATH = Path("texts.jsonl")


def aligned(text: str, *mentions: tuple[int, int, str], words: str = "", **options: Any) -> Alignment:
    """What `align` makes of a text with mentions; words are given with spaces between them."""
    tokens = tuple(words.split()) or None
    parts = {name: options.pop(name) for name in ("spaces", "unknown", "problems") if name in options}
    found = tuple(Mention(start, end, label, 3) for start, end, label in mentions)
    record = Record(PATH, 3, text, found, tokens, **parts)
    return align(spacy.blank("en").tokenizer, record, **options)


def made(alignment: Alignment) -> Doc:
    assert alignment.doc is not None
    return alignment.doc


def states(doc: Doc) -> str:
    """B, I and O of each token, and - of a missing one."""
    return "".join(token.ent_iob_ or "-" for token in doc)


def listed(alignment: Alignment) -> list[tuple[str, str, bool]]:
    return [(finding.problem.text, finding.done, finding.lost) for finding in alignment.findings]


def test_mentions_on_tokens_become_entities_and_all_else_is_outside() -> None:
    alignment = aligned("Anna lives in New York.", (14, 22, "GPE"), (0, 4, "PERSON"))
    assert tiny.entities(made(alignment)) == [(0, 1, "PERSON"), (3, 5, "GPE")]
    assert states(made(alignment)) == "BOOBIO"
    assert not alignment.findings


def test_offsets_count_characters_not_bytes_or_units_of_utf16() -> None:
    alignment = aligned("😀😀 Zoë in Köln", (3, 6, "PERSON"), (10, 14, "GPE"))
    assert [ent.text for ent in made(alignment).ents] == ["Zoë", "Köln"]


def test_neighbours_of_one_label_stay_two_entities() -> None:
    assert states(made(aligned("Anna Boris", (0, 4, "P"), (5, 10, "P")))) == "BB"


def test_tokens_of_the_file_are_kept_and_spaces_that_it_does_not_tell_stay_unknown() -> None:
    doc = made(aligned("do n't stop New York", (12, 20, "GPE"), words="do n't stop New York"))
    assert [token.text for token in doc] == ["do", "n't", "stop", "New", "York"]
    assert doc.has_unknown_spaces
    assert tiny.entities(doc) == [(3, 5, "GPE")]


def test_spaces_that_the_file_tells_are_kept() -> None:
    doc = made(aligned("don't", (2, 5, "X"), words="do n't", spaces=(False, False)))
    assert (doc.text, doc.has_unknown_spaces) == ("don't", False)
    assert tiny.entities(doc) == [(1, 2, "X")]


def test_tokens_that_do_not_spell_the_text_are_named_with_file_and_line() -> None:
    with pytest.raises(
        DataError, match=r"texts\.jsonl, line 3: expected the tokens .*don't.*'do not '.*--lang"
    ):
        aligned("don't", words="do not")


def test_a_mention_that_cuts_a_token_is_not_written_and_its_tokens_are_unknown() -> None:
    alignment = aligned("precio: completo13990 pesos", (8, 16, "X"))
    assert states(made(alignment)) == "OO-O"
    assert listed(alignment) == [("completo", "not written; its tokens are left without annotation", True)]
    finding = alignment.findings[0]
    assert finding.misaligned
    assert finding.problem[:2] == (PATH, 3)
    assert finding.problem.label == "X"
    assert "the tokens are 'completo13990'" in finding.problem.reason


def test_a_mention_can_be_expanded_to_the_tokens_that_it_touches() -> None:
    alignment = aligned("the completo13990 pesos", (8, 20, "X"), on_misaligned="expand")
    assert tiny.entities(made(alignment)) == [(1, 3, "X")]
    assert listed(alignment) == [("leto13990 pe", "moved to 'completo13990 pesos'", False)]


def test_a_mention_can_be_contracted_to_the_tokens_that_it_holds() -> None:
    alignment = aligned("the completo13990 pesos here", (8, 23, "X"), on_misaligned="contract")
    assert tiny.entities(made(alignment)) == [(2, 3, "X")]
    assert listed(alignment) == [("leto13990 pesos", "moved to 'pesos'", False)]


def test_a_mention_that_holds_no_token_cannot_be_contracted() -> None:
    alignment = aligned("the completo13990", (8, 12, "X"), on_misaligned="contract")
    assert states(made(alignment)) == "O-"
    assert [finding.lost for finding in alignment.findings] == [True]


def test_contracting_does_not_leave_whitespace_at_the_beginning() -> None:
    alignment = aligned("abc  def", (1, 8, "X"), on_misaligned="contract")
    assert [token.text for token in made(alignment)] == ["abc", " ", "def"]
    assert tiny.entities(made(alignment)) == [(2, 3, "X")]


def test_two_mentions_may_expand_to_one_token_and_the_first_is_kept() -> None:
    alignment = aligned("for completo13990", (4, 12, "X"), (12, 17, "PRICE"), on_misaligned="expand")
    assert tiny.entities(made(alignment)) == [(1, 2, "X")]
    assert [lost for *_, lost in listed(alignment)] == [False, False, True]
    assert "same tokens are annotated as 'completo' (X)" in alignment.findings[-1].problem.reason


def test_whitespace_around_a_mention_is_cut_off_and_listed() -> None:
    alignment = aligned("Anna met Boris \n today", (8, 17, "P"))
    assert tiny.entities(made(alignment)) == [(2, 3, "P")]
    assert listed(alignment) == [(" Boris \n ", "trimmed to 'Boris'", False)]


@pytest.mark.parametrize(
    ("mention", "reason"),
    [
        ((1, 4, "X"), "nothing but whitespace"),
        ((0, 99, "X"), "0 and 99, do not fit the text of 6 characters"),
        ((-1, 1, "X"), "do not fit"),
        ((4, 4, "X"), "do not fit"),
        ((4, 2, "X"), "do not fit"),
        ((4, 6, " "), "it has no label"),
        ((4, 6, "\ud83d"), "half of a surrogate pair"),
    ],
)
def test_what_cannot_be_an_entity_is_listed(mention: tuple[int, int, str], reason: str) -> None:
    alignment = aligned("a \n bc", mention)
    assert not made(alignment).ents
    assert [(finding.done, finding.lost) for finding in alignment.findings] == [("not written", True)]
    assert reason in alignment.findings[0].problem.reason


def test_what_has_no_label_is_not_said_to_be_outside() -> None:
    assert states(made(aligned("in New York", (3, 11, "")))) == "O--"


def test_of_nested_mentions_the_longest_is_kept_whatever_their_order() -> None:
    alignment = aligned("Bank of New York", (8, 16, "GPE"), (0, 16, "ORG"))
    assert tiny.entities(made(alignment)) == [(0, 4, "ORG")]
    assert listed(alignment) == [("New York", "not written to doc.ents", True)]
    assert alignment.findings[0].problem.reason == "it is inside of 'Bank of New York' (ORG), which is longer"


def test_of_overlapping_mentions_of_one_length_the_first_is_kept_and_the_rest_is_unknown() -> None:
    alignment = aligned("a b c d", (2, 5, "Y"), (0, 3, "X"))
    assert tiny.entities(made(alignment)) == [(0, 2, "X")]
    assert states(made(alignment)) == "BI-O"
    assert alignment.findings[0].problem.reason == "it overlaps 'a b' (X), which comes first"


def test_what_is_annotated_twice_is_written_once() -> None:
    alignment = aligned("Anna", (0, 4, "P"), (0, 4, "P"))
    assert tiny.entities(made(alignment)) == [(0, 1, "P")]
    assert listed(alignment) == [("Anna", "written once", True)]


def test_a_span_group_holds_all_mentions_and_then_none_is_listed() -> None:
    alignment = aligned("Bank of New York", (8, 16, "GPE"), (0, 16, "ORG"), spans_key="sc")
    assert tiny.entities(made(alignment)) == [(0, 4, "ORG")]
    assert [(span.text, span.label_) for span in made(alignment).spans["sc"]] == [
        ("Bank of New York", "ORG"),
        ("New York", "GPE"),
    ]
    assert not alignment.findings


def test_a_text_without_mentions_has_an_empty_span_group() -> None:
    assert list(made(aligned("Nobody", spans_key="sc")).spans["sc"]) == []


def test_unknown_parts_stay_without_annotation_but_for_mentions_in_them() -> None:
    alignment = aligned("one two three four", (4, 7, "X"), unknown=((2, 10),))
    assert states(made(alignment)) == "-B-O"


def test_what_is_wholly_unknown_stays_so() -> None:
    doc = made(aligned("one two", unknown=((0, 7),)))
    assert not doc.has_annotation("ENT_IOB")


def test_a_text_that_is_no_text_is_listed_with_its_mentions() -> None:
    for text in ("", "half \ud83d"):
        alignment = aligned(text, (0, 4, "X"))
        assert alignment.doc is None
        assert [(finding.done, finding.lost) for finding in alignment.findings] == [
            ("the text is left out", False),
            ("not written", True),
        ]


def test_what_a_reader_left_out_is_not_listed_again() -> None:
    assert aligned("", problems=(Problem(PATH, 3, "text", "", "rejected"),)) == Alignment(None, [])


def test_a_mode_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(DataError, match="--on-misaligned` to be warn, expand, contract, but got 'drop'"):
        aligned("text", on_misaligned="drop")
