"""`python -m spacy crf-ner evaluate` with a trained component: the log of its training, and what is saved."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.cli import app
from spacy.tokens import DocBin, Span
from spacy.util import registry
from typer.testing import CliRunner

from spacy_crf_ner.evaluation import find_transitions
from spacy_crf_ner.pages import evaluation_page
from tests import tiny
from tests.cli.support import run

STEPS = 20
# What docs/evaluation.md says of our configs.
LOGGER = (
    *("--training.logger.@loggers", "spacy.ConsoleLogger.v3"),
    *("--training.logger.progress_bar", "null"),
)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory, tiny_corpus: Path) -> Path:
    """The log of a training, with its pipelines beside it."""
    registry.cli.get_all()
    folder = tmp_path_factory.mktemp("training")
    path = folder / "log.jsonl"
    settings = tiny.overrides("crf_ner_cnn", tiny_corpus, Path(), STEPS)
    options = (*tiny.as_arguments(settings), *LOGGER, "--training.logger.output_file", path)
    run("train", tiny.CONFIGS / "crf_ner_cnn.cfg", "--output", folder, *options)
    return path


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny corpus with other annotation: some labels are changed, some entities are missing, and one is added."""
    docs = tiny.make_tiny_docs()
    docs[0].set_ents([Span(docs[0], 0, 2, "ORG"), Span(docs[0], 4, 5, "GPE")])
    docs[1].set_ents([])
    docs[2].set_ents([Span(docs[2], 0, 1, "DATE")])
    path = tmp_path_factory.mktemp("dev") / "dev.spacy"
    DocBin(docs=docs).to_disk(path)
    return path


def evaluate(log: Path, dev: Path, *options: str | Path, fails: bool = False) -> str:
    return run("crf-ner", "evaluate", log.parent / "model-best", dev, *options, fails=fails)


@pytest.fixture(scope="module")
def saved(log: Path, dev: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any], str]:
    """What was printed, the JSON, and the page."""
    folder = tmp_path_factory.mktemp("saved") / "new"
    options = ("--log", log, "--against", log.parent / "model-last", "--samples", "20")
    printed = evaluate(log, dev, *options, "--json", folder / "report.json", "--html", folder / "report.html")
    text = (folder / "report.json").read_text(encoding="utf8")
    assert sorted(one.name for one in folder.iterdir()) == ["report.html", "report.json"]
    return printed, json.loads(text), (folder / "report.html").read_text(encoding="utf8")


Saved = tuple[str, dict[str, Any], str]


def test_the_page_shows_what_the_json_holds(saved: Saved) -> None:
    printed, data, page = saved
    assert page == evaluation_page(data)
    assert "Saved everything to" in printed
    assert "Saved the page to" in printed


def test_each_pipeline_has_all_measures(saved: Saved) -> None:
    _, data, _ = saved
    for one in (data, data["against"]):
        assert one["confusion"]["labels"] == list(one["labels"]) == ["DATE", "GPE", "ORG", "PERSON"]
        assert sum(map(sum, one["confusion"]["matrix"][:-1])) == one["micro"]["tp"] + one["micro"]["fn"]
        assert one["probabilities"]["entities"] == one["micro"]["tp"] + one["micro"]["fp"]
        last = one["probabilities"]["precision_recall"][-1]
        assert {key: last[key] for key in ("precision", "recall", "f1")} == {
            key: one["micro"][key] for key in ("precision", "recall", "f1")
        }
        assert {doc["number"] for doc in one["documents"]} == {error["doc"] for error in one["errors"]}
        assert [table["component"] for table in one["transitions"]] == ["ner"]
    assert "training_log" not in data["against"]


def test_the_transitions_are_those_of_the_pipeline(saved: Saved, log: Path) -> None:
    (table,) = find_transitions(spacy.load(log.parent / "model-best"))
    (found,) = saved[1]["transitions"]
    assert found == json.loads(json.dumps(vars(table)))
    assert found["tags"][:3] == ["O", "B-GPE", "I-GPE"]


def test_the_log_of_the_training_is_told_and_saved(saved: Saved, log: Path) -> None:
    printed, data, _ = saved
    rows = data["training_log"]["rows"]
    assert data["training_log"]["file"] == str(log)
    assert [row["step"] for row in rows] == [0, STEPS // 2, STEPS]
    assert set(rows[-1]["losses"]) == {"tok2vec", "ner"}
    assert rows[-1]["score"] == pytest.approx(rows[-1]["scores"]["ents_f"])
    best = max(row["score"] for row in rows)
    assert f"Training: best score {100 * best:.2f} % at step" in printed
    assert "of 3 evaluations" in printed


def test_probabilities_and_confusions_are_printed(saved: Saved) -> None:
    printed, data, _ = saved
    measured = data["probabilities"]
    assert f"Probabilities of {measured['entities']} entities" in printed
    assert f"Area under precision and recall {measured['area']:.4f}" in printed
    assert f"Calibration error {measured['calibration_error']:.4f}" in printed
    assert "Annotated, and predicted as DATE GPE ORG PERSON nothing" in printed


def test_a_log_that_is_none_is_named_before_anything_runs(dev: Path, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("E  #  LOSS NER\n", encoding="utf8")
    printed = run("crf-ner", "evaluate", tmp_path / "absent", dev, "--log", path, fails=True)
    assert "Expected line 1 of" in printed
    assert "but got no valid JSON" in printed
    assert "absent" not in printed.replace(str(path), "")


def test_a_dash_prints_the_json_and_nothing_else(log: Path, dev: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.spacy"
    DocBin(docs=[spacy.blank("en").make_doc("No entity.")]).to_disk(empty)
    arguments = [
        "crf-ner",
        "evaluate",
        str(log.parent / "model-best"),
        str(dev),
        "--samples",
        "5",
        "--json",
        "-",
    ]
    result = CliRunner().invoke(app, [*arguments, "--train", str(empty)])
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout, parse_constant=pytest.fail)
    assert data["data"] == str(dev)
    assert data["seen"]["seen"]["tp"] + data["seen"]["seen"]["fn"] == 0


def test_a_second_pipeline_that_is_not_there_is_named_before_the_first_one_runs(
    log: Path, dev: Path, tmp_path: Path
) -> None:
    printed = evaluate(log, dev, "--against", tmp_path / "absent", fails=True)
    assert f"Cannot load the pipeline {tmp_path / 'absent'}" in printed
    broken = tmp_path / "broken.spacy"
    broken.touch()
    # Nor is the data read.
    assert "Cannot load" in evaluate(log, broken, "--against", tmp_path / "absent", fails=True)


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_a_place_that_cannot_be_written_to_is_named_before_anything_runs(
    option: str, dev: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "report"
    printed = run("crf-ner", "evaluate", tmp_path / "absent", dev, option, path, fails=True)
    assert "is a file, not a folder. Choose another place" in printed
    assert "absent" not in printed


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_the_data_is_not_written_over(option: str, dev: Path, tmp_path: Path) -> None:
    before = dev.read_bytes()
    printed = run("crf-ner", "evaluate", tmp_path / "absent", dev, option, dev, fails=True)
    assert f"Expected `{option}` to be a file of its own" in printed
    assert dev.read_bytes() == before


def test_the_two_files_are_not_the_same(dev: Path, tmp_path: Path) -> None:
    path = tmp_path / "report"
    files = ("--json", path, "--html", path)
    printed = run("crf-ner", "evaluate", tmp_path / "absent", dev, *files, fails=True)
    assert "Expected `--html` to be a file of its own" in printed
    assert not path.exists()


def test_without_the_package_for_plots_the_extra_is_named_before_anything_runs(
    dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_svg", None)
    path = tmp_path / "report.html"
    printed = run("crf-ner", "evaluate", tmp_path / "absent", dev, "--html", path, fails=True)
    assert "pip install 'spacy-crf-ner[report]'" in printed
    assert "absent" not in printed
    assert not path.exists()


def test_a_file_that_could_not_be_written_in_the_end_is_a_message(
    log: Path, dev: Path, tmp_path: Path
) -> None:
    # Its temporary name is too long.
    printed = evaluate(log, dev, "--json", tmp_path / ("a" * 250), fails=True)
    assert "Expected to be able to write" in printed
    assert "File name too long" in printed
    assert "Traceback" not in printed
    assert list(tmp_path.iterdir()) == []
