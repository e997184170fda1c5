"""The tokenizer against the tokens of Docs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_crf_ner.data.checks.tokenization import TokenizationCounts, check_tokenization
from tests.data.checks.made import counted, doc, levels

NLP = spacy.blank("en")
Tokenizer = Callable[[str], Doc]


def glued(words: str, spaces: list[bool] | None, *entities: tuple[int, int, str]) -> Doc:
    result = Doc(NLP.vocab, words=words.split(" "), spaces=spaces)
    result.set_ents([Span(result, start, end, label=label) for start, end, label in entities])
    return result


def part(*docs: Doc, tokenizer: Tokenizer | None = NLP.make_doc) -> dict[str, TokenizationCounts]:
    return {"train": counted(TokenizationCounts(tokenizer), docs)}


def test_the_same_tokens_are_good() -> None:
    found = check_tokenization(part(doc("Anna met Boris .", (0, 1, "PER")), doc("")))
    assert levels(found) == [("good", "tokenization")]


def test_whitespace_that_is_divided_otherwise_is_no_difference() -> None:
    made = Doc(NLP.vocab, words=["Anna", "\n\n", "met"], spaces=[False] * 3)
    one = Doc(NLP.vocab, words=["Anna", "\n", "\n", "met"], spaces=[False] * 4)
    assert levels(check_tokenization(part(one, tokenizer=lambda text: made))) == [("good", "tokenization")]


def test_an_entity_within_a_token_can_never_be_predicted() -> None:
    cut = glued("anti Obama", [False, False], (1, 2, "PER"))
    found = check_tokenization(part(cut, tokenizer=lambda text: Doc(NLP.vocab, words=[text])))
    assert levels(found) == [("info", "tokenization"), ("fail", "misaligned-entities")]
    assert found[1].message.startswith("1 entity of train (100 %) with a beginning or end inside")
    assert found[1].examples == ("'Obama' (PER) is cut out of 'antiObama', Doc 1",)


def test_few_of_many_are_a_warning() -> None:
    cut = glued("anti Obama", [False, False], (1, 2, "PER"))
    found = check_tokenization(part(*[doc("Anna sleeps", (0, 1, "PER"))] * 30, cut, tokenizer=NLP.make_doc))
    assert levels(found)[-1] == ("warn", "misaligned-entities")


def test_other_tokens_that_cut_no_entity_are_told() -> None:
    found = check_tokenization(part(doc("Anna don't sleep", (0, 1, "PER"))))
    assert levels(found) == [("info", "tokenization"), ("good", "misaligned-entities")]
    assert found[0].message == "Docs that the tokenizer divides otherwise: 1 of train (100 %)"


def test_docs_without_spaces_do_not_fail_as_training_has_their_tokens() -> None:
    blind = glued("can't sleep", None, (0, 1, "PER"))
    assert blind.has_unknown_spaces
    apart = glued("can not sleep", None, (0, 1, "PER"))
    found = check_tokenization(part(blind, apart, tokenizer=lambda text: Doc(NLP.vocab, words=[text])))
    assert levels(found) == [
        ("info", "unknown-spaces"),
        ("info", "tokenization"),
        ("warn", "misaligned-entities"),
    ]
    assert "do not show it" in found[2].advice


@pytest.mark.parametrize("n_docs", [0, 1])
def test_without_a_tokenizer_nothing_is_compared(n_docs: int) -> None:
    found = check_tokenization(part(*[doc("Anna don't", (0, 1, "PER"))] * n_docs, tokenizer=None))
    assert levels(found) == [("info", "tokenization")]
    assert "--lang" in found[0].advice
