"""What spaCy's reader leaves out."""

from __future__ import annotations

from pathlib import Path

import spacy
from spacy.tokens import DocBin
from spacy.training import Corpus

from spacy_crf_ner.data.checks.reading import ReadingCounts, check_reading
from tests.data.checks.made import counted, doc, levels


def write(path: Path, *texts: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    DocBin(docs=[doc(text) for text in texts]).to_disk(path)
    return path


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
