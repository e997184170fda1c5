"""Reading .spacy files."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training import Corpus

from spacy_crf_ner.data.checks.reading import ReadingCounts, check_reading, find_files, read_docs
from spacy_crf_ner.errors import DataError
from tests.data.checks.made import VOCAB, counted, doc, levels


def write(path: Path, *texts: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    DocBin(docs=[doc(text) for text in texts]).to_disk(path)
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
        find_files(tmp_path / name)


@pytest.mark.parametrize("damage", [b"", b"not spaCy's", "cut"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: bytes | str) -> None:
    path = write(tmp_path / "a.spacy", "Anna sleeps")
    path.write_bytes(path.read_bytes()[:-9] if isinstance(damage, str) else damage)
    with pytest.raises(DataError, match=r"a\.spacy to hold Docs, but they cannot be read"):
        list(read_docs(path, VOCAB))


def test_docs_that_spacy_leaves_out_are_counted_as_it_does(tmp_path: Path) -> None:
    docs = [
        doc("a b c d e f"),
        doc("a b c d e f", sentences=[0, 2]),
        doc("a b c d e f", sentences=[0, 3]),
        doc("a b c"),
    ]
    path = tmp_path / "a.spacy"
    DocBin(docs=docs).to_disk(path)
    counts = counted(ReadingCounts(max_length=4), docs)
    assert (counts.left_out, counts.cut, counts.lost) == (1, 2, 1)
    corpus = Corpus(path, max_length=4)(spacy.blank("en"))
    assert [example.reference.text.strip() for example in corpus] == ["a b", "a b c", "d e f", "a b c"]
    found = check_reading({"train": counts, "dev": ReadingCounts()})
    assert levels(found) == [("warn", "max-length")]
    assert "leaves out 1 Doc without sentence boundaries, and 1 sentence of the 2 Docs" in found[0].message


def test_nothing_is_left_out_without_a_maximum_or_with_sentences() -> None:
    docs = [doc("a b c d e f"), doc("a b c d e f", sentences=[0, 3])]
    assert check_reading({"train": counted(ReadingCounts(), docs)}) == []
    assert levels(check_reading({"train": counted(ReadingCounts(4), docs[1:])})) == [("good", "max-length")]
