"""What is checked of every annotation by characters."""

from pathlib import Path

import pytest

from spacy_crf_ner.data.drafts import Draft
from spacy_crf_ner.data.records import Mention, Problem, Record

PATH = Path("texts.jsonl")
TEXT = "Ada met Bob."


def test_an_annotation_becomes_a_mention() -> None:
    draft = Draft(PATH, 7, TEXT)
    draft.add(0, 3, "PERSON")
    draft.add(8, 11, "PERSON", quote="Bob", line=9)
    mentions = (Mention(0, 3, "PERSON", 7), Mention(8, 11, "PERSON", 9))
    assert draft.record() == Record(PATH, 7, TEXT, mentions)


@pytest.mark.parametrize(
    ("start", "end", "label", "text", "reason"),
    [
        (3, 3, "X", "", "it has no characters: start 3, end 3"),
        (4, 2, "X", "", "it has no characters: start 4, end 2"),
        (8, 13, "X", "Bob.", "it is beyond the text, which has 12 characters: start 8, end 13"),
        (13, 5, "X", "", "it is beyond the text, which has 12 characters: start 13, end 5"),
        (-1, 3, "X", "Ada", "it is beyond the text, which has 12 characters: start -1, end 3"),
        ("0", 3, "X", "", "expected whole numbers as start and end, got '0' and 3"),
        (0.0, 3, "X", "", "expected whole numbers as start and end, got 0.0 and 3"),
        (False, 3, "X", "", "expected whole numbers as start and end, got False and 3"),
        (None, True, "X", "", "expected whole numbers as start and end, got nothing and True"),
        (0, 3, None, "Ada", "expected a name as its label, got nothing"),
        (0, 3, " ", "Ada", "expected a name as its label, got ' '"),
        (0, 3, 7, "Ada", "expected a name as its label, got 7"),
        (0, 3, ["X"], "Ada", "expected a name as its label, got ['X']"),
    ],
)
def test_what_cannot_be_a_mention_is_a_problem(
    start: object, end: object, label: object, text: str, reason: str
) -> None:
    draft = Draft(PATH, 7, TEXT)
    draft.add(start, end, label)
    name = label if isinstance(label, str) else ""
    # What is there is not known, then.
    unknown = ((TEXT.index(text), TEXT.index(text) + len(text)),) if text else ()
    problems = (Problem(PATH, 7, text, name, reason),)
    assert draft.record() == Record(PATH, 7, TEXT, unknown=unknown, problems=problems)


def test_an_annotation_that_is_there_already_is_a_problem() -> None:
    draft = Draft(PATH, 1, TEXT)
    for label in ("X", "Y", "X"):
        draft.add(0, 3, label)
    record = draft.record()
    assert [mention.label for mention in record.mentions] == ["X", "Y"]
    assert record.problems == (Problem(PATH, 1, "Ada", "X", "annotated twice"),)


def test_a_quote_has_to_be_what_is_there() -> None:
    draft = Draft(PATH, 1, "Ada\nmet Bob.")
    draft.add(0, 7, "X", quote="Ada met")
    draft.add(8, 11, "X", quote="bob")
    record = draft.record()
    assert [mention.start for mention in record.mentions] == [0]
    assert record.problems == (Problem(PATH, 1, "Bob", "X", "the file says that its text is 'bob'"),)


@pytest.mark.parametrize("quote", [None, "", 3, ["Bob"]])
def test_what_is_no_quote_says_nothing(quote: object) -> None:
    draft = Draft(PATH, 1, TEXT)
    draft.add(8, 11, "X", quote=quote)
    assert draft.record().mentions == (Mention(8, 11, "X", 1),)


def test_offsets_count_code_points() -> None:
    draft = Draft(PATH, 1, "👨🏻‍🚒 Ada")
    draft.add(5, 8, "X", quote="Ada")
    assert draft.record().mentions == (Mention(5, 8, "X", 1),)


def test_offsets_may_count_units_of_utf16() -> None:
    draft = Draft(PATH, 1, "👨🏻‍🚒 Ada", utf16=True)
    draft.add(8, 11, "X", quote="Ada")
    draft.add(1, 11, "X")
    draft.add(8, 12, "X")
    record = draft.record()
    assert record.mentions == (Mention(5, 8, "X", 1),)
    assert len(record.problems) == 2
    assert all("no bounds of characters in UTF-16" in problem.reason for problem in record.problems)


def test_offsets_that_fit_in_utf16_only_are_recognized() -> None:
    draft = Draft(PATH, 1, "👨🏻‍🚒 Ada, Ada and Bob")
    draft.add(8, 11, "X", quote="Ada")
    draft.add(21, 24, "X")
    draft.add(6, 9, "X", quote="Bob")
    hints = ["set --utf16" in problem.reason for problem in draft.record().problems]
    assert hints == [True, True, False]


def test_the_place_of_a_record_ends_its_reasons() -> None:
    draft = Draft(PATH, 1, TEXT, place="record 3 of the array")
    draft.add(3, 3, "X")
    (problem,) = draft.record().problems
    assert problem.reason == "it has no characters: start 3, end 3 (record 3 of the array)"


def test_what_is_no_mention_is_counted() -> None:
    draft = Draft(PATH, 4, TEXT)
    draft.count("relations", 0)
    draft.count("notes", 2)
    assert draft.record().problems == (Problem(PATH, 4, "", "", "left out: notes (2)"),)


def test_where_a_problem_is_the_annotation_is_unknown_but_not_where_a_mention_is_there_twice() -> None:
    draft = Draft(PATH, 7, TEXT)
    draft.add(0, 2, None)
    draft.add(3, 999, "PER")
    for _ in range(2):
        draft.add(1, 3, "PER")
    assert len(draft.record().problems) == 3
    assert draft.record().unknown == ((0, 2), (3, len(TEXT)))


def test_the_annotation_of_a_text_may_be_unknown() -> None:
    draft = Draft(PATH, 1, TEXT)
    draft.leave_unknown("nobody came")
    record = draft.record()
    assert record.unknown == ((0, len(TEXT)),)
    assert record.problems[0].reason == "nobody came, so its annotation is not known"


def test_a_record_that_is_left_out_has_no_text_and_says_why() -> None:
    draft = Draft(PATH, 1, TEXT)
    draft.add(0, 3, "X")
    draft.add(0, 0, "X")
    record = draft.left_out("nobody likes it")
    reasons = [problem.reason for problem in record.problems]
    assert (record.text, record.mentions, record.words) == ("", (), None)
    assert reasons[1] == "record left out, with its annotations (1): nobody likes it"
    assert record.problems[1].text == TEXT


@pytest.mark.parametrize(
    ("text", "reason"), [("", "the text is empty"), ("a\ud800", "half of a surrogate pair")]
)
def test_a_text_that_cannot_be_a_doc_is_left_out(text: str, reason: str) -> None:
    record = Draft(PATH, 1, text).record()
    assert record.text == ""
    assert reason in record.problems[0].reason


def test_problems_can_be_written_as_utf8() -> None:
    draft = Draft(PATH, 1, "a\ud800b")
    draft.add(0, 2, "X\udc00")
    draft.add(0, 1, "X\udc00")
    problems = draft.record().problems
    assert len(problems) == 3
    for problem in problems:
        "".join((problem.text, problem.label, problem.reason)).encode()
