"""JSON with character offsets."""

import json
from pathlib import Path

import pytest

from spacy_crf_ner.data.jsonl import read_jsonl
from spacy_crf_ner.data.records import Mention, Record
from spacy_crf_ner.errors import DataError

TEXT = "Ada met Bob."
ADA = {"start": 0, "end": 3, "label": "X"}


def read(folder: Path, *values: object) -> list[Record]:
    path = folder / "texts.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf8")
    return list(read_jsonl(path))


def reasons(record: Record) -> list[str]:
    return [problem.reason for problem in record.problems]


@pytest.mark.parametrize(
    "value",
    [
        {"text": TEXT, "spans": [ADA], "answer": "accept", "meta": {"score": 1}},
        {"text": TEXT, "spans": [{**ADA, "token_start": 0, "token_end": 0, "text": "Ada"}], "answer": None},
        {"text": TEXT, "entities": [[0, 3, "X"]]},
        [TEXT, {"entities": [[0, 3, "X"]]}],
        [TEXT, {"entities": [ADA], "cats": {}}],
    ],
)
def test_all_layouts_are_read(tmp_path: Path, value: object) -> None:
    path = tmp_path / "texts.jsonl"
    assert read(tmp_path, value) == [Record(path, 1, TEXT, (Mention(0, 3, "X", 1),))]


def test_an_array_is_read_with_the_place_of_each_record(tmp_path: Path) -> None:
    path = tmp_path / "texts.json"
    path.write_text(json.dumps([{"text": TEXT, "spans": [ADA]}, {"text": "", "spans": []}]), encoding="utf8")
    first, second = read_jsonl(path)
    assert first.mentions == (Mention(0, 3, "X", 1),)
    assert reasons(second) == ["record left out: the text is empty (record 2 of the array)"]


@pytest.mark.parametrize("answer", ["reject", "ignore", "maybe", 1])
def test_what_was_not_accepted_is_left_out_and_listed(tmp_path: Path, answer: object) -> None:
    accepted, rejected = read(
        tmp_path, {"text": "One", "spans": []}, {"text": TEXT, "spans": [ADA], "answer": answer}
    )
    assert accepted.text == "One"
    assert (rejected.text, rejected.mentions, rejected.line) == ("", (), 2)
    assert reasons(rejected) == [f"record left out, with its annotations (1): its `answer` is {answer!r}"]
    assert rejected.problems[0].text == TEXT


def test_an_accepted_text_without_spans_has_none(tmp_path: Path) -> None:
    (record,) = read(tmp_path, {"text": TEXT, "answer": "accept"})
    assert (record.mentions, record.unknown, record.problems) == ((), (), ())


def test_a_text_without_spans_or_answer_is_not_annotated(tmp_path: Path) -> None:
    raw, classified = read(tmp_path, {"text": TEXT}, [TEXT, {"cats": {"A": 1.0, "B": 0.0}}])
    assert raw.unknown == classified.unknown == ((0, len(TEXT)),)
    assert reasons(raw) == ["it has no `spans` or `entities`, so its annotation is not known"]
    assert reasons(classified)[1] == "left out: `cats` (2)"


def test_tokens_give_words_and_spaces(tmp_path: Path) -> None:
    words = [("Ada", True), (" ", False), ("don't", False), (".", True)]
    tokens = [{"text": word, "ws": space, "id": 0} for word, space in words]
    (record,) = read(tmp_path, {"text": "Ada  don't. ", "tokens": tokens, "spans": []})
    assert record.words == ("Ada", " ", "don't", ".")
    assert record.spaces == (True, False, False, True)


def test_spaces_of_tokens_are_found_in_the_text(tmp_path: Path) -> None:
    tokens = [{"text": word} for word in ("Ada", "met", "Bob", ".")]
    (record,) = read(tmp_path, {"text": TEXT, "tokens": tokens, "spans": []})
    assert record.spaces == (True, True, False, False)


@pytest.mark.parametrize(
    "tokens",
    [
        [],
        "Ada met Bob.",
        [{"text": "Ada", "ws": True}, {"text": "met", "ws": True}],
        [{"text": "Ada", "ws": False}, {"text": "met", "ws": True}, {"text": "Bob.", "ws": False}],
        [{"text": "Ada met Bob."}, {"text": ""}],
        [{"text": "Ada met Bob."}, {"text": None}],
        ["Ada met Bob."],
    ],
)
def test_tokens_that_are_not_those_of_the_text_are_not_used(tmp_path: Path, tokens: object) -> None:
    (record,) = read(tmp_path, {"text": TEXT, "tokens": tokens, "spans": [ADA]})
    assert (record.words, record.spaces) == (None, None)
    assert len(record.mentions) == 1
    assert reasons(record) == ["its `tokens` do not make up its text, and are not used"]


def test_relations_are_counted(tmp_path: Path) -> None:
    (record,) = read(tmp_path, {"text": TEXT, "spans": [], "relations": [{"head": 0}, {"head": 1}]})
    assert reasons(record) == ["left out: `relations` (2)"]


@pytest.mark.parametrize(
    "value", [{"spans": []}, {"text": None}, {"text": 3}, {"data": TEXT}, [TEXT], [TEXT, []], TEXT, None]
)
def test_a_record_without_text_is_named(tmp_path: Path, value: object) -> None:
    with pytest.raises(
        DataError, match=r"record of .*texts\.jsonl to be an object with .* but that of line 2 is"
    ):
        read(tmp_path, {"text": "One"}, value)


def test_offsets_in_utf16_are_read_as_such(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "🙂 Ada", "entities": [[3, 6, "X"]]}\n', encoding="utf8")
    assert [record.mentions for record in read_jsonl(path, utf16=True)] == [(Mention(2, 5, "X", 1),)]
    assert [record.mentions for record in read_jsonl(path)] == [()]
