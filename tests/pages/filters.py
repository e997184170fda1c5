"""The filters of the error browser, for tests of the report page."""

from __future__ import annotations

from tests.pages.browser import Browser

# Names of the texts that are shown, and what the page says of their number.
SHOWN = """
return [...document.querySelectorAll(".doc")].filter((doc) => doc.offsetHeight)
  .map((doc) => doc.querySelector("h3").textContent)
"""
COUNT = "return document.getElementById('count').textContent"


def choose(browser: Browser, **fields: str) -> list[str]:
    """The names of the texts that are shown after some fields of the form are set."""
    script = """
    const form = document.getElementById("filters");
    form.elements[arguments[0]].value = arguments[1];
    form.elements[arguments[0]].dispatchEvent(new Event("input", { bubbles: true }));
    """
    for name, value in fields.items():
        browser.run(script, name, value)
    return list(browser.run(SHOWN))
