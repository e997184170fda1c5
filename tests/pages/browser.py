"""A real browser, without a window: Chromium, driven by selenium."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

# `require` makes tests fail where there is no browser, instead of being skipped.
SETTING = "SPACY_CRF_NER_BROWSER"
PROGRAMS = (("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"), ("chromedriver",))
ARGUMENTS = (
    "--headless=new",
    # In containers there is neither the sandbox's kernel interface nor a GPU, and little shared memory.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
    "--window-size=1280,900",
)
# Scripts that find what people cannot read.
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf8")
# As the Web Content Accessibility Guidelines 2 want it of text.
LEAST_CONTRAST = 4.5
# Texts that a reader of the printed page does not see.
UNSEEN = """
return [...document.body.querySelectorAll("*")]
  .filter((one) => [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))
  .filter((one) => !one.closest("script, .skip, nav, .theme, .controls"))
  .filter((one) => !one.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }))
  .map((one) => one.outerHTML.slice(0, 100))
"""


class Browser:
    """Opens pages, and tells what they ask for and complain about.

    driver (WebDriver): For everything else.
    folder (Path): Where pages are written to.
    """

    def __init__(self, driver: WebDriver, folder: Path) -> None:
        self.driver = driver
        self.folder = folder

    def open(self, html: str, name: str = "page.html") -> WebDriver:
        """Open a page from a file, as users do.

        html (str): The page.
        name (str): Of its file.
        RETURNS (WebDriver): The driver, with the page loaded.
        """
        path = self.folder / name
        path.write_text(html, encoding="utf8", newline="")
        self.driver.get("about:blank")
        self.media()
        self.problems()
        self.driver.get(path.as_uri())
        return self.driver

    def problems(self) -> list[str]:
        """RETURNS (list[str]): What was written to the console, and what was asked for beside pages of files, since
        the last call.
        """
        found = [f"console: {entry['message']}" for entry in self.driver.get_log("browser")]
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url, kind = message["params"]["request"]["url"], message["params"].get("type")
                if kind != "Document" or not url.startswith(("file:", "about:")):
                    found.append(f"request: {url}")
        return found

    def media(self, kind: str = "", **features: str) -> None:
        """Show the page as on another medium.

        kind (str): "print", or nothing for the screen.
        features (str): Such as `prefers_color_scheme="dark"`.
        """
        pairs = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": kind, "features": pairs})
        # Pages are told of it when they are drawn next.
        self.run("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def run(self, script: str, *arguments: Any) -> Any:
        """RETURNS (Any): What a script returns.

        script (str): JavaScript, the body of a function.
        arguments (Any): Its `arguments`.
        """
        return self.driver.execute_script(script, *arguments)  # type: ignore[no-untyped-call]


def missing_programs() -> str | None:
    """RETURNS (str | None): What is missing for a browser, or None if it is all there."""
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "selenium is not installed"
    absent = [names[0] for names in PROGRAMS if _find(names) is None]
    return f"{' and '.join(absent)} not found: scripts/install-browser" if absent else None


def is_required() -> bool:
    """RETURNS (bool): Whether tests have to fail without a browser."""
    return os.environ.get(SETTING) == "require"


@contextmanager
def start_browser(folder: Path) -> Iterator[Browser]:
    """Start a browser that knows nothing, and end it.

    folder (Path): For its profile and for pages.
    YIELDS (Browser): The browser.
    """
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    chromium, chromedriver = (_find(names) for names in PROGRAMS)
    assert chromium is not None
    assert chromedriver is not None
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (*ARGUMENTS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(chromedriver))
    try:
        driver.set_page_load_timeout(60)
        yield Browser(driver, folder)
    finally:
        driver.quit()


def _find(names: Sequence[str]) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)
