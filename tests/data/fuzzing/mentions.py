"""Files that can be read, with annotation that is wrong in every way, and how many annotations they have."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from tests.data.fuzzing.annotated import Given
from tests.data.fuzzing.text_files import make_brat, make_doccano, make_jsonl, make_label_studio

OFFSETS = (-1, 0, 1, 3, 10**6, 2**63, 10**400, 0.5, 3.0, math.nan, math.inf, "3", "", None, True, [], {})
NAMES = (
    "X",
    "PER",
    "",
    " ",
    "\t",
    "=1+1",
    "a\tb\nc",
    "\u2028",
    "\ud83d",
    "\0",
    "O",
    None,
    0.5,
    True,
    [],
    {},
    "L" * 300,
)
WHOLE = (None, 5, "x", "", [], [1], [0, 1, "A", "B"], {}, {"start": 0}, [[0, 1, "A"]])
STARTS, ENDS, LABEL_KEYS = ("start", "start_offset"), ("end", "end_offset"), ("label", "labels")
ANSWERS = ("accept", "reject", "ignore", None, 5, "")
BRAT_LINES = (
    "T9\tX 0 1;2 3\tx",
    "T9\tX 5 2\t",
    "T9\tX 0 1",
    "T9\tX -1 1\tx",
    "T9\tX 0.5 1\tx",
    "R1\tRel Arg1:T1",
    "x",
    "T\t",
)


def spoil(random: Random, file_format: str) -> tuple[Given, int]:
    """A file whose annotations are wrong, but its JSON is not.

    random (Random): What chooses.
    file_format (str): Which format.
    RETURNS (tuple[Given, int]): The file, and how many annotations are in it.
    """
    if file_format == "brat":
        return _spoil_brat(random)
    make: dict[str, Callable[[Random], Given]] = {
        "jsonl": make_jsonl,
        "doccano": make_doccano,
        "label-studio": make_label_studio,
    }
    given = make[file_format](random)
    content = given.files[given.named].decode()
    whole = given.named.endswith(".json")
    records = json.loads(content) if whole else [json.loads(line) for line in content.splitlines()]
    count = sum(_spoil_record(random, record, file_format) for record in records)
    spoilt = json.dumps(records) if whole else "\n".join(json.dumps(record) for record in records)
    files = {**given.files, given.named: spoilt.encode()}
    return replace(given, files=files, sentences=()), count


def _spoil_record(random: Random, record: Any, file_format: str) -> int:
    annotations = _annotations(record)
    for place, annotation in enumerate(annotations):
        kind = random.randint(0, 4)
        if kind == 0:
            annotations[place] = random.choice(WHOLE)
        elif kind <= 2:
            _spoil_annotation(random, annotation, file_format)
        elif kind == 3:
            annotations[place] = random.choice(annotations)
    if file_format == "jsonl" and isinstance(record, dict) and random.randint(0, 2) == 0:
        record["answer"] = random.choice(ANSWERS)
    return len(annotations)


def _annotations(record: Any) -> list[Any]:
    if isinstance(record, list):
        record = record[1]
    if isinstance(record.get("data"), dict):
        found = record["annotations"][0]["result"]
    else:
        found = next(
            record[key] for key in ("spans", "entities", "label", "labels", "annotations") if key in record
        )
    assert isinstance(found, list)
    return found


def _spoil_annotation(random: Random, annotation: Any, file_format: str) -> None:
    keys: dict[Any, tuple[Any, ...]]
    if isinstance(annotation, list):
        keys = {0: OFFSETS, 1: OFFSETS, 2: NAMES}
    elif isinstance(annotation, dict):
        # A region of Label Studio's tasks.
        annotation = annotation.get("value", annotation)
        keys = dict.fromkeys((*STARTS, *ENDS), OFFSETS) | dict.fromkeys(LABEL_KEYS, NAMES) | {"text": NAMES}
        keys = {key: values for key, values in keys.items() if key in annotation}
    else:
        return
    if not keys or (isinstance(annotation, list) and len(annotation) != 3):
        return
    key = random.choice(sorted(keys))
    value = random.choice(keys[key])
    # Each further label of a region would be one more annotation.
    annotation[key] = [value] if key == "labels" and random.randint(0, 1) else value


def _spoil_brat(random: Random) -> tuple[Given, int]:
    given = make_brat(random)
    files, count = dict(given.files), 0
    for name in [name for name in files if name.endswith(".ann")]:
        lines = files[name].decode().splitlines()
        for place in range(len(lines)):
            kind = random.randint(0, 3)
            if kind == 0:
                lines[place] = random.choice(BRAT_LINES)
            elif kind == 1:
                lines[place] = random.choice(lines)
            elif kind == 2:
                lines[place] = lines[place].replace(
                    random.choice("0123456789 "), random.choice("0123456789;"), 1
                )
        count += len(lines)
        files[name] = "".join(f"{line}\n" for line in lines).encode()
    return replace(given, files=files, sentences=()), count
