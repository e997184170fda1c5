"""The log of a training: as spaCy's own logger writes it, and as it is not to be."""

import json
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.training.loggers import console_logger, console_logger_v3

from spacy_crf_ner.errors import EvaluationError
from spacy_crf_ner.evaluation import TrainingStep, read_training_log

ROW: dict[str, Any] = {
    "epoch": 1,
    "step": 200,
    "losses": {"ner": 12.5},
    "scores": {"ents_f": 50.0, "speed": 900.0},
    "score": 0.5,
}


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf8")
    return path


@pytest.mark.parametrize("logger", [console_logger, console_logger_v3])
def test_what_spacy_logs_is_read(logger: Any, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    nlp = spacy.blank("en")
    nlp.add_pipe("crf_ner", "ner")
    nlp.config["training"]["score_weights"] = {"ents_f": 1.0, "ents_p": 0.0, "speed": 0.0, "ents_r": None}
    log_step, finalize = logger(console_output=False, output_file=path)(nlp)
    for step in (0, 10):
        log_step(
            {
                "epoch": step // 5,
                "step": step,
                "losses": {"ner": 7.25 + step},
                "other_scores": {"ents_f": 0.25, "ents_p": 0.5, "speed": 812.5},
                "score": 0.25,
            }
        )
        log_step(None)
    finalize()
    scores = {"ents_f": 0.25, "ents_p": 0.5, "speed": 812.5}
    assert read_training_log(path) == [
        TrainingStep(0, 0, 0.25, {"ner": 7.25}, scores),
        TrainingStep(2, 10, 0.25, {"ner": 17.25}, scores),
    ]


def test_a_step_may_be_without_a_score_and_lines_may_be_empty(tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", ROW | {"score": None}, ROW)
    path.write_text(path.read_text(encoding="utf8").replace("\n", "\r\n\n"), encoding="utf8")
    assert [step.score for step in read_training_log(path)] == [None, 0.5]


def test_names_may_hold_any_character(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    row = ROW | {"losses": {"a\u2028b\x85": 1.0}}
    path.write_text(json.dumps(row, ensure_ascii=False), encoding="utf8")
    assert read_training_log(path)[0].losses == {"a\u2028b\x85": 1.0}


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in ROW.items() if name != key}


@pytest.mark.parametrize(
    ("row", "got"),
    [
        ([1, 2], "no JSON object"),
        ("text", "no JSON object"),
        *((without(key), f"no `{key}`") for key in ROW),
        (ROW | {"step": 1.5}, "`step` = 1.5"),
        (ROW | {"epoch": True}, "`epoch` = True"),
        (ROW | {"score": "0.5"}, "`score` = '0.5'"),
        (ROW | {"losses": [1.0]}, r"`losses` = \[1.0\]"),
        (ROW | {"scores": {"ents_f": None}}, "`scores.ents_f` = None"),
        (ROW | {"scores": {"ents_f": float("nan")}}, "`scores.ents_f` = nan"),
        (ROW | {"losses": {"ner": 10**400}}, "too large"),
    ],
)
def test_a_foreign_line_is_named(row: object, got: str, tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", ROW, row)
    with pytest.raises(EvaluationError, match=rf"Expected line 2 of .*log\.jsonl to be .* but got .*{got}"):
        read_training_log(path)


@pytest.mark.parametrize("line", ['{"epoch": 1, "st', "step 5 loss 7", "[" * 100_000, "1" * 5000])
def test_a_broken_line_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(f"{json.dumps(ROW)}\n\n{line}\n", encoding="utf8")
    with pytest.raises(EvaluationError, match=r"line 3 of .*but got no valid JSON"):
        read_training_log(path)


def test_a_file_that_is_no_text_or_empty_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EvaluationError, match=r"log\.jsonl to be the log .* cannot be read: .*can't decode"):
        read_training_log(path)
    path.write_text("\n\n", encoding="utf8")
    with pytest.raises(EvaluationError, match=r"it is empty\. Give another file with `--log`"):
        read_training_log(path)
    with pytest.raises(EvaluationError, match="No such file"):
        read_training_log(tmp_path / "absent")
