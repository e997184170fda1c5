"""Texts of others in Markdown: shown as they are, whatever is in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlsplit

# What has a meaning within a line or at its beginning, for Markdown, for mathematics in it, and for HTML.
MEANING = re.compile(r"[\\`*\[\]<>|~&$]|(?<!\w)_|_(?!\w)|^[#+=-]|^\d+(?=[.)]\s)")
# Of ASCII, what is no letter, digit or space.
SIGN = re.compile(r"[!-/:-@\[-`{-~]")
# Invisible, but letters are joined or parted by them in Persian, Hindi and others.
JOINERS = "\u200c\u200d"
# What may stand in an address as it is.
IN_ADDRESS = ":/?#[]@!$&'*+,;=%~-._"


def one_line(text: object) -> str:
    """A text without line breaks, and without characters that cannot be seen.

    text (object): What `str` makes a text of.
    RETURNS (str): Words with single spaces between them.
    """
    return " ".join("".join(one if _is_seen(one) else " " for one in str(text)).split())


def _is_seen(character: str) -> bool:
    return character in JOINERS or unicodedata.category(character)[0] not in "CZ"


def plain(text: object) -> str:
    """A text that Markdown and HTML leave as it is.

    text (object): What `str` makes a text of.
    RETURNS (str): One line, which may stand in a table, too.
    """
    return MEANING.sub(lambda found: _references(found[0]), one_line(text))


def code(text: object) -> str:
    """A text in letters of equal width.

    text (object): What `str` makes a text of.
    RETURNS (str): One line, which may stand in a table, too.
    """
    line = one_line(text)
    # Between backticks there is no way to write these that all readers of Markdown understand alike.
    if not line or "`" in line or "|" in line:
        return f"<code>{SIGN.sub(lambda found: _references(found[0]), line)}</code>"
    return f"`{line}`"


def _references(text: str) -> str:
    """Characters by their numbers, which never have a meaning."""
    return "".join(f"&#{ord(one)};" for one in text)


def link(text: object, address: object) -> str:
    """A link, if the address is one of the web.

    text (object): What is shown.
    address (object): Where it leads; any other address than http(s) is left out.
    RETURNS (str): The link, or the text alone.
    """
    given = one_line(address)
    try:
        is_web = urlsplit(given).scheme in ("http", "https")
    except ValueError:
        is_web = False
    return f"[{plain(text)}](<{quote(given, safe=IN_ADDRESS)}>)" if is_web else plain(text)


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False) -> list[str]:
    """A table.

    header (Sequence[str]): Headings.
    rows (Iterable[Sequence[str]]): Cells that `plain`, `code` or `link` made, or numbers.
    numbers (bool): Whether all columns but the first hold numbers.
    RETURNS (list[str]): Its lines.
    """
    rule = "|".join(["---", *("---:" if numbers else "---" for _ in header[1:])])
    return [_row(header), f"|{rule}|", *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
