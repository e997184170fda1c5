"""What is known of a Doc's entities before prediction, and the tags that this leaves to its tokens."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from spacy.tokens import Doc, SpanGroup

from ..errors import ComponentError, Errors
from ..functional import Potentials
from ..layers import DecodedSpan
from ..tags import BoolArray, TagSet, TagSpan
from .segments import Segments

PROBABILITY = "crf_prob"
BEGIN, INSIDE = 3, 1

# From a Doc and the tags to the tags that each token may have, (n_tokens, n_tags); None if it may have all.
Constraint = Callable[[Doc, TagSet], BoolArray | None]


@dataclass(frozen=True)
class Preset:
    """What a Doc says about entities before prediction.

    entities (tuple[TagSpan, ...]): Entities on the Doc.
    blocked (tuple[int, ...]): Tokens that are marked as being in no entity (`Doc.set_ents(blocked=...)`).
    outside (tuple[int, ...]): Tokens of the spans that are known to be in no entity (`blocked_spans_key`).
    """

    entities: tuple[TagSpan, ...] = ()
    blocked: tuple[int, ...] = ()
    outside: tuple[int, ...] = ()

    def covers(self, span: TagSpan) -> bool:
        """RETURNS (bool): Whether a span shares tokens with an entity that is already there.

        span (TagSpan): The span.
        """
        return any(span.start < entity.end and entity.start < span.end for entity in self.entities)

    def known(self, tagset: TagSet) -> list[TagSpan]:
        """RETURNS (list[TagSpan]): The entities whose labels the CRF knows.

        tagset (TagSet): The tags.
        """
        return [entity for entity in self.entities if entity.label in tagset.labels]

    def complete(self, decoded: Iterable[DecodedSpan], certainty: float | None = 1.0) -> list[DecodedSpan]:
        """RETURNS (list[DecodedSpan]): What was decoded, with the entities on the Doc as the Doc has them, by place.

        The CRF leaves out those of labels that it does not know, and in IO makes one of two neighbours.

        decoded (Iterable[DecodedSpan]): Spans of the Doc, which may be among the entities.
        certainty (float | None): The probability of the entities on the Doc.
        """
        if not self.entities:
            return list(decoded)
        given = (DecodedSpan(entity, certainty) for entity in self.entities)
        others = (one for one in decoded if not self.covers(one.span))
        return sorted([*given, *others], key=lambda one: one.span)


def read_preset(
    doc: Doc, *, overwrite: bool, blocked_spans_key: str | None = None, own: bool = True
) -> Preset:
    """Read what prediction has to respect.

    doc (Doc): The Doc.
    overwrite (bool): If True, entities and blocked tokens are not.
    blocked_spans_key (str | None): Span group of tokens that are in no entity; a Doc need not have it.
    own (bool): Whether that goes for entities with a probability, too, which a CRF component has predicted.
    RETURNS (Preset): What is known.
    """
    outside = _tokens_of(doc.spans[blocked_spans_key]) if blocked_spans_key in doc.spans else set()
    if overwrite:
        return Preset(outside=tuple(sorted(outside)))
    entities = tuple(
        TagSpan(entity.start, entity.end, entity.label_)
        for entity in doc.ents
        if own or entity._.get(PROBABILITY) is None
    )
    # An entity on the Doc is the word of whoever put it there, for this Doc: it outweighs a list of spans.
    outside.difference_update(*(range(entity.start, entity.end) for entity in entities))
    return Preset(entities, blocked_tokens(doc), tuple(sorted(outside)))


def blocked_tokens(doc: Doc) -> tuple[int, ...]:
    """RETURNS (tuple[int, ...]): The tokens that are marked as being in no entity (`Doc.set_ents(blocked=...)`).

    doc (Doc): The Doc.
    """
    if not doc.has_annotation("ENT_IOB"):
        return ()
    codes, types = doc.to_array(["ENT_IOB", "ENT_TYPE"]).reshape(-1, 2).T
    found: list[int] = np.flatnonzero(((codes == BEGIN) | (codes == INSIDE)) & (types == 0)).tolist()
    return tuple(found)


def constrain(
    name: str,
    potentials: Potentials,
    docs: Sequence[Doc],
    presets: Sequence[Preset],
    segments: Segments,
    tagset: TagSet,
    constraint: Constraint | None = None,
) -> Potentials:
    """Restrict the paths of each Doc to those that agree with it.

    There always are some, unless a constraint of the user forbids them.

    name (str): The component's name, for the message.
    potentials (Potentials): The batch, packed.
    docs (Sequence[Doc]): Its Docs.
    presets (Sequence[Preset]): What to respect in each. Entities whose label is not known to the CRF only keep others
        from their tokens.
    segments (Segments): What of the Docs will be the sequences.
    tagset (TagSet): The tags.
    constraint (Callable[[Doc, TagSet], BoolArray | None] | None): The user's own.
    RETURNS (Potentials): The batch, with `allowed_tags` unless all tags are allowed everywhere.
    RAISES (ComponentError): The constraint returns something else than it should.
    """
    pairs = enumerate(zip(docs, presets, strict=True))
    masks = [tags_left(doc, preset, segments, owner, tagset) for owner, (doc, preset) in pairs]
    if constraint is not None:
        extra = (_asked(name, constraint, doc, tagset) for doc in docs)
        masks = [_both(mask, other) for mask, other in zip(masks, extra, strict=True)]
    if all(mask is None for mask in masks):
        return potentials
    free = (np.ones((len(doc), tagset.n_tags), dtype=bool) for doc in docs)
    allowed = [everything if mask is None else mask for mask, everything in zip(masks, free, strict=True)]
    device = potentials.emissions.device
    return replace(potentials, allowed_tags=torch.as_tensor(np.concatenate(allowed), device=device))


def tags_left(doc: Doc, preset: Preset, segments: Segments, owner: int, tagset: TagSet) -> BoolArray | None:
    """The tags that are left to each token by what is known of a Doc, and by whitespace.

    doc (Doc): The Doc.
    preset (Preset): What is known of it.
    segments (Segments): The sequences.
    owner (int): The position of the Doc among theirs.
    tagset (TagSet): The tags.
    RETURNS (BoolArray | None): *Shape:* (n_tokens, n_tags); None if all tags are left.
    """
    is_space = doc.to_array(["IS_SPACE"]).reshape(len(doc)).astype(bool)
    if not (preset.entities or preset.blocked or preset.outside or is_space.any()):
        return None
    known = preset.known(tagset)
    unknown = [entity for entity in preset.entities if entity.label not in tagset.labels]
    taken = [position for entity in unknown for position in range(entity.start, entity.end)]
    outside = (*preset.blocked, *preset.outside, *taken)
    return segments.allowed_tags(owner, tagset, spans=known, outside=outside, is_space=is_space)


def _tokens_of(group: SpanGroup) -> set[int]:
    return {position for span in group for position in range(span.start, span.end)}


def _asked(name: str, constraint: Constraint, doc: Doc, tagset: TagSet) -> BoolArray | None:
    """What the user's constraint says of a Doc, checked. A Doc without tokens has nothing to constrain."""
    mask: object = constraint(doc, tagset) if len(doc) else None
    if mask is None:
        return None
    shape = (len(doc), tagset.n_tags)
    if isinstance(mask, np.ndarray) and mask.shape == shape and mask.dtype == np.bool_:
        return mask
    got = type(mask).__name__
    if isinstance(mask, np.ndarray):
        got = f"{mask.dtype.name} of shape {mask.shape}"
    raise ComponentError(Errors.C014.format(name=name, expected=f"bool of shape {shape}", got=got))


def _both(mask: BoolArray | None, other: BoolArray | None) -> BoolArray | None:
    if mask is None or other is None:
        return other if mask is None else mask
    return mask & other
