"""A tiny teacher, and what it has to teach."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spacy.language import Language

from spacy_crf_ner.pipeline import CRFEntityRecognizer
from spacy_crf_ner.training.distillation.lessons import LessonFolder
from spacy_crf_ner.training.distillation.teacher import teach
from spacy_crf_ner.training.distillation.texts import survey
from tests.pipeline import pipelines

RAW = (
    "Who is Shaka Khan?",
    "I like London and Berlin.",
    "I like Shaka  Khan and London",
    "Berlin is Berlin.",
    "Nobody.",
)


def save_teacher(path: Path, **settings: Any) -> Language:
    """A pipeline that has learned something, as one that was loaded from a folder."""
    nlp = pipelines.make_nlp(**settings)
    pipelines.train(nlp)
    nlp.to_disk(path)
    nlp._path = path
    return nlp


def write_texts(path: Path, texts: Sequence[str] = RAW) -> Path:
    path.write_text("\n".join(texts) + "\n", encoding="utf8")
    return path


def write_lessons(nlp: Language, raw: Path, folder: Path) -> list[int]:
    """Let a pipeline with a component `crf_ner` teach. Returns what `teach` yields."""
    component = nlp.get_pipe("crf_ner")
    assert isinstance(component, CRFEntityRecognizer)
    return list(teach(nlp, component, survey(raw), LessonFolder(folder)))
