"""The browser for all tests of pages, and report pages to be opened in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from spacy_crf_ner.pages import evaluation_page
from tests.pages.browser import SETTING, Browser, is_required, missing_programs, start_browser
from tests.pages.reports import full_report, small_report


@pytest.fixture(scope="session")
def started_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests. Without one they are skipped, or fail if `SPACY_CRF_NER_BROWSER=require` is set."""
    missing = missing_programs()
    if missing and is_required():
        pytest.fail(f"{SETTING}=require, but {missing}")
    if missing:
        pytest.skip(missing)
    with start_browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def browser(started_browser: Browser) -> Browser:
    """A browser that shows nothing yet, in a window of the usual size."""
    started_browser.driver.set_window_size(1280, 900)
    started_browser.media()
    return started_browser


@pytest.fixture(scope="session")
def full() -> dict[str, Any]:
    """The data of a report with everything in it; not to be changed."""
    return full_report()


@pytest.fixture(scope="session")
def full_html(full: dict[str, Any]) -> str:
    """The page of this report."""
    return evaluation_page(full)


@pytest.fixture(scope="session")
def errors_html() -> str:
    """A page with the texts 2 to 7: missed, spurious, wrong label, boundary, both, and one with two errors."""
    return evaluation_page(small_report())
