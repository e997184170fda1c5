"""The page of `crf-ner show --html`: texts with their entities."""

import math
from collections import Counter
from typing import Any

from .highlighting import highlight, label_hues
from .rendering import render


def entities_page(data: dict[str, Any]) -> str:
    """Make the page.

    data (dict[str, Any]): What `crf-ner show --json` writes: `model`, `components`, and `texts`, each with `number`,
        `source`, `text`, `log_prob`, `entities`, `annotations` and `candidates`.
    RETURNS (str): The document.
    """
    texts = data["texts"]
    hues = label_hues({one["label"] for text in texts for one in _all_entities(text)})
    counts = Counter(one["label"] for text in texts for one in text["entities"])
    sections = [("texts", "Texts")]
    if counts:
        sections.insert(0, ("labels", "Labels"))
    return render(
        "entities.html.j2",
        styles=("entities.css",),
        title="Entities",
        sections=sections,
        model=data["model"],
        components=data["components"],
        counts=sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])),
        hues=hues,
        texts=[_viewed(text, hues) for text in texts],
    )


def _all_entities(text: dict[str, Any]) -> list[dict[str, Any]]:
    annotations = text["annotations"] or []
    others = [one for annotation in annotations for one in annotation["entities"]]
    return [*text["entities"], *(text["candidates"] or []), *others]


def _viewed(text: dict[str, Any], hues: dict[str, int]) -> dict[str, Any]:
    """A text with its lines, and with probabilities instead of their logarithms."""
    annotations = text["annotations"]
    if annotations is not None:
        annotations = [
            {
                "probability": math.exp(one["log_prob"]),
                "lines": highlight(text["text"], one["entities"], hues),
            }
            for one in annotations
        ]
    return {
        **text,
        "lines": highlight(text["text"], text["entities"], hues),
        "probability": None if text["log_prob"] is None else math.exp(text["log_prob"]),
        "annotations": annotations,
    }
