"""Files that are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training import Corpus

from spacy_crf_ner.data.writing import DocFiles
from spacy_crf_ner.errors import DataError
from tests import tiny


def write(path: Path, part_tokens: int = 1_000_000) -> dict[Path, int]:
    with DocFiles(part_tokens) as files:
        for doc in tiny.make_tiny_docs():
            files.open(path).add(doc)
        return files.commit()


def read(path: Path) -> list[tuple[str, list[tuple[int, int, str]]]]:
    """Texts and entities, as `spacy train` reads them."""
    examples = Corpus(path)(spacy.blank("en"))
    return [(example.reference.text, tiny.entities(example.reference)) for example in examples]


EXPECTED = [(doc.text, tiny.entities(doc)) for doc in tiny.make_tiny_docs()]


def test_docs_come_back_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "new" / "train.spacy"
    assert write(path) == {path: len(EXPECTED)}
    assert read(path) == EXPECTED
    assert list(path.parent.iterdir()) == [path]


def test_many_docs_become_a_folder_that_is_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "train.spacy"
    write(path)
    assert write(path, part_tokens=20) == {path: len(EXPECTED)}
    parts = sorted(path.iterdir())
    assert len(parts) > 2
    assert all(len(DocBin().from_disk(part)) for part in parts)
    assert read(path) == EXPECTED
    assert list(tmp_path.iterdir()) == [path]


def test_without_commit_the_earlier_file_stays_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "train.spacy"
    path.write_bytes(b"earlier")
    for part_tokens in (10, 1_000_000):
        with DocFiles(part_tokens) as files:
            for doc in tiny.make_tiny_docs():
                files.open(path).add(doc)
        assert path.read_bytes() == b"earlier"
        assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with DocFiles() as files, pytest.raises(DataError, match=r"to be a file.* but it is a folder"):
        files.open(tmp_path)
