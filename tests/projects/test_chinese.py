"""The project projects/chinese: characters without marks, and no message in two parts."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
import srsly
from spacy.cli.project.assets import project_assets
from spacy.tokens import Doc, DocBin, Span
from spacy.util import load_config, registry

from tests.cli.support import run
from tests.projects import clones
from tests.projects.corpora import FORMATS, SIZES, write_own

NLP = spacy.blank("zh")


def read_texts(path: Path) -> list[str]:
    return [doc.text for doc in DocBin().from_disk(path).get_docs(NLP.vocab)]


def messages(*texts: str) -> list[Doc]:
    return [NLP.make_doc(text) for text in texts]


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone whose own corpus is converted, separated, and has a config."""
    registry.cli.get_all()
    project = clones.clone("chinese", tmp_path)
    overrides = {"vars.corpus_source": str(write_own("chinese", tmp_path)), "vars.encoder": "bilstm"}
    monkeypatch.chdir(project)
    project_assets(project, overrides=overrides)
    for command in ("convert", "separate", "config"):
        clones.run_here(project, command, overrides)
    return project


def test_characters_are_tokens_and_their_marks_are_taken_off(prepared: Path) -> None:
    (doc, *_) = DocBin().from_disk(prepared / "corpus" / "test.spacy").get_docs(NLP.vocab)
    assert doc.text == "孙红今天住在天津。0"
    assert [token.text for token in doc] == [token.text for token in NLP.make_doc(doc.text)]
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("孙红", "PER.NAM"), ("天津", "GPE.NAM")]


def test_an_entity_that_begins_with_inside_is_read_and_listed(prepared: Path) -> None:
    published = prepared / "corpus" / "published"
    docs = list(DocBin().from_disk(published / "train.spacy").get_docs(NLP.vocab))
    assert [(ent.text, ent.label_) for ent in docs[-1].ents] == [("王", "PER.NAM")]
    report = (published / "convert-report.tsv").read_text(encoding="utf-8-sig")
    assert "does not begin with I-PER.NAM" in report
    assert srsly.read_json(prepared / "corpus" / "counts.json")["report_lines"] == 1


def test_what_the_test_part_has_leaves_the_training_part_and_nothing_else(prepared: Path) -> None:
    corpus = prepared / "corpus"
    published = {part: read_texts(corpus / "published" / f"{part}.spacy") for part in SIZES}
    kept = {part: read_texts(corpus / f"{part}.spacy") for part in SIZES}
    assert kept["test"] == published["test"]
    assert kept["dev"] == published["dev"]
    shared = published["test"][0]
    assert shared in published["train"]
    assert kept["train"] == [text for text in published["train"] if text != shared]


def test_the_config_is_made_for_characters(prepared: Path) -> None:
    config = load_config(prepared / "training" / "config.cfg")
    assert config["nlp"]["tokenizer"]["segmenter"] == "char"
    assert config["components"]["tok2vec"]["model"]["embed"]["attrs"] == ["NORM", "SHAPE"]


def test_parts_are_separated_from_the_last_to_the_first() -> None:
    script = clones.load_script("chinese", "separate")
    parts = {
        "test": messages("你好", "再见", "你好"),
        "dev": messages("你 好", "早上好"),
        "train": messages("早上好", "ＯＫ", "ok", "OK"),
    }
    assert [*parts] == [*script.PARTS]
    kept = {part: [doc.text for doc in docs] for part, docs in script.separate(parts).items()}
    # Spaces do not make another message, and repetitions in one part stay.
    assert kept == {"test": ["你好", "再见", "你好"], "dev": ["早上好"], "train": ["ＯＫ", "ok", "OK"]}


def test_separation_keeps_the_annotation(tmp_path: Path) -> None:
    doc = NLP.make_doc("王小明在北京")
    doc.set_ents([Span(doc, 0, 3, "PER.NAM")], missing=[doc[4:6]], default="outside")
    for part in SIZES:
        docs = [doc] if part == "train" else messages(part)
        DocBin(docs=docs).to_disk(tmp_path / f"{part}.spacy")
    (tmp_path / "kept").mkdir()
    clones.load_script("chinese", "separate").main(tmp_path, tmp_path / "kept")
    (kept,) = DocBin().from_disk(tmp_path / "kept" / "train.spacy").get_docs(NLP.vocab)
    assert [(token.ent_iob_, token.ent_type_) for token in kept] == [
        (token.ent_iob_, token.ent_type_) for token in doc
    ]
    assert [token.ent_iob_ for token in kept] == ["B", "I", "I", "O", "", ""]


@pytest.mark.slow
def test_the_published_parts_share_as_many_messages_as_the_readme_says(
    corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.cli.get_all()
    project = clones.clone("chinese", tmp_path)
    overrides = {"vars.corpus_source": str(corpora / FORMATS["chinese"].folder)}
    monkeypatch.chdir(project)
    project_assets(project, overrides=overrides)
    clones.run_here(project, "convert", overrides)
    paths = [f"corpus/published/{part}.spacy" for part in SIZES]
    found = run("crf-ner", "check", *paths, "--lang", "zh", fails=True)
    readme = " ".join((project / "README.md").read_text(encoding="utf8").split())
    assert "42 Docs of dev (16 %) with the text of a Doc of train" in found
    assert "40 Docs of test (15 %) with the text of a Doc of train" in found
    assert "42 of the 270 of the development set and 40 of the 270 of the test set" in readme
    assert "test 270 0 270 dev 270 8 262 train 1,350 80 1,270" in clones.run_here(
        project, "separate", overrides
    )
    assert "and 8 of the test set out of the development set" in readme
