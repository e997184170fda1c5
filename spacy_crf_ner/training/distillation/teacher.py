"""A trained pipeline as a teacher: what it thinks of raw texts, kept on disk."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from ...layers import decode_viterbi
from ...pipeline import CRFEntityRecognizer
from ...pipeline.lessons import Lesson, Teacher
from ...pipeline.storage import write_files
from ...tags import BoolArray
from ..raw_texts import read_raw_texts
from .lessons import LessonFolder, Part
from .texts import RawText, held_out_texts

# About a minute of a transformer on a CPU: what is lost if the process is killed. Bounds memory, too.
CHARACTERS_PER_PART = 100_000
BYTES_AT_ONCE = 2**20


def teach(nlp: Language, component: CRFEntityRecognizer, raw: RawText, folder: LessonFolder) -> Iterator[int]:
    """Write the teacher's lessons for all texts, or for those that are not there yet.

    A lesson holds the scores with which the pipeline predicts: divided by its temperatures, with what whitespace,
    entities of earlier components and constraints rule out.

    nlp (Language): The teacher.
    component (CRFEntityRecognizer): Its component, which is not disabled.
    raw (RawText): The texts.
    folder (LessonFolder): Where to write.
    YIELDS (int): How many further texts have their lessons: first those that were there, then part by part.
    RAISES (SpacyCrfNerError): As `predict` of the component, and as `read_texts`.
    """
    origin = _origin(nlp, component, raw)
    first = folder.resume(origin)
    yield first
    for texts in _parts(islice(read_raw_texts(raw.path), first, None)):
        # What the vocabulary learns of these texts is forgotten after each part.
        with nlp.memory_zone():
            folder.write(_part(nlp, component, texts, origin, first))
        first += len(texts)
        yield len(texts)


def save_held_out(nlp: Language, raw: RawText, path: Path) -> int:
    """Write what the teacher predicts for the texts that are held out.

    nlp (Language): The teacher.
    raw (RawText): The texts.
    path (Path): A .spacy file.
    RETURNS (int): How many Docs.
    """
    found = DocBin(attrs=["ENT_IOB", "ENT_TYPE"])
    with nlp.memory_zone():
        for doc in nlp.pipe(held_out_texts(read_raw_texts(raw.path))):
            found.add(doc)
        write_files(path.parent, {path.name: found.to_bytes()})
    return len(found)


def _part(nlp: Language, component: CRFEntityRecognizer, texts: list[str], origin: str, first: int) -> Part:
    onward = nlp.pipe_names[nlp.pipe_names.index(component.name) :]
    docs = list(nlp.pipe(texts, disable=onward))
    words = [[token.text for token in doc] for doc in docs]
    return Part(origin, first, texts, words, _lessons(component, docs))


def _lessons(component: CRFEntityRecognizer, docs: list[Doc]) -> list[Lesson]:
    scored = component.scored(docs)
    # Texts that are not blank have tokens.
    assert scored is not None
    with component.explained(scored):
        # Scores that are no numbers, and constraints that leave nothing, are errors here and not in hours.
        decode_viterbi(scored.potentials, component.tagset, probabilities=True)
    potentials, segments = scored.potentials, scored.segments
    teacher = Teacher(
        tagset=component.tagset,
        transitions=potentials.transitions.detach().cpu(),
        start=potentials.start.detach().cpu(),
        end=potentials.end.detach().cpu(),
    )
    ends = np.cumsum([len(doc) for doc in docs])[:-1]
    emissions = np.split(potentials.emissions.detach().cpu().numpy(), ends)
    allowed: list[BoolArray | None] = [None] * len(docs)
    if potentials.allowed_tags is not None:
        masks = np.split(potentials.allowed_tags.cpu().numpy(), ends)
        allowed = [None if mask.all() else mask for mask in masks]
    lengths = [segments.lengths[segments.owners == owner] for owner in range(len(docs))]
    return [Lesson(teacher, *column) for column in zip(emissions, lengths, allowed, strict=True)]


def _parts(texts: Iterable[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for text in texts:
        part.append(text)
        size += len(text)
        if size >= CHARACTERS_PER_PART:
            yield part
            part, size = [], 0
    if part:
        yield part


def _origin(nlp: Language, component: CRFEntityRecognizer, raw: RawText) -> str:
    """Tells whether lessons are of this teacher, as it is on disk, and of these texts."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(one for one in nlp.path.rglob("*") if one.is_file()):
        digest.update(str(path.relative_to(nlp.path)).encode("utf8") + b"\n")
        with path.open("rb") as stream:
            while block := stream.read(BYTES_AT_ONCE):
                digest.update(block)
    return f"{digest.hexdigest()} {component.name} {raw.digest}"
