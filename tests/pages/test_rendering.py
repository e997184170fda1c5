"""Templates to HTML: nothing from data is taken for HTML, and nothing but our own files may run."""

import base64
import hashlib
import re
from typing import Any

import pytest
from jinja2 import UndefinedError

from spacy_crf_ner.pages import rendering
from spacy_crf_ner.pages.rendering import decimal, percent, render
from tests.pages.documents import Document

SECTIONS = [("first", "First"), ("second", "Second")]


def base(**data: Any) -> str:
    return render("base.html.j2", **{"title": "Title", "sections": SECTIONS, **data})


def test_the_base_is_a_whole_document_with_landmarks() -> None:
    document = Document(base())
    tags = [tag for tag, _ in document.elements]
    assert document.problems == []
    assert {tag: tags.count(tag) for tag in ("html", "header", "nav", "main", "h1")} == dict.fromkeys(
        ("html", "header", "nav", "main", "h1"), 1
    )
    assert document.addresses == ["#content", "#first", "#second"]
    assert ("a", {"class": "skip", "href": "#content"}) in document.elements


def test_without_sections_there_is_no_navigation() -> None:
    assert "nav" not in [tag for tag, _ in Document(base(sections=[])).elements]


def test_what_a_template_asks_for_has_to_be_there() -> None:
    with pytest.raises(UndefinedError, match="'sections' is undefined"):
        render("base.html.j2", title="Title")


@pytest.mark.parametrize(
    "text", ["</title><script>x</script>", '"><b id="x">', "a & b &lt; c", "' onload='x"]
)
def test_data_is_text_in_elements_and_in_attributes(text: str) -> None:
    document = Document(base(title=text, sections=[(text, text)]))
    assert document.shape == Document(base(sections=[("a", "a")])).shape
    assert document.texts.count(text) == 3
    assert f"#{text}" in document.addresses


def test_the_policy_names_exactly_our_script_and_style_sheet() -> None:
    html = base()
    policy = next(
        attributes["content"] for _, attributes in Document(html).elements if "http-equiv" in attributes
    )
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.S)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["default-src"] == "'none'"
    # Style attributes are all that is allowed without a hash.
    assert [name for name, value in directives.items() if "unsafe" in value] == ["style-src-attr"]
    assert directives["style-src-attr"] == "'unsafe-inline'"


def test_further_files_are_a_part_of_what_may_run() -> None:
    html = render("base.html.j2", scripts=("errors.js",), styles=("evaluation.css",), title="", sections=[])
    assert html.count("<script>") == html.count("<style>") == 1
    for name in ("page.js", "errors.js", "page.css", "evaluation.css"):
        assert (rendering.TEMPLATES / name).read_text(encoding="utf8") in html


def test_what_html_cannot_hold_is_replaced() -> None:
    html = base(title="a\x00b\ud800c\U0001f600")
    assert "<h1>a\ufffdb\ufffdc\U0001f600</h1>" in html
    html.encode("utf8")


def test_our_scripts_never_take_data_for_html() -> None:
    for path in rendering.TEMPLATES.glob("*.js"):
        source = path.read_text(encoding="utf8")
        found = re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\(", source
        )
        assert not found, path.name


def test_our_templates_mark_nothing_as_safe_and_hold_no_scripts() -> None:
    for path in rendering.TEMPLATES.glob("*.j2"):
        source = path.read_text(encoding="utf8")
        assert not re.findall(r"\|\s*safe\b|autoescape|\bon\w+=", source), path.name
        assert source.count("<script") == source.count("<style") == (path.name == "base.html.j2"), path.name


@pytest.mark.parametrize("name", ["*.js", "*.css", "*.j2"])
def test_files_of_templates_are_short_enough_to_read(name: str) -> None:
    lengths = [len(path.read_text(encoding="utf8").splitlines()) for path in rendering.TEMPLATES.glob(name)]
    assert lengths
    assert max(lengths) <= 300


def test_numbers_are_rounded_and_what_is_missing_is_a_dash() -> None:
    assert (percent(0.51264), percent(1.0), percent(None)) == ("51.3", "100.0", "–")
    assert (decimal(-1.256), decimal(0.5, 0), decimal(None)) == ("−1.26", "0", "–")
    assert (decimal(-0.004), decimal(-0.4, 0)) == ("0.00", "0")
