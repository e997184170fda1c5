"""Files of Docs, and files that are none."""

from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_crf_ner.errors import EvaluationError
from spacy_crf_ner.evaluation import count_docs, read_docs

NLP = spacy.blank("en")


def save(path: Path, *texts: str) -> Path:
    DocBin(docs=[NLP.make_doc(text) for text in texts]).to_disk(path)
    return path


def test_a_file_or_a_folder_of_files_is_read(tmp_path: Path) -> None:
    save(tmp_path / "b.spacy", "three")
    one = save(tmp_path / "a.spacy", "one", "two")
    (tmp_path / "notes.txt").write_text("no Docs")
    assert [doc.text for doc in read_docs(one, NLP.vocab)] == ["one", "two"]
    assert [doc.text for doc in read_docs(tmp_path, NLP.vocab)] == ["one", "two", "three"]
    assert count_docs(tmp_path) == 3


@pytest.mark.parametrize("name", ["notes.txt", "empty", "absent.spacy", "absent"])
def test_what_is_no_such_file_is_an_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no Docs")
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvaluationError, match=rf"{name} to be a \.spacy file or a folder .*crf-ner convert"):
        count_docs(tmp_path / name)


def test_a_file_without_docs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"no\.spacy to hold annotated Docs, but it holds no Docs"):
        count_docs(save(tmp_path / "no.spacy"))


def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    whole = save(tmp_path / "whole.spacy", "a text of some words").read_bytes()
    for number, content in enumerate([b"", b"no Docs", whole[: len(whole) // 2]]):
        path = tmp_path / f"damaged{number}.spacy"
        path.write_bytes(content)
        with pytest.raises(EvaluationError, match=rf"damaged{number}\.spacy to hold Docs in spaCy's format"):
            count_docs(path)
