"""Lessons on disk: the texts, the teacher's scores of their tokens, and the tags it allowed, part by part."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import srsly
import torch
from numpy.typing import NDArray

from ...errors import Errors, TrainingError
from ...pipeline.lessons import Lesson, Teacher
from ...pipeline.storage import write_files
from ...tags import IntArray, TagSet

# In the name of each file, so that another format is another name.
PATTERN = "lessons-v1-*.msgpack"
SHARED = ("transitions", "start", "end")


@dataclass(frozen=True, eq=False)
class Part:
    """The lessons of some texts, one after the other.

    origin (str): Tells of which teacher and which texts they are.
    first (int): Place of the first text among all.
    texts (list[str]): The texts.
    words (list[list[str]]): The teacher's tokens of each text.
    lessons (list[Lesson]): What the teacher knows of each text.
    """

    origin: str
    first: int
    texts: list[str]
    words: list[list[str]]
    lessons: list[Lesson]


class LessonFolder:
    """Parts in a folder. A part is whole or not there."""

    def __init__(self, path: Path) -> None:
        """Nothing is read or made.

        path (Path): The folder.
        """
        self.path = path

    def parts(self) -> list[Path]:
        """RETURNS (list[Path]): The files, in the order of their texts."""
        return sorted(self.path.glob(PATTERN))

    def resume(self, origin: str) -> int:
        """Keep the parts of a teacher and texts up to the first that is missing, and delete all others.

        origin (str): Which teacher and texts.
        RETURNS (int): How many texts there are lessons for.
        """
        n_texts = 0
        for path in self.parts():
            head = _head(path)
            if head is not None and head["origin"] == origin and head["first"] == n_texts:
                n_texts += len(head["texts"])
            else:
                path.unlink()
        return n_texts

    def write(self, part: Part) -> None:
        """Add a part.

        part (Part): The lessons, at least one.
        RAISES (OSError): No space, no permission.
        """
        lessons = part.lessons
        teacher = lessons[0].teacher
        masks = None
        if any(lesson.allowed is not None for lesson in lessons):
            masks = np.packbits(np.concatenate([_mask(lesson) for lesson in lessons]), axis=1)
        content = {
            "origin": part.origin,
            "first": part.first,
            "texts": part.texts,
            "sizes": [len(lesson.emissions) for lesson in lessons],
            "lengths": [lesson.lengths.tolist() for lesson in lessons],
            "words": part.words,
            "emissions": np.concatenate([lesson.emissions for lesson in lessons]),
            "allowed": masks,
            "scheme": teacher.tagset.scheme,
            "labels": list(teacher.tagset.labels),
            **{name: getattr(teacher, name).numpy() for name in SHARED},
        }
        name = PATTERN.replace("*", f"{part.first:010d}")
        write_files(self.path, {name: srsly.msgpack_dumps(content)})


def read_part(path: Path, temperature: float = 1.0, weight: float = 1.0) -> Part:
    """Read a part.

    path (Path): The file.
    temperature (float): Of its teacher: see `Teacher`.
    weight (float): Of its teacher: see `Teacher`.
    RETURNS (Part): The lessons, all of one teacher.
    RAISES (TrainingError): A damaged file.
    """
    found = _head(path)
    if found is None:
        raise TrainingError(Errors.R402.format(path=path))
    # Copied: what was read cannot be written to, which torch does not like.
    shared = {name: torch.from_numpy(found[name].copy()) for name in SHARED}
    tagset = TagSet(found["scheme"], found["labels"])
    teacher = Teacher(tagset, **shared, temperature=temperature, weight=weight)
    ends = np.cumsum(found["sizes"])[:-1]
    allowed: Sequence[Any] = [None] * len(found["texts"])
    if found["allowed"] is not None:
        masks = np.unpackbits(found["allowed"], axis=1, count=tagset.n_tags).astype(bool)
        allowed = [None if mask.all() else mask for mask in np.split(masks, ends)]
    lengths: list[IntArray] = [np.array(one, dtype=np.int64) for one in found["lengths"]]
    columns = zip(np.split(found["emissions"], ends), lengths, allowed, strict=True)
    lessons = [Lesson(teacher, *column) for column in columns]
    return Part(found["origin"], found["first"], found["texts"], found["words"], lessons)


def _head(path: Path) -> dict[str, Any] | None:
    """The content of a file; None if it is damaged."""
    try:
        found = srsly.msgpack_loads(path.read_bytes())
    except ValueError:
        return None
    return found if isinstance(found, dict) and "origin" in found else None


def _mask(lesson: Lesson) -> NDArray[np.bool_]:
    if lesson.allowed is None:
        return np.ones(lesson.emissions.shape, dtype=bool)
    return lesson.allowed
