"""From spaCy's Examples to what the loss needs: the tags that each token may have, and spans with a judgement."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from ..errors import ComponentError, Errors, Warnings
from ..functional import Potentials
from ..layers import JudgedSpan, Supervision, soft_tokens
from ..tags import BoolArray, TagSet
from .examples import ANY_LABEL, Annotation
from .segments import Segments

SHOWN_ENTITIES = 5


def supervise(
    potentials: Potentials,
    annotations: Sequence[Annotation],
    segments: Segments,
    tagset: TagSet,
    label_counts: Mapping[str, int] | None = None,
) -> tuple[Potentials, Supervision]:
    """Masks and supervision of a training batch.

    potentials (Potentials): A sequence for each Doc, packed and without masks.
    annotations (Sequence[Annotation]): One for each Doc, and at least one.
    segments (Segments): The sequences; no entity crosses their boundaries.
    tagset (TagSet): The tags; all labels of the annotations are known to it.
    label_counts (Mapping[str, int] | None): Tokens of each label and of "O" in the training data.
    RETURNS (tuple[Potentials, Supervision]): The potentials with the masks that decoding applies, too, and what is
        known of their tags.
    """
    masks = [_masks(owner, annotation, segments, tagset) for owner, annotation in enumerate(annotations)]
    nothing = np.ones((0, tagset.n_tags), dtype=bool)
    possible, wanted = (np.concatenate([nothing, *parts]) for parts in zip(*masks, strict=True))
    device = potentials.emissions.device
    potentials = with_scheme(segments.cut(potentials), tagset)
    if not possible.all():
        potentials = replace(potentials, allowed_tags=torch.as_tensor(possible, device=device))
    offsets = np.cumsum([0, *(len(annotation.is_space) for annotation in annotations)]).tolist()
    distributions = [
        (offset + position, named)
        for offset, annotation in zip(offsets, annotations, strict=False)
        for position, named in annotation.soft_tokens
    ]
    return potentials, Supervision(
        tagset=tagset,
        allowed=torch.as_tensor(wanted, device=device),
        spans=tuple(_judged(annotations, segments, tagset)),
        tokens=soft_tokens(tagset, distributions, device),
        label_counts=label_counts,
    )


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
    used: set[str] = set()
    for annotation in annotations:
        used.update(entity.label for entity in annotation.entities)
        # What is unknown cannot be predicted: a wrong span of such a label is as good as learned.
        used.update(one.span.label for one in annotation.judged if one.probability > 0)
        used.update(
            label for _, named in annotation.soft_tokens for label in named if label not in tagset.tags
        )
    unknown = sorted(used.difference(tagset.labels, [ANY_LABEL]))
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


def _masks(
    owner: int, annotation: Annotation, segments: Segments, tagset: TagSet
) -> tuple[BoolArray, BoolArray]:
    """Tags that are possible at all, and those that the annotation admits. *Shape of both:* (n_tokens, n_tags)."""
    is_space = annotation.is_space
    free = segments.allowed_tags(owner, tagset, is_space=is_space)
    known = segments.allowed_tags(
        owner, tagset, spans=annotation.entities, outside=annotation.outside, is_space=is_space
    )
    # Annotators do mark entities that begin or end with whitespace: their word outweighs the rule.
    return free | known, known


def _judged(annotations: Sequence[Annotation], segments: Segments, tagset: TagSet) -> list[JudgedSpan]:
    """The judged spans of all Docs that the CRF could predict, as tokens of their segments."""
    judged = []
    for owner, annotation in enumerate(annotations):
        for one in annotation.judged:
            start, end, label = one.span
            first, last = segments.find(owner, start), segments.find(owner, end - 1)
            if first != last or (label != ANY_LABEL and label not in tagset.labels):
                continue
            shift = int(segments.starts[first])
            name = None if label == ANY_LABEL else label
            judged.append(JudgedSpan(first, start - shift, end - shift, name, one.probability))
    return judged
