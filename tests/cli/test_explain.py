"""`python -m spacy crf-ner explain`: what the component says of itself, for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.cli import app
from spacy.language import Language
from spacy.util import registry
from typer.testing import CliRunner

from spacy_crf_ner.cli.explanation_tables import STATES, print_explanation
from spacy_crf_ner.pages import explanation_page
from tests.cli.support import run
from tests.pages.documents import Document
from tests.pipeline import pipelines
from tests.pipeline.cases import LABELS, VOCAB, doc_of
from tests.pipeline.scripted import component, wishes

pytestmark = pytest.mark.usefixtures("commands")
LONDON = "I like London and Berlin."


@pytest.fixture(scope="module")
def commands() -> None:
    registry.cli.get_all()


@pytest.fixture(scope="module")
def nlp() -> Language:
    """A crf_ner that knows its two texts by heart, between rules that know other things."""
    nlp = pipelines.make_nlp()
    pipelines.train(nlp)
    before: Any = nlp.add_pipe("entity_ruler", name="before", first=True)
    before.add_patterns([{"pattern": "Berlin", "label": "CITY"}])
    after: Any = nlp.add_pipe("entity_ruler", name="after", last=True)
    after.add_patterns([{"pattern": "like", "label": "VERB"}])
    return nlp


@pytest.fixture(scope="module")
def model(nlp: Language, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "model"
    nlp.to_disk(path)
    return path


def explain_json(*arguments: str | Path, typed: str | None = None) -> dict[str, Any]:
    """What `--json -` prints."""
    result = CliRunner().invoke(app, ["crf-ner", "explain", *map(str, arguments), "--json", "-"], input=typed)
    assert result.exit_code == 0, result.output
    # Nothing but JSON.
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_tags_scores_and_the_other_annotation_are_shown(model: Path) -> None:
    printed = run("crf-ner", "explain", model, LONDON)
    found = explain_json(model, LONDON)
    assert "Token Tag P Free Emission Transition" in printed
    position = [token["text"] for token in found["tokens"]].index("London")
    tag = found["tags"].index("U-LOC")
    numbers = " ".join(
        f"{found[name][position][tag]:.{digits}f}"
        for name, digits in (("marginals", 3), ("free_marginals", 3), ("emissions", 2), ("incoming", 2))
    )
    assert f"London * U-LOC {numbers}" in printed
    assert f"London LOC {found['entities'][0]['probability']:.3f} predicted" in printed
    assert "Berlin CITY - on the Doc before" in printed
    assert "The annotation (viterbi) and the best other one" in printed
    chosen, other = found["chosen"], found["runner_up"]
    assert f"difference {chosen['log_prob'] - other['log_prob']:+.2f}" in printed
    changes = [
        f'"{found["tokens"][place]["text"]}" {chosen["tags"][place]} -> {other["tags"][place]}'
        for place in other["differs"]
    ]
    assert f"Runner-up: {', '.join(changes)}" in printed


def test_entities_of_earlier_components_are_given_and_those_of_later_ones_are_not_known(
    model: Path, nlp: Language
) -> None:
    found = explain_json(model, LONDON)
    assert [(one["text"], one["label"], one["state"]) for one in found["entities"]] == [
        ("London", "LOC", "predicted"),
        ("Berlin", "CITY", "given"),
    ]
    kinds = {one["kind"] for token in found["tokens"] for one in token["forbidden"]}
    assert "entity" in kinds
    printed = run("crf-ner", "explain", model, LONDON)
    assert "Forbidden, though it looked better" in printed
    assert 'but the Doc holds "Berlin" as CITY.' in printed


def test_the_json_and_the_page_have_the_explanation(model: Path, nlp: Language, tmp_path: Path) -> None:
    json_path, html_path = tmp_path / "new" / "why.json", tmp_path / "new" / "why.html"
    printed = run("crf-ner", "explain", model, "London", "--json", json_path, "--html", html_path)
    assert f"Saved everything to {json_path}" in printed
    assert f"Saved the page to {html_path}" in printed
    saved = json.loads(json_path.read_text(encoding="utf8"))
    expected = pipelines.crf_ner(nlp).explain(nlp.make_doc("London")).to_dict()
    assert saved.pop("model") == str(model)
    assert saved.keys() == expected.keys()
    assert np.array(saved["marginals"]) == pytest.approx(np.array(expected["marginals"]), abs=1e-6)
    assert saved["chosen"]["tags"] == expected["chosen"]["tags"]
    html = html_path.read_text(encoding="utf8")
    assert html == explanation_page({"model": str(model), **saved})
    assert Document(html).problems == []


def test_so_many_tags_are_shown_as_asked_for(model: Path) -> None:
    settings = ("--components.crf_ner.temperature", "100", "--top")
    few, many = (run("crf-ner", "explain", model, "London", *settings, top) for top in ("1", "100"))
    assert few.count("London") < many.count("-LOC") + many.count("-PERSON")
    assert len(few) < len(many)


def test_of_a_long_text_not_all_entities_are_in_one_line(model: Path) -> None:
    text = " ".join([LONDON] * 12)
    printed = run("crf-ner", "explain", model, text)
    rows = printed.split("Transitions Entities")[1]
    n_entities = len(explain_json(model, text)["chosen"]["entities"])
    assert n_entities == 12
    assert "and 2 more" in rows
    assert rows.split(" more")[0].count("(") == 10


def test_config_overrides_and_standard_input_are_read(model: Path) -> None:
    found = explain_json(model, "-", "--components.crf_ner.decoding", "posterior", typed="London\n")
    assert found["decoding"] == "posterior"
    assert found["text"] == "London\n"


def test_texts_without_tokens_and_with_commands_for_the_terminal_are_shown(model: Path) -> None:
    assert "The text has no tokens." in run("crf-ner", "explain", model, "")
    result = CliRunner().invoke(app, ["crf-ner", "explain", str(model), "a \x1b[2Jb"])
    assert result.exit_code == 0
    assert "\x1b[2J" not in result.output


def test_a_single_annotation_and_entities_that_are_left_out_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    crf = component(VOCAB, wishes((0, 1, "A")), LABELS, threshold=1.0)
    print_explanation(crf.explain(doc_of()), 3)
    printed = " ".join(capsys.readouterr().out.split())
    assert STATES["threshold"] in printed
    doc = doc_of(["a"])
    doc.set_ents([], blocked=[doc[0:1]], default="missing")
    print_explanation(crf.explain(doc), 3)
    printed = " ".join(capsys.readouterr().out.split())
    assert "There is no other annotation." in printed
    assert '"a": U-A scored higher than O (5.00 against 0.00)' in printed


def test_bad_input_is_a_message(model: Path, tmp_path: Path) -> None:
    spacy.blank("xx").to_disk(tmp_path / "blank")
    printed = run("crf-ner", "explain", tmp_path / "blank", "x", fails=True)
    assert "which alone can answer `explain`, but its components are: none." in printed
    assert "absent" in run("crf-ner", "explain", tmp_path / "absent", "x", fails=True)
    printed = run("crf-ner", "explain", model, "x", "--component", "before", fails=True)
    assert "Expected `--component` to name one of the pipeline's `crf_ner` components" in printed
    printed = run("crf-ner", "explain", model, "x " * 500_001, fails=True)
    assert "but an argument has 1000002" in printed
    result = CliRunner().invoke(app, ["crf-ner", "explain", str(model), "-"], input=b"a\n\xff")
    assert result.exit_code == 1
    assert "standard input to be UTF-8, but line 2 is not" in " ".join(result.output.split())
    page = tmp_path / "page.html"
    run("crf-ner", "explain", model, "x", "--html", page, "--component", "before", fails=True)
    assert not page.exists()
