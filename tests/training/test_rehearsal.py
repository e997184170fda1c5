"""Pseudo-rehearsal: an old label is kept while a new one is learned, whatever the encoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import fix_random_seed

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.rehearsal import (
    RehearsalCorpus,
    build_rehearsal_corpus_v1,
    complete_entities,
    rehearsal_examples,
)
from tests.pipeline.pipelines import crf_ner, examples_of, initialize, make_listening_nlp, make_nlp, update
from tests.pipeline.transformers import make_transformer_nlp
from tests.tiny import entities

OLD = (
    ("Anna lives in Berlin .", ((0, 4, "PERSON"), (14, 20, "LOC"))),
    ("Boris flew to Paris .", ((0, 5, "PERSON"), (14, 19, "LOC"))),
    ("Carla likes London .", ((0, 5, "PERSON"), (12, 18, "LOC"))),
    ("It rained all day .", ()),
)
# The same names in other sentences, which nobody has annotated.
RAW = ("Boris lives in Paris .", "Anna flew to London .", "Carla likes Berlin .", "It rained all day .")
# Only what is new is annotated: Boris and Berlin count as being in no entity.
NEW = (
    ("Acme opened a shop .", ((0, 4, "ORG"),)),
    ("Globex closed a shop in Berlin .", ((0, 6, "ORG"),)),
    ("Globex hired Boris .", ((0, 6, "ORG"),)),
)
KINDS = ("own", "tok2vec", "transformer")


def make(kind: str, encoder: Path) -> Language:
    """A crf_ner with an encoder of its own, or that listens."""
    if kind == "transformer":
        return make_transformer_nlp(encoder)
    return make_nlp() if kind == "own" else make_listening_nlp()


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def old_bytes(kind: str, tiny_encoder: Path) -> bytes:
    nlp = make(kind, tiny_encoder)
    examples = examples_of(nlp, OLD)
    update(nlp, examples, initialize(nlp, examples), steps=30)
    return nlp.to_bytes()


@pytest.fixture(scope="module")
def cnn_bytes() -> bytes:
    nlp = make_nlp()
    examples = examples_of(nlp, OLD)
    update(nlp, examples, initialize(nlp, examples), steps=30)
    return nlp.to_bytes()


@pytest.fixture
def teacher(cnn_bytes: bytes) -> Language:
    return make_nlp().from_bytes(cnn_bytes)


def found(nlp: Language, texts: Iterable[str]) -> list[list[tuple[str, str]]]:
    return [[(entity.text, entity.label_) for entity in doc.ents] for doc in nlp.pipe(texts)]


def learn(nlp: Language, examples: list[Example], rehearse: bool = False, steps: int = 25) -> None:
    """Learn the new label, with `nlp.rehearse` after each update or without."""
    fix_random_seed(0)
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.02
    crf_ner(nlp).add_label("ORG")
    for _ in range(steps):
        nlp.update(examples, sgd=optimizer)
        if rehearse:
            raw = [Example.from_dict(nlp.make_doc(text), {}) for text in RAW]
            with nlp.select_pipes(disable=["crf_ner"]):
                for example in raw:
                    example.predicted = nlp(example.predicted)
            nlp.rehearse(raw, sgd=optimizer)


def kept(nlp: Language, before: list[list[tuple[str, str]]]) -> int:
    """How many of the entities that it found are found still."""
    pairs = zip(before, found(nlp, RAW), strict=True)
    return sum(entity in after for entities, after in pairs for entity in entities)


def test_the_old_labels_are_kept_with_rehearsal_and_forgotten_without(
    kind: str, old_bytes: bytes, tiny_encoder: Path
) -> None:
    old, without, with_rehearsal = (make(kind, tiny_encoder).from_bytes(old_bytes) for _ in range(3))
    before = found(old, RAW)
    assert [len(one) for one in before] == [2, 2, 2, 0]
    learn(without, examples_of(without, NEW))
    new = list(complete_entities(old, examples_of(with_rehearsal, NEW)))
    raw = list(rehearsal_examples(old, map(with_rehearsal.make_doc, RAW)))
    learn(with_rehearsal, new + raw)
    assert kept(without, before) <= 2
    assert kept(with_rehearsal, before) == 6
    for nlp in (without, with_rehearsal):
        acme, globex, _ = found(nlp, [text for text, _ in NEW])
        assert (acme, globex[0]) == ([("Acme", "ORG")], ("Globex", "ORG"))
    # Where the new annotation knew nothing of the old labels.
    assert ("Berlin", "LOC") in found(with_rehearsal, [NEW[1][0]])[0]


def test_the_rehearsal_of_spacy_holds_an_encoder_of_ones_own_but_no_listener(
    kind: str, old_bytes: bytes, tiny_encoder: Path
) -> None:
    # Why there is a corpus for rehearsal. This is about spaCy, and may become better one day.
    nlp = make(kind, tiny_encoder).from_bytes(old_bytes)
    before = found(nlp, RAW)
    learn(nlp, examples_of(nlp, NEW), rehearse=True)
    assert (kept(nlp, before) == 6) == (kind == "own")


def test_all_that_the_teacher_sets_is_annotation(teacher: Language) -> None:
    teacher.add_pipe("sentencizer")
    nlp = make_nlp()
    (example,) = rehearsal_examples(teacher, [nlp.make_doc("Anna lives in Berlin . It rained all day .")])
    reference = example.reference
    assert reference.vocab is nlp.vocab
    assert [(ent.text, ent.label_) for ent in reference.ents][:2] == [("Anna", "PERSON"), ("Berlin", "LOC")]
    assert [token.is_sent_start for token in reference][5]
    assert not reference.user_data
    assert not example.predicted.ents
    assert "O" in example.get_aligned_ner()


def test_what_the_teacher_takes_to_be_in_no_entity_can_be_unknown(teacher: Language) -> None:
    docs = [teacher.make_doc(text) for text in RAW]
    examples = list(rehearsal_examples(teacher, docs, outside_unknown=True))
    assert [len(example.reference.ents) for example in examples] == [2, 2, 2, 0]
    assert not any("O" in example.get_aligned_ner() for example in examples)


def test_entities_are_added_around_those_that_are_annotated(teacher: Language) -> None:
    nlp = make_nlp()
    doc = nlp.make_doc("Anna lives in Berlin .")
    doc.set_ents([Span(doc, 0, 1, "ARTIST", kb_id="Q1")], missing=[doc[1:2]], default="outside")
    doc.user_data["source"] = "a"
    example = Example(nlp.make_doc(doc.text), doc)
    before = doc.to_bytes()
    (completed,) = complete_entities(teacher, [example])
    assert entities(completed.reference) == [(0, 1, "ARTIST"), (3, 4, "LOC")]
    assert completed.reference.ents[0].kb_id_ == "Q1"
    assert completed.reference.user_data["source"] == "a"
    assert [token.ent_iob_ for token in completed.reference] == ["B", "", "O", "B", "O"]
    assert doc.to_bytes() == before


def test_blocked_tokens_stay_blocked(teacher: Language) -> None:
    doc = teacher.make_doc("Anna lives in Berlin .")
    doc.set_ents([], blocked=[doc[0:1]], default="outside")
    (completed,) = complete_entities(teacher, [Example(teacher.make_doc(doc.text), doc)])
    assert entities(completed.reference) == [(3, 4, "LOC")]
    assert (completed.reference[0].ent_iob_, completed.reference[0].ent_type_) == ("B", "")


def test_empty_docs_are_no_problem(teacher: Language) -> None:
    empty = Example(Doc(teacher.vocab), Doc(teacher.vocab))
    assert len(next(complete_entities(teacher, [empty])).reference) == 0
    assert len(next(rehearsal_examples(teacher, [Doc(teacher.vocab)])).reference) == 0


@pytest.fixture(scope="module")
def teacher_folder(cnn_bytes: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("teacher") / "old"
    make_nlp().from_bytes(cnn_bytes).to_disk(path)
    return path


def new_corpus(nlp: Language) -> Iterator[Example]:
    yield from examples_of(nlp, NEW)


def raw_corpus(nlp: Language) -> Iterator[Example]:
    yield from (Example(nlp.make_doc(text), nlp.make_doc(text)) for text in ("", *RAW[:2]))


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [(0.0, "nnn"), (0.5, "nnrn"), (1.0, "nrnrnr"), (2.0, "nrrnrrnrr"), (1.5, "nrnrrnr")],
)
def test_raw_text_is_mixed_in_at_its_ratio_and_begins_again(
    teacher_folder: Path, ratio: float, expected: str
) -> None:
    nlp = make_nlp()
    corpus = build_rehearsal_corpus_v1(teacher_folder, new_corpus, raw_corpus, ratio=ratio)
    for _ in range(2):
        texts = [example.text for example in corpus(nlp)]
        assert "".join("r" if text in RAW else "n" for text in texts) == expected
        raw = [text for text in texts if text in RAW]
        assert raw == [RAW[i % 2] for i in range(len(raw))]


def test_new_examples_are_completed_or_left_as_they_are(teacher_folder: Path) -> None:
    nlp = make_nlp()
    for complete, expected in ((True, [("Globex", "ORG"), ("Berlin", "LOC")]), (False, [("Globex", "ORG")])):
        corpus = RehearsalCorpus(str(teacher_folder), new_corpus, complete=complete)
        _, example, _ = corpus(nlp)
        assert [(ent.text, ent.label_) for ent in example.reference.ents] == expected
        assert example.reference.vocab is nlp.vocab


def test_no_raw_text_is_an_error(teacher_folder: Path) -> None:
    corpus = RehearsalCorpus(teacher_folder, new_corpus, lambda nlp: [])
    with pytest.raises(TrainingError, match=r"no text to rehearse on.*\[corpora.train.raw\].*ratio` to 0"):
        list(corpus(make_nlp()))


def test_a_teacher_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    corpus = RehearsalCorpus(tmp_path / "absent", new_corpus)
    with pytest.raises(
        TrainingError, match=r"expected `model` to be a trained pipeline.*absent.*cannot be loaded"
    ):
        list(corpus(make_nlp()))


@pytest.mark.parametrize("ratio", [-1.0, float("nan"), float("inf")])
def test_a_ratio_out_of_range_is_an_error(ratio: float) -> None:
    with pytest.raises(TrainingError, match="expected `ratio` to be a finite number of at least 0, but got"):
        build_rehearsal_corpus_v1("old", new_corpus, raw_corpus, ratio=ratio)
