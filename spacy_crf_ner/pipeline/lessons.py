"""Training examples that hold a teacher's distribution over annotations in place of an annotation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.training import Example

from ..errors import ComponentError, Errors
from ..functional import Potentials, PotentialsGradient
from ..layers import Loss, distillation_loss
from ..tags import BoolArray, IntArray, TagSet
from .annotations import LESSON, UNDERSCORE
from .segments import SHOWN_CHARACTERS, Segments
from .targets import with_scheme

LESSON_KEY = (UNDERSCORE, LESSON, None, None)

# The loss of annotated Examples and its gradient by their scores.
AnnotationLoss = Callable[[list[Example], Potentials], tuple[float, PotentialsGradient]]


@dataclass(frozen=True, eq=False)
class Teacher:
    """What all lessons of a teacher share.

    tagset (TagSet): What the tag ids mean.
    transitions (Tensor): Scores [from, to]. *Shape:* (n_tags, n_tags), float32, nats.
    start (Tensor): Scores of the first tag. *Shape:* (n_tags,), float32, nats.
    end (Tensor): Scores of the last tag. *Shape:* (n_tags,), float32, nats.
    temperature (float): What the scores of both teacher and student are divided by.
    weight (float): What a nat of divergence from the teacher counts, beside one of the loss of annotation.
    """

    tagset: TagSet
    transitions: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor
    temperature: float = 1.0
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a teacher knows of a Doc; the custom attribute `crf_lesson` of a reference Doc holds it, in memory only.

    teacher (Teacher): The teacher.
    emissions (NDArray): Its scores of the Doc's tokens. *Shape:* (n_tokens, n_tags), float32, nats.
    lengths (IntArray): Tokens of each sequence of the Doc: its sentences, or all. *Shape:* (n_sequences,).
    allowed (BoolArray | None): Tags that the teacher allowed; None if that is all. *Shape:* (n_tokens, n_tags).
    """

    teacher: Teacher
    emissions: NDArray[np.float32]
    lengths: IntArray
    allowed: BoolArray | None = None


def lessons_of(name: str, tagset: TagSet, examples: Sequence[Example]) -> list[Lesson | None]:
    """The lessons of a training batch.

    name (str): The component's name, for messages.
    tagset (TagSet): The component's tags.
    examples (Sequence[Example]): The batch.
    RETURNS (list[Lesson | None]): One for each Example; None for one with an annotation, or with nothing.
    RAISES (ComponentError): A teacher of other tags, or with other tokens.
    """
    # Custom attributes are looked up where they lie: `._.` takes longer, and few corpora have lessons.
    found = [cast(dict[Any, Any], example.reference.user_data).get(LESSON_KEY) for example in examples]
    for example, lesson in zip(examples, found, strict=True):
        if lesson is not None:
            _check(name, tagset, example, lesson)
    return found


def lessons_loss(
    loss: Loss,
    tagset: TagSet,
    examples: Sequence[Example],
    lessons: Sequence[Lesson | None],
    scores: Potentials,
    of_annotation: AnnotationLoss,
) -> tuple[float, PotentialsGradient]:
    """The loss of a batch in which some Examples have lessons: that of the others, and the divergence from the teacher.

    loss (Loss): The component's loss.
    tagset (TagSet): The component's tags.
    examples (Sequence[Example]): The batch.
    lessons (Sequence[Lesson | None]): What `lessons_of` returned.
    scores (Potentials): The model's scores of the predicted Docs, packed.
    of_annotation (Callable): Computes the loss of the other Examples.
    RETURNS (tuple[float, PotentialsGradient]): The sum in nats, and its gradient in the layout of the scores.
    RAISES (SpacyCrfNerError): As `distillation_loss` and `of_annotation`.
    """
    teachers = list({id(one.teacher): one.teacher for one in lessons if one is not None}.values())
    owners = [None if one is None else teachers.index(one.teacher) for one in lessons]
    total, emissions = 0.0, torch.zeros_like(scores.emissions)
    shared = [torch.zeros_like(score) for score in (scores.transitions, scores.start, scores.end)]
    for owner in dict.fromkeys(owners):
        places = [place for place, one in enumerate(owners) if one == owner]
        chosen = [examples[place] for place in places]
        part, rows = _part(scores, places)
        taught = [lesson for lesson in (lessons[place] for place in places) if lesson is not None]
        value, gradient = (
            _taught_loss(loss, tagset, chosen, taught, part) if taught else of_annotation(chosen, part)
        )
        total += value
        emissions.index_copy_(0, rows, gradient.emissions)
        for sums, one in zip(shared, (gradient.transitions, gradient.start, gradient.end), strict=True):
            sums += one
    return total, PotentialsGradient(emissions, *shared)


def _taught_loss(
    loss: Loss, tagset: TagSet, examples: Sequence[Example], lessons: Sequence[Lesson], scores: Potentials
) -> tuple[float, PotentialsGradient]:
    teacher, device = lessons[0].teacher, scores.emissions.device
    segments = _segments(lessons)
    given = [lesson.allowed for lesson in lessons]
    possible = [
        _possible(segments, owner, example, tagset, allowed)
        for owner, (example, allowed) in enumerate(zip(examples, given, strict=True))
    ]
    emissions = np.concatenate([lesson.emissions for lesson in lessons])
    fixed = Potentials(
        torch.as_tensor(emissions, device=device),
        torch.from_numpy(segments.lengths),
        *(score.to(device) for score in (teacher.transitions, teacher.start, teacher.end)),
    )
    sizes = [len(lesson.emissions) for lesson in lessons]
    student = _masked(with_scheme(segments.cut(scores), tagset), possible, sizes)
    value, gradient = distillation_loss(
        loss, student, _masked(with_scheme(fixed, tagset), given, sizes), tagset, teacher.temperature
    )
    parts = (gradient.emissions, gradient.transitions, gradient.start, gradient.end)
    return teacher.weight * value, PotentialsGradient(*(teacher.weight * part for part in parts))


def _part(scores: Potentials, places: Sequence[int]) -> tuple[Potentials, torch.Tensor]:
    """The scores of some Docs, and their rows among those of all. *Shape:* (n_tokens,), int64."""
    lengths = scores.lengths.tolist()
    starts = np.cumsum([0, *lengths]).tolist()
    rows = torch.cat([torch.arange(starts[place], starts[place + 1]) for place in places])
    rows = rows.to(scores.emissions.device)
    part = Potentials(
        scores.emissions.index_select(0, rows),
        torch.tensor([lengths[place] for place in places], dtype=torch.int64),
        scores.transitions,
        scores.start,
        scores.end,
    )
    return part, rows


def _segments(lessons: Sequence[Lesson]) -> Segments:
    owners = np.repeat(np.arange(len(lessons)), [len(lesson.lengths) for lesson in lessons])
    lengths = np.concatenate([lesson.lengths for lesson in lessons]).astype(np.int64)
    starts = np.concatenate([np.cumsum(lesson.lengths) - lesson.lengths for lesson in lessons])
    return Segments(owners, starts.astype(np.int64), lengths, len(lessons))


def _possible(
    segments: Segments, owner: int, example: Example, tagset: TagSet, allowed: BoolArray | None
) -> BoolArray | None:
    """The tags that the student may give to the tokens of a Doc, *Shape:* (n_tokens, n_tags); None if it may any.

    Whitespace is its own rule. What was on the Doc of the teacher is not: the student learns to find it.
    """
    doc = example.predicted
    is_space = doc.to_array(["IS_SPACE"]).reshape(len(doc)).astype(bool)
    if allowed is None or not is_space.any():
        return None
    # What was on the Doc may have outweighed the rule for whitespace.
    return segments.allowed_tags(owner, tagset, is_space=is_space) | allowed


def _masked(potentials: Potentials, masks: Sequence[BoolArray | None], sizes: Sequence[int]) -> Potentials:
    if all(mask is None for mask in masks):
        return potentials
    free = (np.ones((size, potentials.n_tags), dtype=bool) for size in sizes)
    filled = [everything if mask is None else mask for mask, everything in zip(masks, free, strict=True)]
    allowed = torch.as_tensor(np.concatenate(filled), device=potentials.emissions.device)
    return replace(potentials, allowed_tags=allowed)


def _check(name: str, tagset: TagSet, example: Example, lesson: Lesson) -> None:
    taught = lesson.teacher.tagset
    if (taught.scheme, taught.labels) != (tagset.scheme, tagset.labels):
        message = Errors.C030.format(
            name=name,
            teacher=f"{taught.scheme} of {', '.join(taught.labels)}",
            own=f"{tagset.scheme} of {', '.join(tagset.labels)}",
        )
        raise ComponentError(message)
    n_tokens = len(example.predicted)
    if n_tokens != len(lesson.emissions):
        text = example.predicted.text[:SHOWN_CHARACTERS]
        raise ComponentError(
            Errors.C031.format(name=name, text=text, teacher=len(lesson.emissions), own=n_tokens)
        )
