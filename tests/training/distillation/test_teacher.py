"""A pipeline that teaches: lessons on disk, bit by bit, and none of them twice."""

from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import DocBin

from spacy_crf_ner.errors import ComponentError, TrainingError
from spacy_crf_ner.training.distillation import teacher as distillation_teacher
from spacy_crf_ner.training.distillation.lessons import LessonFolder, Part, read_part
from spacy_crf_ner.training.distillation.teacher import save_held_out
from spacy_crf_ner.training.distillation.texts import survey
from tests.pipeline import pipelines
from tests.pipeline.pipelines import crf_ner
from tests.tiny import entities
from tests.training.lessons import RAW, save_teacher, write_lessons, write_texts


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("teacher") / "model"
    save_teacher(path)
    return path


@pytest.fixture
def teacher(saved: Path) -> Language:
    return spacy.load(saved)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return write_texts(tmp_path / "raw.txt")


@pytest.fixture
def single(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each text is a part of its own."""
    monkeypatch.setattr(distillation_teacher, "CHARACTERS_PER_PART", 1)


def parts_of(folder: Path) -> list[Part]:
    return [read_part(path) for path in LessonFolder(folder).parts()]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_lessons_are_the_scores_with_which_the_teacher_predicts(
    teacher: Language, raw: Path, tmp_path: Path
) -> None:
    crf_ner(teacher).cfg["temperature"] = 2.0
    crf_ner(teacher).cfg["label_temperatures"] = {"LOC": 3.0}
    assert write_lessons(teacher, raw, tmp_path / "lessons") == [0, len(RAW)]
    (part,) = parts_of(tmp_path / "lessons")
    assert part.texts == list(RAW)
    component = crf_ner(teacher)
    for text, words, lesson in zip(part.texts, part.words, part.lessons, strict=True):
        doc = teacher.make_doc(text)
        scored = component.scored([doc])
        assert scored is not None
        assert words == [token.text for token in doc]
        np.testing.assert_allclose(lesson.emissions, scored.potentials.emissions.numpy(), atol=1e-5)
        assert lesson.emissions.dtype == np.float32
        assert lesson.lengths.tolist() == [len(doc)]
        if scored.potentials.allowed_tags is None:
            assert lesson.allowed is None
        else:
            assert lesson.allowed is not None
            assert (lesson.allowed == scored.potentials.allowed_tags.numpy()).all()
        for name in ("transitions", "start", "end"):
            own = getattr(scored.potentials, name).numpy()
            np.testing.assert_array_equal(getattr(lesson.teacher, name).numpy(), own)
    assert [lesson.allowed is not None for lesson in part.lessons] == [False, False, True, False, False]
    assert part.lessons[0].teacher.tagset.labels == component.labels
    assert part.lessons[0].teacher.tagset.scheme == "BILUO"


def test_sentences_are_sequences_where_they_are_the_teachers(tmp_path: Path) -> None:
    nlp = pipelines.make_nlp(segments="sents")
    nlp.add_pipe("sentencizer", first=True)
    examples = pipelines.examples_of(nlp)
    with nlp.select_pipes(disable="crf_ner"):
        for example in examples:
            example.predicted = nlp(example.predicted)
    pipelines.initialize(nlp, examples)
    nlp.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    raw = write_texts(tmp_path / "raw.txt", ["I like London. Who is Shaka Khan?", "Nobody."])
    write_lessons(nlp, raw, tmp_path / "lessons")
    (part,) = parts_of(tmp_path / "lessons")
    assert [lesson.lengths.tolist() for lesson in part.lessons] == [[4, 5], [2]]


def test_what_earlier_components_found_is_part_of_the_lesson(
    teacher: Language, raw: Path, tmp_path: Path
) -> None:
    ruler = teacher.add_pipe("entity_ruler", first=True)
    ruler.add_patterns([{"label": "LOC", "pattern": "Nobody"}])  # type: ignore[attr-defined]
    write_lessons(teacher, raw, tmp_path / "lessons")
    (part,) = parts_of(tmp_path / "lessons")
    allowed = part.lessons[-1].allowed
    assert allowed is not None
    tags = part.lessons[-1].teacher.tagset.tags
    assert [tags[index] for index in np.flatnonzero(allowed[0])] == ["U-LOC"]


def test_predictions_of_the_teacher_itself_are_no_part_of_it(
    teacher: Language, raw: Path, tmp_path: Path
) -> None:
    write_lessons(teacher, raw, tmp_path / "lessons")
    (part,) = parts_of(tmp_path / "lessons")
    assert teacher(RAW[0]).ents
    assert part.lessons[0].allowed is None


@pytest.mark.usefixtures("single")
def test_an_interrupted_teacher_goes_on_where_it_was(teacher: Language, raw: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lessons"
    write_lessons(teacher, raw, folder)
    whole = contents(folder)
    assert len(whole) == len(RAW)
    names = sorted(whole)
    for name in names[2:]:
        (folder / name).unlink()
    # Half a file, of a process that was killed, has another name; a damaged one is made again.
    (folder / names[2]).write_bytes(whole[names[2]][:50])
    assert write_lessons(teacher, raw, folder) == [2, 1, 1, 1]
    assert contents(folder) == whole
    assert write_lessons(teacher, raw, folder) == [len(RAW)]
    (folder / names[1]).unlink()
    assert write_lessons(teacher, raw, folder) == [1, 1, 1, 1, 1]


@pytest.mark.usefixtures("single")
def test_another_teacher_or_other_texts_begin_anew(teacher: Language, raw: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lessons"
    write_lessons(teacher, raw, folder)
    fewer = write_texts(tmp_path / "fewer.txt", RAW[:2])
    assert write_lessons(teacher, fewer, folder) == [0, 1, 1]
    assert len(contents(folder)) == 2
    crf_ner(teacher).cfg["temperature"] = 3.0
    teacher.to_disk(tmp_path / "other")
    other = spacy.load(tmp_path / "other")
    assert write_lessons(other, fewer, folder) == [0, 1, 1]
    assert write_lessons(other, fewer, folder) == [2]


def test_what_is_not_whole_is_not_there(
    teacher: Language, raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, target: Path) -> None:
        raise OSError("No space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_lessons(teacher, raw, tmp_path / "lessons")
    assert list((tmp_path / "lessons").iterdir()) == []


def test_the_vocabulary_forgets_the_texts(teacher: Language, tmp_path: Path) -> None:
    raw = write_texts(tmp_path / "raw.txt", ["Zyzzyva likes London."])
    write_lessons(teacher, raw, tmp_path / "lessons")
    save_held_out(teacher, survey(raw), tmp_path / "held-out.spacy")
    assert "Zyzzyva" not in teacher.vocab.strings


def test_a_constraint_that_leaves_nothing_is_an_error_before_training(
    teacher: Language, raw: Path, tmp_path: Path
) -> None:
    crf_ner(teacher).constraint = lambda doc, tagset: np.zeros((len(doc), tagset.n_tags), dtype=bool)
    with pytest.raises(ComponentError, match="no annotation of this Doc satisfies all constraints: 'Who is"):
        write_lessons(teacher, raw, tmp_path / "lessons")
    assert not (tmp_path / "lessons").exists()


def test_held_out_texts_are_annotated_as_the_teacher_does(teacher: Language, tmp_path: Path) -> None:
    texts = [*(f"Nobody {index}." for index in range(9)), RAW[1], *RAW]
    raw = write_texts(tmp_path / "raw.txt", texts)
    assert save_held_out(teacher, survey(raw), tmp_path / "held-out.spacy") == 1
    (doc,) = DocBin().from_disk(tmp_path / "held-out.spacy").get_docs(teacher.vocab)
    assert doc.text == RAW[1]
    assert entities(doc) == entities(teacher(RAW[1])) != []
    assert doc.has_annotation("ENT_IOB")


def test_a_damaged_part_is_named(teacher: Language, raw: Path, tmp_path: Path) -> None:
    write_lessons(teacher, raw, tmp_path / "lessons")
    (path,) = LessonFolder(tmp_path / "lessons").parts()
    for content in (path.read_bytes()[:100], b"\x93\x01\x02\x03", b""):
        path.write_bytes(content)
        with pytest.raises(TrainingError, match=f"lessons in .*{path.name} are damaged"):
            read_part(path)
