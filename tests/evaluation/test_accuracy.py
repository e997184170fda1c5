"""Texts without an error, and tokens with the right tag."""

import random

import pytest

from spacy_crf_ner.evaluation import Share, doc_accuracy, sentence_accuracy, token_accuracy
from spacy_crf_ner.tags import OUTSIDE, TagSet, TagSpan, spans_to_tags
from tests.evaluation.judged import LABELS, judged, random_docs

RIGHT = judged([(0, 1, "PER"), (4, 5, "LOC")], [(0, 1, "PER"), (4, 5, "LOC")], sentences=(0, 4))
SPURIOUS = judged([(0, 1, "PER")], [(0, 1, "PER"), (4, 5, "LOC")], sentences=(0, 4))
MISSED = judged([(3, 5, "PER")], sentences=(0, 3, 4))
EMPTY = judged(sentences=(0, 2))


def test_docs_are_right_if_nothing_in_them_is_wrong() -> None:
    assert doc_accuracy([RIGHT, SPURIOUS, MISSED, EMPTY]) == Share(2, 4)
    assert doc_accuracy([]) == Share(0, 0)
    assert doc_accuracy([]).share is None


def test_predictions_on_tokens_without_annotation_are_no_error_of_a_doc() -> None:
    assert doc_accuracy([judged(unjudged=[(0, 2, "PER")], unknown=[0, 1])]) == Share(1, 1)


def test_an_error_belongs_to_the_sentence_in_which_it_begins() -> None:
    assert sentence_accuracy([RIGHT]) == Share(2, 2)
    assert sentence_accuracy([SPURIOUS]) == Share(1, 2)
    assert sentence_accuracy([MISSED]) == Share(2, 3)
    two_in_one = judged([(0, 1, "PER"), (2, 3, "PER")], sentences=(0, 4))
    assert sentence_accuracy([RIGHT, SPURIOUS, MISSED, EMPTY, two_in_one]) == Share(8, 11)


def test_sentences_are_not_made_up() -> None:
    assert sentence_accuracy([RIGHT, judged()]) is None


@pytest.mark.parametrize("seed", range(5))
def test_token_accuracy_is_that_of_whole_tag_sequences(seed: int) -> None:
    tagset = TagSet("BILUO", LABELS)
    docs = random_docs(30, seed)
    n_tokens = n_right = n_inside = n_right_inside = 0
    for doc in docs:
        gold, predicted = (spans_to_tags(tagset, spans, len(doc)) for spans in (doc.gold, doc.predicted))
        inside = (gold != OUTSIDE) | (predicted != OUTSIDE)
        n_tokens += len(doc)
        n_right += int((gold == predicted).sum())
        n_inside += int(inside.sum())
        n_right_inside += int(((gold == predicted) & inside).sum())
    assert token_accuracy(docs) == ((n_right, n_tokens), (n_right_inside, n_inside))


def test_tokens_without_annotation_count_for_nothing() -> None:
    doc = judged([(0, 1, "PER")], [(0, 1, "PER")], unjudged=[(2, 4, "LOC")], unknown=[3, 4])
    # The third token is known to be outside, and was taken for the beginning of a place.
    assert token_accuracy([doc]) == (Share(5, 6), Share(1, 2))


def test_predictions_without_tokens_and_on_top_of_each_other_change_nothing() -> None:
    doc = judged([(0, 2, "PER")], [(0, 2, "PER"), (0, 2, "LOC")], unjudged=[(0, 0, "ORG")])
    assert token_accuracy([doc]) == (Share(8, 8), Share(2, 2))


def test_the_order_of_predictions_does_not_matter_where_they_are_apart() -> None:
    spans = [TagSpan(0, 1, "PER"), TagSpan(2, 4, "LOC"), TagSpan(5, 8, "ORG")]
    shuffled = list(spans)
    random.Random(1).shuffle(shuffled)
    assert shuffled != spans
    assert token_accuracy([judged(spans, shuffled)]) == (Share(8, 8), Share(6, 6))
