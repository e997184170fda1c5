"""Files with annotated characters, as they should be: JSON of all layouts, and brat."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from tests.data.fuzzing.annotated import Given, Sentence, make_sentences

Mention = tuple[int, int, str]


def _units(text: str, position: int) -> int:
    """A number of characters as a number of units of UTF-16."""
    return len(text[:position].encode("utf-16-le")) // 2


def _counted(sentence: Sentence, utf16: bool) -> list[Mention]:
    text = sentence.text
    return [
        (_units(text, start), _units(text, end), label) if utf16 else (start, end, label)
        for start, end, label in sentence.mentions
    ]


def _given(
    random: Random,
    file_format: str,
    ending: str,
    sentences: tuple[Sentence, ...],
    records: list[Any],
    **options: Any,
) -> Given:
    ascii_only = bool(random.randint(0, 1))
    if ending == ".json":
        content = json.dumps(records, ensure_ascii=ascii_only, indent=random.choice([None, 2]))
    else:
        end = random.choice(["\n", "\r\n"])
        content = "".join(json.dumps(one, ensure_ascii=ascii_only) + end for one in records)
    name = f"given{ending}"
    return Given(
        file_format, {name: content.encode()}, name, {"file_format": file_format, **options}, sentences
    )


def make_jsonl(random: Random) -> Given:
    """A file of Prodigy, or of spaCy's users.

    random (Random): What chooses.
    RETURNS (Given): One file.
    """
    utf16 = bool(random.randint(0, 1))
    sentences = make_sentences(random)
    records = [_jsonl_record(random, one, _counted(one, utf16)) for one in sentences]
    return _given(random, "jsonl", random.choice([".jsonl", ".json"]), sentences, records, utf16=utf16)


def _jsonl_record(random: Random, sentence: Sentence, mentions: list[Mention]) -> Any:
    text = sentence.text
    layout = random.randint(0, 3)
    if layout == 0:
        return [text, {"entities": mentions}]
    if layout == 1:
        return {"text": text, "entities": mentions}
    spans = [{"start": start, "end": end, "label": label} for start, end, label in mentions]
    if layout == 2:
        return {"text": text, "spans": spans, "answer": "accept"}
    tokens = [
        {"text": word, "ws": index < len(sentence.words)} for index, word in enumerate(sentence.words, 1)
    ]
    return {"text": text, "spans": spans, "tokens": tokens, "meta": {"source": "x"}}


def make_doccano(random: Random) -> Given:
    """An export of doccano, in one of its layouts.

    random (Random): What chooses.
    RETURNS (Given): The export, and sometimes that of the labels beside it.
    """
    utf16 = bool(random.randint(0, 1))
    sentences = make_sentences(random)
    layout = random.choice(["label", "labels", "entities", "annotations"])
    numbers: dict[str, int] = {}
    records = [_doccano_record(one, _counted(one, utf16), layout, numbers) for one in sentences]
    given = _given(random, "doccano", random.choice([".jsonl", ".json"]), sentences, records, utf16=utf16)
    if layout == "annotations":
        config = [{"id": number, "text": label} for label, number in numbers.items()]
        given.files["label_config.json"] = json.dumps(config or {"1": "x"}).encode()
    return given


def _doccano_record(
    sentence: Sentence, mentions: list[Mention], layout: str, numbers: dict[str, int]
) -> dict[str, Any]:
    if layout in ("label", "labels"):
        return {"id": 1, "text": sentence.text, layout: mentions}
    found: list[dict[str, Any]] = []
    for start, end, label in mentions:
        known: Any = label
        if layout == "annotations":
            known = numbers.setdefault(label, len(numbers) + 1)
        found.append({"id": len(found), "start_offset": start, "end_offset": end, "label": known})
    return {"id": 1, "text": sentence.text, layout: found, "relations": []}


def make_label_studio(random: Random) -> Given:
    """An export of Label Studio, as JSON or JSON-MIN.

    random (Random): What chooses.
    RETURNS (Given): One file.
    """
    utf16 = bool(random.randint(0, 1))
    sentences = make_sentences(random)
    make = random.choice([_task, _small_task])
    records = [make(one, _counted(one, utf16)) for one in sentences]
    return _given(random, "label-studio", ".json", sentences, records, utf16=utf16)


def _regions(sentence: Sentence, mentions: list[Mention]) -> list[dict[str, Any]]:
    quotes = (sentence.text[start:end] for start, end, _ in sentence.mentions)
    return [
        {"start": start, "end": end, "text": quote, "labels": [label]}
        for (start, end, label), quote in zip(mentions, quotes, strict=True)
    ]


def _task(sentence: Sentence, mentions: list[Mention]) -> dict[str, Any]:
    results = [
        {"id": "a", "from_name": "label", "to_name": "text", "type": "labels", "value": region}
        for region in _regions(sentence, mentions)
    ]
    return {
        "id": 1,
        "data": {"text": sentence.text},
        "annotations": [{"id": 1, "was_cancelled": False, "result": results}],
        "predictions": [],
    }


def _small_task(sentence: Sentence, mentions: list[Mention]) -> dict[str, Any]:
    return {"id": 1, "text": sentence.text, "label": _regions(sentence, mentions), "annotator": 1}


def make_brat(random: Random) -> Given:
    """A folder of brat.

    random (Random): What chooses.
    RETURNS (Given): Two files for each text.
    """
    sentences = make_sentences(random)
    files: dict[str, bytes] = {}
    for number, sentence in enumerate(sentences):
        mentions = enumerate(sentence.mentions, start=1)
        lines = [
            f"T{index}\t{label} {start} {end}\t{sentence.text[start:end]}\n"
            for index, (start, end, label) in mentions
        ]
        lines += [f"#{index}\tAnnotatorNotes T1\tx\n" for index in range(random.randint(0, 1))]
        files[f"{number}.txt"] = sentence.text.encode()
        files[f"{number}.ann"] = "".join(lines).encode()
    return Given("brat", files, "", {"file_format": "brat"}, sentences)
