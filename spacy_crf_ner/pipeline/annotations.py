"""Between Docs and the CRF: what is already annotated becomes a constraint, and decoded spans become entities."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from spacy.tokens import Doc, Span

from ..functional import Potentials
from ..layers import DecodedSpan
from ..tags import BoolArray, TagSet, TagSpan, allowed_tags

PROBABILITY = "crf_prob"
BEGIN, INSIDE = 3, 1


def register_extensions() -> None:
    """Define `span._.crf_prob`, unless it is there: None on spans without a probability."""
    if not Span.has_extension(PROBABILITY):
        Span.set_extension(PROBABILITY, default=None)


@dataclass(frozen=True)
class Preset:
    """What a Doc says about entities before prediction.

    entities (tuple[TagSpan, ...]): Entities on the Doc.
    blocked (tuple[int, ...]): Tokens that are marked as being in no entity (`Doc.set_ents(blocked=...)`).
    """

    entities: tuple[TagSpan, ...] = ()
    blocked: tuple[int, ...] = ()

    def covers(self, span: TagSpan) -> bool:
        """RETURNS (bool): Whether a span shares tokens with an entity that is already there.

        span (TagSpan): The span.
        """
        return any(span.start < entity.end and entity.start < span.end for entity in self.entities)


def read_preset(doc: Doc, *, overwrite: bool) -> Preset:
    """Read what prediction has to respect.

    doc (Doc): The Doc.
    overwrite (bool): If True, nothing.
    RETURNS (Preset): Entities and blocked tokens.
    """
    if overwrite:
        return Preset()
    entities = tuple(TagSpan(entity.start, entity.end, entity.label_) for entity in doc.ents)
    codes = doc.to_array(["ENT_IOB", "ENT_TYPE"]).reshape(-1, 2)
    blocked = np.isin(codes[:, 0], (BEGIN, INSIDE)) & (codes[:, 1] == 0)
    return Preset(entities, tuple(np.flatnonzero(blocked).tolist()))


def constrain(
    potentials: Potentials, docs: Sequence[Doc], presets: Sequence[Preset], tagset: TagSet
) -> Potentials:
    """Restrict the paths of each Doc to those that agree with it. There always are some.

    potentials (Potentials): The batch, packed.
    docs (Sequence[Doc]): Its Docs.
    presets (Sequence[Preset]): What to respect in each. Entities whose label is not known to the CRF only keep others
        from their tokens.
    tagset (TagSet): The tags.
    RETURNS (Potentials): The batch, with `allowed_tags` unless all tags are allowed everywhere.
    """
    masks = [_allowed(doc, preset, tagset) for doc, preset in zip(docs, presets, strict=True)]
    if all(mask is None for mask in masks):
        return potentials
    free = (np.ones((len(doc), tagset.n_tags), dtype=bool) for doc in docs)
    allowed = [everything if mask is None else mask for mask, everything in zip(masks, free, strict=True)]
    device = potentials.emissions.device
    return replace(potentials, allowed_tags=torch.as_tensor(np.concatenate(allowed), device=device))


def new_entities(doc: Doc, decoded: Sequence[DecodedSpan], preset: Preset) -> list[DecodedSpan]:
    """The predicted entities that the Doc does not hold yet, trimmed of whitespace at their ends.

    doc (Doc): The Doc.
    decoded (Sequence[DecodedSpan]): All spans of the predicted path.
    preset (Preset): What the Doc held before.
    RETURNS (list[DecodedSpan]): Spans to add, disjoint from those that are there.
    """
    added = []
    for prediction in decoded:
        start, end, label = prediction.span
        while start < end and doc[start].is_space:
            start += 1
        while start < end and doc[end - 1].is_space:
            end -= 1
        span = TagSpan(start, end, label)
        if start < end and not preset.covers(span):
            added.append(replace(prediction, span=span))
    return added


def write_entities(
    doc: Doc, added: Sequence[DecodedSpan], preset: Preset, *, overwrite: bool, probabilities: bool
) -> None:
    """Set `doc.ents`, and `span._.crf_prob` of each new entity. The entities that were there stay as they are.

    doc (Doc): The Doc to change.
    added (Sequence[DecodedSpan]): Entities to add.
    preset (Preset): What to keep.
    overwrite (bool): Whether the Doc's earlier entities make way.
    probabilities (bool): Whether to write probabilities.
    """
    kept = [] if overwrite else list(doc.ents)
    spans = [Span(doc, *prediction.span) for prediction in added]
    blocked = [Span(doc, position, position + 1) for position in preset.blocked]
    doc.set_ents([*kept, *spans], blocked=blocked, default="outside")
    _forget_probabilities(doc, kept)
    if probabilities:
        for span, prediction in zip(spans, added, strict=True):
            span._.set(PROBABILITY, prediction.probability)


def _allowed(doc: Doc, preset: Preset, tagset: TagSet) -> BoolArray | None:
    """The tags that a Doc leaves to its tokens, *Shape:* (n_tokens, n_tags); None if it leaves all."""
    is_space = doc.to_array(["IS_SPACE"]).reshape(len(doc)).astype(bool)
    if not (preset.entities or preset.blocked or is_space.any()):
        return None
    known = [entity for entity in preset.entities if entity.label in tagset.labels]
    unknown = [entity for entity in preset.entities if entity.label not in tagset.labels]
    taken = [position for entity in unknown for position in range(entity.start, entity.end)]
    outside = (*preset.blocked, *taken)
    return allowed_tags(tagset, len(doc), spans=known, outside=outside, is_space=is_space)


def _forget_probabilities(doc: Doc, kept: Sequence[Span]) -> None:
    """Drop what an earlier run of a CRF component wrote about spans that are no longer entities."""
    offsets = {(span.start_char, span.end_char) for span in kept}
    # spaCy types the keys as strings, but a custom attribute's key is ("._.", name, start_char, end_char).
    user_data = cast(dict[Any, Any], doc.user_data)
    for key in list(user_data):
        if isinstance(key, tuple) and key[:2] == ("._.", PROBABILITY) and key[2:4] not in offsets:
            del user_data[key]
