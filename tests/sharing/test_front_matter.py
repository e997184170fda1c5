"""The head of a card is what the Hub's own library reads."""

from __future__ import annotations

from typing import Any

import pytest
from huggingface_hub import ModelCard
from huggingface_hub.repocard_data import model_index_to_eval_results

from spacy_crf_ner.sharing import find_facts
from spacy_crf_ner.sharing.front_matter import make_front_matter
from spacy_crf_ner.sharing.scores import Score, Scores

META = {"lang": "en", "name": "tiny", "version": "1.0.0"}
CONFIG = {"nlp": {"pipeline": ["ner"]}, "components": {"ner": {"factory": "crf_ner"}}}


def head(scores: Scores | None = None, name: str = "en_tiny", **meta: Any) -> dict[str, Any]:
    """What is read again."""
    meta = {**META, **meta}
    text = make_front_matter(name, meta, find_facts(meta, CONFIG, {}), scores)
    assert text.startswith("---\n")
    assert text.endswith("\n---\n")
    found: dict[str, Any] = ModelCard(f"{text}\n# {name}\n").data.to_dict()
    return found


def test_the_hub_reads_tags_language_and_license() -> None:
    found = head(license="MIT")
    assert found["tags"] == ["spacy", "token-classification", "spacy-crf-ner"]
    assert found["language"] == ["en"]
    assert (found["license"], found["library_name"]) == ("mit", "spacy")
    assert "license" not in head()


@pytest.mark.parametrize(("lang", "expected"), [("xx", "multilingual"), ("no", "no"), ("de", "de")])
def test_the_language_stays_a_text(lang: str, expected: str) -> None:
    assert head(lang=lang)["language"] == [expected]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("MIT", "mit"),
        ("CC BY-SA 4.0", "cc-by-sa-4.0"),
        ("Apache License, Version 2.0", "apache-2.0"),
        ("GNU GPL 3.0", "gpl-3.0"),
    ],
)
def test_licenses_get_the_names_that_the_hub_has(given: str, expected: str) -> None:
    assert head(license=given)["license"] == expected


def test_another_license_is_other_and_keeps_its_name() -> None:
    found = head(license="House rules: no | yes\n---\nevil: true")
    assert (found["license"], found["license_name"]) == ("other", "house-rules-no-yes-evil-true")
    assert "evil" not in found


def test_the_hub_reads_the_scores() -> None:
    scores = Scores("dev.spacy", 12, 0.95, Score(0.5, 0.25, 1 / 3), {})
    found = head(scores)
    name, results = "en_tiny", found["model-index"]
    read_name, read = model_index_to_eval_results(results)
    assert read_name == name
    assert {(one.metric_type, one.metric_value) for one in read} == {
        ("precision", 0.5),
        ("recall", 0.25),
        ("f1", 0.333333),
    }
    assert {(one.task_type, one.dataset_name) for one in read} == {("token-classification", "dev.spacy")}


@pytest.mark.parametrize("name", ["yes", "1.0", "a: b", '"x"', "---", "é\u2028#c", "null", "{x}", "\\n"])
def test_any_name_is_read_as_it_was_written(name: str) -> None:
    scores = Scores(name, None, None, Score(None, None, 1.0), {})
    read_name, read = model_index_to_eval_results(head(scores, name)["model-index"])
    expected = name.replace("\u2028", " ")
    assert (read_name, read[0].dataset_name) == (expected, expected)
