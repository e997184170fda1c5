"""Scores of entities that training data has, and of short and long ones."""

import spacy
from spacy.tokens import Span

from spacy_crf_ner.evaluation import (
    Counts,
    count_by_entity_length,
    count_by_label,
    count_by_text_length,
    count_seen,
    entity_texts,
    total,
)
from tests.evaluation.judged import judged, random_docs


def test_entities_of_training_data_are_known_by_text_and_label() -> None:
    doc = spacy.blank("en").make_doc("New  York and new york and Paris")
    doc.set_ents([Span(doc, 0, 3, "LOC"), Span(doc, 4, 6, "ORG")])
    assert entity_texts([doc, doc]) == {("New York", "LOC"), ("new york", "ORG")}


def test_entities_are_seen_if_text_and_label_are_known() -> None:
    known = frozenset({("Ada", "PER"), ("Bonn", "LOC")})
    docs = [
        judged(
            text="Ada Bonn Max Ada Rome",
            gold=[(0, 1, "PER"), (1, 2, "LOC"), (2, 3, "PER"), (3, 4, "ORG")],
            predicted=[(0, 1, "PER"), (1, 2, "PER"), (3, 4, "PER"), (4, 5, "LOC")],
        )
    ]
    # Seen: Ada is found, Bonn is missed, the second Ada is spurious. Unseen: Max and the organisation are missed, Bonn
    # as a person and Rome are wrong.
    assert count_seen(docs, known) == {"seen": Counts(1, 1, 1), "unseen": Counts(0, 2, 2)}
    assert count_seen(docs, known)["seen"].recall == 0.5


def test_there_are_always_both_groups() -> None:
    assert count_seen([], frozenset()) == {"seen": Counts(), "unseen": Counts()}


def test_entities_of_four_and_more_tokens_are_long() -> None:
    docs = [
        judged(
            gold=[(0, 1, "PER"), (1, 3, "PER"), (3, 8, "PER")],
            predicted=[(0, 1, "PER"), (1, 4, "PER"), (4, 8, "PER")],
        )
    ]
    assert count_by_entity_length(docs) == {
        "1": Counts(1, 0, 0),
        "2": Counts(0, 0, 1),
        "3": Counts(0, 1, 0),
        "4+": Counts(0, 1, 1),
    }


def test_texts_are_grouped_by_quarters_of_the_docs() -> None:
    docs = [judged([(0, 1, "PER")], text=" ".join("a" * size)) for size in (8, 1, 7, 2, 6, 3, 5, 4)]
    assert count_by_text_length(docs) == {f"{low}-{low + 1}": Counts(0, 0, 2) for low in (1, 3, 5, 7)}


def test_texts_of_one_length_are_one_group() -> None:
    docs = [judged([(0, 1, "PER")], [(0, 1, "PER")], text="a b")] * 7 + [judged(text="a b c")]
    assert count_by_text_length(docs) == {"2": Counts(7, 0, 0), "3": Counts()}
    assert count_by_text_length([]) == {}


def test_every_entity_is_in_one_group_of_each_breakdown() -> None:
    docs = [*random_docs(40, n_tokens=12), *random_docs(40, seed=1, n_tokens=20)]
    expected = total(count_by_label(docs).values())
    known = frozenset((doc.text_of(span), span.label) for doc in docs[:20] for span in doc.gold)
    for groups in (count_seen(docs, known), count_by_entity_length(docs), count_by_text_length(docs)):
        assert total(groups.values()) == expected
        assert sum(any(counts) for counts in groups.values()) > 1
