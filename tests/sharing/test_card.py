"""The model card says what can be known of a pipeline, and shows texts of others as they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from spacy_crf_ner.sharing import Notes, find_limits, read_model, scores_of_training, write_card
from spacy_crf_ner.sharing.facts import CrfFacts, Facts
from spacy_crf_ner.sharing.scores import Score, Scores
from tests.documentation import read_blocks
from tests.sharing import packages

SCORES = Scores(
    "dev.spacy",
    40,
    0.95,
    Score(0.8, 0.7, 0.75, 100, (0.7, 0.8)),
    {"GPE": Score(0.9, 0.85, 0.87, 90, (0.8, 0.9)), "ORG": Score(None, 0.1, 0.0, 10, None)},
)


def card(path: Path, scores: Scores | None = None, **options: Any) -> str:
    notes = Notes(options.pop("data", None), options.pop("limitations", None))
    return write_card(read_model(path), scores, notes, **options)


def section(text: str, title: str) -> str:
    """The text below a heading."""
    found = re.search(rf"^## {title}\n\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert found is not None, title
    return found[1].strip()


def test_the_sections_come_in_their_order(pipeline: Path) -> None:
    headings = re.findall(r"^#+ .*$", card(pipeline), re.M)
    assert headings == [
        "# en_tiny",
        "## What it finds",
        "## Install and use",
        "## Data",
        "## Scores",
        "## How it was made",
        "## Limitations",
        "## What it needs",
    ]


def test_the_labels_are_listed_by_component(pipeline: Path) -> None:
    assert "| `ner` | `GPE`, `ORG`, `PERSON` |" in section(card(pipeline), "What it finds")


def test_the_example_runs(pipeline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = section(card(pipeline), "Install and use")
    (code,) = (block.code for block in read_blocks(text) if block.language == "python")
    monkeypatch.chdir(pipeline)
    exec(compile(code.replace('"path/to/this/folder"', '"."'), "card", "exec"), {})  # noqa: S102


def test_a_wheel_is_installed_and_loaded_by_the_name_of_its_package(wheel: Path) -> None:
    address = f"https://huggingface.co/ada/places/resolve/main/{wheel.name}"
    text = section(card(wheel, address=address, repo_id="ada/places"), "Install and use")
    assert f"pip install {address}\n" in text
    assert 'nlp = spacy.load("en_tiny")' in text
    assert "ent._.crf_prob" in text


def test_without_a_wheel_the_repository_is_loaded(pipeline: Path) -> None:
    text = section(card(pipeline, repo_id="ada/places"), "Install and use")
    assert 'spacy.load(snapshot_download("ada/places"))' in text
    assert re.search(r"pip install 'spacy>=3\.8\S+' spacy-crf-ner\n", text)


def test_scores_stand_in_a_table_with_their_intervals(pipeline: Path) -> None:
    text = section(card(pipeline, SCORES, page="report.html"), "Scores")
    assert text.splitlines() == [
        "Measured by `crf-ner evaluate` on `dev.spacy` (40 Docs). An entity is right if tokens and label are.",
        "",
        "| label | annotated | precision, % | recall, % | F1, % | 95 % interval of F1 |",
        "|---|---:|---:|---:|---:|---:|",
        "| `GPE` | 90 | 90.00 | 85.00 | 87.00 | 80.00 to 90.00 |",
        "| `ORG` | 10 | - | 10.00 | 0.00 | - |",
        "| **all** | 100 | 80.00 | 70.00 | 75.00 | 70.00 to 80.00 |",
        "",
        "All measures and errors: [report.html](report.html).",
    ]


def test_scores_of_training_have_neither_counts_nor_intervals(tmp_path: Path) -> None:
    performance = {
        "ents_p": 0.5,
        "ents_r": 0.5,
        "ents_f": 0.5,
        "ents_per_type": {"GPE": {"p": 1, "r": 0, "f": 0}},
    }
    path = packages.save_pipeline(tmp_path / "pipeline", performance=performance)
    text = section(card(path, scores_of_training(read_model(path).meta)), "Scores")
    assert "| label | precision, % | recall, % | F1, % |" in text
    assert "| `GPE` | 100.00 | 0.00 | 0.00 |" in text


def test_the_author_is_heard_on_data_and_limitations(pipeline: Path) -> None:
    text = card(pipeline, data="News of *2019*.", limitations="Bad at poems.")
    assert section(text, "Data") == "News of *2019*."
    assert section(text, "Limitations").endswith("\n\nBad at poems.")
    assert section(card(pipeline), "Data") == "The author does not say what it was trained on."


def test_sources_are_linked(tmp_path: Path) -> None:
    sources = [
        {"name": "WNUT|17", "url": "https://x.y/wnut", "author": "A", "license": "CC BY 4.0"},
        {"name": "own"},
    ]
    path = packages.save_pipeline(tmp_path / "pipeline", sources=sources)
    assert section(card(path), "Data").splitlines() == [
        "- [WNUT&#124;17](<https://x.y/wnut>), A, CC BY 4.0",
        "- own",
    ]


def test_no_place_of_the_training_machine_is_in_the_card(tmp_path: Path) -> None:
    path = packages.save_pipeline(tmp_path / "pipeline")
    text = (path / "config.cfg").read_text(encoding="utf8")
    places = text.replace("train = null", 'train = "/home/ada/corpora/train.spacy"')
    (path / "config.cfg").write_text(places, encoding="utf8")
    made = card(path)
    assert "/home/ada" not in made
    assert str(tmp_path) not in made


HOSTILE = "x\n---\nevil: yes\n```\n<img src=x onerror=alert(1)>|`$(rm -rf ~)"


def test_texts_of_others_stay_what_they_are(tmp_path: Path) -> None:
    meta = dict.fromkeys(("description", "author", "url", "license", "version", "name"), HOSTILE)
    path = packages.save_pipeline(tmp_path / "pipeline", labels=("A|B", "C`D", "<b>"), **meta)
    packages.change_json(path / "meta.json", requirements=[HOSTILE], labels={"ner": [HOSTILE, "A|B"]}, **meta)
    made = card(path, SCORES, repo_id="ada/x")
    head, _, body = made.removeprefix("---\n").partition("\n---\n")
    assert not re.search("^evil", head, re.M)
    # Code of the examples apart, nothing of HTML is left, and all fences are ours.
    assert re.findall("^```.*$", body, re.M) == ["```bash", "```", "```python", "```"]
    outside = re.sub("^```.*?^```$", "", body, flags=re.M | re.S)
    assert "<img" not in re.sub("`[^`]*`", "", outside)
    rows = [line for line in outside.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {3, 7}
    # A shell reads it as one word.
    (install,) = (line for line in body.splitlines() if line.startswith("pip install"))
    assert "'x --- evil: yes ``` <img src=x onerror=alert(1)>|`$(rm -rf ~)'" in install


def crf(**changes: Any) -> CrfFacts:
    values: dict[str, Any] = {
        "name": "ner",
        "scheme": "BILUO",
        "decoding": "viterbi",
        "loss": "nll",
        "segments": "doc",
        "encoder": "cnn",
        "probabilities": True,
        "threshold": None,
        "temperature": 1.0,
        "label_temperatures": {},
        "label_counts": {},
    }
    return CrfFacts(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "not calibrated"),
        ({"temperature": 1.3}, "were calibrated"),
        ({"segments": "sents"}, "boundary of a sentence"),
        ({"threshold": 0.25}, "probability below 0.25 are left out"),
        ({"label_counts": {"ORG": 99, "GPE": 100}}, "training data: `ORG` (99)."),
    ],
)
def test_limits_follow_from_the_settings_of_the_component(changes: dict[str, Any], expected: str) -> None:
    def limits(**settings: Any) -> str:
        return "\n".join(find_limits(Facts({}, {}, [crf(**settings)]), SCORES))

    assert expected in limits(**changes)
    if changes:
        assert expected not in limits()


def test_limits_follow_from_windows_texts_and_scores() -> None:
    reading = "\n".join(find_limits(Facts({}, {}, windows=[(128, 96)], max_length=300), None))
    assert "at most 128 tokens at once, in windows that begin 96 tokens apart" in reading
    assert "texts of at most 300 tokens" in reading
    assert "was not measured" in reading
    measured = "\n".join(find_limits(Facts({}, {}), SCORES))
    assert "scores say little: `ORG` (10)." in measured
    assert "finds less than 60%: `ORG` (10%)." in measured
    assert "GPE" not in measured
    of_training = Scores(None, None, None, Score(1.0, 1.0, 1.0), {})
    assert "expect lower ones on new texts" in "\n".join(find_limits(Facts({}, {}), of_training))


def test_a_component_without_probabilities_promises_none(tmp_path: Path) -> None:
    path = packages.save_pipeline(tmp_path / "pipeline")
    packages.change_json(path / "ner" / "cfg", probabilities=False)
    made = card(path)
    assert "crf_prob" not in made
    assert "calibrated:" not in made


def test_without_a_crf_component_the_card_claims_none(tmp_path: Path) -> None:
    import spacy

    nlp = spacy.blank("de")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "GPE", "pattern": "Bonn"}])
    nlp.to_disk(tmp_path / "rules")
    made = card(tmp_path / "rules")
    assert "crf" not in made.casefold()
    assert "| `entity_ruler` | `GPE` |" in made
