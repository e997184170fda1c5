"""doccano's exports of sequence labelling, in all their layouts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import DataError, Errors
from .drafts import Draft, is_whole_number, shown
from .json_records import JsonRecord, read_json_records
from .json_shapes import add_annotation, add_annotations, draft_of, n_items, require_object
from .records import Record

TEXTS = ("text", "data")
LABELS = ("label", "labels", "entities", "annotations")
LABEL_CONFIG = "label_config.json"


def read_doccano(path: Path, *, label_config: Path | None = None, utf16: bool = False) -> Iterator[Record]:
    """Texts that were annotated in doccano.

    path (Path): An object in each line, or one array of them: the text as `text` or `data`, and as `label`, `labels` or
        `entities` a list of [start, end, label] or of objects with `start_offset`, `end_offset` and `label`; or, as
        old versions had it, `annotations` with numbers as labels.
    label_config (Path | None): doccano's export of the labels, for labels that are numbers; by default
        label_config.json beside the file, if it is there.
    utf16 (bool): Whether offsets count units of UTF-16 instead of characters, as some versions do: a text with emoji
        shows it.
    YIELDS (Record): One for each. Relations are counted, and left out.
    RAISES (DataError): A file that is not UTF-8 or no JSON, a record without text, or a number as label that has no
        name.
    """
    names = _LabelNames(path, label_config)
    for found in read_json_records(path):
        yield _read(path, found, names, utf16)


def _read(path: Path, found: JsonRecord, names: _LabelNames, utf16: bool) -> Record:
    expected = "an object with a string `text` or `data`"
    record = require_object(path, found, expected)
    text = next((record[key] for key in TEXTS if record.get(key) is not None), None)
    draft = draft_of(path, found, text, expected=expected, utf16=utf16)

    def add(draft: Draft, annotation: object) -> None:
        add_annotation(draft, names.named(found.line, annotation))

    add_annotations(draft, record, LABELS, add=add)
    draft.count("relations", n_items(record.get("relations")))
    return draft.record()


class _LabelNames:
    """Names for the labels of a file, from another one that is read only if there are numbers."""

    def __init__(self, path: Path, config: Path | None) -> None:
        self._path = path
        self._config = path.with_name(LABEL_CONFIG) if config is None else config
        self._required = config is not None

    def named(self, line: int, annotation: object) -> object:
        """The annotation with the name of its label."""
        if isinstance(annotation, dict):
            return {**annotation, "label": self._name(line, annotation.get("label"))}
        if isinstance(annotation, list) and len(annotation) == 3:
            return [*annotation[:2], self._name(line, annotation[2])]
        return annotation

    def _name(self, line: int, label: object) -> object:
        if not is_whole_number(label):
            return label
        if not self._required and not self._config.is_file():
            raise DataError(Errors.D103.format(path=self._path, line=line, label=label, config=LABEL_CONFIG))
        # A number without name stays a number, and becomes a problem.
        return self._names.get(str(label), label)

    @cached_property
    def _names(self) -> dict[str, str]:
        values = [record.value for record in read_json_records(self._config)]
        names: dict[str, str] = {}
        for value in values:
            names.update(_names_of(value))
        if not names:
            got = shown(values[0] if len(values) == 1 else values)
            raise DataError(Errors.D104.format(path=self._config, got=got))
        return names


def _names_of(value: Any) -> dict[str, str]:
    """The names by number that an object of the export has."""
    match value:
        case {"id": int(number), "text": str(name)}:
            return {str(number): name}
        case dict():
            return {
                number: name for number, name in value.items() if number.isdigit() and isinstance(name, str)
            }
    return {}
