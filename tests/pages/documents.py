"""HTML as a browser would read it, for checks that need no browser."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
# Attributes that make a browser ask for something.
ADDRESSES = frozenset(
    {"href", "xlink:href", "src", "srcset", "action", "formaction", "data", "poster", "ping"}
)


class Document(HTMLParser):
    """A parsed page.

    html (str): The page.
    problems (list[str]): Tags that are not closed, or closed without having been opened.
    elements (list[tuple[str, dict[str, str]]]): Tags with their attributes, in order.
    texts (list[str]): What stands between tags, except in scripts and style sheets.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.problems += [f"<{tag}> is not closed" for tag in self._open]

    @property
    def ids(self) -> list[str]:
        """All ids."""
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    @property
    def addresses(self) -> list[str]:
        """Everything that links, or asks for something."""
        return [
            value
            for _, attributes in self.elements
            for name, value in attributes.items()
            if name in ADDRESSES
        ]

    @property
    def shape(self) -> Counter[tuple[str, tuple[str, ...]]]:
        """How many elements there are of each tag with the same names of attributes: what no data may change."""
        return Counter((tag, tuple(sorted(attributes))) for tag, attributes in self.elements)

    @property
    def text(self) -> str:
        """All text together."""
        return "".join(self.texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.problems.append(f"<{tag}> has an attribute twice")
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that closes itself, as SVG has them."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Compare with what was opened."""
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing, at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        if not self._open or self._open[-1] not in ("script", "style"):
            self.texts.append(data)
