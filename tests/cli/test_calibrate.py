"""`python -m spacy crf-ner calibrate` on pipelines that are loaded from disk."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import DocBin, Span
from spacy.util import registry

from spacy_crf_ner.cli.calibrate import BAR_WIDTH, draw_bar
from spacy_crf_ner.evaluation import ReliabilityBin, calibrate, gather, measure
from spacy_crf_ner.evaluation.held_out import Temperatures
from tests import tiny
from tests.cli.support import run

pytestmark = pytest.mark.usefixtures("commands")
# What does not depend on the encoder.
one_config = pytest.mark.parametrize("config_name", ["crf_ner_cnn"], indirect=True, scope="session")


@pytest.fixture(scope="module")
def commands() -> None:
    registry.cli.get_all()


@pytest.fixture
def model(trained: Path, tmp_path: Path) -> Path:
    """A pipeline of our own, which may be changed."""
    return Path(shutil.copytree(trained, tmp_path / "model"))


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny corpus, so often that labels have enough entities; every third text has none that is annotated."""
    docs = [doc for _ in range(5) for doc in tiny.make_tiny_docs()]
    for index, doc in enumerate(docs):
        if index % 3 == 0:
            doc.set_ents([], default="outside")
    path = tmp_path_factory.mktemp("dev") / "dev.spacy"
    DocBin(docs=docs).to_disk(path)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def settings(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "ner" / "cfg").read_text(encoding="utf8"))
    return found


def test_the_temperature_is_saved_in_place_and_nothing_else_changes(model: Path, dev: Path) -> None:
    before = contents(model)
    output = run("crf-ner", "calibrate", model, dev)
    after = contents(model)
    assert {name for name in after if after[name] != before.get(name)} == {"ner/cfg"}
    assert before.keys() == after.keys()
    saved = settings(model)
    assert saved["temperature"] > 1.5
    assert saved["label_temperatures"] is None
    assert f"Temperature 1 {saved['temperature']:.4g}" in output
    assert f"Saved the temperature to {model / 'ner' / 'cfg'}" in output
    loaded = spacy.load(model).get_pipe("ner").cfg["temperature"]
    # Two readers of JSON may differ in the last digit.
    assert loaded == pytest.approx(saved["temperature"], rel=1e-12)


@one_config
def test_what_it_reports_is_what_evaluation_measures(model: Path, dev: Path, tmp_path: Path) -> None:
    report_path = tmp_path / "report.json"
    nlp = spacy.load(model)
    output = run("crf-ner", "calibrate", model, dev, "--json", report_path, "--bins", "4", "--per-label")
    report = json.loads(report_path.read_text(encoding="utf8"))
    component = nlp.get_pipe("ner")
    from spacy.training import Corpus

    held_out = gather(nlp, component, Corpus(dev)(nlp))
    found = calibrate(held_out, bins=4, per_label=True)
    assert report["temperature"] == pytest.approx(found.temperatures.shared, rel=0.01)
    assert report["label_temperatures"] == pytest.approx(found.temperatures.by_label, rel=0.01)
    assert list(report["labels_without_their_own"]) == list(found.rare)
    assert (report["component"], report["docs"], report["objective"]) == ("ner", 60, "spans")
    before = measure(held_out, Temperatures(), bins=4)
    for name in ("spans", "precision", "calibration_error", "brier_score", "log_loss", "annotation_loss"):
        assert report["before"][name] == pytest.approx(getattr(before, name), rel=1e-4, abs=1e-6)
    assert [one["size"] for one in report["after"]["bins"]] == [one.size for one in found.after.bins]
    assert report["after"]["log_loss"] < report["before"]["log_loss"]
    for expected in (
        "Calibration of 'ner' on 60 Docs",
        f"Expected calibration error {before.calibration_error:.4f} {found.after.calibration_error:.4f}",
        f"Predicted entities {before.spans} {found.after.spans}",
        "#: right, |: mean probability (before)",
        "#: right, |: mean probability (after)",
    ):
        assert expected in output
    for label in found.temperatures.by_label or {}:
        assert f"Temperature of {label} 1 " in output


def test_probabilities_of_the_loaded_pipeline_are_tempered_and_entities_the_same(
    model: Path, dev: Path
) -> None:
    def predicted() -> list[tuple[tuple[int, int, str], float]]:
        docs = spacy.load(model).pipe(tiny.TINY_TEXTS)
        return [((ent.start, ent.end, ent.label_), ent._.crf_prob) for doc in docs for ent in doc.ents]

    before = predicted()
    run("crf-ner", "calibrate", model, dev)
    after = predicted()
    assert [entity for entity, _ in after] == [entity for entity, _ in before]
    assert sum(chance for _, chance in after) < sum(chance for _, chance in before)


@one_config
def test_calibrating_again_changes_nothing_more(model: Path, dev: Path, tmp_path: Path) -> None:
    run("crf-ner", "calibrate", model, dev)
    first = settings(model)
    report_path = tmp_path / "report.json"
    run("crf-ner", "calibrate", model, dev, "--json", report_path)
    assert settings(model) == first
    report = json.loads(report_path.read_text(encoding="utf8"))
    assert report["before"] == report["after"]


@one_config
def test_with_output_the_whole_pipeline_is_saved_elsewhere(model: Path, dev: Path, tmp_path: Path) -> None:
    before = contents(model)
    target = tmp_path / "calibrated"
    output = run("crf-ner", "calibrate", model, dev, "--output", target, "--objective", "sequences")
    assert contents(model) == before
    assert f"Saved the calibrated pipeline to {target}" in output
    assert spacy.load(target).get_pipe("ner").cfg["temperature"] != 1.0


@one_config
def test_an_installed_package_needs_an_output(
    model: Path, dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spacy.util.is_package", lambda name: name == "en_tiny")
    nlp = spacy.load(model)
    monkeypatch.setattr("spacy.util.load_model", lambda _, **__: nlp)
    output = run("crf-ner", "calibrate", "en_tiny", dev, fails=True)
    assert "--output" in output
    assert "'en_tiny' is no directory" in output
    run("crf-ner", "calibrate", "en_tiny", dev, "--output", tmp_path / "calibrated")
    assert settings(tmp_path / "calibrated")["temperature"] != 1.0


@one_config
def test_a_component_is_chosen_by_its_name(model: Path, dev: Path) -> None:
    nlp = spacy.load(model)
    nlp.add_pipe("crf_ner", name="second", source=None).cfg["threshold"] = 0.5
    second = nlp.get_pipe("second")
    second.add_label("GPE")
    nlp.to_disk(model)
    output = run("crf-ner", "calibrate", model, dev, fails=True)
    assert (
        "The pipeline has several `crf_ner` components: ner, second. Choose one with `--component`." in output
    )
    run("crf-ner", "calibrate", model, dev, "--component", "ner")
    assert settings(model)["temperature"] != 1.0
    output = run("crf-ner", "calibrate", model, dev, "--component", "third", fails=True)
    assert "Expected `--component` to name one of the pipeline's `crf_ner` components, ner, second" in output


def test_a_pipeline_without_the_component_is_an_error(dev: Path, tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "model")
    output = run("crf-ner", "calibrate", tmp_path / "model", dev, fails=True)
    assert "Expected a pipeline with a component of the factory `crf_ner`" in output
    assert "its components are: sentencizer" in output


@one_config
def test_data_without_entities_is_an_error_and_nothing_is_saved(model: Path, tmp_path: Path) -> None:
    before = contents(model)
    docs = tiny.make_tiny_docs()
    for doc in docs:
        doc.set_ents([], default="outside")
    DocBin(docs=docs).to_disk(tmp_path / "none.spacy")
    output = run("crf-ner", "calibrate", model, tmp_path / "none.spacy", fails=True)
    assert "No entity is annotated in the 12 Docs" in output
    assert contents(model) == before


@one_config
def test_what_is_left_out_or_at_the_limit_is_said(model: Path, tmp_path: Path) -> None:
    docs = tiny.make_tiny_docs()
    docs[0].set_ents([Span(docs[0], 4, 5, "GPE")], missing=[docs[0][0:2]], default="outside")
    DocBin(docs=docs).to_disk(tmp_path / "all-right.spacy")
    output = run("crf-ner", "calibrate", model, tmp_path / "all-right.spacy", "--per-label")
    assert "1 predicted entities on tokens without annotation are left out." in output
    assert "Labels with too few predicted entities for a temperature of their own: GPE (" in output
    assert "The data does not tell the temperature: all predicted entities (of a label) are right" in output


@pytest.mark.parametrize(
    ("confidence", "accuracy", "bar"),
    [
        (0.5, 0.5, "############|............"),
        (1.0, 1.0, "########################|"),
        (0.0, 0.0, "|........................"),
        (0.9, 0.2, "#####.................|.."),
        (0.2, 0.8, "#####|##############....."),
    ],
)
def test_a_bar_shows_what_is_right_and_what_was_expected(
    confidence: float, accuracy: float, bar: str
) -> None:
    assert draw_bar(ReliabilityBin(0.0, 1.0, 5, confidence, accuracy)) == bar
    assert len(bar) == BAR_WIDTH
