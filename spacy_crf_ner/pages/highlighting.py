"""Texts with their entities marked: what the macro `highlighted` shows."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

# So many colours can be told apart beside each other.
N_HUES = 12
# Hues this many steps apart look different, whatever else is there.
FAR = 2


class Piece(NamedTuple):
    """A stretch of a text, in an entity or between two.

    text (str): Its characters.
    label (str | None): Label of the entity; None between entities.
    hue (int): Of the label, in degrees.
    probability (float | None): Of the entity, if it is known.
    kind (str | None): Of its error, if it is one.
    """

    text: str
    label: str | None = None
    hue: int = 0
    probability: float | None = None
    kind: str | None = None


def label_hues(labels: Iterable[str]) -> dict[str, int]:
    """Give each label a colour: the same on all pages, unless another label on the page has nearly the same.

    labels (Iterable[str]): The labels of a page.
    RETURNS (dict[str, int]): Hue of each, in degrees. No two are equal as long as there are hues left.
    """
    hues: dict[str, int] = {}
    used: list[int] = []
    for label in sorted(set(labels)):
        used = used if len(used) < N_HUES else []
        used.append(_choose(used, zlib.crc32(label.encode("utf8", "replace")) % N_HUES))
        hues[label] = used[-1] * 360 // N_HUES
    return hues


def _choose(used: Sequence[int], wanted: int) -> int:
    """The hue nearest to the wanted one among those that are far from all others, or as far as there is room."""

    def fitness(step: int) -> tuple[int, int]:
        nearest = min((_distance(step, other) for other in used), default=FAR)
        return min(nearest, FAR), -_distance(step, wanted)

    return max((step for step in range(N_HUES) if step not in used), key=fitness)


def _distance(step: int, other: int) -> int:
    """Steps from one hue to another around the circle."""
    return min((step - other) % N_HUES, (other - step) % N_HUES)


def highlight(text: str, entities: Iterable[Mapping[str, Any]], hues: Mapping[str, int]) -> list[list[Piece]]:
    """Cut a text at its entities.

    text (str): The text.
    entities (Iterable[Mapping[str, Any]]): Each with "start" and "end" in characters and "label"; "probability" and
        "kind" may be there. They may overlap.
    hues (Mapping[str, int]): Of all labels, as of `label_hues`.
    RETURNS (list[list[Piece]]): The text, once for each layer of entities that do not overlap, and at least once.
    """
    layers: list[list[Mapping[str, Any]]] = [[]]
    for entity in sorted(entities, key=lambda one: (one["start"], -one["end"])):
        for layer in layers:
            if not layer or layer[-1]["end"] <= entity["start"]:
                layer.append(entity)
                break
        else:
            layers.append([entity])
    return [_cut(text, layer, hues) for layer in layers]


def _cut(text: str, entities: Iterable[Mapping[str, Any]], hues: Mapping[str, int]) -> list[Piece]:
    pieces: list[Piece] = []
    place = 0
    for entity in entities:
        if place < entity["start"]:
            pieces.append(Piece(text[place : entity["start"]]))
        label, place = entity["label"], entity["end"]
        known = (entity.get("probability"), entity.get("kind"))
        pieces.append(Piece(text[entity["start"] : place], label, hues[label], *known))
    return [*pieces, Piece(text[place:])] if place < len(text) else pieces
