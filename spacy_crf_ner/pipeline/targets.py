"""From spaCy's Examples to what the loss needs: the tags that each token may have."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from spacy.tokens import Span
from spacy.training import Example
from torch import Tensor

from ..errors import ComponentError, Errors, Warnings
from ..functional import Potentials
from ..tags import BoolArray, TagSet, TagSpan, allowed_tags

SHOWN_ENTITIES = 5


@dataclass(frozen=True)
class Annotation:
    """What an Example says about the tokens of its predicted Doc.

    entities (tuple[TagSpan, ...]): Entities that align with the tokens.
    outside (tuple[int, ...]): Tokens known to be in no entity.
    is_space (tuple[bool, ...]): Which tokens are whitespace.
    misaligned (tuple[str, ...]): Texts of the entities that align with no stretch of tokens.
    """

    entities: tuple[TagSpan, ...]
    outside: tuple[int, ...]
    is_space: tuple[bool, ...]
    misaligned: tuple[str, ...]


def read_annotation(example: Example) -> Annotation:
    """Read the entities of an Example; tokens without annotation are in neither list.

    example (Example): The example.
    RETURNS (Annotation): What is known.
    """
    aligned, tags = example.get_aligned_ents_and_ner()
    return Annotation(
        entities=tuple(TagSpan(span.start, span.end, span.label_) for span in aligned),
        outside=tuple(position for position, tag in enumerate(tags) if tag == "O"),
        is_space=tuple(token.is_space for token in example.predicted),
        misaligned=tuple(_misaligned(example, aligned)),
    )


def constrain_and_target(
    potentials: Potentials, annotations: Sequence[Annotation], tagset: TagSet
) -> tuple[Potentials, Tensor]:
    """Masks and targets of a training batch.

    potentials (Potentials): The batch, packed and without masks.
    annotations (Sequence[Annotation]): One per sequence, and at least one.
    tagset (TagSet): The tags; all labels of the annotations are known to it.
    RETURNS (tuple[Potentials, Tensor]): The potentials with the masks that decoding applies, too, and the target:
        tag ids (n_tokens,), int64, if every token is annotated, else allowed tags (n_tokens, n_tags), bool.
    """
    masks = [_masks(annotation, tagset) for annotation in annotations]
    nothing = np.ones((0, tagset.n_tags), dtype=bool)
    possible, wanted = (np.concatenate([nothing, *parts]) for parts in zip(*masks, strict=True))
    device = potentials.emissions.device
    potentials = with_scheme(potentials, tagset)
    if not possible.all():
        potentials = replace(potentials, allowed_tags=torch.as_tensor(possible, device=device))
    if (wanted.sum(1) == 1).all():
        return potentials, torch.as_tensor(wanted.argmax(1), device=device)
    return potentials, torch.as_tensor(wanted, device=device)


def with_scheme(potentials: Potentials, tagset: TagSet) -> Potentials:
    """Add the masks of the tag scheme.

    potentials (Potentials): The batch.
    tagset (TagSet): The tags.
    RETURNS (Potentials): The batch, restricted to well-formed tag sequences.
    """
    device = potentials.emissions.device
    # The tag set's arrays are read-only, which torch cannot share: copy.
    return replace(
        potentials,
        allowed_transitions=torch.tensor(tagset.allowed_transitions, device=device),
        allowed_start=torch.tensor(tagset.allowed_start, device=device),
        allowed_end=torch.tensor(tagset.allowed_end, device=device),
    )


def check_labels(name: str, annotations: Sequence[Annotation], tagset: TagSet) -> None:
    """Raise if the annotation uses labels that the component does not have.

    name (str): The component's name, for the message.
    annotations (Sequence[Annotation]): The batch.
    tagset (TagSet): The component's tags.
    RAISES (ComponentError): Unknown labels; the message lists them.
    """
    used = {entity.label for annotation in annotations for entity in annotation.entities}
    unknown = sorted(used.difference(tagset.labels))
    if unknown:
        known = ", ".join(tagset.labels)
        raise ComponentError(Errors.C002.format(name=name, labels=", ".join(unknown), known=known))


def warn_misaligned(name: str, annotations: Sequence[Annotation]) -> None:
    """Warn of entities that cannot be represented on the tokens, with the first few and the number of all.

    name (str): The component's name, for the message.
    annotations (Sequence[Annotation]): The annotations to report on.
    """
    texts = [text for annotation in annotations for text in annotation.misaligned]
    if texts:
        shown = "; ".join(repr(text) for text in texts[:SHOWN_ENTITIES])
        warnings.warn(Warnings.W001.format(name=name, count=len(texts), shown=shown), stacklevel=3)


def _masks(annotation: Annotation, tagset: TagSet) -> tuple[BoolArray, BoolArray]:
    """Tags that are possible at all, and those that the annotation admits. *Shape of both:* (n_tokens, n_tags)."""
    length = len(annotation.is_space)
    free = allowed_tags(tagset, length, is_space=annotation.is_space)
    known = allowed_tags(
        tagset,
        length,
        spans=annotation.entities,
        outside=annotation.outside,
        is_space=annotation.is_space,
    )
    # Annotators do mark entities that begin or end with whitespace: their word outweighs the rule.
    return free | known, known


def _misaligned(example: Example, aligned: Sequence[Span]) -> list[str]:
    entities = example.reference.ents
    if len(aligned) == len(entities):
        return []
    return [
        f"{entity.text} ({entity.label_})"
        for entity in entities
        if not example.get_aligned_spans_y2x([entity], allow_overlap=True)
    ]
