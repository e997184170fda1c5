"""The page of `crf-ner show`: as HTML, and in a browser."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest

from spacy_crf_ner.pages import entities_page
from tests.pages.browser import CONTRAST, LEAST_CONTRAST, UNSEEN, Browser
from tests.pages.documents import Document
from tests.pages.reports import DANGEROUS, PLAIN


def entity(
    text: str, start: int, end: int, label: str, probability: float | None, **more: Any
) -> dict[str, Any]:
    return {
        "start": start,
        "end": end,
        "start_token": 0,
        "end_token": 1,
        "label": label,
        "text": text[start:end],
        "probability": probability,
        **more,
    }


def data_of(texts: list[str]) -> dict[str, Any]:
    """What `show --json` writes, in which all that comes from models and data is one of these texts."""
    first, second, label, other, name = texts
    return {
        "model": name,
        "components": [name, first],
        "component": name,
        "texts": [
            {
                "number": 1,
                "source": name,
                "text": first,
                "log_prob": -0.25,
                "entities": [entity(first, 0, 3, label, 0.75), entity(first, 3, len(first), other, None)],
                "annotations": [
                    {"log_prob": -0.25, "entities": [entity(first, 0, 3, label, None)]},
                    {"log_prob": -1.75, "entities": []},
                ],
                "candidates": [
                    entity(first, 0, 3, label, 0.75, predicted=True),
                    entity(first, 1, 4, other, 0.125, predicted=False),
                ],
            },
            {
                "number": 2,
                "source": None,
                "text": second,
                "log_prob": None,
                "entities": [],
                "annotations": None,
                "candidates": None,
            },
        ],
    }


@pytest.fixture
def data() -> dict[str, Any]:
    return data_of(["Ada Lovelace", "Nothing here.", "PERSON", "GPE", "my pipeline"])


def test_the_page_is_well_formed_and_asks_for_nothing(data: dict[str, Any]) -> None:
    document = Document(entities_page(data))
    assert document.problems == []
    assert len(document.ids) == len(set(document.ids))
    assert all(address.startswith("#") for address in document.addresses)


def test_numbers_are_those_of_the_json(data: dict[str, Any]) -> None:
    document = Document(entities_page(data))
    values = {attributes["data-value"] for _, attributes in document.elements if "data-value" in attributes}
    probabilities = [0.75, 0.125, math.exp(-0.25), math.exp(-1.75)]
    assert {str(value) for value in probabilities} <= values
    assert "The 2 best annotations" in document.text
    assert "No entities." in document.text


def test_without_entities_there_are_no_labels_and_without_texts_that_is_said(data: dict[str, Any]) -> None:
    nothing = {**data, "texts": data["texts"][1:]}
    assert "labels" not in Document(entities_page(nothing)).ids
    assert "There is no text." in Document(entities_page({**data, "texts": []})).text


def test_nothing_from_models_and_data_becomes_html() -> None:
    document = Document(entities_page(data_of(DANGEROUS)))
    assert document.problems == []
    assert document.shape == Document(entities_page(data_of(PLAIN))).shape
    for text in DANGEROUS:
        assert text in document.text


@pytest.mark.parametrize(
    "text", ["שלום עולם", "日本語のテキスト", "👩‍👩‍👧 family", "two\nlines", "x" * 100_000]
)
def test_texts_of_every_kind_are_shown_as_they_are(text: str, data: dict[str, Any]) -> None:
    data = copy.deepcopy(data)
    data["texts"][1]["text"] = text
    assert text in Document(entities_page(data)).text


def test_nothing_runs_and_nothing_is_asked_for(browser: Browser) -> None:
    html = entities_page(data_of(DANGEROUS))
    for page in (html, html.replace("Content-Security-Policy", "x-none")):
        browser.open(page)
        assert browser.problems() == []
        assert browser.run("return typeof canary") == "undefined"
        assert browser.run("return document.querySelectorAll('main img, main svg, main script').length") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_enough_contrast(browser: Browser, data: dict[str, Any], theme: str) -> None:
    browser.open(entities_page(data))
    browser.media(prefers_color_scheme=theme)
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    n_texts, too_low = browser.run(CONTRAST, LEAST_CONTRAST)
    assert n_texts > 20
    assert too_low == []


def test_on_paper_everything_can_be_seen(browser: Browser, data: dict[str, Any]) -> None:
    browser.open(entities_page(data))
    browser.media("print")
    assert browser.run("return new Promise(done => requestAnimationFrame(() => done(true)))")
    assert browser.run(UNSEEN) == []


def test_candidates_can_be_sorted(browser: Browser, data: dict[str, Any]) -> None:
    browser.open(entities_page(data))
    table = "article details:last-of-type"
    button = f"document.querySelector('{table} thead th:nth-child(4) button')"
    names = (
        f"return [...document.querySelectorAll('{table} tbody tr')].map((row) => row.cells[0].textContent)"
    )
    first = browser.run(names)
    browser.run(f"{button}.click(); {button}.click()")
    assert browser.run(names) == first[::-1] != first


def test_a_thousand_texts_open_at_once(browser: Browser, data: dict[str, Any]) -> None:
    texts = [{**data["texts"][0], "number": number} for number in range(1, 1001)]
    browser.open(entities_page({**data, "texts": texts}))
    assert browser.problems() == []
    assert browser.run("return document.querySelectorAll('article').length") == 1000


@pytest.mark.parametrize("width", [360, 1280])
def test_no_part_of_the_page_is_wider_than_the_window(browser: Browser, width: int) -> None:
    browser.driver.set_window_size(width, 900)
    browser.open(entities_page(data_of(["x" * 300, "y " * 300, "L" * 200, "M" * 200, "n" * 200])))
    assert browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
