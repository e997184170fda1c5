"""Templates to HTML: one document without anything from elsewhere, in which no data can run."""

import base64
import functools
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"
BASE_STYLE, BASE_SCRIPT = "page.css", "page.js"
# What no HTML can hold: zero, and halves of surrogate pairs, of which UTF-8 has none.
UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


def render(template: str, *, styles: Sequence[str] = (), scripts: Sequence[str] = (), **data: Any) -> str:
    """Fill a template that extends `base.html.j2`.

    All data is escaped. The document's policy forbids every script and style sheet but those of our files, by their
    hashes, and everything from elsewhere.

    template (str): File in `templates`.
    styles (Sequence[str]): CSS files in `templates`, after the one of all pages.
    scripts (Sequence[str]): JavaScript files in `templates`, after the one of all pages.
    data (Any): What the template asks for; `title` and `sections`, pairs of id and title, at least.
    RETURNS (str): The document, in UTF-8.
    RAISES (jinja2.UndefinedError): The template asks for something that is not there.
    """
    from markupsafe import Markup  # noqa: PLC0415

    style, script = _joined((BASE_STYLE, *styles)), _joined((BASE_SCRIPT, *scripts))
    # Style attributes hold single numbers of ours, which CSS makes colours and lengths of.
    policy = (
        f"default-src 'none'; img-src data:; script-src {_hash(script)}; style-src-elem {_hash(style)}; "
        "style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    page = _environment().get_template(template)
    text = page.render(policy=policy, style=Markup(style), script=Markup(script), **data)
    return UNWRITABLE.sub("\ufffd", text)


@functools.cache
def _environment() -> Any:
    """jinja2's environment, made once."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, decimal=decimal)
    return environment


def percent(share: float | None) -> str:
    """RETURNS (str): A share as per cent with one decimal, or a dash if there is none.

    share (float | None): 0 to 1.
    """
    return decimal(None if share is None else 100 * share, 1)


def decimal(value: float | None, digits: int = 2) -> str:
    """RETURNS (str): A number with a fixed number of decimals, or a dash if there is none.

    value (float | None): The number.
    digits (int): Decimals.
    """
    if value is None:
        return "–"
    text = f"{value:.{digits}f}"
    # Nothing below zero is left of what is rounded to it.
    return text.lstrip("-") if not float(text) else text.replace("-", "−")


def _joined(names: Sequence[str]) -> str:
    """Files one after the other. Line ends are those that browsers see, since they compute the hash of them, too."""
    return "\n" + "\n".join((TEMPLATES / name).read_text(encoding="utf8") for name in names)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
