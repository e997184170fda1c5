"""`python -m spacy crf-ner show`: entities of texts from everywhere, and what else a component knows of them."""

from __future__ import annotations

import itertools
import json
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.cli import app
from spacy.language import Language
from spacy.util import registry
from typer.testing import CliRunner

from spacy_crf_ner.cli import show
from spacy_crf_ner.cli.given_texts import GivenText
from tests.cli.support import run
from tests.pages.documents import Document
from tests.pipeline import pipelines

pytestmark = pytest.mark.usefixtures("commands")
LONDON, SHAKA = "I like London and Berlin.", "Who is Shaka Khan?"


@pytest.fixture(scope="module")
def commands() -> None:
    registry.cli.get_all()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crf_ner that knows its two texts by heart."""
    nlp = pipelines.make_nlp()
    pipelines.train(nlp)
    path = tmp_path_factory.mktemp("models") / "model"
    nlp.to_disk(path)
    return path


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline without a crf_ner."""
    nlp = spacy.blank("xx")
    ruler: Any = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"pattern": "London", "label": "LOC"}])
    path = tmp_path_factory.mktemp("models") / "rules"
    nlp.to_disk(path)
    return path


@pytest.fixture(scope="module")
def nlp(model: Path) -> Language:
    return spacy.load(model)


def show_json(*arguments: str | Path, typed: str | bytes | None = None) -> list[dict[str, Any]]:
    """The texts that `--json -` prints."""
    command = ["crf-ner", "show", *map(str, arguments), "--json", "-"]
    result = CliRunner().invoke(app, command, input=typed)
    assert result.exit_code == 0, result.output
    # Nothing but JSON.
    texts: list[dict[str, Any]] = json.loads(result.stdout)["texts"]
    return texts


def texts_of(found: list[dict[str, Any]]) -> list[str]:
    return [one["text"] for one in found]


def test_entities_are_shown_with_probability_and_place(model: Path, nlp: Language) -> None:
    printed = run("crf-ner", "show", model, LONDON, SHAKA)
    doc = nlp(LONDON)
    probabilities = [f"{ent._.crf_prob:.3f}" for ent in doc.ents]
    assert "Text 1" in printed
    assert "I like [London LOC] and [Berlin LOC]." in printed
    assert f"London LOC 7-13 {probabilities[0]}" in printed
    assert f"Berlin LOC 18-24 {probabilities[1]}" in printed
    assert f"Probability of all entities together: {math.exp(doc._.crf_log_prob):.3f}" in printed
    assert "Who is [Shaka Khan PERSON]?" in printed
    assert "Texts: 2. Entities: 3." in printed


def test_the_json_has_what_the_pipeline_gives(model: Path, nlp: Language, tmp_path: Path) -> None:
    path = tmp_path / "new" / "found.json"
    printed = run("crf-ner", "show", model, SHAKA, "--json", path)
    assert f"Saved everything to {path}" in printed
    saved = json.loads(path.read_text(encoding="utf8"))
    doc = nlp(SHAKA)
    (entity,) = doc.ents
    assert {key: saved[key] for key in ("model", "components", "component")} == {
        "model": str(model),
        "components": ["crf_ner"],
        "component": None,
    }
    assert saved["texts"] == [
        {
            "number": 1,
            "source": None,
            "text": SHAKA,
            "log_prob": pytest.approx(doc._.crf_log_prob),
            "entities": [
                {
                    "start": 7,
                    "end": 17,
                    "start_token": 2,
                    "end_token": 4,
                    "label": "PERSON",
                    "text": "Shaka Khan",
                    "probability": pytest.approx(entity._.crf_prob),
                }
            ],
            "annotations": None,
            "candidates": None,
        }
    ]


def test_annotations_and_candidates_are_those_of_the_component(model: Path, nlp: Language) -> None:
    (found,) = show_json(model, LONDON, "--k-best", "3", "--candidates", "1e-09")
    doc, component = nlp(LONDON), pipelines.crf_ner(nlp)
    (best,) = component.k_best([doc], 3)
    assert [one["log_prob"] for one in found["annotations"]] == pytest.approx([one.log_prob for one in best])
    assert [
        [(span["start_token"], span["end_token"], span["label"]) for span in one["entities"]]
        for one in found["annotations"]
    ] == [[tuple(span.span) for span in one.spans] for one in best]
    (candidates,) = component.candidates([doc], 1e-9)
    assert [one["probability"] for one in found["candidates"]] == pytest.approx(
        [one.probability for one in candidates]
    )
    entities = {(ent.start_char, ent.end_char) for ent in doc.ents}
    assert {(one["start"], one["end"]) for one in found["candidates"] if one["predicted"]} == entities
    assert len(found["candidates"]) > len(entities)
    printed = run("crf-ner", "show", model, LONDON, "-k", "3", "-p", "1e-09")
    assert "Rank Probability Annotation" in printed
    assert "London (LOC), Berlin (LOC)" in printed
    assert re.search(r"Candidate Label Characters Probability Predicted .* London LOC 7-13 \S+ yes", printed)


def test_lines_of_standard_input_are_texts(model: Path) -> None:
    found = show_json(model, typed=f"{LONDON}\n\n  \n{SHAKA}\r\nNobody.")
    assert texts_of(found) == [LONDON, SHAKA, "Nobody."]
    assert [one["source"] for one in found] == [f"standard input, line {number}" for number in (1, 4, 5)]
    assert texts_of(show_json(model, "before", "-", "after", typed="one\ntwo\n")) == [
        "before",
        "one",
        "two",
        "after",
    ]
    assert texts_of(show_json(model, "--whole-files", typed="one\ntwo\n")) == ["one\ntwo\n"]


def test_files_come_after_texts(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_text("one\n\ntwo\n", encoding="utf8")
    found = show_json(model, "given", "-f", path, "--file", path)
    assert texts_of(found) == ["given", "one", "two", "one", "two"]
    assert [one["number"] for one in found] == [1, 2, 3, 4, 5]
    assert texts_of(show_json(model, "-f", path, "--whole-files")) == ["one\n\ntwo\n"]


def test_any_pipeline_with_entities_will_do(rules: Path) -> None:
    (found,) = show_json(rules, LONDON)
    assert [(one["text"], one["probability"]) for one in found["entities"]] == [("London", None)]
    assert found["log_prob"] is None
    printed = run("crf-ner", "show", rules, LONDON)
    assert "London LOC 7-13 -" in printed
    assert "together" not in printed
    printed = run("crf-ner", "show", rules, "nothing")
    assert "nothing No entities." in printed
    assert "Texts: 1. No entity was found. The pipeline's components: entity_ruler." in printed


@pytest.mark.parametrize(
    ("option", "value"),
    [("--k-best", "2"), ("--candidates", "0.1"), ("--threshold", "0.5"), ("--component", "x")],
)
def test_questions_need_a_crf_and_the_error_names_what_there_is(rules: Path, option: str, value: str) -> None:
    printed = run("crf-ner", "show", rules, LONDON, option, value, fails=True)
    assert f"which alone can answer {option}, but its components are: entity_ruler." in printed


def test_the_threshold_and_config_overrides_have_an_effect(model: Path) -> None:
    (found,) = show_json(model, LONDON, "--threshold", "1")
    assert found["entities"] == []
    (found,) = show_json(model, LONDON, "--components.crf_ner.temperature", "50")
    (usual,) = show_json(model, LONDON)
    assert found["log_prob"] < usual["log_prob"]
    (found,) = show_json(model, LONDON, "--components.crf_ner.probabilities", "false")
    assert found == usual


def test_log_probabilities_that_json_cannot_hold_are_null(nlp: Language) -> None:
    doc = nlp(LONDON)
    doc._.crf_log_prob = -math.inf
    assert show._described(doc)["log_prob"] is None
    assert show._described(nlp(LONDON))["log_prob"] == nlp(LONDON)._.crf_log_prob


def test_a_component_is_chosen_by_name(model: Path, tmp_path: Path) -> None:
    nlp = spacy.load(model)
    nlp.add_pipe("crf_ner", name="second", source=spacy.load(model))
    nlp.to_disk(tmp_path / "two")
    printed = run("crf-ner", "show", tmp_path / "two", LONDON, "-k", "1", fails=True)
    assert "several `crf_ner` components: crf_ner, second. Choose one with `--component`" in printed
    (found,) = show_json(tmp_path / "two", LONDON, "-k", "1", "--component", "second")
    assert len(found["annotations"]) == 1


def test_a_page_is_saved(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "page.html"
    printed = run("crf-ner", "show", model, LONDON, "<script>", "--html", path)
    assert f"Saved the page to {path}" in printed
    document = Document(path.read_text(encoding="utf8"))
    assert "London" in document.text
    assert [tag for tag, _ in document.elements].count("script") == 1
    assert [one.name for one in path.parent.iterdir()] == ["page.html"]


def test_the_first_texts_are_there_before_the_last(nlp: Language) -> None:
    endless = itertools.repeat(GivenText(LONDON, None))
    nothing = show._Questions(2, 0.1, pipelines.crf_ner(nlp))
    found = list(itertools.islice(show._annotate(nlp, nothing, endless, one_by_one=False), 100))
    assert [one["number"] for one in found] == list(range(1, 101))
    read = []

    def typed() -> Any:
        for number in range(10):
            read.append(number)
            yield GivenText(str(number), None)

    next(show._annotate(nlp, nothing, typed(), one_by_one=True))
    # A batch is read ahead of the one that is annotated, at most.
    assert len(read) <= 2


@pytest.mark.parametrize("typed", [b"one\nb\xff\n", b"\xff"])
def test_what_is_not_utf8_is_an_error_that_names_the_line(model: Path, typed: bytes, tmp_path: Path) -> None:
    line = typed.count(b"\n", 0, typed.index(b"\xff")) + 1
    result = CliRunner().invoke(app, ["crf-ner", "show", str(model)], input=typed)
    assert result.exit_code == 1
    assert f"Expected standard input to be UTF-8, but line {line} is not" in " ".join(result.output.split())
    path, page = tmp_path / "texts.txt", tmp_path / "page.html"
    path.write_bytes(typed)
    printed = run("crf-ner", "show", model, "-f", path, "--html", page, fails=True)
    assert f"line {line}" in printed
    assert "texts.txt" in printed
    assert not page.exists()
    printed = run("crf-ner", "show", model, "-f", path, "--whole-files", fails=True)
    assert f"line {line} is not" in printed


def test_bad_input_is_a_message(model: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("one\n", encoding="utf8")
    assert "absent" in run("crf-ner", "show", tmp_path / "absent", "x", fails=True)
    assert "does not exist" in run("crf-ner", "show", model, "-f", tmp_path / "absent", fails=True)
    assert "nonsense" in run("crf-ner", "show", model, "x", "--components.crf_ner.nonsense", "1", fails=True)
    printed = run("crf-ner", "show", model, "-f", texts, "--html", texts, fails=True)
    assert "Expected `--html` to be a file of its own" in printed
    assert texts.read_text(encoding="utf8") == "one\n"
    printed = run("crf-ner", "show", model, "x", "--candidates", "0", fails=True)
    assert "expected `min_prob` to be a probability above 0 and at most 1" in printed
    long = tmp_path / "long.txt"
    long.write_text("x " * 500_001, encoding="utf8")
    printed = run("crf-ner", "show", model, "-f", long, fails=True)
    assert "Expected texts of at most 1000000 characters" in printed
    assert "has 1000002." in printed
    empty = tmp_path / "empty.txt"
    empty.write_text("\n \n", encoding="utf8")
    assert "There is no text that is not blank." in run("crf-ner", "show", model, "-f", empty)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("yes") is None or os.name == "nt", reason="needs `yes` and a POSIX shell")
def test_a_reader_that_stops_reading_ends_it_quietly(model: Path) -> None:
    command = shlex.join([sys.executable, "-m", "spacy", "crf-ner", "show", str(model)])
    result = subprocess.run(
        ["/bin/sh", "-c", f"yes '{LONDON}' | {command} | head -n 20"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0
    assert result.stdout.count("[London LOC]") >= 1
    assert len(result.stdout.splitlines()) == 20
    assert "Error" not in result.stderr
    assert "Exception" not in result.stderr
