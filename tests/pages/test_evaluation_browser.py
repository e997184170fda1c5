"""The report page in a real browser: what it shows, its filters, and that nothing from data runs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spacy_crf_ner.pages import evaluation_page
from tests.evaluation.judged import judged
from tests.pages.browser import Browser
from tests.pages.filters import COUNT, SHOWN, choose
from tests.pages.reports import (
    DANGEROUS,
    PLAIN,
    docs_with_every_error,
    full_report,
    report_of,
    small_report,
)

# Dozens of pages are opened.
pytestmark = pytest.mark.slow
# What every row of a table says: its name, and the full values of its numbers.
ROWS = """
return [...document.querySelectorAll(arguments[0] + " tr")].map((row) => [
  row.cells[0].textContent,
  [...row.querySelectorAll("[data-value]")].map((one) => Number(one.dataset.value)),
])
"""


def test_the_page_loads_without_complaints_and_without_a_request(browser: Browser, full_html: str) -> None:
    browser.open(full_html)
    assert browser.problems() == []
    assert browser.run("return document.title") == "Entities of training/model-best"


def test_the_browser_notices_requests_and_complaints(browser: Browser) -> None:
    browser.open(
        "<!DOCTYPE html><title>x</title><img src='data:,'><script src='http://127.0.0.1:9/a.js'></script>"
    )
    found = browser.problems()
    assert "request: http://127.0.0.1:9/a.js" in found
    assert any(one.startswith("console: ") for one in found)


def test_the_numbers_on_the_page_are_those_of_the_json(
    browser: Browser, full: dict[str, Any], full_html: str
) -> None:
    saved = json.loads(json.dumps(full))
    browser.open(full_html)
    labels = dict(browser.run(ROWS, "#labels tbody"))
    assert labels.keys() == saved["labels"].keys()
    for label, scores in saved["labels"].items():
        counts = [scores["tp"] + scores["fn"], scores["tp"] + scores["fp"]]
        expected = [*counts, scores["precision"], scores["recall"], scores["f1"], *scores["intervals"]["f1"]]
        assert labels[label] == expected
    for name in ("f1", "precision", "recall"):
        values = browser.run(
            "return [...document.querySelectorAll(arguments[0])].map(one => Number(one.dataset.value))",
            f"#score-{name} [data-value]",
        )
        assert values == [saved["micro"][name], *saved["micro"]["intervals"][name]]
    matrix = [values for _, values in browser.run(ROWS, "#confusions tbody")]
    assert matrix[:-1] == saved["confusion"]["matrix"][:-1]
    # Where nothing is on both sides, nothing is shown.
    assert matrix[-1] == saved["confusion"]["matrix"][-1][:-1]
    (table,) = saved["transitions"]
    for (tag, values), scores, allowed, end, may_end in zip(
        browser.run(ROWS, "#transitions tbody")[1:],
        table["scores"],
        table["allowed"],
        table["end"],
        table["allowed_end"],
        strict=True,
    ):
        assert tag in table["tags"]
        pairs = zip([*scores, end], [*allowed, may_end], strict=True)
        assert values == [score for score, is_allowed in pairs if is_allowed]
    groups = dict(browser.run(ROWS, "#groups tbody"))
    for name, scores in {**saved["seen"], **saved["entity_lengths"]}.items():
        assert groups[name][:2] == [scores["tp"] + scores["fn"], scores["tp"] + scores["fp"]]
    assert browser.run("return document.querySelectorAll('#errors .doc').length") == len(saved["documents"])


def test_texts_are_filtered_and_counted(browser: Browser, errors_html: str) -> None:
    browser.open(errors_html)
    everything = [f"Text {number}" for number in range(2, 8)]
    assert browser.run(SHOWN) == everything
    assert browser.run(COUNT) == "6 of 6 texts"
    assert choose(browser, kind="label") == ["Text 4", "Text 7"]
    assert browser.run(COUNT) == "2 of 6 texts"
    labels = browser.run(
        "return [...document.querySelectorAll('[name=label] option')].map(one => one.textContent)"
    )
    assert labels == ["All labels", "LOC", "ORG", "PER"]
    # Kind and label have to be those of the same error: in text 7 only a boundary is wrong of LOC.
    assert choose(browser, label="0") == ["Text 4"]
    assert choose(browser, kind="boundary") == ["Text 5", "Text 7"]
    assert choose(browser, words=" YESTERDAY7 ") == ["Text 7"]
    assert choose(browser, words="PER") == []
    assert browser.run(COUNT) == "0 of 6 texts"
    browser.run("document.querySelector('#filters button').click()")
    browser.run("return new Promise((done) => setTimeout(done))")
    assert browser.run(COUNT) == "6 of 6 texts"
    assert browser.run(SHOWN) == everything


def test_words_are_sought_across_the_borders_of_entities(browser: Browser, errors_html: str) -> None:
    browser.open(errors_html)
    assert choose(browser, words="Rhine falls near Max yesterday3") == ["Text 3"]


def test_the_texts_show_both_sides_with_what_is_wrong(browser: Browser) -> None:
    html = evaluation_page(full_report(docs_with_every_error()))
    browser.open(html)
    (found,) = browser.run(
        """return [...document.querySelectorAll(".doc")].filter(doc => doc.querySelector("h3").textContent === "Text 4")
        .map(doc => [...doc.querySelectorAll(".lines")].map(side => [...side.querySelectorAll("mark")].map(
          mark => [mark.querySelector("bdi").textContent, mark.querySelector(".label").textContent,
                   mark.dataset.kind ?? null, mark.querySelector(".probability") !== null])))"""
    )
    rest = ["Rhine falls", "LOC", None]
    assert found == [
        [["Ada", "PER", "label", False], [*rest, False]],
        [["Ada", "LOC", "label", True], [*rest, True]],
    ]


def test_thousands_of_texts_are_not_drawn_before_they_are_seen(browser: Browser) -> None:
    docs = [judged([(0, 1, "PER")], [], f"a{number} b", number=number) for number in range(1, 2001)]
    browser.open(evaluation_page(small_report(docs)))
    drawn = browser.run(
        """return [...document.querySelectorAll(".doc")].filter(
        doc => doc.querySelector("mark").checkVisibility({ contentVisibilityAuto: true })).length"""
    )
    assert drawn < 100
    assert choose(browser, words="a1999") == ["Text 1999"]
    assert browser.run(COUNT) == "1 of 2000 texts"


def test_tables_are_sorted_by_their_numbers_and_names(
    browser: Browser, full: dict[str, Any], full_html: str
) -> None:
    browser.open(full_html)
    names = "return [...document.querySelectorAll('#labels tbody th')].map(one => one.textContent)"
    press_header = "document.querySelectorAll('#labels thead button')[arguments[0]].click()"
    by_f1 = sorted(full["labels"], key=lambda label: -full["labels"][label]["f1"])
    browser.run(press_header, 5)
    assert browser.run(names) == by_f1
    assert browser.run("return document.querySelector('#labels [aria-sort]').ariaSort") == "descending"
    browser.run(press_header, 5)
    assert browser.run(names) == by_f1[::-1]
    browser.run(press_header, 0)
    assert browser.run(names) == sorted(full["labels"])
    # Sums stay where they are.
    assert browser.run("return document.querySelectorAll('#labels tfoot tr').length") == 2


@pytest.mark.parametrize("with_policy", [True, False], ids=["with the policy", "by escaping alone"])
def test_nothing_from_models_and_data_runs_or_becomes_an_element(browser: Browser, with_policy: bool) -> None:
    tags = "return [...document.querySelectorAll('*')].map(one => one.tagName)"
    hover = """for (const one of document.querySelectorAll("*")) for (const type of ["mouseover", "load", "error"])
      one.dispatchEvent(new Event(type));"""
    pages = []
    for texts in (DANGEROUS, PLAIN):
        html = evaluation_page(report_of(texts))
        if not with_policy:
            assert html.count("Content-Security-Policy") == 1
            html = html.replace("Content-Security-Policy", "x-none")
        browser.open(html, name="".join(char for char in texts[1] if char not in "/\0") + ".html")
        assert browser.problems() == []
        choose(browser, words=texts[0])
        browser.run(hover)
        assert browser.run("return typeof canary") == "undefined"
        pages.append(browser.run(tags))
    assert pages[0] == pages[1]


def test_the_policy_stops_what_an_injection_would_run(browser: Browser, errors_html: str) -> None:
    injected = errors_html.replace(
        "</h1>", "</h1><script>canary = 1</script><img src=x onerror='canary = 1'>", 1
    )
    browser.open(injected)
    assert browser.run("return typeof canary") == "undefined"
    assert any("Content Security Policy" in one for one in browser.problems())
    browser.open(injected.replace("Content-Security-Policy", "x-none"))
    assert browser.run("return canary") == 1


def test_what_has_no_number_is_last_however_a_table_is_sorted(browser: Browser) -> None:
    docs = [judged([(0, 1, "A"), (2, 3, "B"), (4, 5, "C")], [(2, 3, "B"), (4, 5, "C"), (6, 7, "C")])]
    browser.open(evaluation_page(small_report(docs)))
    orders = []
    for _ in range(2):
        # By precision, which A has not.
        browser.run("document.querySelectorAll('#labels thead button')[3].click()")
        orders.append(
            browser.run(
                "return [...document.querySelectorAll('#labels tbody th')].map(one => one.textContent)"
            )
        )
    assert orders == [["B", "C", "A"], ["C", "B", "A"]]
