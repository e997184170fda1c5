"""What `crf-ner show` prints."""

from __future__ import annotations

import math
import os
import sys
import zlib
from collections.abc import Sequence
from typing import Any

from wasabi import msg
from wasabi.util import color, supports_ansi

from .printing import MAX_COLUMN, printable, probability

# Light backgrounds of the 256 colours of terminals, on which black can be read.
BACKGROUNDS = (153, 157, 223, 219, 229, 183, 159, 216, 193, 225, 187, 147)
BLACK = 16


def print_text(found: dict[str, Any]) -> None:
    """Print a text with its entities marked, and tables of what was found and asked.

    found (dict[str, Any]): As one of the `texts` of `--json`.
    """
    source = f" ({found['source']})" if found["source"] else ""
    msg.divider(printable(f"Text {found['number']}{source}"))
    print(marked(found["text"], found["entities"], colors=has_colors()))
    if found["log_prob"] is not None:
        print(f"\nProbability of all entities together: {probability(math.exp(found['log_prob']))}")
    if not found["entities"]:
        print("\nNo entities.\n")
    else:
        places = [(*_place(one), probability(one["probability"])) for one in found["entities"]]
        _table(("Entity", "Label", "Characters", "Probability"), "llrr", places)
    if found["annotations"] is not None:
        ranked = [
            (str(rank), probability(math.exp(one["log_prob"])), _listed(one["entities"]))
            for rank, one in enumerate(found["annotations"], start=1)
        ]
        _table(("Rank", "Probability", "Annotation"), "rrl", ranked)
    if found["candidates"] is not None:
        candidates = [
            (*_place(one), probability(one["probability"]), "yes" if one["predicted"] else "no")
            for one in found["candidates"]
        ]
        _table(("Candidate", "Label", "Characters", "Probability", "Predicted"), "llrrl", candidates)


def print_summary(n_texts: int, n_entities: int, components: Sequence[str]) -> None:
    """Print how much was found, and what may be wrong if that is nothing.

    n_texts (int): Number of texts.
    n_entities (int): Number of their entities.
    components (Sequence[str]): Names of the pipeline's components.
    """
    if not n_texts:
        msg.warn("There is no text that is not blank.")
    elif not n_entities:
        msg.warn(
            f"Texts: {n_texts}. No entity was found. The pipeline's components: {', '.join(components) or 'none'}."
        )
    else:
        msg.info(f"Texts: {n_texts}. Entities: {n_entities}.")


def marked(text: str, entities: Sequence[dict[str, Any]], *, colors: bool) -> str:
    """A text with its entities marked, safe for a terminal.

    text (str): The text.
    entities (Sequence[dict[str, Any]]): Each with `start` and `end` in characters and `label`; by place, disjoint.
    colors (bool): Whether they have colours, by label, or brackets.
    RETURNS (str): Lines of the text stay lines.
    """
    pieces, position = [], 0
    for entity in entities:
        pieces.append(_lines(text[position : entity["start"]]))
        position = entity["end"]
        inside, label = printable(text[entity["start"] : position]), printable(entity["label"])
        if colors:
            pieces.append(color(f" {inside} {label} ", fg=BLACK, bg=_background(entity["label"])))
        else:
            pieces.append(f"[{inside} {label}]")
    return "".join([*pieces, _lines(text[position:])])


def has_colors() -> bool:
    """RETURNS (bool): Whether what is printed is seen on a terminal with colours."""
    return sys.stdout.isatty() and supports_ansi() and not os.environ.get("NO_COLOR")


def _background(label: str) -> int:
    """The same in every run: a hash of strings of Python's own would not be."""
    return BACKGROUNDS[zlib.crc32(label.encode("utf8", "replace")) % len(BACKGROUNDS)]


def _lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


def _place(entity: dict[str, Any]) -> tuple[str, str, str]:
    return printable(entity["text"]), printable(entity["label"]), f"{entity['start']}-{entity['end']}"


def _listed(entities: Sequence[dict[str, Any]]) -> str:
    names = (f"{printable(one['text'])} ({printable(one['label'])})" for one in entities)
    return ", ".join(names) or "no entities"


def _table(header: tuple[str, ...], aligns: str, rows: Sequence[tuple[str, ...]]) -> None:
    msg.table(rows, header=header, aligns=tuple(aligns), divider=True, max_col=MAX_COLUMN)
