"""The page of `crf-ner explain`: as HTML, and in a browser."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc

from spacy_crf_ner.pages import explanation_page
from spacy_crf_ner.pages.explanation_page import MANY_TAGS
from tests.pages.browser import CONTRAST, LEAST_CONTRAST, UNSEEN, Browser
from tests.pages.documents import Document
from tests.pages.reports import DANGEROUS, PLAIN
from tests.pipeline.scripted import component, random_scores, wishes

VOCAB = spacy.blank("en").vocab
MAPS = ("marginals", "free_marginals", "emissions", "incoming")


def explained(
    words: list[str], labels: tuple[str, ...] = ("PERSON", "GPE"), name: str = "small", **settings: Any
) -> dict[str, Any]:
    """What `explain --json` writes of a component with random scores."""
    crf = component(VOCAB, random_scores(3, scale=2.0), labels, seed=3, **settings)
    found = crf.explain(Doc(VOCAB, words=words)).to_dict()
    data: dict[str, Any] = json.loads(json.dumps({"model": name, **found}, allow_nan=False))
    return data


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return explained(["Ada", "Lovelace", "lived", "in", "London"])


def data_of(texts: list[str]) -> dict[str, Any]:
    """An explanation in which all that comes from models and data is one of these texts."""
    first, second, third, fourth, name = texts
    return explained([first, second, third], (fourth, name), name)


def values(document: Document) -> list[float]:
    return [
        float(attributes["data-value"])
        for tag, attributes in document.elements
        if tag == "td" and "data-value" in attributes
    ]


def test_the_page_is_well_formed_and_asks_for_nothing(data: dict[str, Any]) -> None:
    document = Document(explanation_page(data))
    assert document.problems == []
    assert len(document.ids) == len(set(document.ids))
    assert all(address.startswith("#") for address in document.addresses)
    assert {address[1:] for address in document.addresses} <= set(document.ids)


def test_heat_maps_have_the_numbers_of_the_json(data: dict[str, Any]) -> None:
    moves = zip(np.ravel(data["incoming"]), np.ravel(data["incoming_allowed"]), strict=True)
    expected = [value for name in MAPS[:3] for value in np.ravel(data[name])]
    expected += [value for value, allowed in moves if allowed]
    assert values(Document(explanation_page(data))) == pytest.approx(expected)


def test_the_chosen_tag_of_each_token_is_marked_in_every_map(data: dict[str, Any]) -> None:
    document = Document(explanation_page(data))
    cells = [attributes.get("class", "") for tag, attributes in document.elements if tag == "td"]
    cells = [name.split() for name in cells if name.split()[:1] != ["words"] and name]
    rows = np.reshape(["chosen" in names for names in cells], (-1, len(data["tags"])))
    expected = [[tag == token["chosen"] for tag in data["tags"]] for token in data["tokens"]]
    assert rows.tolist() == expected * len(MAPS)


def test_whitespace_can_be_seen() -> None:
    document = Document(explanation_page(explained(["a", "\n", " "])))
    assert {r"'\n'", "' '"} <= set(document.texts)


def test_what_a_token_cannot_have_is_struck_out(data: dict[str, Any]) -> None:
    def constraint(doc: Doc, tagset: Any) -> Any:
        allowed = np.ones((len(doc), tagset.n_tags), dtype=bool)
        allowed[0, 1:] = False
        return allowed

    restricted = Document(explanation_page(explained(["a", "b"], constraint=constraint)))
    barred = sum(
        "barred" in attributes.get("class", "") for tag, attributes in restricted.elements if tag == "td"
    )
    assert barred == 3 * (len(data["tags"]) - 1)
    free = Document(explanation_page(data))
    assert not any(
        "barred" in attributes.get("class", "") for tag, attributes in free.elements if tag == "td"
    )


def test_sentences_and_the_other_annotation_are_told(data: dict[str, Any]) -> None:
    text = Document(explanation_page(data)).text
    sentences = [token["forbidden"][0]["sentence"] for token in data["tokens"] if token["forbidden"]]
    assert sentences
    assert all(sentence in text for sentence in sentences)
    position = data["runner_up"]["differs"][0]
    token, other = data["tokens"][position], data["runner_up"]["tags"][position]
    assert f"{token['text']} is {other} instead of {token['chosen']}" in text


def test_of_many_tags_only_those_are_shown_that_have_something_to_tell() -> None:
    labels = tuple(f"LABEL{number}" for number in range(10))
    crf = component(VOCAB, wishes((0, 1, "LABEL3"), strength=20.0), labels)
    data = {"model": "small", **crf.explain(Doc(VOCAB, words=["a", "b"])).to_dict()}
    assert len(data["tags"]) > MANY_TAGS
    document = Document(explanation_page(data))
    assert "U-LABEL3" in document.text
    assert "LABEL4" not in document.text
    assert f"{len(data['tags']) - 2} tags that are less probable" in document.text


def test_scores_that_are_not_finite_are_cells_without_a_number(data: dict[str, Any]) -> None:
    data = copy.deepcopy(data)
    data["emissions"][0][1] = data["incoming"][1][0] = None
    document = Document(explanation_page(data))
    assert document.problems == []
    moves = sum(map(sum, data["incoming_allowed"]))
    assert len(values(document)) == 3 * len(np.ravel(data["marginals"])) + moves - 2


def test_a_text_without_tokens_and_one_without_entities_have_a_page() -> None:
    document = Document(explanation_page(explained([])))
    assert document.problems == []
    assert "there is nothing to explain" in document.text
    crf = component(VOCAB, wishes(), ("A",))
    data = {"model": "small", **crf.explain(Doc(VOCAB, words=["a"])).to_dict()}
    assert "No entities." in Document(explanation_page(data)).text


def test_nothing_from_models_and_data_becomes_html() -> None:
    document = Document(explanation_page(data_of(DANGEROUS)))
    assert document.problems == []
    assert document.shape == Document(explanation_page(data_of(PLAIN))).shape
    for text in DANGEROUS:
        assert text in document.text


def test_nothing_runs_and_nothing_is_asked_for(browser: Browser) -> None:
    html = explanation_page(data_of(DANGEROUS))
    for page in (html, html.replace("Content-Security-Policy", "x-none")):
        browser.open(page)
        assert browser.problems() == []
        assert browser.run("return typeof canary") == "undefined"
        assert browser.run("return document.querySelectorAll('main img, main svg, main script').length") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_enough_contrast(browser: Browser, data: dict[str, Any], theme: str) -> None:
    browser.open(explanation_page(data))
    browser.media(prefers_color_scheme=theme)
    n_texts, too_low = browser.run(CONTRAST, LEAST_CONTRAST)
    assert n_texts > 20
    assert too_low == []


def test_on_paper_everything_can_be_seen(browser: Browser, data: dict[str, Any]) -> None:
    browser.open(explanation_page(data))
    browser.media("print")
    assert browser.run("return new Promise(done => requestAnimationFrame(() => done(true)))")
    assert browser.run(UNSEEN) == []


@pytest.mark.parametrize("width", [360, 1280])
def test_no_part_of_the_page_is_wider_than_the_window(browser: Browser, width: int) -> None:
    browser.driver.set_window_size(width, 900)
    browser.open(explanation_page(explained(["x" * 300, "y"], ("L" * 200, "M"), "n" * 200)))
    assert browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
