"""How good a pipeline is: as `crf-ner evaluate` measured it, or else as its training did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import Errors, SharingError
from .json_values import as_dict, as_share


class Score(NamedTuple):
    """Precision, recall and F1, from 0 to 1, and what they stand on; None is unknown.

    annotated (int | None): Annotated entities.
    interval (tuple[float, float] | None): Where F1 may be on other Docs of the kind.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    annotated: int | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Scores:
    """All scores of a pipeline.

    data (str | None): Name of the file that they were measured on; None: the development data of its training.
    docs (int | None): Docs in it.
    level (float | None): Of the intervals, such as 0.95.
    total (Score): All labels together.
    labels (dict[str, Score]): Each label.
    """

    data: str | None
    docs: int | None
    level: float | None
    total: Score
    labels: dict[str, Score]

    @property
    def intervals(self) -> bool:
        """Whether there are intervals."""
        return any(score.interval is not None for score in (self.total, *self.labels.values()))


def scores_of_training(meta: Mapping[str, Any]) -> Scores | None:
    """What meta.json has.

    meta (Mapping[str, Any]): meta.json.
    RETURNS (Scores | None): None if there is no score of entities.
    """
    found = as_dict(meta.get("performance"))
    total = _trained(found, "ents_{}")
    if total.f1 is None:
        return None
    labels = {
        str(label): _trained(as_dict(some), "{}")
        for label, some in as_dict(found.get("ents_per_type")).items()
    }
    return Scores(None, None, None, total, labels)


def _trained(found: Mapping[str, Any], name: str) -> Score:
    precision, recall, f1 = (as_share(found.get(name.format(letter))) for letter in "prf")
    return Score(precision, recall, f1)


def read_scores(path: Path) -> Scores:
    """What `crf-ner evaluate --json` saved.

    path (Path): The file.
    RETURNS (Scores): The scores of the pipeline, not those of one that it was compared with.
    RAISES (SharingError): It is no such file.
    """
    try:
        report = json.loads(path.read_text(encoding="utf8"))
    # A file may be nested deeper than Python can follow.
    except (OSError, ValueError, RecursionError) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise SharingError(Errors.H003.format(path=path, reason=reason)) from error
    total = _measured(as_dict(as_dict(report).get("micro")))
    if total.f1 is None:
        raise SharingError(Errors.H003.format(path=path, reason="it has no score `f1` under `micro`"))
    labels = {str(label): _measured(as_dict(some)) for label, some in as_dict(report.get("labels")).items()}
    # Only the name: where it lay is nobody's business.
    data = str(report.get("data", "")).replace("\\", "/").rstrip("/").rpartition("/")[2]
    docs, level = report.get("docs"), as_share(as_dict(report.get("bootstrap")).get("level"))
    return Scores(data or "?", docs if isinstance(docs, int) else None, level, total, labels)


def _measured(found: Mapping[str, Any]) -> Score:
    tp, fp, fn = (found.get(name) for name in ("tp", "fp", "fn"))
    annotated = tp + fn if isinstance(tp, int) and isinstance(fn, int) else None
    # Of no predictions, none is right or wrong: the file has 0 for both.
    precision = None if tp == fp == 0 else as_share(found.get("precision"))
    recall = None if annotated == 0 else as_share(found.get("recall"))
    interval = as_dict(found.get("intervals")).get("f1")
    ends = [as_share(end) for end in interval] if isinstance(interval, list) else []
    low, high = ends if len(ends) == 2 else (None, None)
    whole = None if low is None or high is None else (low, high)
    return Score(precision, recall, as_share(found.get("f1")), annotated, whole)
