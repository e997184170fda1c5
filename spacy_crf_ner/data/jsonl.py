"""JSON with character offsets: Prodigy's, and what spaCy's users write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .drafts import Draft, shown
from .json_records import JsonRecord, read_json_records
from .json_shapes import add_annotations, draft_of, n_items, require_object
from .records import Record

SPANS = ("spans", "entities")
# What else Prodigy and spaCy keep beside them.
OTHER = ("relations", "cats", "links", "tags", "heads", "deps")
ACCEPTED = (None, "accept")


def read_jsonl(path: Path, *, utf16: bool = False) -> Iterator[Record]:
    """Texts with spans.

    path (Path): An object in each line, or one array of them: {"text": ..., "spans": [{"start", "end", "label"}, ...]}
        or {"text": ..., "entities": [[start, end, label], ...]}; or [text, {"entities": [...]}], as spaCy 2 had it.
        `tokens` of Prodigy (`text`, and `ws` if a space follows) give the words. Without `spans` and `entities` the
        annotation is unknown, unless Prodigy's `answer` is "accept": then there is none.
    utf16 (bool): Whether offsets count units of UTF-16 instead of characters.
    YIELDS (Record): One for each. What Prodigy's user rejected or ignored has no text, and a problem that says so.
    RAISES (DataError): A file that is not UTF-8 or no JSON, or a record without text.
    """
    for found in read_json_records(path):
        yield _read(path, found, utf16)


def _read(path: Path, found: JsonRecord, utf16: bool) -> Record:
    record = _as_object(path, found)
    draft = draft_of(path, found, record.get("text"), utf16=utf16)
    answer = record.get("answer")
    if answer == "accept" and all(record.get(key) is None for key in SPANS):
        record = {**record, "spans": []}
    add_annotations(draft, record, SPANS)
    for key in OTHER:
        draft.count(f"`{key}`", n_items(record.get(key)))
    if answer not in ACCEPTED:
        return draft.left_out(f"its `answer` is {shown(answer)}")
    words = _read_tokens(draft, record.get("tokens"))
    return draft.record() if words is None else draft.record(words=words[0], spaces=words[1])


def _as_object(path: Path, found: JsonRecord) -> dict[str, Any]:
    """The record as an object, also if it is a text and an object with its annotation."""
    match found.value:
        case [str(text), dict(annotation)]:
            return {**annotation, "text": text}
    return require_object(path, found, "an object with a string `text`, or a text and an object")


def _read_tokens(draft: Draft, tokens: object) -> tuple[tuple[str, ...], tuple[bool, ...]] | None:
    """Words, and whether a space follows each, if they make up the text."""
    if tokens is None:
        return None
    words: list[str] = []
    spaces: list[bool] = []
    position = 0
    tokens = tokens if isinstance(tokens, list) else []
    for token in tokens:
        word = token.get("text") if isinstance(token, dict) else None
        if not isinstance(word, str) or not word:
            break
        position += len(word)
        space = token.get("ws")
        spaces.append(space if isinstance(space, bool) else draft.text[position : position + 1] == " ")
        words.append(word)
        position += spaces[-1]
    joined = "".join(word + " " * space for word, space in zip(words, spaces, strict=True))
    if joined != draft.text or len(words) < len(tokens):
        draft.problem("its `tokens` do not make up its text, and are not used", text=draft.text)
        return None
    return tuple(words), tuple(spaces)
