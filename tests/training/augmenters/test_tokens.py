"""Label-wise token replacement: what stands for what."""

from __future__ import annotations

from pathlib import Path

import pytest
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.augmenters import build_token_replacement_v1
from tests.training.augmenters.annotated import (
    NOTE,
    SOFT,
    WORDS,
    contents,
    example_of,
    group,
    heads_of,
    iob_of,
    make_doc,
    words_of,
)


def rewritten(nlp: Language, doc: Doc, other: Doc, **settings: object) -> Doc:
    """A Doc with words of another one."""
    augmenter = build_token_replacement_v1(**{"level": 1.0, "per_token": 1.0, **settings})
    list(augmenter(nlp, example_of(other)))
    *_, last = augmenter(nlp, example_of(doc))
    return last.reference


def bare(nlp: Language, words: str, ents: list[str], **layers: list[str]) -> Doc:
    return Doc(nlp.vocab, words=words.split(), ents=ents, **layers)


def test_words_stand_for_words_in_the_same_part_of_an_entity_of_the_same_label(nlp: Language) -> None:
    other = bare(nlp, "Eva Meier saw Globex Inc", ["B-PER", "I-PER", "O", "B-ORG", "I-ORG"])
    found: list[set[str]] = [set() for _ in range(6)]
    for seed in range(40):
        doc = bare(nlp, "Anna Schmidt sings in York !", ["B-PER", "I-PER", "O", "O", "B-LOC", "O"])
        new = rewritten(nlp, doc, other, seed=seed)
        assert iob_of(new) == iob_of(doc)
        for words, word in zip(found, words_of(new), strict=True):
            words.add(word)
    outside = {"saw", "sings", "in"}
    # Punctuation stays, and so does what has no other word with its label.
    assert found == [{"Anna", "Eva"}, {"Schmidt", "Meier"}, outside, outside, {"York"}, {"!"}]


def test_words_in_no_entity_can_be_left_alone(nlp: Language) -> None:
    other = bare(nlp, "Eva saw", ["B-PER", "O"])
    changed = {
        words_of(rewritten(nlp, bare(nlp, "Anna sings", ["B-PER", "O"]), other, outside=False, seed=seed))[1]
        for seed in range(20)
    }
    assert changed == {"sings"}


def test_annotated_tags_and_relations_must_be_the_same(nlp: Language) -> None:
    ents = ["O", "O", "O"]
    one = bare(
        nlp, "He sings well", ents, tags=["P", "V", "R"], deps=["subj", "ROOT", "adv"], heads=[1, 1, 1]
    )
    other = bare(
        nlp, "She , rarely", ents, tags=["P", "V", "R"], deps=["obj", "ROOT", "adv"], heads=[1, 1, 1]
    )
    seen = {tuple(words_of(rewritten(nlp, one, other, seed=seed))) for seed in range(20)}
    assert seen == {("He", "sings", "well"), ("He", "sings", "rarely")}


def test_numbers_stand_for_numbers(nlp: Language) -> None:
    doc, other = bare(nlp, "1984 was", ["O", "O"]), bare(nlp, "2001 is", ["O", "O"])
    seen = {tuple(words_of(rewritten(nlp, doc, other, seed=seed))) for seed in range(30)}
    assert seen == {("1984", "was"), ("2001", "was"), ("1984", "is"), ("2001", "is")}


def test_frequent_words_are_drawn_often(nlp: Language) -> None:
    augmenter = build_token_replacement_v1(level=1.0)
    for word in [*["the"] * 30, "an"]:
        list(augmenter(nlp, example_of(bare(nlp, word, ["O"]))))
    doc = bare(nlp, "an", ["O"])
    # Each time the word itself is seen once more, and often drawn, which makes no other version.
    found = [words_of(one.reference)[0] for _ in range(5) for one in [*augmenter(nlp, example_of(doc))][1:]]
    assert found.count("the") >= 3


def test_the_new_word_brings_its_lemma_and_the_rest_is_kept(nlp: Language) -> None:
    doc = make_doc(nlp)
    doc.set_ents(
        [Span(doc, 0, 2, "PER", kb_id="Q1"), Span(doc, 4, 6, "LOC", kb_id="Q60")], default="unmodified"
    )
    doc.cats = {"music": 1.0}
    for token in doc:
        token._.set(NOTE, token.text)
    words = ["Eva", *WORDS[1:]]
    other = make_doc(nlp, words=words, lemmas=["eva!", *(word.lower() for word in WORDS[1:])])
    news = [rewritten(nlp, doc, other, outside=False, per_token=0.3, seed=seed) for seed in range(20)]
    new = next(one for one in news if one[0].text == "Eva" and words_of(one)[2:] == WORDS[2:])
    assert new[0].lemma_ == "eva!"
    assert [token.lemma_ for token in new[1:]] == [token.lemma_ for token in doc[1:]]
    assert [token.tag_ for token in new] == [token.tag_ for token in doc]
    assert heads_of(new)[1:] == heads_of(doc)[1:]
    assert [token.head.i for token in new] == [token.head.i for token in doc]
    # Another name is another person, and only the words that stayed keep what was noted of them.
    assert [entity.kb_id_ for entity in new.ents] == ["", "Q60", "", ""]
    assert [token._.note for token in new] == [None, *WORDS[1:]]
    assert new.cats == {}


def test_tokens_of_which_more_is_said_are_not_replaced(nlp: Language) -> None:
    other = bare(nlp, "x y z", ["O", "O", "O"])
    for seed in range(10):
        doc = bare(nlp, "a b c d e f", ["O", "O", "", "O", "O", "O"])
        doc.set_ents([], blocked=[doc[5:6]], default="unmodified")
        doc[0]._.set(SOFT, {"PER": 0.5})
        group(doc, "wrong", (3, 5, "PER"))
        new = rewritten(nlp, doc, other, seed=seed)
        assert [words_of(new)[i] for i in (0, 2, 3, 4, 5)] == ["a", "c", "d", "e", "f"]
        assert new[0]._.get(SOFT) == {"PER": 0.5}


def test_where_nothing_can_be_replaced_there_is_no_other_version(nlp: Language) -> None:
    augmenter = build_token_replacement_v1(level=1.0)
    for doc in (
        Doc(nlp.vocab),
        bare(nlp, "a", [""]),
        Doc(nlp.vocab, words=["!", "\n"], ents=["O", "O"]),
        bare(nlp, "a", ["O"]),
    ):
        assert len(list(augmenter(nlp, example_of(doc)))) == 1


def test_the_words_of_a_file_are_known_from_the_beginning(nlp: Language, tmp_path: Path) -> None:
    DocBin(docs=[bare(nlp, "Oslo", ["B-LOC"])] * 5).to_disk(tmp_path / "a.spacy")
    augmenter = build_token_replacement_v1(level=1.0, path=tmp_path / "a.spacy")
    example = example_of(bare(nlp, "Rome", ["B-LOC"]))
    found = {words_of(one.reference)[0] for _ in range(10) for one in augmenter(nlp, example)}
    assert found == {"Rome", "Oslo"}


def test_the_example_is_not_changed(nlp: Language) -> None:
    example = example_of(make_doc(nlp))
    before = contents(example)
    augmenter = build_token_replacement_v1(level=1.0, per_token=1.0, versions=5)
    list(augmenter(nlp, example_of(make_doc(nlp, words=[word.upper() for word in WORDS]))))
    assert len(list(augmenter(nlp, example))) > 1
    assert contents(example) == before


def test_a_probability_out_of_range_is_an_error() -> None:
    with pytest.raises(
        TrainingError, match=r"token_replacement.v1': expected `per_token` to be a number from 0 to 1"
    ):
        build_token_replacement_v1(per_token=2.0)
