"""The documentation as a website: it has all pages, it loads nothing from elsewhere, and every command is explained."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
import typer.main

from spacy_crf_ner.cli import app

from . import documentation_site
from .documentation_site import DOCS, PROGRAMS, REPOSITORY

COMMANDS = typer.main.get_command(app).commands

needs_mkdocs = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("material", "mkdocs", "mkdocstrings_handlers")),
    reason="mkdocs-material and mkdocstrings, which need Python 3.11, are not installed",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as scripts/docs does it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr
    return folder


def test_every_page_is_in_the_navigation_once() -> None:
    pages = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
    results = sorted(f"benchmarks/{path.name}" for path in REPOSITORY.glob("benchmarks/results/*.md"))
    assert sorted(documentation_site.pages_below(documentation_site.read_settings()["nav"])) == sorted(
        [*pages, *results, "changelog.md"]
    )


def test_every_command_has_a_page() -> None:
    assert sorted(documentation_site.command_pages()) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_of_a_command_names_all_of_its_options(name: str) -> None:
    text = (DOCS / documentation_site.command_pages()[name]).read_text(encoding="utf8")
    options = [
        option
        for parameter in COMMANDS[name].params
        if parameter.param_type_name == "option"
        for option in [*parameter.opts, *parameter.secondary_opts]
        if option.startswith("--")
    ]
    missing = [option for option in options if not re.search(rf"(?<![\w-]){option}(?![\w-])", text)]
    assert not missing


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_of_a_command_shows_what_it_prints(name: str) -> None:
    text = (DOCS / documentation_site.command_pages()[name]).read_text(encoding="utf8")
    assert documentation_site.shows_output(text, f"python -m spacy crf-ner {name}")


def test_output_is_told_from_further_commands() -> None:
    assert documentation_site.shows_output("```console\n$ a b \\\n    --c\ndone\n```\n", "a b")
    assert not documentation_site.shows_output("```console\n$ a b \\\n    --c\n$ d\n```\n", "a b")
    assert not documentation_site.shows_output("```bash\n$ a b\ndone\n```\n", "a b")


def test_every_registered_function_is_on_its_page() -> None:
    setup = ConfigParser()
    setup.read(REPOSITORY / "setup.cfg")
    groups = setup["options.entry_points"]
    entries = [
        line
        for group in set(groups) - {"spacy_cli", "spacy_factories"}
        for line in groups[group].split("\n")
        if line
    ]
    text = (DOCS / "api" / "registered.md").read_text(encoding="utf8")
    shown = re.findall(r"^::: (\S+)\n    options:\n      heading: (\S+)\n", text, re.M)
    expected = [tuple(part.strip() for part in line.split("=")) for line in entries]
    assert sorted(shown) == sorted((target.replace(":", "."), name) for name, target in expected)


@needs_mkdocs
@pytest.mark.slow
def test_the_site_shows_every_page_without_asking_another_server(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > len(list(DOCS.rglob("*.md")))
    assert {
        request
        for page in pages
        for request in documentation_site.find_requests(page.read_text(encoding="utf8"))
    } == set()
    styles = [path.read_text(encoding="utf8") for path in site.rglob("*.css")]
    assert styles
    assert not [request for style in styles for request in documentation_site.find_requests_of_styles(style)]


@needs_mkdocs
@pytest.mark.slow
def test_the_site_has_arguments_and_results_of_functions(site: Path) -> None:
    html = (site / "api" / "evaluation" / "index.html").read_text(encoding="utf8")
    assert 'id="spacy_crf_ner.evaluation.brier_score"' in html
    assert "RETURNS" not in html
    for title in ("Parameters:", "Attributes:", "Returns:", "Raises:"):
        assert title in html


@needs_mkdocs
@pytest.mark.slow
def test_the_programs_that_make_the_site_are_no_part_of_it(site: Path) -> None:
    assert not list(site.rglob("*.py"))


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<link rel="stylesheet" href="https://example.org/a.css">', ["https://example.org/a.css"]),
        ('<script src="//example.org/a.js"></script>', ["//example.org/a.js"]),
        ("<style>@font-face {src: url('https://example.org/a')}</style>", ["https://example.org/a"]),
        ('<style>@import "https://example.org/b";</style>', ["https://example.org/b"]),
        ('<a href="https://example.org">there</a><script src="../a.js"></script><img src="a.png">', []),
        ('<link rel="canonical" href="https://example.org/page">', []),
        (
            "<style>a {background: url(\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>\")}</style>",
            [],
        ),
    ],
)
def test_a_request_to_another_server_is_found(html: str, found: list[str]) -> None:
    assert documentation_site.find_requests(html) == found


@needs_mkdocs
@pytest.mark.parametrize(
    ("link", "page", "expected"),
    [
        ("[a](../benchmarks/results/crf.md#numbers)", "kernels.md", "[a](benchmarks/crf.md#numbers)"),
        ("[a](../CHANGELOG.md)", "index.md", "[a](changelog.md)"),
        ("[a](losses.md#nll)", "choosing.md", "[a](losses.md#nll)"),
        ("[a](../losses.md)", "api/layers.md", "[a](../losses.md)"),
        ("[a](docs/data.md)", "changelog.md", "[a](data.md)"),
        ("[a](accuracy.md)", "benchmarks/crf.md", "[a](accuracy.md)"),
        ("[a](../../docs/kernels.md)", "benchmarks/crf.md", "[a](../kernels.md)"),
        ("[a](#part), [b](https://example.org/x)", "index.md", "[a](#part), [b](https://example.org/x)"),
        ("See [a](../configs/a.cfg).", "index.md", "See a."),
        ("```\n[a](../configs/a.cfg)\n```\n[b](../b)", "index.md", "```\n[a](../configs/a.cfg)\n```\nb"),
    ],
)
def test_links_to_files_of_the_repository_become_links_of_the_site(
    link: str, page: str, expected: str
) -> None:
    links = documentation_site.load_program("repository_links")
    assert links.turn_page(link, page, repo_url=None) == expected


@needs_mkdocs
def test_links_to_other_files_lead_to_the_repository_where_it_is_public() -> None:
    links = documentation_site.load_program("repository_links")
    turned = links.turn_page("[a](../configs/a.cfg#b)", "index.md", repo_url="https://example.org/r/")
    assert turned == "[a](https://example.org/r/blob/HEAD/configs/a.cfg#b)"


DOCSTRING = """Say what it does (in 2026): at length.

    a formula (in a block): kept

before, after (dict[str, tuple[int, int]]): What `names[from][to]` are, names[from][to],
    on two lines.
*args (Any): Others.
RETURNS (bool): Whether.
RAISES (TypeError): Never.
RAISES (ValueError): Never,
    ever.
"""


@needs_mkdocs
def test_docstrings_in_the_style_of_spacy_are_read() -> None:
    import griffe

    program = documentation_site.load_program("spacy_docstrings")
    parameters = [griffe.Parameter(name) for name in ("before", "after", "args")]
    parameters[1].default = "3"
    function = griffe.Function("f", parameters=griffe.Parameters(*parameters))
    text, named, returns, raises = program.read_sections(griffe.Docstring(DOCSTRING, parent=function))
    assert text.value == "Say what it does (in 2026): at length.\n\n    a formula (in a block): kept"
    assert [(one.name, one.default) for one in named.value] == [
        ("before", None),
        ("after", "3"),
        ("*args", None),
    ]
    assert str(named.value[0].annotation) == "dict[str, tuple[int, int]]"
    assert named.value[1].description == "What `names[from][to]` are, names[from]\\[to],\non two lines."
    assert [(str(one.annotation), one.description) for one in returns.value] == [("bool", "Whether.")]
    assert [str(one.annotation) for one in raises.value] == ["TypeError", "ValueError"]
    assert raises.value[1].description == "Never,\never."


@needs_mkdocs
def test_docstrings_of_classes_name_their_arguments_or_attributes() -> None:
    import griffe

    program = documentation_site.load_program("spacy_docstrings")
    found = griffe.Class("C")
    (section,) = program.read_sections(griffe.Docstring("size (int): How large.", parent=found))
    assert section.kind is griffe.DocstringSectionKind.attributes
    found["__init__"] = griffe.Function("__init__", parameters=griffe.Parameters(griffe.Parameter("size")))
    (section,) = program.read_sections(griffe.Docstring("size (int): How large.", parent=found))
    assert section.kind is griffe.DocstringSectionKind.parameters


@needs_mkdocs
def test_docstrings_name_nothing_that_there_is_not() -> None:
    import griffe

    extensions = griffe.load_extensions(str(PROGRAMS / "spacy_docstrings.py"))
    package = griffe.load(
        "spacy_crf_ner", search_paths=[REPOSITORY], allow_inspection=False, extensions=extensions
    )
    named = {
        owner.path: documentation_site.names_in_docstring(owner) - documentation_site.names_of(owner)
        for owner in documentation_site.objects_below(package)
    }
    assert len(named) > 1000
    assert {path: names for path, names in named.items() if names} == {}
