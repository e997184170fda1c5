"""Whether a student goes with its teacher, and the config with which it learns."""

from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.util import load_config, load_model_from_config
from thinc.api import Config

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.pipeline import CRFEntityRecognizer
from spacy_crf_ner.training.distillation.student import (
    check_gold,
    check_path,
    check_tokenizers,
    distillation_config,
    find_student,
    has_data,
    read_corpus,
)
from tests import tiny

LABELS = ["ORG", "GPE", "PERSON"]


def load(**overrides: Any) -> Config:
    return load_config(
        tiny.CONFIGS / "crf_ner_cnn.cfg",
        overrides={name.replace("__", "."): value for name, value in overrides.items()},
        interpolate=False,
    )


def student(**overrides: Any) -> Language:
    return load_model_from_config(load(**overrides), auto_fill=True)


def teacher(name: str = "ner", **settings: Any) -> CRFEntityRecognizer:
    nlp = spacy.blank("en")
    nlp.add_pipe("crf_ner", name=name, config=settings)
    component = nlp.get_pipe(name)
    assert isinstance(component, CRFEntityRecognizer)
    for label in LABELS:
        component.add_label(label)
    return component


def distilled(own: Config, **changes: Any) -> Config:
    settings: dict[str, Any] = {
        "folder": Path("lessons"),
        "own_path": Path("own.cfg"),
        "held_out": None,
        "temperature": 2.0,
        "weight": 0.5,
    }
    return distillation_config(own, "ner", LABELS, **{**settings, **changes})


def test_the_only_component_is_the_student_whatever_its_name() -> None:
    assert find_student(student(), teacher("other")).name == "ner"


def test_of_several_the_one_named_as_the_teachers_is_the_student() -> None:
    nlp = student()
    nlp.add_pipe("crf_ner", name="second")
    assert find_student(nlp, teacher("second")).name == "second"
    with pytest.raises(TrainingError, match="one named 'other' as the teacher's, but it has ner, second"):
        find_student(nlp, teacher("other"))


def test_a_student_without_the_component_is_an_error() -> None:
    with pytest.raises(TrainingError, match=r"one component of the factory `crf_ner`.* but it has none"):
        find_student(spacy.blank("en"), teacher())


@pytest.mark.parametrize(("setting", "value"), [("scheme", "BIO"), ("segments", "sents")])
def test_scheme_and_segments_are_the_teachers(setting: str, value: str) -> None:
    message = rf"teacher's `{setting}`, '{value}'.*Set `\[components.ner\] {setting}` to '{value}'"
    with pytest.raises(TrainingError, match=message):
        find_student(student(), teacher(**{setting: value}))
    found = find_student(student(**{f"components__ner__{setting}": value}), teacher(**{setting: value}))
    assert found.name == "ner"


def test_tokenizers_are_compared() -> None:
    text = "Don't go (now)."
    check_tokenizers(spacy.blank("en"), student(), [text])
    with pytest.raises(TrainingError, match=r"makes \[\"Don't\".*the student \['Do', \"n't\""):
        check_tokenizers(spacy.blank("xx"), student(), ["Fine", text])


def test_a_tokenizer_that_initialization_changes_is_compared_later() -> None:
    nlp = student()
    nlp.config["initialize"]["before_init"] = {
        "@callbacks": "spacy.copy_from_base_model.v1",
        "tokenizer": "xx",
    }
    check_tokenizers(spacy.blank("xx"), nlp, ["Don't"])


def test_annotated_data_is_counted_and_its_labels_looked_at(tiny_corpus: Path, tmp_path: Path) -> None:
    assert check_gold(student(), teacher()) == 0
    nlp = student(paths__train=str(tiny_corpus))
    assert check_gold(nlp, teacher()) == len(tiny.TINY_TEXTS)
    docs = tiny.make_tiny_docs()
    docs[1].ents = [docs[1].char_span(0, 4, label="NEW")]
    DocBin(docs=docs).to_disk(tmp_path / "new.spacy")
    with pytest.raises(
        TrainingError, match=r"labels that the teacher does not know: NEW\. It knows ORG, GPE, PERSON"
    ):
        check_gold(student(paths__train=str(tmp_path / "new.spacy")), teacher())


def test_a_path_has_to_reach_its_corpus(tiny_corpus: Path) -> None:
    config = load(paths__dev=str(tiny_corpus))
    check_path(config, "dev", "--dev", tiny_corpus)
    config["corpora"]["dev"]["path"] = "elsewhere.spacy"
    with pytest.raises(
        TrainingError, match=r"`--dev` sets `paths.dev`.*'elsewhere.spacy'. Write `path = \${paths.dev}`"
    ):
        check_path(config, "dev", "--dev", tiny_corpus)


def test_there_is_data_where_a_corpus_has_a_path_or_needs_none() -> None:
    config = load(paths__dev="dev.spacy")
    assert has_data(config, "dev")
    assert not has_data(config, "train")
    config["corpora"]["train"] = {"@readers": "own.v1"}
    assert has_data(config, "train")
    del config["corpora"]["train"]
    assert not has_data(config, "train")
    config["training"]["dev_corpus"] = "corpora.other"
    with pytest.raises(TrainingError, match=r'`dev_corpus` = "corpora.dev", but got .*corpora.other'):
        has_data(config, "train")


def test_a_corpus_is_read_though_another_has_no_path(tiny_corpus: Path) -> None:
    nlp = student(paths__dev=str(tiny_corpus))
    found = [example.reference.text.strip() for example in read_corpus(nlp.config, "dev", nlp)]
    assert found == list(tiny.TINY_TEXTS)


def test_the_student_learns_with_another_corpus_and_the_teachers_labels(tiny_corpus: Path) -> None:
    own = student(paths__train=str(tiny_corpus), paths__dev=str(tiny_corpus)).config
    before = own.to_str()
    config = distilled(own)
    assert own.to_str() == before
    reader = dict(config["corpora"]["train"])
    assert reader.pop("gold") == own.interpolate()["corpora"]["train"]
    assert reader == {
        "@readers": "spacy-crf-ner.DistillationCorpus.v1",
        "path": "lessons",
        "temperature": 2.0,
        "weight": 0.5,
        "hold_out": False,
    }
    assert config["corpora"]["dev"]["path"] == str(tiny_corpus)
    assert config["initialize"]["components"]["ner"]["labels"] == LABELS
    assert config["training"]["before_to_disk"] == {
        "@callbacks": "spacy-crf-ner.forget_teacher.v1",
        "path": "own.cfg",
        "then": None,
    }
    # The pipeline itself is described as before, variables included.
    assert config["components"] == own["components"]
    assert "${" in config["components"]["ner"]["model"]["tok2vec"]["width"]
    assert config.interpolate()["training"]["max_steps"] == 20000


def test_without_data_lessons_are_all_and_held_out_texts_are_the_dev_corpus() -> None:
    config = distilled(student().config, held_out=Path("held-out.spacy"))
    assert config["corpora"]["train"]["gold"] is None
    assert config["corpora"]["train"]["hold_out"] is True
    assert config["corpora"]["dev"]["path"] == "held-out.spacy"


def test_a_callback_of_the_students_is_kept() -> None:
    own = student().config
    own["training"]["before_to_disk"] = {"@callbacks": "own.v1"}
    assert distilled(own)["training"]["before_to_disk"]["then"] == {"@callbacks": "own.v1"}


def test_settings_out_of_range_are_found_before_the_teacher_is_asked() -> None:
    with pytest.raises(TrainingError, match="Expected `weight` to be a finite number above 0, but got 0"):
        distilled(student().config, weight=0.0)
