"""Docs in the word pieces of a transformer."""

from __future__ import annotations

from pathlib import Path

import pytest
from spacy_transformers.span_getters import get_strided_spans

from spacy_crf_ner.data.checks.word_pieces import PieceCounts, Pieces, check_pieces, divide, load_pieces
from spacy_crf_ner.errors import DataError
from tests.data.checks.made import counted, doc, levels


def letters(limit: int | None, window: int | None = 3, stride: int | None = None) -> Pieces:
    """A tokenizer that makes a piece of each character."""
    return Pieces("letters", lambda texts: [len(text) for text in texts], limit, window, stride)


def part(pieces: Pieces | None, *texts: str) -> dict[str, PieceCounts]:
    return {"train": counted(PieceCounts(pieces), [doc(text) for text in texts])}


def test_docs_that_are_longer_than_a_window_are_told() -> None:
    found = check_pieces(part(letters(10), "a b c", "a b c d", ""))
    assert levels(found) == [("info", "windows"), ("good", "cut-windows")]
    assert found[0].message.startswith("1 Doc of train (50 %) longer than a window of 3 tokens")
    assert "the longest window of train has 5 word pieces" in found[1].message


def test_windows_that_are_cut_are_found() -> None:
    found = check_pieces(part(letters(10), "abcdef ghijkl m n"))
    assert levels(found) == [("info", "windows"), ("warn", "cut-windows")]
    assert found[1].examples == ("15 word pieces: 'abcdef ghijkl m', Doc 1",)


def test_without_windows_what_a_transformer_does_not_read_is_lost() -> None:
    found = check_pieces(part(letters(10, window=None), "abc def ghi j", "a b"))
    assert levels(found) == [("fail", "cut-windows")]
    assert found[0].message.startswith("1 Doc of train with more word pieces than the 10")


def test_a_tokenizer_may_not_know_the_limit() -> None:
    found = check_pieces(part(letters(None), "abcdef ghijkl m"))
    assert levels(found) == [("info", "cut-windows")]
    assert "has 15 word pieces" in found[0].message


def test_without_a_transformer_nothing_is_counted() -> None:
    assert check_pieces(part(None, "a b c d")) == []


@pytest.mark.parametrize("n_tokens", [1, 2, 3, 4, 7, 8, 9, 12, 20])
@pytest.mark.parametrize("stride", [3, 4])
def test_windows_are_those_of_spacy_transformers(n_tokens: int, stride: int) -> None:
    one = doc(" ".join(str(number) for number in range(n_tokens)))
    expected = [span.text for span in get_strided_spans([one], window=4, stride=stride)[0] if len(span)]
    assert set(divide(one, 4, stride)) == set(expected)


def test_the_tokenizer_of_a_folder_counts_with_special_tokens(tiny_encoder: Path) -> None:
    pieces = load_pieces(str(tiny_encoder), 64, None)
    assert pieces.limit == 128
    assert pieces.count(["Paris", "Paris Paris"]) == [3, 4]


def test_a_tokenizer_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Expected .*nothing' to be a Hugging Face model"):
        load_pieces(str(tmp_path / "nothing"), 64, None)
