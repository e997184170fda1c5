"""Texts of others do nothing in a card but being read."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_crf_ner.sharing.markdown import code, link, one_line, plain, table

HOSTILE = [
    "a|b",
    "a`b``c",
    "<script>alert(1)</script>",
    "![x](http://e.vil/p.png)",
    "[x](javascript:alert(1))",
    "# heading",
    "- item",
    "1. item",
    "---",
    "*bold* _it_ ~~gone~~ $x$",
    "&lt;b&gt;",
    "back\\slash \\* \\|",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_plain_text_is_read_as_it_was_written(text: str) -> None:
    shown = plain(text)
    assert unescape(shown) == text
    assert not re.search(r"[<>|`*\[\]\\~$]", shown)
    assert not re.match(r"#|-|=|\d+[.)]\s", shown)


def test_names_and_numbers_stay_readable() -> None:
    assert plain("en_core_web_trf 3.8.0, 2-3 words (by Ada)") == "en_core_web_trf 3.8.0, 2-3 words (by Ada)"
    assert code("PERSON") == "`PERSON`"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_label_stays_in_its_cell_and_in_its_code(text: str) -> None:
    shown = code(text)
    assert "|" not in shown
    if shown.startswith("`"):
        assert shown == f"`{text}`"
        assert "`" not in text
    else:
        inside = shown.removeprefix("<code>").removesuffix("</code>")
        assert unescape(inside) == text
        assert not set(inside) & set("<>`*[]_")


@given(st.text())
def test_no_text_breaks_out_of_its_line(text: str) -> None:
    for made in (plain(text), code(text), one_line(text)):
        assert len(made.splitlines()) <= 1
        assert made.isprintable() or set(made) & set("\u200c\u200d")
    assert unescape(plain(text)) == one_line(text)


def test_joiners_of_letters_stay_and_what_turns_text_around_goes() -> None:
    assert one_line("می\u200cخواهم") == "می\u200cخواهم"
    assert one_line("a\u202eb\u2028c\x00d\r\ne\ud800f") == "a b c d e f"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "", "ada@example.org", "http://[x"]
)
def test_only_addresses_of_the_web_become_links(address: str) -> None:
    assert link("Ada", address) == "Ada"


def test_an_address_cannot_leave_its_link() -> None:
    assert link("a]b", "https://x.y/p q>)<b>") == "[a&#93;b](<https://x.y/p%20q%3E%29%3Cb%3E>)"


def test_a_table_has_a_cell_for_each_heading() -> None:
    lines = table(["label", "F1"], [(code("a|b"), "1.0")], numbers=True)
    assert lines == ["| label | F1 |", "|---|---:|", "| <code>a&#124;b</code> | 1.0 |"]
