"""The report page for everybody: in both themes, with the keyboard alone, on paper, in narrow windows."""

from __future__ import annotations

import pytest

from spacy_crf_ner.pages import evaluation_page
from spacy_crf_ner.pages.highlighting import N_HUES
from tests.evaluation.judged import judged
from tests.pages.browser import CONTRAST, LEAST_CONTRAST, UNSEEN, Browser
from tests.pages.filters import SHOWN, choose
from tests.pages.reports import full_report

# Dozens of pages are opened.
pytestmark = pytest.mark.slow
BACKGROUND = "return getComputedStyle(document.body).backgroundColor"
FOCUS = """
const one = document.activeElement;
return one.id || one.name || one.getAttribute("href") || one.textContent.trim();
"""


@pytest.fixture(scope="module")
def colourful_html() -> str:
    """A page with all hues of labels, and both ends of the heat map."""
    labels = [f"LABEL{number}" for number in range(N_HUES)]
    docs = [judged([(0, 1, label)], [(0, 1, label), (2, 3, label)], number=1) for label in labels]
    return evaluation_page(full_report(docs, labels=labels))


def press(browser: Browser, key: str) -> str:
    """What has the focus after a key: an id, or a name."""
    browser.driver.switch_to.active_element.send_keys(key)
    return str(browser.run(FOCUS))


def test_the_button_changes_the_colours_and_nothing_is_remembered(browser: Browser, full_html: str) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        browser.open(full_html)
        browser.media(prefers_color_scheme=scheme)
        before = browser.run(BACKGROUND)
        ink = "return getComputedStyle(document.querySelector('.plot text')).fill"
        before_plot = browser.run(ink)
        browser.run("document.getElementById('theme').click()")
        colours[scheme] = (before, browser.run(BACKGROUND))
        assert browser.run(ink) != before_plot
        pressed = browser.run("return document.getElementById('theme').ariaPressed")
        assert pressed == ("true" if scheme == "light" else "false")
    assert colours["light"] == colours["dark"][::-1]
    assert colours["light"][0] != colours["light"][1]
    browser.open(full_html)
    browser.media(prefers_color_scheme="dark")
    assert browser.run(BACKGROUND) == colours["dark"][0]
    assert browser.run("return localStorage.length + sessionStorage.length + document.cookie.length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(
    browser: Browser, scheme: str, full_html: str, colourful_html: str
) -> None:
    for html in (full_html, colourful_html):
        browser.open(html)
        browser.media(prefers_color_scheme=scheme)
        browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
        count, faint = browser.run(CONTRAST, LEAST_CONTRAST)
        assert count > 300
        assert faint == []


def test_the_keyboard_reaches_everything_in_the_order_of_the_page(browser: Browser, errors_html: str) -> None:
    browser.open(errors_html)
    tab = "\ue004"
    reached = [press(browser, tab)]
    while len(reached) < 100 and "Show all" not in reached:
        reached.append(press(browser, tab))
    links = ["#scores", "#labels", "#confusions", "#near", "#groups", "#errors", "#left-out"]
    assert reached[: len(links) + 2] == ["#content", "theme", *links]
    assert [name for name in reached if name in ("Label", "F1, %")] == ["Label", "F1, %"]
    assert reached[-4:] == ["kind", "label", "words", "Show all"]
    outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_keys_go_from_text_to_text_and_are_letters_in_fields(browser: Browser, errors_html: str) -> None:
    browser.open(errors_html)
    browser.run("document.body.focus()")
    assert [press(browser, key) for key in "jjkj"] == ["text-1", "text-2", "text-1", "text-2"]
    choose(browser, kind="label")
    browser.run("document.activeElement.blur()")
    assert [press(browser, key) for key in "jjj"] == ["text-3", "text-6", "text-6"]
    browser.run("document.querySelector('[name=words]').focus()")
    assert press(browser, "j") == "words"
    assert browser.run("return document.activeElement.value") == "j"


def test_on_paper_everything_is_there_but_controls(browser: Browser, full_html: str) -> None:
    browser.open(full_html)
    browser.media(prefers_color_scheme="dark")
    assert choose(browser, words="no text has these") == []
    browser.run("document.getElementById('theme').click()")
    dark = browser.run(BACKGROUND)
    browser.media("print", prefers_color_scheme="dark")
    assert browser.run(UNSEEN) == []
    assert len(browser.run(SHOWN)) == browser.run("return document.querySelectorAll('.doc').length") > 0
    controls = "return [...document.querySelectorAll('.controls, nav, .theme')]"
    assert browser.run(f"{controls}.filter((one) => one.checkVisibility()).length") == 0
    assert browser.run(BACKGROUND) != dark
    assert browser.run("return getComputedStyle(document.documentElement).colorScheme") == "light"
    browser.media()
    assert browser.run("return document.querySelectorAll('details[open]').length") == 0


def test_no_part_of_the_page_is_wider_than_the_window(browser: Browser, full_html: str) -> None:
    docs = [judged([(0, 1, "A" * 300)], [(1, 2, "B B" * 90)], "x" * 500 + " y z", number=1)]
    long_names = full_report(docs, labels=["A" * 300], model="m" * 200)
    for html in (full_html, evaluation_page(long_names)):
        browser.open(html)
        for width in (360, 800, 1280):
            browser.driver.set_window_size(width, 900)
            page, window = browser.run(
                "const root = document.documentElement; return [root.scrollWidth, root.clientWidth]"
            )
            assert page == window <= width


def test_the_check_of_contrast_finds_what_is_faint(browser: Browser) -> None:
    browser.open("<!DOCTYPE html><body style='background: #fff'><p style='color: #777'>x</p><b>y</b>")
    # 4.48 to 1.
    assert browser.run(CONTRAST, LEAST_CONTRAST) == [
        2,
        ["P.: 4.48 of rgb(119, 119, 119) on rgba(0, 0, 0, 0)"],
    ]
