"""Label Studio's exports JSON and JSON-MIN."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import DataError, Errors
from .drafts import Draft, shown
from .json_records import JsonRecord, read_json_records
from .json_shapes import draft_of, in_brackets, n_items, require_object
from .records import Record

ANSWERS = ("annotations", "completions")
CANCELLED = ("was_cancelled", "skipped")
LABELS = ("labels", "hypertextlabels")
# Names of data that a message shows, and characters of one.
SHOWN = 40
# Names that regions have in JSON-MIN, unless the project names its tags otherwise.
REGIONS = ("label", "labels")
# What JSON-MIN has beside the data of a task.
DESCRIPTIONS = ("annotator", "annotation_id", "created_at", "updated_at", "lead_time", "id", "agreement")


class _Options(NamedTuple):
    text_key: str | None
    annotation: int
    utf16: bool


def read_label_studio(
    path: Path, *, text_key: str | None = None, annotation: int = 1, utf16: bool = False
) -> Iterator[Record]:
    """Texts that were annotated in Label Studio.

    path (Path): Its export as JSON, or as JSON-MIN.
    text_key (str | None): Which of a task's data is the text; by default the one that the annotation names, `text`, or
        the only string.
    annotation (int): Which annotation of a task to read if there are several, counted from 1, without cancelled ones.
    utf16 (bool): Whether offsets count units of UTF-16 instead of characters, as old versions did: a problem of each
        text with emoji says so.
    YIELDS (Record): One for each task. One whose annotation was cancelled has no text, and a problem that says so; the
        annotation of one that nobody annotated is unknown. All other annotations and results are counted.
    RAISES (DataError): A file that is not UTF-8 or no JSON, a record that is no task, or one whose text is unclear.
    """
    options = _Options(text_key, annotation, utf16)
    for found in read_json_records(path):
        task = require_object(path, found, "a task with `data`, or an object with the text")
        read = _read_task if isinstance(task.get("data"), dict) else _read_min
        yield read(path, found, task, options)


def _read_task(path: Path, found: JsonRecord, task: Mapping[str, Any], options: _Options) -> Record:
    answers = [one for key in ANSWERS for one in _listed(task.get(key))]
    kept = [one for one in answers if not (isinstance(one, dict) and any(one.get(key) for key in CANCELLED))]
    chosen = kept[options.annotation - 1] if len(kept) >= options.annotation else None
    results = chosen.get("result") if isinstance(chosen, dict) else None
    regions = [one for one in _listed(results) if _labels_of(one) is not None]
    targets = list(dict.fromkeys(str(one["to_name"]) for one in regions if one.get("to_name")))
    draft = _draft(path, found, task["data"], targets, options)
    n_cancelled = len(answers) - len(kept)
    draft.count("cancelled annotations", n_cancelled)
    if not kept:
        if n_cancelled:
            return draft.left_out("all its annotations were cancelled")
        guesses = n_items(task.get("predictions"))
        draft.leave_unknown("it has no annotation" + (f", only predictions ({guesses})" if guesses else ""))
        return draft.record()
    if chosen is None:
        return draft.left_out(
            f"it has {len(kept)} annotations, and number {options.annotation} is to be read"
        )
    draft.count(f"annotations other than number {options.annotation}", len(kept) - 1)
    if not isinstance(results, list):
        draft.leave_unknown(f"expected a list as `result`, got {shown(results)}")
        return draft.record()
    target = options.text_key if options.text_key in targets else next(iter(targets), None)
    for region in regions:
        _add_result(draft, region, target)
    _count_others(draft, [one for one in results if _labels_of(one) is None])
    return draft.record()


def _read_min(path: Path, found: JsonRecord, task: Mapping[str, Any], options: _Options) -> Record:
    strings = {key: value for key, value in task.items() if key not in DESCRIPTIONS}
    draft = _draft(path, found, strings, (), options)
    keys = [key for key, value in task.items() if isinstance(value, list) and _holds_regions(key, value)]
    for region in (region for key in keys for region in task[key]):
        _add_region(draft, region)
    # A task without any region has no such list, but only annotated tasks are exported, with who did it.
    if not keys and not any(key in task for key in ("annotator", "annotation_id")):
        draft.leave_unknown("it has no regions, and nobody who annotated it")
    return draft.record()


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _labels_of(result: object) -> object:
    """The labels of a result; none if it is no region of a text that has labels."""
    value = result.get("value") if isinstance(result, dict) else None
    if not isinstance(value, dict):
        return None
    found = next((value[key] for key in LABELS if value.get(key) is not None), None)
    return [] if found is None and isinstance(result, dict) and result.get("type") in LABELS else found


def _holds_regions(key: str, values: Sequence[object]) -> bool:
    return key in REGIONS or any(
        isinstance(value, dict) and any(label in value for label in LABELS) for value in values
    )


def _draft(
    path: Path, found: JsonRecord, data: Mapping[str, Any], targets: Sequence[str], options: _Options
) -> Draft:
    """A draft of the text of a task."""
    named = (*targets, "text") if options.text_key is None else (options.text_key,)
    key = next((key for key in named if isinstance(data.get(key), str)), None)
    if key is None:
        strings = [name for name, value in data.items() if isinstance(value, str)]
        if options.text_key is not None or len(strings) != 1:
            got = ", ".join(f"`{name[:SHOWN]}`" for name in strings[:SHOWN]) or "none"
            raise DataError(Errors.D105.format(path=path, line=found.line, place=in_brackets(found), got=got))
        key = strings[0]
    return draft_of(path, found, data[key], utf16=options.utf16)


def _add_result(draft: Draft, result: Mapping[str, Any], target: str | None) -> None:
    name = result.get("to_name")
    if name and str(name) != target:
        draft.problem(f"it marks {shown(name)}, and the text of {shown(target)} is read")
    else:
        _add_region(draft, result["value"])


def _add_region(draft: Draft, region: object) -> None:
    """Add a region: an object with `start`, `end`, `labels`, and perhaps the `text` that is there."""
    if not isinstance(region, dict):
        draft.problem(f"expected an object with `start`, `end` and `labels`, got {shown(region)}")
        return
    found = next((region[key] for key in LABELS if region.get(key) is not None), None)
    first, *others = found if isinstance(found, list) and found else [found or None]
    quote = region.get("text")
    quote = quote if isinstance(quote, str) else ""
    if quote not in draft.text:
        # Some versions write line ends as a backslash and a letter.
        quote = quote.replace("\\n", "\n").replace("\\r", "\r")
    draft.add(region.get("start"), region.get("end"), first, quote=quote)
    for label in others:
        name = label if isinstance(label, str) else shown(label)
        reason = f"the region has several labels, and the first one, {shown(first)}, is read"
        draft.problem(reason, text=quote, label=name)


def _count_others(draft: Draft, results: Sequence[object]) -> None:
    """Count what is no region, by type."""
    kinds = [shown(one.get("type") if isinstance(one, dict) else one) for one in results]
    for kind in dict.fromkeys(kinds):
        draft.count(f"results of type {kind}", kinds.count(kind))
