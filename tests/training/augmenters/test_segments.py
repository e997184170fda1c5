"""Shuffle within segments: what may change places."""

from __future__ import annotations

from itertools import pairwise

import pytest
from spacy.language import Language
from spacy.tokens import Doc

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.augmenters import build_shuffle_within_segments_v1
from spacy_crf_ner.training.augmenters.segments import segments
from tests.training.augmenters.annotated import (
    NOTE,
    SOFT,
    WORDS,
    contents,
    example_of,
    group,
    groups_of,
    heads_of,
    iob_of,
    make_doc,
    starts_of,
    words_of,
)


def shuffled(nlp: Language, doc: Doc, seed: int = 0, **settings: float) -> Doc:
    augmenter = build_shuffle_within_segments_v1(**{"level": 1.0, "per_segment": 1.0, **settings}, seed=seed)
    *_, last = augmenter(nlp, example_of(doc))
    return last.reference


def test_segments_are_entities_and_what_lies_between_them(nlp: Language) -> None:
    assert segments(make_doc(nlp)) == [[0, 1], [2, 3], [4, 5], [9, 10]]
    # Neighbouring entities are two, and unknown, blocked and known tokens do not mix.
    doc = Doc(
        nlp.vocab, words=list("abcdefghij"), ents=["B-X", "I-X", "B-X", "I-X", "O", "O", "", "", "O", "O"]
    )
    doc.set_ents([], blocked=[doc[8:10]], default="unmodified")
    assert segments(doc) == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]


def test_sentences_spans_whitespace_and_soft_labels_bound_segments(nlp: Language) -> None:
    words = ["a", "b", "c", "d", "\n", "e", "f", "g", "h", "i"]
    doc = Doc(nlp.vocab, words=words, ents=["O"] * 10, sent_starts=[i in {0, 2} for i in range(10)])
    doc[7]._.set(SOFT, {"PER": 0.5})
    assert segments(doc) == [[0, 1], [2, 3], [5, 6], [8, 9]]
    group(doc, "wrong", (1, 3, "PER"), (8, 9, "PER"))
    assert segments(doc) == [[5, 6]]


def test_words_change_places_within_segments_and_entities_stay_where_they_are(nlp: Language) -> None:
    doc = make_doc(nlp)
    seen = set()
    for seed in range(20):
        new = shuffled(nlp, doc, seed)
        assert iob_of(new) == iob_of(doc)
        assert starts_of(new) == starts_of(doc)
        for segment in segments(doc):
            assert sorted(words_of(new)[i] for i in segment) == sorted(WORDS[i] for i in segment)
        assert [words_of(new)[i] for i in (6, 7, 8, 11)] == [".", "Boris", "left", "."]
        seen.add(tuple(words_of(new)))
    # Four segments of two, of which one at least is in another order, or else nothing has changed.
    assert 8 < len(seen) <= 16


def test_what_is_known_of_words_goes_with_them_and_their_relations_are_unknown(nlp: Language) -> None:
    doc = make_doc(nlp)
    for token in doc:
        token._.set(NOTE, token.text)
    doc[0:2]._.note, doc[7:9]._.note = "Anna Schmidt", "Boris left"
    doc.cats = {"music": 1.0}
    group(doc, "all", (0, 2, "X"))
    new = next(
        one
        for one in (shuffled(nlp, doc, seed, per_segment=0.0) for seed in range(50))
        if one[0].text != "Anna"
    )
    assert words_of(new) == ["Schmidt", "Anna", *WORDS[2:]]
    assert [token.lemma_ for token in new] == [word.lower() for word in words_of(new)]
    assert [token._.note for token in new] == words_of(new)
    assert (new[0:2]._.note, new[7:9]._.note) == (None, "Boris left")
    assert heads_of(new) == [None, None, *heads_of(doc)[2:]]
    assert groups_of(new, "all") == [("Schmidt Anna", "X")]
    assert new.cats == {"music": 1.0}


def test_tokens_are_not_glued_together_where_there_was_a_space(nlp: Language) -> None:
    words, spaces = ["Yes", ",", "we", "do", "n't"], [False, True, True, False, False]
    doc = Doc(nlp.vocab, words=words, spaces=spaces, ents=["O"] * 5)
    for seed in range(40):
        new = shuffled(nlp, doc, seed)
        for left, right in pairwise(new):
            pair = left.text, right.text
            if pair in {("Yes", ","), ("do", "n't")}:
                assert not left.whitespace_
            elif pair in {(",", "we"), ("we", "do"), ("we", "Yes"), ("do", "we"), (",", "do")}:
                assert left.whitespace_
        assert not new[4].whitespace_


def test_the_last_word_before_the_first_is_apart_from_it_if_words_are_apart(nlp: Language) -> None:
    for spaces, text in (([True, False], "b a"), ([False, False], "ba")):
        doc = Doc(nlp.vocab, words=["a", "b"], spaces=spaces, ents=["O", "O"])
        assert text in {shuffled(nlp, doc, seed).text for seed in range(20)}


def test_where_nothing_can_change_places_there_is_no_other_version(nlp: Language) -> None:
    augmenter = build_shuffle_within_segments_v1(level=1.0)
    for words in ([], ["a"], ["a", "a", "a"]):
        doc = Doc(nlp.vocab, words=words, ents=["O"] * len(words))
        assert len(list(augmenter(nlp, example_of(doc)))) == 1


def test_the_example_is_not_changed(nlp: Language) -> None:
    example = example_of(make_doc(nlp))
    before = contents(example)
    assert len(list(build_shuffle_within_segments_v1(level=1.0, versions=5)(nlp, example))) > 1
    assert contents(example) == before


def test_a_probability_out_of_range_is_an_error() -> None:
    with pytest.raises(TrainingError, match="expected `per_segment` to be a number from 0 to 1, but got -1"):
        build_shuffle_within_segments_v1(per_segment=-1.0)
