"""What a student is trained on: lessons of its teacher, and annotated data where there is some."""

import math
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import load_config

from ...errors import Errors, TrainingError
from ...pipeline.lessons import Lesson, Teacher
from ...pipeline.segments import SHOWN_CHARACTERS
from .lessons import LessonFolder, read_part
from .texts import is_held_out

Corpus = Callable[[Language], Iterable[Example]]
Callback = Callable[[Language], Language]

SHOWN_TOKENS = 5
# The sections of a config that a command may change for a while. The others describe the pipeline itself.
SECTIONS = ("paths", "corpora", "training", "initialize")


class DistillationCorpus:
    """A reader of lessons; see `build_distillation_corpus_v1`."""

    def __init__(
        self, path: Path, gold: Corpus | None, temperature: float, weight: float, *, hold_out: bool
    ) -> None:
        for setting, value in (("temperature", temperature), ("weight", weight)):
            if not (math.isfinite(value) and value > 0):
                raise TrainingError(Errors.R409.format(setting=setting, got=value))
        # A config gives a string.
        self._folder = LessonFolder(Path(path))
        self._gold = gold
        self._temperature, self._weight = temperature, weight
        self._hold_out = hold_out

    def __call__(self, nlp: Language) -> Iterator[Example]:
        """Read everything, in a new order.

        nlp (Language): The student.
        YIELDS (Example): Lessons and annotated examples, mixed. No more is in memory than the annotated examples and
            the lessons of one file.
        RAISES (TrainingError): No lessons, damaged ones, or other tokens than the teacher's.
        """
        paths = self._folder.parts()
        if not paths:
            raise TrainingError(Errors.R402.format(path=self._folder.path))
        random.shuffle(paths)
        gold = [] if self._gold is None else list(self._gold(nlp))
        random.shuffle(gold)
        teacher: Teacher | None = None
        for place, path in enumerate(paths):
            part = read_part(path, self._temperature, self._weight)
            # Lessons of one batch share what they can.
            teacher = teacher or part.lessons[0].teacher
            first, after = (len(gold) * end // len(paths) for end in (place, place + 1))
            examples = gold[first:after]
            columns = zip(part.texts, part.words, part.lessons, strict=True)
            examples += [
                _example(nlp, text, words, replace(lesson, teacher=teacher))
                for index, (text, words, lesson) in enumerate(columns, start=part.first)
                if not (self._hold_out and is_held_out(index))
            ]
            random.shuffle(examples)
            yield from examples


def build_distillation_corpus_v1(
    path: Path,
    gold: Callable[[Language], Iterable[Example]] | None = None,
    temperature: float = 1.0,
    weight: float = 1.0,
    hold_out: bool = False,
) -> Corpus:
    """A reader of the lessons that `python -m spacy crf-ner distill` writes, which uses it while it trains the student.

    With `[training] max_epochs = -1` spaCy reads on and on, and the lessons need not fit into memory.

    path (Path): The folder of the lessons.
    gold (Callable[[Language], Iterable[Example]] | None): A reader of annotated data.
    temperature (float): What the scores of teacher and student are divided by, above 0.
    weight (float): What a nat of divergence counts beside one of the annotated data's loss, above 0.
    hold_out (bool): Whether to leave out the texts on which the student will be compared with its teacher.
    RETURNS (Callable[[Language], Iterable[Example]]): The reader.
    RAISES (TrainingError): Settings out of range.
    """
    return DistillationCorpus(path, gold, temperature, weight, hold_out=hold_out)


def build_forget_teacher_v1(path: Path, then: Callable[[Language], Language] | None = None) -> Callback:
    """A callback before saving, that puts the student's own config in place of the one it is distilled with.

    path (Path): A config, of which the sections `paths`, `corpora`, `training` and `initialize` are taken.
    then (Callable[[Language], Language] | None): A callback that is called afterwards.
    RETURNS (Callable[[Language], Language]): The callback.
    """

    def forget_teacher(nlp: Language) -> Language:
        own = load_config(path, interpolate=False)
        for section in SECTIONS:
            nlp.config[section] = own[section]
        return nlp if then is None else then(nlp)

    return forget_teacher


def check_tokens(doc: Doc, words: list[str]) -> None:
    """Raise unless a Doc has the tokens of the teacher.

    doc (Doc): The student's.
    words (list[str]): The teacher's tokens.
    RAISES (TrainingError): The first tokens that differ.
    """
    own = [token.text for token in doc]
    if own == words:
        return
    differ = (place for place, (one, other) in enumerate(zip(words, own, strict=False)) if one != other)
    first = next(differ, min(len(words), len(own)))
    shown = slice(first, first + SHOWN_TOKENS)
    text = doc.text[:SHOWN_CHARACTERS]
    raise TrainingError(Errors.R403.format(text=text, teacher=words[shown], student=own[shown]))


def _example(nlp: Language, text: str, words: list[str], lesson: Lesson) -> Example:
    predicted, reference = nlp.make_doc(text), nlp.make_doc(text)
    check_tokens(predicted, words)
    reference._.crf_lesson = lesson
    return Example(predicted, reference)
