"""Corpora of entities alone: what becomes unknown, and that all else stays."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span, Token
from spacy.training import Corpus, Example

from spacy_crf_ner.training.augmenters import build_outside_unknown_v1
from tests import tiny

WORDS = ["Anna", "Schmidt", "sings", "in", "Paris", "today"]
TAGS = ["B-PERSON", "I-PERSON", "O", "O", "B-GPE", "O"]


@pytest.fixture
def nlp() -> Language:
    return spacy.blank("en")


def augment(nlp: Language, example: Example) -> Example:
    (augmented,) = build_outside_unknown_v1()(nlp, example)
    return augmented


def example_of(nlp: Language, words: list[str], tags: list[str] | None) -> Example:
    return Example(Doc(nlp.vocab, words=words), Doc(nlp.vocab, words=words, ents=tags))


def iob(doc: Doc) -> list[tuple[str, str]]:
    return [(token.ent_iob_, token.ent_type_) for token in doc]


def test_tokens_in_no_entity_become_unknown_and_entities_stay(nlp: Language) -> None:
    augmented = augment(nlp, example_of(nlp, WORDS, TAGS))
    assert iob(augmented.reference) == [
        ("B", "PERSON"),
        ("I", "PERSON"),
        ("", ""),
        ("", ""),
        ("B", "GPE"),
        ("", ""),
    ]
    assert augmented.get_aligned_ner() == ["B-PERSON", "L-PERSON", None, None, "U-GPE", None]


def test_the_example_that_it_was_made_from_is_not_changed(nlp: Language) -> None:
    example = example_of(nlp, WORDS, TAGS)
    before = example.reference.to_bytes(), example.predicted.to_bytes()
    augmented = augment(nlp, example)
    augmented.reference.user_data["new"] = 1
    nlp.add_pipe("sentencizer")(augmented.predicted)
    assert (example.reference.to_bytes(), example.predicted.to_bytes()) == before
    # Once more, as the next epoch does.
    assert iob(augment(nlp, example).reference) == iob(augmented.reference)


def test_all_else_on_the_docs_is_kept(nlp: Language) -> None:
    example = example_of(nlp, WORDS, TAGS)
    doc = example.reference
    doc.set_ents([Span(doc, 0, 2, "PERSON", kb_id="Q1", span_id="a"), doc.ents[1]], default="unmodified")
    doc.spans["incorrect"] = [Span(doc, 2, 4, "ORG")]
    doc.spans["incorrect"].attrs["scores"] = np.array([0.25])
    doc.user_data["source"] = {"file": "a.txt"}
    doc.cats = {"music": 1.0}
    for token, tag in zip(doc, ["PROPN", "PROPN", "VERB", "ADP", "PROPN", "NOUN"], strict=True):
        token.tag_ = token.pos_ = tag
        token.is_sent_start = token.i == 0
    Token.set_extension("kept", default=None, force=True)
    try:
        doc[3]._.kept = 3
        kept = augment(nlp, example).reference
        assert kept[3]._.kept == 3
    finally:
        Token.remove_extension("kept")
    assert [(ent.kb_id_, ent.id_) for ent in kept.ents] == [("Q1", "a"), ("", "")]
    assert [(span.start, span.end, span.label_) for span in kept.spans["incorrect"]] == [(2, 4, "ORG")]
    assert kept.spans["incorrect"].attrs["scores"].tolist() == [0.25]
    assert kept.user_data["source"] == {"file": "a.txt"}
    assert kept.cats == {"music": 1.0}
    attributes = ["TAG", "POS", "SENT_START", "ENT_ID", "SPACY"]
    assert (kept.to_array(attributes) == doc.to_array(attributes)).all()


def test_missing_and_blocked_tokens_stay_as_they_are(nlp: Language) -> None:
    example = example_of(nlp, WORDS, TAGS)
    doc = example.reference
    doc.set_ents([doc.ents[0]], missing=[doc[4:5]], blocked=[doc[5:6]], default="outside")
    augmented = augment(nlp, example).reference
    expected = [("B", "PERSON"), ("I", "PERSON"), ("", ""), ("", ""), ("", ""), ("B", "")]
    assert iob(augmented) == expected
    assert "O" not in Example(example.predicted, augmented).get_aligned_ner()


def test_neighbouring_entities_stay_apart(nlp: Language) -> None:
    tags = ["B-GPE", "B-GPE", "I-GPE", "O", "B-ORG", "B-GPE"]
    augmented = augment(nlp, example_of(nlp, WORDS, tags)).reference
    assert tiny.entities(augmented) == [(0, 1, "GPE"), (1, 3, "GPE"), (4, 5, "ORG"), (5, 6, "GPE")]


@pytest.mark.parametrize(
    ("words", "tags"), [([], None), (["rain"], ["O"]), (["rain"], None), (["Paris"], ["B-GPE"])]
)
def test_empty_docs_and_docs_of_one_token(nlp: Language, words: list[str], tags: list[str] | None) -> None:
    augmented = augment(nlp, example_of(nlp, words, tags))
    assert [token.text for token in augmented.reference] == words
    assert len(augmented.predicted) == len(words)
    assert len(augmented.reference.ents) == (tags == ["B-GPE"])
    assert "O" not in augmented.get_aligned_ner()


def test_a_corpus_takes_it(nlp: Language, tiny_corpus: Path) -> None:
    corpus = Corpus(tiny_corpus, augmenter=build_outside_unknown_v1())
    for _ in range(2):
        examples = list(corpus(nlp))
        assert [tiny.entities(example.reference) for example in examples] == [
            list(entities) for _, entities in tiny.TINY_SENTENCES
        ]
        assert not any("O" in example.get_aligned_ner() for example in examples)
    assert any("O" in example.get_aligned_ner() for example in Corpus(tiny_corpus)(nlp))


def test_a_corpus_of_sentences_takes_it(nlp: Language, tmp_path: Path) -> None:
    doc = Doc(nlp.vocab, words=[*WORDS, "Rain"], ents=[*TAGS, "O"], sent_starts=[True] + [False] * 5 + [True])
    DocBin(docs=[doc]).to_disk(tmp_path / "a.spacy")
    corpus = Corpus(tmp_path / "a.spacy", gold_preproc=True, augmenter=build_outside_unknown_v1())
    first, second = corpus(nlp)
    assert iob(first.reference)[1:3] == [("I", "PERSON"), ("", "")]
    assert iob(second.reference) == [("", "")]


def test_it_can_be_sent_to_another_process() -> None:
    augmenter = build_outside_unknown_v1()
    assert pickle.loads(pickle.dumps(augmenter)) is augmenter  # noqa: S301
