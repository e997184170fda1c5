"""Docstrings in spaCy's style for mkdocstrings, which knows those of Google, NumPy and Sphinx; an extension of Griffe.

What the function does, in as much Markdown as it takes.

name (type): What an argument is, or an attribute of the class,
    on as many indented lines as it takes.
RETURNS (type): What comes back.
RAISES (type): When.
"""

import re
from itertools import groupby

import griffe

# A line at the margin; the type ends at the first `):`.
ENTRY = re.compile(r"^(?P<name>[*\w]+(?:, [*\w]+)*) \((?P<type>[^\n]+?)\):[ \t]*(?P<text>.*)$", re.S)
# `transitions[from][to]` in a sentence is no reference of Markdown's; what is in backticks stays as it is.
REFERENCE = re.compile(r"(`[^`]*`)|\]\[")
OUTCOMES = frozenset({"RETURNS", "YIELDS", "RAISES"})


class SpacyDocstrings(griffe.Extension):
    """Puts the sections of spaCy-style docstrings where mkdocstrings looks for them."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Read the docstring of an object."""
        if obj.docstring is not None:
            # A cached property of Griffe's: what is there already is not parsed in another style. Of modules the
            # pages say themselves what is in them.
            obj.docstring.__dict__["parsed"] = [] if obj.is_module else read_sections(obj.docstring)


def read_sections(docstring: griffe.Docstring) -> list[griffe.DocstringSection]:
    """The sections of a docstring, in its order; neighbours of one kind are one section."""
    sections: list[griffe.DocstringSection] = []
    for kind, found in groupby(split_entries(without_references(docstring.value)), key=_kind):
        entries = list(found)
        if kind == "text":
            sections.append(griffe.DocstringSectionText("\n".join(entries).strip("\n")))
        else:
            sections.append(_section(kind, [ENTRY.match(entry) for entry in entries], docstring))
    return sections


def without_references(text: str) -> str:
    """A docstring in which Markdown finds no links by reference, of which we have none."""
    return REFERENCE.sub(lambda match: match[1] or r"]\[", text)


def split_entries(text: str) -> list[str]:
    """Divide a docstring into entries, with the lines that continue them, and all other lines, one by one."""
    parts: list[str] = []
    for line in text.splitlines():
        continues = bool(parts) and ENTRY.match(parts[-1]) is not None and line.startswith(" ")
        if continues:
            parts[-1] += "\n" + line.strip()
        elif not (line == "" and parts and ENTRY.match(parts[-1])):
            parts.append(line)
    return parts


def _kind(entry: str) -> str:
    match = ENTRY.match(entry)
    if match is None:
        return "text"
    return match["name"] if match["name"] in OUTCOMES else "names"


def _section(kind: str, entries: list[re.Match[str]], docstring: griffe.Docstring) -> griffe.DocstringSection:
    if kind == "names":
        return _named(entries, docstring)
    described = [(_annotation(entry, docstring), entry["text"]) for entry in entries]
    if kind == "RAISES":
        return griffe.DocstringSectionRaises(
            [griffe.DocstringRaise(annotation=annotation, description=text) for annotation, text in described]
        )
    section, item = {
        "RETURNS": (griffe.DocstringSectionReturns, griffe.DocstringReturn),
        "YIELDS": (griffe.DocstringSectionYields, griffe.DocstringYield),
    }[kind]
    return section([item(name="", annotation=annotation, description=text) for annotation, text in described])


def _named(entries: list[re.Match[str]], docstring: griffe.Docstring) -> griffe.DocstringSection:
    """Arguments; or attributes, if that is what all of the names are."""
    parameters = _parameters(docstring.parent)
    named = [
        (name, _annotation(entry, docstring), entry["text"])
        for entry in entries
        for name in entry["name"].split(", ")
    ]
    if (
        docstring.parent is not None
        and docstring.parent.is_class
        and not any(name in parameters for name, _, _ in named)
    ):
        return griffe.DocstringSectionAttributes(
            [griffe.DocstringAttribute(name, annotation=kind, description=text) for name, kind, text in named]
        )
    return griffe.DocstringSectionParameters(
        [
            griffe.DocstringParameter(name, annotation=kind, description=text, value=parameters.get(name))
            for name, kind, text in named
        ]
    )


def _parameters(owner: griffe.Object | None) -> dict[str, object]:
    """The arguments of a function, or of what makes an object of a class, with their defaults."""
    if isinstance(owner, griffe.Function | griffe.Class):
        return {parameter.name: parameter.default for parameter in owner.parameters}
    return {}


def _annotation(entry: re.Match[str], docstring: griffe.Docstring) -> str | griffe.Expr:
    return griffe.parse_docstring_annotation(entry["type"], docstring)
