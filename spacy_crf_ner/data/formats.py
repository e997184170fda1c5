"""Which format a file is in, from its name and how it begins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import DataError, Errors
from .brat import ANNOTATION
from .json_records import read_json_records
from .text_files import read_lines

JSONL, DOCCANO, LABEL_STUDIO, BRAT = "jsonl", "doccano", "label-studio", "brat"
CONLLU, COLUMNS, DATASETS = "conllu", "columns", "datasets"
FORMATS = (COLUMNS, CONLLU, JSONL, DOCCANO, LABEL_STUDIO, BRAT, DATASETS)

# What `save_to_disk` of `datasets` leaves in a folder with splits, and in one without.
DATASET_FILES = ("dataset_dict.json", "dataset_info.json")
JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
CONLLU_ENDINGS = (".conllu", ".conllup")
CONLLU_COMMENTS = ("# sent_id =", "# text =", "# newdoc", "# global.columns =")
CONLLU_COLUMNS = 10
_TAG = re.compile(r"O|[A-Z][-_].+|.+[-_][A-Z]")
# Records and lines that are looked at; the first that tells ends it.
N_RECORDS, N_LINES = 100, 1000


def find_format(path: Path) -> str:
    """The format of a file or folder, for where none is named.

    path (Path): A file, or a folder of brat or `datasets`.
    RETURNS (str): One of `FORMATS`, by the name of the file, its first records or its first lines. JSON that could be
        Prodigy's or doccano's as well, as it is without annotation, is "jsonl".
    RAISES (DataError): None fits; or a file that cannot be read, that is not UTF-8, or no JSON though it is called so.
    """
    if path.is_dir():
        return _format_of_folder(path)
    ending = path.suffix.lower()
    if ending in CONLLU_ENDINGS:
        return CONLLU
    if ending == ANNOTATION or (ending == ".txt" and path.with_suffix(ANNOTATION).is_file()):
        return BRAT
    if ending in JSON_ENDINGS:
        return _format_of_json(path)
    return _format_of_lines(path)


def _format_of_folder(path: Path) -> str:
    if any((path / name).is_file() for name in DATASET_FILES):
        return DATASETS
    if next(path.rglob(f"*{ANNOTATION}"), None) is not None:
        return BRAT
    raise _unclear(
        path, "the folder has no .ann files, and nothing that `save_to_disk` wrote; name its files instead"
    )


def _format_of_json(path: Path) -> str:
    records = (found.value for found in islice(read_json_records(path), N_RECORDS))
    texts = False
    for record in records:
        found = _format_of_record(record)
        if found:
            return found
        texts = texts or (isinstance(record, dict) and isinstance(record.get("text"), str))
    if texts:
        return JSONL
    raise _unclear(path, "its first records have no text, or it is under another name than usual")


def _format_of_record(record: object) -> str:
    """The format of a record, empty if it could be of several or of none."""
    match record:
        case [str(), dict()]:
            return JSONL
        case {"data": dict()}:
            return LABEL_STUDIO
        case {"spans": list()} | {"answer": str()}:
            return JSONL
        case dict():
            return _format_of_object(record)
    return ""


def _format_of_object(record: Mapping[str, Any]) -> str:
    lists = {key: value for key, value in record.items() if isinstance(value, list)}
    if "annotator" in record or any(_has(value, "labels", "hypertextlabels") for value in lists.values()):
        return LABEL_STUDIO
    if isinstance(record.get("data"), str):
        return DOCCANO
    if not isinstance(record.get("text"), str):
        return ""
    if any(key in lists for key in ("label", "labels", "annotations")):
        return DOCCANO
    entities = lists.get("entities", [])
    if not entities:
        return ""
    return DOCCANO if _has(entities, "start_offset") else JSONL


def _has(values: Iterable[object], *keys: str) -> bool:
    return any(isinstance(value, dict) and any(key in value for key in keys) for value in values)


def _format_of_lines(path: Path) -> str:
    lines = [line for _, line in islice(read_lines(path), N_LINES)]
    filled = [line for line in lines if line.strip()]
    if not filled:
        raise _unclear(path, "it is empty")
    if any(line.startswith(CONLLU_COMMENTS) for line in filled):
        return CONLLU
    # A token may be a bracket, but none is a whole object.
    if filled[0].lstrip()[0] in "[{" and _is_json(path):
        return _format_of_json(path)
    columns = [line.split("\t") for line in filled if not line.startswith("#")]
    if columns and all(len(line) == CONLLU_COLUMNS and line[0][:1].isdigit() for line in columns):
        return CONLLU
    reason = _no_columns([line for line in filled if not line.startswith(("#", "-DOCSTART-"))])
    if reason:
        raise _unclear(path, reason)
    return COLUMNS


def _no_columns(lines: Sequence[str]) -> str:
    """Why lines are not those of tokens with tags; empty if they are."""
    tabs = any("\t" in line for line in lines)
    rows = [line.split("\t") if tabs else line.strip(" ").split(" ") for line in lines]
    widths = {len(row if tabs else [cell for cell in row if cell]) for row in rows}
    if len(widths) != 1:
        return "its lines have different numbers of columns"
    if widths == {1}:
        return "it has one column"
    # Sentences of as many words each have columns, too.
    tags = tabs or any(_TAG.fullmatch(cell) for row in rows for cell in row[1:])
    return "" if tags else "none of its columns has tags such as O and B-PER"


def _is_json(path: Path) -> bool:
    try:
        return next(read_json_records(path), None) is not None
    except DataError:
        return False


def _unclear(path: Path, reason: str) -> DataError:
    return DataError(Errors.D108.format(path=path, formats=", ".join(FORMATS), reason=reason))
