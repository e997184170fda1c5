"""brat standoff: texts in .txt files, and their annotation in .ann files beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..errors import DataError, Errors
from .drafts import Draft, shown
from .records import Record
from .text_files import read_lines, read_text

TEXT, ANNOTATION = ".txt", ".ann"
# Offsets of more digits are no offsets, and slow to read.
_OFFSETS = r"[0-9]{1,12} [0-9]{1,12}"
_TEXT_BOUND = re.compile(rf"T\S*\t(\S+) ({_OFFSETS}(?:;{_OFFSETS})*)(?:\t(.*))?")
_OTHER = re.compile(r"[REAMN#][0-9]\S*\s|\*\s")
KINDS = {
    "R": "relations",
    "E": "events",
    "A": "attributes",
    "M": "modifications",
    "N": "normalizations",
    "*": "equivalences",
    "#": "notes",
}


class _Annotation(NamedTuple):
    """A line of an .ann file that marks a text; `parts` are the offsets of each part of it."""

    line: int
    label: str
    parts: list[tuple[int, int]]
    quote: str


def read_brat(path: Path) -> Iterator[Record]:
    """Texts that were annotated in brat.

    path (Path): A folder, with all folders in it, or one .txt or .ann file.
    YIELDS (Record): One for each text, in the order of names; its document is the name without ending, below the
        folder. Its path is that of the .ann file, since lines of mentions and problems are counted there. Without .ann
        file the annotation is unknown. Annotations of several parts are problems; relations, events, attributes,
        normalizations and notes are counted, and left out. Triggers of events are mentions.
    RAISES (DataError): Neither a folder with such files nor one of them, an .ann file without text, or a file that is
        not UTF-8.
    """
    base = path if path.is_dir() else path.parent
    stems = _stems(path)
    if not stems:
        raise DataError(Errors.D107.format(path=path))
    for stem in stems:
        yield _read(stem, stem.relative_to(base).as_posix())


def _stems(path: Path) -> list[Path]:
    """Paths without ending."""
    files = path.rglob("*") if path.is_dir() else [path]
    found = {file.with_suffix("") for file in files if file.suffix in (TEXT, ANNOTATION) and file.is_file()}
    return sorted(found, key=Path.as_posix)


def _read(stem: Path, document: str) -> Record:
    text_path, path = (stem.with_name(stem.name + suffix) for suffix in (TEXT, ANNOTATION))
    if not text_path.is_file():
        raise DataError(Errors.D106.format(path=path, text=text_path.name))
    text = read_text(text_path)
    if not path.is_file():
        draft = Draft(text_path, 1, text)
        draft.leave_unknown(f"there is no {path.name}")
        return draft.record(document=document)
    lines = [(number, line) for number, line in read_lines(path) if line.strip()]
    annotations = [found for number, line in lines if (found := _parsed(number, line)) is not None]
    draft = Draft(path, 1, _as_counted(text, annotations))
    for annotation in annotations:
        _add(draft, annotation)
    marked = {annotation.line for annotation in annotations}
    _count_others(draft, [(number, line) for number, line in lines if number not in marked])
    return draft.record(document=document)


def _parsed(number: int, line: str) -> _Annotation | None:
    found = _TEXT_BOUND.fullmatch(line)
    if found is None:
        return None
    label, offsets, quote = found.groups()
    bounds = (part.split(" ") for part in offsets.split(";"))
    return _Annotation(number, label, [(int(start), int(end)) for start, end in bounds], quote or "")


def _as_counted(text: str, annotations: list[_Annotation]) -> str:
    """The text with the line ends that its annotation counts: git on Windows makes two characters of one."""
    single = text.replace("\r\n", "\n")
    if single == text:
        return text
    return max((text, single), key=lambda one: _n_quoted(one, annotations))


def _n_quoted(text: str, annotations: list[_Annotation]) -> int:
    """How many annotations of one part quote what is at their offsets; those over line ends may not count."""
    whole = (annotation for annotation in annotations if len(annotation.parts) == 1)
    return sum(text[slice(*annotation.parts[0])] == annotation.quote for annotation in whole)


def _add(draft: Draft, annotation: _Annotation) -> None:
    line, label, parts, quote = annotation
    if len(parts) == 1:
        draft.add(*parts[0], label, quote=quote, line=line)
    else:
        reason = f"it has {len(parts)} parts, and a mention has one"
        draft.problem(reason, text=quote, label=label, line=line)
        for start, end in parts:
            draft.leave_part_unknown(start, end)


def _count_others(draft: Draft, lines: list[tuple[int, str]]) -> None:
    """Count what marks no text, by kind, and note lines that are not brat's."""
    first: dict[str, int] = {}
    kinds: list[str] = []
    for number, line in lines:
        if _OTHER.match(line) is None:
            draft.problem(f"expected a line of brat's format, got {shown(line)}", line=number)
        else:
            kinds.append(KINDS[line[0]])
            first.setdefault(kinds[-1], number)
    for kind, number in first.items():
        draft.count(kind, kinds.count(kind), line=number)
