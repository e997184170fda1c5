"""Scores of a card are those that were measured, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spacy_crf_ner.errors import SharingError
from spacy_crf_ner.sharing import read_scores, scores_of_training

MICRO = {
    "precision": 0.5,
    "recall": 0.25,
    "f1": 1 / 3,
    "tp": 1,
    "fp": 1,
    "fn": 3,
    "intervals": {"f1": [0.1, 0.6]},
}


def saved(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "report.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf8")
    return path


def test_the_scores_of_training_are_those_of_meta() -> None:
    performance = {
        "ents_p": 0.5,
        "ents_r": 1,
        "ents_f": 0.6,
        "ents_per_type": {"GPE": {"p": 0.1, "r": 0.2, "f": 0.3}},
    }
    scores = scores_of_training({"performance": performance})
    assert scores is not None
    assert scores.total[:3] == (0.5, 1.0, 0.6)
    assert scores.labels["GPE"][:3] == (0.1, 0.2, 0.3)
    assert (scores.data, scores.intervals) == (None, False)


@pytest.mark.parametrize("performance", [None, {}, {"ents_f": "good"}, {"ents_f": 93.5}])
def test_without_scores_there_are_none(performance: Any) -> None:
    assert scores_of_training({"performance": performance}) is None
    assert scores_of_training({}) is None


def test_a_report_gives_counts_and_intervals(tmp_path: Path) -> None:
    report = {
        "data": "/home/ada/secret/dev.spacy",
        "docs": 12,
        "bootstrap": {"level": 0.95},
        "micro": MICRO,
        "labels": {
            "GPE": MICRO,
            "ORG": {**MICRO, "tp": 0, "fp": 0, "precision": 0.0, "intervals": {"f1": None}},
        },
    }
    scores = read_scores(saved(tmp_path, report))
    assert (scores.data, scores.docs, scores.level, scores.intervals) == ("dev.spacy", 12, 0.95, True)
    assert scores.total == (0.5, 0.25, 1 / 3, 4, (0.1, 0.6))
    # Of no predictions none is wrong.
    assert scores.labels["ORG"] == (None, 0.25, 1 / 3, 3, None)


def test_the_folder_of_the_data_stays_private(tmp_path: Path) -> None:
    for place in ("C:\\Users\\ada\\corpus\\", "/home/ada/corpus/", "corpus"):
        assert read_scores(saved(tmp_path, {"data": place, "micro": MICRO})).data == "corpus"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "Expecting"),
        ([1], "no score `f1` under `micro`"),
        ({"micro": {"f1": float("nan")}}, "no score `f1`"),
        ({"micro": {"f1": True}}, "no score `f1`"),
        ({"micro": {"f1": 33.0}}, "no score `f1`"),
    ],
)
def test_another_file_is_an_error(content: Any, reason: str, tmp_path: Path) -> None:
    with pytest.raises(SharingError, match=f"`--scores .*report.json` to be a file .*{reason}"):
        read_scores(saved(tmp_path, content))


def test_a_file_that_is_nested_too_deep_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("[" * 100_000, encoding="utf8")
    with pytest.raises(SharingError, match="recursion"):
        read_scores(path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SharingError, match="there is no such file"):
        read_scores(tmp_path / "none.json")
