"""The reader of lessons, and the callback that lets a student forget where it has learned."""

import random
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import load_config, registry
from thinc.api import Config

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.pipeline import CRFEntityRecognizer
from spacy_crf_ner.training.distillation import teacher as distillation_teacher
from spacy_crf_ner.training.distillation.corpus import (
    build_distillation_corpus_v1,
    build_forget_teacher_v1,
    check_tokens,
)
from tests.pipeline import pipelines
from tests.training.lessons import RAW, save_teacher, write_lessons, write_texts

N_TEXTS = 25
TEXTS = tuple(f"{RAW[index % len(RAW)]} {index}" for index in range(N_TEXTS))


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Language:
    return save_teacher(tmp_path_factory.mktemp("teacher") / "model")


@pytest.fixture(scope="module")
def lessons(teacher: Language, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lessons in several files."""
    folder = tmp_path_factory.mktemp("lessons")
    raw = write_texts(tmp_path_factory.mktemp("raw") / "raw.txt", TEXTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distillation_teacher, "CHARACTERS_PER_PART", 150)
        assert len(write_lessons(teacher, raw, folder)) > 3
    return folder


@pytest.fixture
def nlp() -> Language:
    return pipelines.make_nlp()


def gold(nlp: Language) -> Iterable[Example]:
    return pipelines.examples_of(nlp)


def texts_of(examples: Iterable[Example]) -> list[str]:
    return [example.predicted.text for example in examples]


def test_every_text_comes_with_its_lesson(nlp: Language, teacher: Language, lessons: Path) -> None:
    component = teacher.get_pipe("crf_ner")
    assert isinstance(component, CRFEntityRecognizer)
    examples = list(build_distillation_corpus_v1(lessons, temperature=2.0, weight=0.5)(nlp))
    assert sorted(texts_of(examples)) == sorted(TEXTS)
    teachers = {id(example.reference._.crf_lesson.teacher) for example in examples}
    assert len(teachers) == 1
    for example in examples:
        lesson = example.reference._.crf_lesson
        scored = component.scored([teacher.make_doc(example.predicted.text)])
        assert scored is not None
        np.testing.assert_allclose(lesson.emissions, scored.potentials.emissions.numpy(), atol=1e-5)
        assert (lesson.teacher.temperature, lesson.teacher.weight) == (2.0, 0.5)
        assert example.predicted._.crf_lesson is None
        assert not example.predicted.ents


def test_annotated_examples_are_mixed_in_once_each(nlp: Language, lessons: Path) -> None:
    random.seed(0)
    examples = list(build_distillation_corpus_v1(lessons, gold)(nlp))
    plain = [example for example in examples if example.reference._.crf_lesson is None]
    assert sorted(texts_of(plain)) == sorted(text for text, _ in pipelines.TRAIN)
    assert all(example.reference.ents for example in plain)
    assert len(examples) == N_TEXTS + len(pipelines.TRAIN)


def test_the_order_is_a_new_one_each_time_and_follows_the_seed(nlp: Language, lessons: Path) -> None:
    corpus = build_distillation_corpus_v1(lessons, gold)
    orders = []
    for seed in (0, 1, 0):
        random.seed(seed)
        orders.append((texts_of(corpus(nlp)), texts_of(corpus(nlp))))
    assert orders[0] == orders[2] != orders[1]
    assert orders[0][0] != orders[0][1]


def test_within_a_file_lessons_and_annotated_examples_are_mixed(
    nlp: Language, teacher: Language, tmp_path: Path
) -> None:
    write_lessons(teacher, write_texts(tmp_path / "raw.txt", TEXTS), tmp_path / "lessons")
    random.seed(0)
    found = texts_of(build_distillation_corpus_v1(tmp_path / "lessons", gold)(nlp))
    own = [text for text, _ in pipelines.TRAIN]
    assert [text for text in found if text in TEXTS] != list(TEXTS)
    assert set(found[:2]) != set(own)
    assert set(found[-2:]) != set(own)


def test_annotated_examples_come_with_other_lessons_each_time(nlp: Language, lessons: Path) -> None:
    def many(nlp: Language) -> Iterable[Example]:
        return [Example.from_dict(nlp.make_doc(f"Gold {index}"), {"entities": []}) for index in range(20)]

    random.seed(0)
    corpus = build_distillation_corpus_v1(lessons, many)
    with_first_file = 20 // len(list(lessons.iterdir()))
    assert with_first_file > 1
    firsts = []
    for _ in range(2):
        found = [text for text in texts_of(corpus(nlp)) if text.startswith("Gold")]
        assert len(set(found)) == 20
        firsts.append(set(found[:with_first_file]))
    assert firsts[0] != firsts[1]


def test_what_is_held_out_is_left_out(nlp: Language, lessons: Path) -> None:
    found = texts_of(build_distillation_corpus_v1(lessons, hold_out=True)(nlp))
    assert sorted(found) == sorted(text for index, text in enumerate(TEXTS) if index not in (9, 19))


def test_a_config_names_it(nlp: Language, lessons: Path) -> None:
    config = Config().from_str(
        f'[corpus]\n@readers = "spacy-crf-ner.DistillationCorpus.v1"\npath = "{lessons}"\ntemperature = 2\n'
        '[corpus.gold]\n@readers = "test_distillation.none.v1"'
    )
    registry.readers("test_distillation.none.v1", func=lambda: lambda nlp: [])
    corpus = registry.resolve(config)["corpus"]
    assert len(list(corpus(nlp))) == N_TEXTS


@pytest.mark.parametrize("setting", ["temperature", "weight"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_settings_out_of_range_are_named(setting: str, value: float, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=f"Expected `{setting}` to be a finite number above 0"):
        build_distillation_corpus_v1(tmp_path, **{setting: value})  # type: ignore[arg-type]


def test_a_folder_without_lessons_is_an_error(nlp: Language, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="damaged or missing"):
        list(build_distillation_corpus_v1(tmp_path)(nlp))


def test_other_tokens_than_the_teachers_are_shown(lessons: Path) -> None:
    nlp = spacy.blank("xx")
    nlp.tokenizer.suffix_search = None
    with pytest.raises(TrainingError, match=r"the teacher makes \['.*the student \['.*`\[nlp.tokenizer\]`"):
        list(build_distillation_corpus_v1(lessons)(nlp))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["a", "b", "c", "d.", "e", "f", "g"],
            r"makes \['d.', 'e', 'f', 'g'\] and the student \['d', '.', 'e'",
        ),
        (["a", "b", "c", "d", ".", "e", "f"], r"makes \[\] and the student \['g'\]"),
    ],
)
def test_the_first_tokens_that_differ_are_shown(words: list[str], message: str) -> None:
    doc = Doc(spacy.blank("xx").vocab, words=["a", "b", "c", "d", ".", "e", "f", "g"])
    check_tokens(doc, [token.text for token in doc])
    with pytest.raises(TrainingError, match=message):
        check_tokens(doc, words)


def test_a_student_that_is_saved_has_its_own_config(nlp: Language, tmp_path: Path) -> None:
    own = nlp.config.copy()
    own["paths"]["train"] = "train.spacy"
    own.to_disk(tmp_path / "own.cfg")
    for section in ("corpora", "training", "initialize", "paths"):
        nlp.config[section] = {"changed": True}
    nlp.config["nlp"]["batch_size"] = 77
    assert build_forget_teacher_v1(tmp_path / "own.cfg")(nlp) is nlp
    nlp.to_disk(tmp_path / "model")
    saved = load_config(tmp_path / "model" / "config.cfg", interpolate=False)
    for section in ("corpora", "training", "initialize", "paths"):
        assert saved[section] == own[section]
    assert saved["nlp"]["batch_size"] == 77


def test_a_callback_of_the_users_own_comes_afterwards(nlp: Language, tmp_path: Path) -> None:
    nlp.config.to_disk(tmp_path / "own.cfg")
    seen: list[object] = []

    def then(nlp: Language) -> Language:
        seen.append(nlp.config["training"].get("changed"))
        return nlp

    callback = build_forget_teacher_v1(tmp_path / "own.cfg", then)
    nlp.config["training"]["changed"] = True
    assert callback(nlp) is nlp
    assert seen == [None]
