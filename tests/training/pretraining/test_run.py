"""The folder of a pretraining: begun, gone on with, finished."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.pretraining.model import Measure
from spacy_crf_ner.training.pretraining.run import (
    NEW_FOLDER,
    REPORT_FILE,
    RUN_FILE,
    WORK_FOLDER,
    open_run,
)
from spacy_crf_ner.training.pretraining.settings import PretrainingSettings

SETTINGS = PretrainingSettings("encoder", steps=3)
TEXTS = ["one", "two"]
MEASURE = Measure(1.5, 0.25, 8)


def finish(output: Path) -> None:
    run = open_run(output, SETTINGS, TEXTS, overwrite=False)
    (run.folder / NEW_FOLDER).mkdir()
    (run.folder / NEW_FOLDER / "model.safetensors").write_text("new")
    run.finish({"steps": 3})


def test_what_was_measured_is_there_again_when_it_goes_on(tmp_path: Path) -> None:
    run = open_run(tmp_path / "out", SETTINGS, TEXTS, overwrite=False)
    assert run.measures == {}
    run.remember("before", MEASURE)
    again = open_run(tmp_path / "out", replace(SETTINGS, checkpoint_steps=7), TEXTS, overwrite=False)
    assert again.measures == {"before": MEASURE}
    assert again.report is None


def test_finishing_moves_the_encoder_and_leaves_a_report_and_no_checkpoints(tmp_path: Path) -> None:
    finish(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"model.safetensors", REPORT_FILE}
    run = open_run(tmp_path, SETTINGS, TEXTS, overwrite=False)
    assert run.report == {"steps": 3}
    assert not run.folder.exists()


@pytest.mark.parametrize("finished", [True, False])
def test_other_settings_or_texts_are_an_error_that_names_what_differs(finished: bool, tmp_path: Path) -> None:
    if finished:
        finish(tmp_path)
    else:
        open_run(tmp_path, SETTINGS, TEXTS, overwrite=False)
    with pytest.raises(TrainingError, match="another setting `seed`: 0, and not 1"):
        open_run(tmp_path, replace(SETTINGS, seed=1), TEXTS, overwrite=False)
    with pytest.raises(TrainingError, match=r"another setting `texts`: '2 with SHA-256 .*', and not '2 with"):
        open_run(tmp_path, SETTINGS, ["one", "three"], overwrite=False)


def test_overwriting_begins_anew_and_leaves_what_is_not_from_a_pretraining(tmp_path: Path) -> None:
    finish(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    run = open_run(tmp_path, replace(SETTINGS, seed=1), TEXTS, overwrite=True)
    assert run.report is None
    assert run.measures == {}
    assert not (tmp_path / REPORT_FILE).exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"
    run.remember("before", MEASURE)
    assert open_run(tmp_path, SETTINGS, TEXTS, overwrite=True).measures == {}


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(TrainingError, match="holds files that are not from a pretraining"):
        open_run(tmp_path, SETTINGS, TEXTS, overwrite=False)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_process_killed_while_the_encoder_was_moved_is_gone_on_with(tmp_path: Path) -> None:
    run = open_run(tmp_path, SETTINGS, TEXTS, overwrite=False)
    (run.folder / NEW_FOLDER).mkdir()
    (tmp_path / "model.safetensors").write_text("moved")
    again = open_run(tmp_path, SETTINGS, TEXTS, overwrite=False)
    assert again.report is None
    assert not (again.folder / NEW_FOLDER).exists()


@pytest.mark.parametrize("name", [f"{WORK_FOLDER}/{RUN_FILE}", REPORT_FILE])
def test_a_damaged_file_is_an_error_that_names_it(name: str, tmp_path: Path) -> None:
    if name == REPORT_FILE:
        finish(tmp_path)
    else:
        open_run(tmp_path, SETTINGS, TEXTS, overwrite=False)
    whole = (tmp_path / name).read_text()
    json.loads(whole)
    (tmp_path / name).write_text(whole[:20])
    with pytest.raises(TrainingError, match=rf"{name} is damaged\. Begin anew"):
        open_run(tmp_path, SETTINGS, TEXTS, overwrite=False)
