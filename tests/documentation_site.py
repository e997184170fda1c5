"""Reading what makes the documentation site: its settings, pages, docstrings, and the HTML that comes of them."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import srsly

REPOSITORY = Path(__file__).resolve().parent.parent
DOCS = REPOSITORY / "docs"
PROGRAMS = DOCS / "mkdocs"
# What a browser fetches by itself when it shows a page, by tag and attribute; links wait for a click.
FETCHED = {
    "href": {"link"},
    "src": {"audio", "embed", "iframe", "img", "script", "source", "video"},
    "data": {"object"},
}
IN_STYLES = re.compile(r"(?:url\(\s*[\"']?|@import\s+[\"'])(?P<address>(?:https?:)?//[^\"')]+)")
CONSOLE = re.compile(r"^```console\n(?P<lines>.*?)^```$", re.M | re.S)


def read_settings() -> dict[str, Any]:
    return srsly.read_yaml(REPOSITORY / "mkdocs.yml")


def pages_below(entry: Any) -> Iterator[str]:
    """The pages of a part of `nav`."""
    if isinstance(entry, str):
        yield entry
    else:
        for part in entry.values() if isinstance(entry, dict) else entry:
            yield from pages_below(part)


def command_pages() -> dict[str, str]:
    """The page of each command, as `nav` has them."""
    (section,) = (entry["Commands"] for entry in read_settings()["nav"] if "Commands" in entry)
    return {name: page for entry in section if isinstance(entry, dict) for name, page in entry.items()}


def load_program(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, PROGRAMS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def find_requests(html: str) -> list[str]:
    """Addresses on other servers that a browser asks for when it shows a page."""
    found = []

    class Finder(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            values = dict(attrs)
            # The address that a page has itself is for search engines.
            if tag == "link" and values.get("rel") == "canonical":
                return
            found.extend(
                value
                for name, value in values.items()
                if tag in FETCHED.get(name, ()) and re.match(r"(https?:)?//", value or "")
            )

    Finder().feed(html)
    return [*found, *find_requests_of_styles(html)]


def find_requests_of_styles(text: str) -> list[str]:
    return [match["address"] for match in IN_STYLES.finditer(text)]


def shows_output(text: str, command: str) -> bool:
    """Whether a block has the command, and after what continues it a line that is no command."""
    for block in CONSOLE.finditer(text):
        lines = [line for line in re.sub(r"\\\n", "", block["lines"]).splitlines() if line.strip()]
        for line, following in pairwise(lines):
            if f"{line} ".startswith(f"$ {command} ") and not following.startswith("$"):
                return True
    return False


def objects_below(owner: Any) -> Iterator[Any]:
    # The programs of Triton have no page, and sentences that look like entries.
    if owner.path == "spacy_crf_ner.kernels.cuda":
        return
    yield owner
    for member in owner.members.values():
        if not member.is_alias:
            yield from objects_below(member)


def names_in_docstring(owner: Any) -> set[str]:
    if owner.docstring is None:
        return set()
    sections = [one for one in owner.docstring.parsed if one.kind.value in {"parameters", "attributes"}]
    return {entry.name.lstrip("*") for section in sections for entry in section.value}


def names_of(owner: Any) -> set[str]:
    parameters = owner.parameters if owner.is_function or owner.is_class else ()
    return {*owner.members, *(parameter.name.lstrip("*") for parameter in parameters)}
