"""Files of Docs, and files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training import Corpus

from spacy_crf_ner.errors import DataError
from spacy_crf_ner.files import count_docs, find_docbins, read_docbin, read_docs

NLP = spacy.blank("en")
VOCAB = NLP.vocab


def write(path: Path, *texts: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    DocBin(docs=[NLP.make_doc(text) for text in texts]).to_disk(path)
    return path


def test_a_folder_is_read_as_spacy_reads_it(tmp_path: Path) -> None:
    write(tmp_path / "b.spacy", "Boris")
    write(tmp_path / "a.spacy", "Anna", "")
    write(tmp_path / "sub" / "c.spacy", "Carla")
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf8")
    texts = [found.text for found in read_docs(tmp_path, VOCAB)]
    assert texts == ["Anna", "", "Boris", "Carla"]
    corpus = Corpus(tmp_path)(spacy.blank("en"))
    assert [example.reference.text for example in corpus] == [text for text in texts if text]


@pytest.mark.parametrize(
    ("name", "got"),
    [("none.spacy", "got nothing"), ("folder", "got a folder without"), ("a.txt", "of another name")],
)
def test_what_is_no_spacy_file_is_named(tmp_path: Path, name: str, got: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.txt").write_text("text", encoding="utf8")
    with pytest.raises(DataError, match=f"{name} to be a .spacy file, .*{got}"):
        find_docbins(tmp_path / name)


@pytest.mark.parametrize("damage", [b"", b"not spaCy's", "cut"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: bytes | str) -> None:
    path = write(tmp_path / "a.spacy", "Anna sleeps")
    path.write_bytes(path.read_bytes()[:-9] if isinstance(damage, str) else damage)
    with pytest.raises(DataError, match=r"a\.spacy to hold Docs in spaCy's format, but"):
        list(read_docs(path, VOCAB))
    with pytest.raises(DataError, match=r"a\.spacy to hold Docs in spaCy's format, but"):
        count_docs(path)


def test_docs_are_counted_over_all_files(tmp_path: Path) -> None:
    write(tmp_path / "a.spacy", "Anna", "")
    write(tmp_path / "sub" / "b.spacy", "Boris")
    assert count_docs(tmp_path) == 3
    with pytest.raises(DataError, match=r"no\.spacy to hold annotated Docs, but it holds no Docs"):
        count_docs(write(tmp_path / "no.spacy"))


def test_one_file_may_have_any_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.bin", "Anna")
    assert [doc.text for doc in read_docbin(path, VOCAB)] == ["Anna"]
