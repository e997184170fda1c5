"""`python -m spacy crf-ner evaluate` on pipelines of rules, which need no training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Corpus
from spacy.util import registry

from spacy_crf_ner.cli.evaluation_tables import printable
from tests.cli.support import run

pytestmark = pytest.mark.usefixtures("commands")
# Of each: text and entities by first token, last token and label.
DATA = [
    ("Ada Lovelace met Max in Bonn .", [(0, 2, "PER"), (3, 4, "PER"), (5, 6, "LOC")]),
    ("Max left Rome .", [(0, 1, "PER"), (2, 3, "LOC")]),
    ("Washington spoke .", [(0, 1, "PER")]),
    ("It rained .", []),
]


@pytest.fixture(scope="module")
def commands() -> None:
    registry.cli.get_all()


def pipeline(path: Path, patterns: dict[str, str]) -> Path:
    """A pipeline that finds these texts as entities of these labels, saved."""
    nlp = spacy.blank("en")
    ruler: Any = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"pattern": text, "label": label} for text, label in patterns.items()])
    nlp.to_disk(path)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Misses Rome, and takes Ada for the whole name, Washington for a place, and rain for a place."""
    patterns = {"Ada": "PER", "Max": "PER", "Bonn": "LOC", "Washington": "LOC", "rained": "LOC"}
    return pipeline(tmp_path_factory.mktemp("models") / "model", patterns)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finds Bonn and nothing else."""
    return pipeline(tmp_path_factory.mktemp("models") / "other", {"Bonn": "LOC"})


def annotated(nlp: Language, text: str, spans: list[tuple[int, int, str]]) -> Doc:
    doc = nlp.make_doc(text)
    doc.set_ents([Span(doc, *span) for span in spans], default="outside")
    return doc


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four annotated Docs, and one that says nothing about entities."""
    nlp = spacy.blank("en")
    docs = [annotated(nlp, text, spans) for text, spans in DATA]
    path = tmp_path_factory.mktemp("data") / "dev.spacy"
    DocBin(docs=[*docs[:2], nlp.make_doc("Bonn says nothing ."), *docs[2:]]).to_disk(path)
    return path


def test_the_measures_are_printed_and_saved_and_are_those_of_spacy(
    model: Path, data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "report.json"
    printed = run("crf-ner", "evaluate", model, data, "--json", path)
    saved = json.loads(path.read_text(encoding="utf8"))
    nlp = spacy.load(model)
    expected = nlp.evaluate(list(Corpus(data)(nlp)))
    assert saved["micro"]["f1"] == expected["ents_f"]
    assert {label: scores["f1"] for label, scores in saved["labels"].items()} == {
        label: scores["f"] for label, scores in expected["ents_per_type"].items()
    }
    assert (saved["micro"]["tp"], saved["micro"]["fp"], saved["micro"]["fn"]) == (3, 3, 3)
    assert saved["components"] == ["entity_ruler"]
    assert (saved["docs"], saved["unannotated_docs"]) == (4, 1)
    assert (saved["against"], saved["comparison"], saved["seen"]) == (None, None, None)
    assert [error["kind"] for error in saved["errors"]] == ["boundary", "missed", "label", "spurious"]
    assert [error["doc"] for error in saved["errors"]] == [1, 2, 4, 5]
    assert "in 4 Docs" in printed
    assert "1 Docs without any annotation of entities are left out" in printed
    assert "All labels 6 6 50.00 50.00 50.00" in printed
    assert "Docs without an error 0 4 0.00" in printed
    assert "LOC 1 . 1 PER 1 3 . nothing 1 . ." in printed
    assert saved["confusion"]["matrix"] == [[1, 0, 1], [1, 3, 0], [1, 0, 0]]
    assert [doc["number"] for doc in saved["documents"]] == [1, 2, 4, 5]
    assert (saved["probabilities"], saved["transitions"], saved["training_log"]) == (None, None, None)
    # Of nothing there is no share.
    assert "4+ 0 0 - - -" in printed
    assert "2 1 0 - 0.00 0.00" in printed
    assert "Training data" not in printed
    assert f"Saved everything to {path}" in printed
    assert [one.name for one in path.parent.iterdir()] == ["report.json"]


def test_errors_are_shown_with_their_context(model: Path, data: Path) -> None:
    printed = run("crf-ner", "evaluate", model, data, "--show-errors", "1")
    assert "Wrong boundary: 1 of 1" in printed
    assert "1 [Ada Lovelace] met Max in Bonn . Ada Lovelace (PER) Ada (PER) -" in printed
    assert "4 [Washington] spoke . Washington (PER) Washington (LOC) -" in printed
    assert "2 Max left [Rome] . Rome (LOC) - -" in printed
    assert "Wrong label and boundary:" not in printed


def test_entities_that_training_data_has_are_told_apart(model: Path, data: Path, tmp_path: Path) -> None:
    train = tmp_path / "train.spacy"
    DocBin(docs=[annotated(spacy.blank("en"), "Max slept", [(0, 1, "PER")])]).to_disk(train)
    path = tmp_path / "report.json"
    printed = run("crf-ner", "evaluate", model, data, "--train", train, "--json", path)
    saved = json.loads(path.read_text(encoding="utf8"))
    assert (saved["seen"]["seen"]["recall"], saved["seen"]["seen"]["tp"]) == (1.0, 2)
    assert (saved["seen"]["unseen"]["recall"], saved["seen"]["unseen"]["tp"]) == (0.25, 1)
    assert "seen 2 2 100.00 100.00 100.00" in printed


def test_two_pipelines_are_compared(model: Path, other: Path, data: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    options = ("--samples", "200", "--seed", "3", "--json", path)
    printed = run("crf-ner", "evaluate", model, data, "--against", other, *options)
    saved = json.loads(path.read_text(encoding="utf8"))
    assert saved["against"]["model"] == str(other)
    assert saved["against"]["micro"]["recall"] == pytest.approx(1 / 6)
    difference = saved["comparison"]["difference"]
    assert difference == saved["micro"]["f1"] - saved["against"]["micro"]["f1"]
    low, high = saved["comparison"]["interval"]
    assert low < difference < high
    assert 1 / 201 <= saved["comparison"]["p_value"] <= 1
    assert saved["comparison"]["samples"] == saved["bootstrap"]["samples"] == 200
    assert f"Difference {100 * difference:+.2f} {100 * low:+.2f} to {100 * high:+.2f}" in printed
    assert f"p = {saved['comparison']['p_value']:.4g}" in printed
    run("crf-ner", "evaluate", model, data, "--against", other, *options)
    assert json.loads(path.read_text(encoding="utf8")) == saved


def test_a_pipeline_that_finds_nothing_is_named(data: Path, tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path / "blank")
    printed = run("crf-ner", "evaluate", tmp_path / "blank", data)
    assert "predicts no entity. Its components: none." in printed


def test_training_data_without_entities_is_named(model: Path, data: Path, tmp_path: Path) -> None:
    train = tmp_path / "train.spacy"
    DocBin(docs=[spacy.blank("en").make_doc("nothing")]).to_disk(train)
    printed = run("crf-ner", "evaluate", model, data, "--train", train)
    assert "so that all entities count as unseen" in printed


def test_our_errors_are_messages_and_leave_no_file(model: Path, data: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    damaged = tmp_path / "damaged.spacy"
    damaged.write_bytes(b"no Docs")
    printed = run("crf-ner", "evaluate", model, damaged, "--json", report, fails=True)
    assert "to hold Docs in spaCy's format" in printed
    raw = tmp_path / "raw.spacy"
    DocBin(docs=[spacy.blank("en").make_doc("Max")]).to_disk(raw)
    printed = run("crf-ner", "evaluate", model, raw, "--json", report, fails=True)
    assert "No entity is annotated in the 0 Docs" in printed
    printed = run("crf-ner", "evaluate", tmp_path / "absent", data, "--json", report, fails=True)
    assert "absent" in printed
    assert "Traceback" not in printed
    assert not report.exists()


def test_texts_cannot_command_the_terminal() -> None:
    assert printable("a\x1b[31mb\nc\u202ed") == "a [31mb c d"
