"""Mention replacement: which entities give their place to which, and what is known of the new text."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.augmenters import Augmenter, build_mention_replacement_v1
from tests.training.augmenters.annotated import (
    NOTE,
    WORDS,
    contents,
    entities_of,
    example_of,
    group,
    groups_of,
    heads_of,
    iob_of,
    make_doc,
    starts_of,
    words_of,
)


def teach(nlp: Language, augmenter: Augmenter, *mentions: tuple[str, str]) -> None:
    """Show it a text that is nothing but an entity, for each mention."""
    for text, label in mentions:
        doc = nlp.make_doc(text)
        doc.ents = [Span(doc, 0, len(doc), label)]
        list(augmenter(nlp, example_of(doc)))


def replaced(nlp: Language, doc: Doc, *mentions: tuple[str, str], **settings: object) -> Example:
    """The version of a Doc in which the mentions stand for all entities with their labels."""
    labels = [label for _, label in mentions]
    augmenter = build_mention_replacement_v1(
        **{"level": 1.0, "per_mention": 1.0, "labels": labels, **settings}
    )
    teach(nlp, augmenter, *mentions)
    *_, last = augmenter(nlp, example_of(doc))
    return last


def test_a_longer_mention_takes_the_place_of_a_shorter_one_and_the_rest_stays(nlp: Language) -> None:
    new = replaced(nlp, make_doc(nlp), ("Rio de Janeiro", "LOC"))
    assert new.text == "Anna Schmidt sings in Rio de Janeiro. Boris left Acme Tools."
    assert entities_of(new.reference)[1] == ("Rio de Janeiro", "LOC")
    assert iob_of(new.reference)[3:8] == [("O", ""), ("B", "LOC"), ("I", "LOC"), ("I", "LOC"), ("O", "")]
    assert starts_of(new.reference) == [0, 8]
    assert words_of(new.predicted) == words_of(new.reference)
    assert new.predicted.text == new.reference.text
    assert None not in new.get_aligned_ner()


def test_a_shorter_mention_takes_the_place_of_a_longer_one(nlp: Language) -> None:
    new = replaced(nlp, make_doc(nlp), ("Globex", "ORG"), ("Rome", "LOC"))
    assert new.text == "Anna Schmidt sings in Rome. Boris left Globex."
    assert entities_of(new.reference)[1:] == [("Rome", "LOC"), ("Boris", "PER"), ("Globex", "ORG")]
    assert starts_of(new.reference) == [0, 6]


def test_of_the_new_words_nothing_is_known_but_the_entity(nlp: Language) -> None:
    doc = make_doc(nlp)
    doc.set_ents([Span(doc, 4, 6, "LOC", kb_id="Q60", span_id="x")], default="unmodified")
    new = replaced(nlp, doc, ("Rio de Janeiro", "LOC")).reference
    tags = [token.tag_ for token in new]
    assert tags == ["NNP", "NNP", "VBZ", "IN", "", "", "", ".", "NNP", "VBD", "NNP", "NNP", "."]
    assert [token.lemma_ for token in new[3:8]] == ["in", "", "", "", "."]
    assert (new.ents[1].kb_id_, new.ents[1].id_) == ("", "")
    # Neither their heads nor whose head they are.
    assert heads_of(new) == (
        [
            "Schmidt",
            "sings",
            "sings",
            "sings",
            None,
            None,
            None,
            "sings",
            "left",
            "left",
            "Tools",
            "left",
            "left",
        ]
    )


def test_a_word_whose_head_was_in_the_old_mention_has_no_head(nlp: Language) -> None:
    ents = ["O", "B-PER", *["O"] * 10]
    new = replaced(nlp, make_doc(nlp, ents=ents), ("Eva", "PER")).reference
    assert words_of(new)[:4] == ["Anna", "Eva", "sings", "in"]
    assert heads_of(new)[:4] == [None, None, "sings", "sings"]


def test_a_corpus_without_sentences_gets_none(nlp: Language) -> None:
    doc = make_doc(nlp, heads=None, deps=None)
    new = replaced(nlp, doc, ("Rio de Janeiro", "LOC")).reference
    assert not new.has_annotation("SENT_START")
    assert not new.has_annotation("DEP")


def test_whitespace_is_that_of_the_mention_within_and_of_the_text_around(nlp: Language) -> None:
    # Written without spaces.
    words = ["我", "住", "在", "北京", "。"]
    ents = ["O", "O", "O", "B-LOC", "O"]
    doc = Doc(nlp.vocab, words=words, spaces=[False] * 5, ents=ents)
    other = Doc(nlp.vocab, words=["湖南", "长沙"], spaces=[False, False], ents=["B-LOC", "I-LOC"])
    augmenter = build_mention_replacement_v1(level=1.0)
    list(augmenter(nlp, example_of(other)))
    _, new = augmenter(nlp, example_of(doc))
    assert new.text == "我住在湖南长沙。"
    assert words_of(new.reference) == ["我", "住", "在", "湖南", "长沙", "。"]
    assert entities_of(new.reference) == [("湖南长沙", "LOC")]


def test_unknown_spaces_stay_unknown(nlp: Language) -> None:
    doc = Doc(nlp.vocab, words=["in", "Rome"], ents=["O", "B-LOC"])
    assert replaced(nlp, doc, ("New York", "LOC")).reference.has_unknown_spaces
    assert not replaced(nlp, make_doc(nlp), ("Rome", "LOC")).reference.has_unknown_spaces


def test_spans_around_an_entity_are_stretched_and_others_move(nlp: Language) -> None:
    doc = make_doc(nlp)
    group(doc, "wrong", (3, 6, "LOC"), (4, 6, "ORG"), (2, 4, "X"), (7, 9, "Y"))
    new = replaced(nlp, doc, ("Rio de Janeiro", "LOC")).reference
    assert groups_of(new, "wrong") == [
        ("in Rio de Janeiro", "LOC"),
        ("Rio de Janeiro", "ORG"),
        ("sings in", "X"),
        ("Boris left", "Y"),
    ]
    assert new.spans["wrong"].attrs["scores"].tolist() == [0.0, 0.1, 0.2, 0.3]
    assert new.spans["wrong"].name == "wrong"


@pytest.mark.parametrize("span", [(4, 5, "X"), (5, 6, "X"), (3, 5, "X"), (5, 8, "X")])
def test_an_entity_that_another_span_divides_is_not_replaced(
    nlp: Language, span: tuple[int, int, str]
) -> None:
    doc = make_doc(nlp)
    group(doc, "soft", span)
    assert replaced(nlp, doc, ("Rome", "LOC")).text == doc.text


def test_missing_and_blocked_tokens_stay_as_they_are(nlp: Language) -> None:
    doc = make_doc(nlp)
    doc.set_ents([doc.ents[1]], missing=[doc[0:2]], blocked=[doc[7:8]], default="outside")
    new = replaced(nlp, doc, ("Rome", "LOC")).reference
    assert iob_of(new) == [
        *[("", "")] * 2, *[("O", "")] * 2, ("B", "LOC"), ("O", ""), ("B", ""), *[("O", "")] * 4
    ]  # fmt: skip


def test_custom_attributes_stay_with_words_that_stay(nlp: Language) -> None:
    doc = make_doc(nlp)
    for token in doc:
        token._.set(NOTE, token.text)
    doc[3:6]._.note, doc[7:9]._.note, doc[9:11]._.note = "in New York", "Boris left", "Acme"
    doc.user_data["source"] = ["a"]
    doc.user_data["a", "b", "c", "d"] = 1
    doc.cats = {"music": 1.0}
    new = replaced(nlp, doc, ("Rio de Janeiro", "LOC")).reference
    kept = [*WORDS[:4], None, None, None, *WORDS[6:]]
    assert [token._.note for token in new] == kept
    assert (new[3:7]._.note, new[8:10]._.note, new[10:12]._.note) == (None, "Boris left", "Acme")
    assert new.user_data["source"] == ["a"]
    assert new.user_data["source"] is not doc.user_data["source"]
    assert new.user_data["a", "b", "c", "d"] == 1
    # What the text is about may have changed.
    assert new.cats == {}


def test_another_mention_of_the_same_label_is_drawn_if_there_is_one(nlp: Language) -> None:
    augmenter = build_mention_replacement_v1(level=1.0)
    assert len(list(augmenter(nlp, example_of(nlp.make_doc("Nobody sings"))))) == 1
    rome = Doc(nlp.vocab, words=["Rome"], ents=["B-LOC"])
    for _ in range(2):
        assert [one.text.strip() for one in augmenter(nlp, example_of(rome))] == ["Rome"]
    teach(nlp, augmenter, ("Oslo", "PER"))
    assert [one.text.strip() for one in augmenter(nlp, example_of(rome))] == ["Rome"]
    teach(nlp, augmenter, ("Oslo", "LOC"), ("Kyiv", "LOC"))
    found = {[*augmenter(nlp, example_of(rome))][1].text.strip() for _ in range(30)}
    assert found == {"Oslo", "Kyiv"}


def test_different_mentions_are_drawn_equally_often_however_frequent_they_are(nlp: Language) -> None:
    augmenter = build_mention_replacement_v1(level=1.0)
    teach(nlp, augmenter, *[("Oslo", "LOC")] * 30, ("Kyiv", "LOC"))
    rome = example_of(Doc(nlp.vocab, words=["Rome"], ents=["B-LOC"]))
    found = [[*augmenter(nlp, rome)][1].text.strip() for _ in range(200)]
    assert 60 < found.count("Kyiv") < 140


def test_mentions_over_sentences_or_with_line_breaks_are_neither_replaced_nor_drawn(nlp: Language) -> None:
    over = Doc(nlp.vocab, words=["A", "B"], ents=["B-LOC", "I-LOC"], sent_starts=[True, True])
    broken = Doc(nlp.vocab, words=["A", "\n", "C"], ents=["B-LOC", "I-LOC", "I-LOC"])
    augmenter = build_mention_replacement_v1(level=1.0)
    for doc in (over, broken, over):
        assert len(list(augmenter(nlp, example_of(doc)))) == 1
    teach(nlp, augmenter, ("Rome", "LOC"))
    assert len(list(augmenter(nlp, example_of(over)))) == 1
    assert [one.text.strip() for one in augmenter(nlp, example_of(broken))][1:] == ["Rome"]


def test_labels_limit_what_is_replaced(nlp: Language) -> None:
    mentions = (("Rome", "LOC"), ("Eva", "PER"), ("Globex", "ORG"))
    augmenter = build_mention_replacement_v1(level=1.0, per_mention=1.0, labels=["PER"])
    teach(nlp, augmenter, *mentions)
    _, new = augmenter(nlp, example_of(make_doc(nlp)))
    before, after = entities_of(make_doc(nlp)), entities_of(new.reference)
    assert [a == b for a, b in zip(after, before, strict=True)] == [False, True, False, True]


def test_one_mention_at_least_is_replaced(nlp: Language) -> None:
    mentions = (("Rome", "LOC"), ("Eva", "PER"), ("Globex", "ORG"))
    new = replaced(nlp, make_doc(nlp), *mentions, per_mention=0.0)
    before = entities_of(make_doc(nlp))
    assert sum(a != b for a, b in zip(entities_of(new.reference), before, strict=True)) == 1


@pytest.mark.parametrize("folder", [False, True])
def test_the_mentions_of_a_file_are_known_from_the_beginning(
    nlp: Language, tmp_path: Path, folder: bool
) -> None:
    # Written with another vocabulary.
    other = spacy.blank("en")
    doc = Doc(other.vocab, words=["Llanfairpwll"], ents=["B-LOC"])
    DocBin(docs=[doc]).to_disk(tmp_path / "mentions.spacy")
    path = tmp_path if folder else tmp_path / "mentions.spacy"
    augmenter = build_mention_replacement_v1(level=1.0, path=path)
    rome = example_of(Doc(nlp.vocab, words=["Rome"], ents=["B-LOC"]))
    for _ in range(2):
        assert [one.text.strip() for one in augmenter(nlp, rome)] == ["Rome", "Llanfairpwll"]
        # It is read once.
        (tmp_path / "mentions.spacy").unlink(missing_ok=True)


@pytest.mark.parametrize("name", ["absent.spacy", "absent", ""])
def test_a_path_without_docs_is_an_error_each_time(nlp: Language, tmp_path: Path, name: str) -> None:
    if not name:
        (tmp_path / "notes.txt").write_text("", encoding="utf8")
    augmenter = build_mention_replacement_v1(path=str(tmp_path / name))
    for _ in range(2):
        with pytest.raises(TrainingError, match=r"mention_replacement.v1'.*`path`.*found none at .*null"):
            list(augmenter(nlp, example_of(make_doc(nlp))))


def test_the_example_is_not_changed(nlp: Language) -> None:
    doc = make_doc(nlp)
    group(doc, "wrong", (4, 6, "ORG"))
    example = example_of(doc)
    before = contents(example)
    augmenter = build_mention_replacement_v1(level=1.0, versions=3)
    teach(nlp, augmenter, ("Rome", "LOC"), ("Eva", "PER"))
    first, *others = augmenter(nlp, example)
    assert first is example
    assert len(others) == 3
    for other in others:
        other.reference.spans["wrong"].attrs["scores"][0] = 1.0
    assert contents(example) == before


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_probability_out_of_range_is_an_error(value: float) -> None:
    with pytest.raises(TrainingError, match=r"expected `per_mention` to be a number from 0 to 1, but got"):
        build_mention_replacement_v1(per_mention=value)
