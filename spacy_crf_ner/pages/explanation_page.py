"""The page of `crf-ner explain --html`: heat maps of tokens and tags, and what was forbidden."""

import math
from typing import Any, NamedTuple

from .heat_map import Cell, heat_cells
from .highlighting import highlight, label_hues
from .rendering import render

# A tag that is less probable for every token, with constraints and without, is left out where there are many tags.
LEAST_PROBABILITY = 0.001
MANY_TAGS = 20
STATES = {
    "given": "on the text before",
    "predicted": "predicted",
    "threshold": "left out: below the threshold",
    "whitespace": "left out: whitespace at its edges",
    "entity": "left out: in the way of an entity that was there before",
}


class Mark(NamedTuple):
    """A cell of a heat map, beside what was decided.

    cell (Cell): Number and shade.
    chosen (bool): Whether it is of the chosen tag.
    barred (bool): Whether the tag is forbidden for the token.
    """

    cell: Cell
    chosen: bool
    barred: bool


def explanation_page(data: dict[str, Any]) -> str:
    """Make the page.

    data (dict[str, Any]): What `crf-ner explain --json` writes: `Explanation.to_dict`, and `model`.
    RETURNS (str): The document.
    """
    kept = _kept_tags(data)
    hues = label_hues({one["label"] for one in data["entities"]})
    predicted = [one for one in data["entities"] if one["state"] in ("given", "predicted")]
    barred = [_taken(row, kept) for row in data["allowed"]]
    sentences = [one["sentence"] for token in data["tokens"] for one in token["forbidden"][:1]]
    sections = [("annotation", "Annotation"), ("forbidden", "Forbidden"), ("marginals", "Probabilities")]
    sections += [("emissions", "Emissions"), ("transitions", "Transitions")]
    return render(
        "explanation.html.j2",
        styles=("explanation.css",),
        title="Explanation",
        sections=sections if data["tokens"] else [],
        data=data,
        lines=highlight(data["text"], predicted, hues),
        states=STATES,
        annotations=_annotations(data),
        changes=_changes(data),
        sentences=sentences,
        tags=_taken(data["tags"], kept),
        names=[_visible(token["text"]) for token in data["tokens"]],
        left_out=len(data["tags"]) - len(kept),
        marginals=_marks(data, kept, "marginals", digits=3, largest=1.0, barred=barred),
        free=_marks(data, kept, "free_marginals", digits=3, largest=1.0, barred=barred),
        emissions=_marks(data, kept, "emissions", digits=2, barred=barred),
        transitions=_marks(data, kept, "incoming", digits=2, allowed=data["incoming_allowed"]),
    )


def _kept_tags(data: dict[str, Any]) -> list[int]:
    """The tags that have something to tell."""
    n_tags = len(data["tags"])
    if n_tags <= MANY_TAGS:
        return list(range(n_tags))
    names = {token["chosen"] for token in data["tokens"]}
    names |= {one["tag"] for token in data["tokens"] for one in token["forbidden"][:1]}
    rows = [*data["marginals"], *data["free_marginals"]]
    return [
        tag
        for tag, name in enumerate(data["tags"])
        if name in names or any(row[tag] >= LEAST_PROBABILITY for row in rows)
    ]


def _marks(
    data: dict[str, Any],
    kept: list[int],
    name: str,
    *,
    digits: int,
    largest: float | None = None,
    allowed: list[list[bool]] | None = None,
    barred: list[list[bool]] | None = None,
) -> list[list[Mark]]:
    """The rows of a heat map. Scores that are not finite are null, and cells without a number."""
    matrix = [_taken(row, kept) for row in data[name]]
    masks = [_taken(row, kept) for row in allowed] if allowed else [[True] * len(kept) for _ in matrix]
    there = [
        [value is not None and is_allowed for value, is_allowed in zip(row, mask, strict=True)]
        for row, mask in zip(matrix, masks, strict=True)
    ]
    cells = heat_cells(matrix, digits=digits, allowed=there, largest=largest)
    names = _taken(data["tags"], kept)
    free = barred or [[True] * len(kept) for _ in matrix]
    return [
        [
            Mark(cell, tag == token["chosen"], not is_free)
            for cell, tag, is_free in zip(row, names, mask, strict=True)
        ]
        for token, row, mask in zip(data["tokens"], cells, free, strict=True)
    ]


def _annotations(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The chosen annotation and the runner-up, as rows of a table."""
    named = [("Chosen", data["chosen"]), ("Best other one", data["runner_up"])]
    return [
        {
            "name": name,
            "probability": 0.0 if one["log_prob"] is None else math.exp(one["log_prob"]),
            "log_prob": one["log_prob"],
            "emissions": one["emissions"],
            "transitions": one["transitions"],
            "entities": ", ".join(f"{entity['text']} ({entity['label']})" for entity in one["entities"]),
        }
        for name, one in named
        if one is not None
    ]


def _changes(data: dict[str, Any]) -> list[dict[str, str]]:
    """The tokens in which the runner-up differs."""
    if data["runner_up"] is None:
        return []
    return [
        {
            "text": _visible(data["tokens"][position]["text"]),
            "chosen": data["chosen"]["tags"][position],
            "other": data["runner_up"]["tags"][position],
        }
        for position in data["runner_up"]["differs"]
    ]


def _visible(text: str) -> str:
    """A token as it is, or in quotes and with names for its characters if it is whitespace."""
    return repr(text) if text.isspace() else text


def _taken(row: list[Any], kept: list[int]) -> list[Any]:
    return [row[tag] for tag in kept]
