"""Longer Docs from the parts of a document."""

from __future__ import annotations

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_crf_ner.data.merging import Merger, merge_docs
from spacy_crf_ner.errors import DataError
from tests import tiny


def texts(docs: list[Doc]) -> list[str]:
    return [doc.text.strip() for doc in docs]


def merged(n_sents: int, *parts: tuple[str, str]) -> list[str]:
    """Texts of the Docs that (text, document) become."""
    nlp = spacy.blank("en")
    merger = Merger(n_sents)
    docs = [doc for text, document in parts for doc in merger.add(nlp.make_doc(text), document)]
    return texts([*docs, *merger.flush()])


def test_entities_missing_tokens_spans_and_sentences_are_those_of_the_parts() -> None:
    nlp = spacy.blank("en")
    first, second = nlp("Anna met Boris."), nlp("He left")
    first.set_ents([Span(first, 0, 1, "P")], missing=[first[2:3]])
    second.set_ents([Span(second, 0, 1, "P")])
    first.spans["sc"], second.spans["sc"] = [Span(first, 0, 3, "Q")], [Span(second, 1, 2, "R")]
    doc = merge_docs([first, second])
    assert doc.text.strip() == "Anna met Boris. He left"
    assert tiny.entities(doc) == [(0, 1, "P"), (4, 5, "P")]
    assert [token.ent_iob_ for token in doc] == ["B", "O", "", "O", "B", "O"]
    assert [(span.start, span.end, span.label_) for span in doc.spans["sc"]] == [(0, 3, "Q"), (5, 6, "R")]
    assert [(sent.start, sent.end) for sent in doc.sents] == [(0, 4), (4, 6)]
    assert not doc.has_unknown_spaces


def test_neighbours_across_the_border_stay_two_entities() -> None:
    vocab = spacy.blank("en").vocab
    docs = [Doc(vocab, words=["a", "b"], ents=["O", "B-X"]), Doc(vocab, words=["c"], ents=["B-X"])]
    doc = merge_docs(docs)
    assert tiny.entities(doc) == [(1, 2, "X"), (2, 3, "X")]
    assert doc.has_unknown_spaces


def test_so_many_parts_of_one_document_are_joined() -> None:
    parts = [(name, "d") for name in "abcde"]
    assert merged(2, *parts) == ["a b", "c d", "e"]
    assert merged(0, *parts) == ["a b c d e"]
    assert merged(1, *parts) == ["a", "b", "c", "d", "e"]


def test_nothing_is_joined_across_documents_or_without_one() -> None:
    parts = [("a", "d"), ("b", "d"), ("c", "e"), ("x", ""), ("y", ""), ("f", "e")]
    for n_sents in (0, 3):
        assert merged(n_sents, *parts) == ["a b", "c", "x", "y", "f"]


def test_a_number_below_0_is_shown() -> None:
    with pytest.raises(DataError, match="--n-sents` to be 0 or more, but got -1"):
        Merger(-1)
