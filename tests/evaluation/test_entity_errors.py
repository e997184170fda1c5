"""Errors with what stands around them."""

from spacy_crf_ner.evaluation import ERROR_KINDS, EntityError, count_by_label, find_errors, total
from tests.evaluation.judged import judged, random_docs

TEXT = "yesterday evening at six the young Ada Lovelace met Max Born in Bonn and left early"


def test_an_error_has_both_sides_and_five_tokens_around_both_together() -> None:
    doc = judged([(6, 8, "PER")], [(5, 7, "ORG")], TEXT, probabilities=[0.25], number=3)
    assert list(find_errors([doc])) == [
        EntityError(
            kind="label_and_boundary",
            doc=3,
            start=TEXT.index("young"),
            end=TEXT.index(" met"),
            before="yesterday evening at six the ",
            text="young Ada Lovelace",
            after=" met Max Born in Bonn",
            gold_label="PER",
            gold_text="Ada Lovelace",
            predicted_label="ORG",
            predicted_text="young Ada",
            probability=0.25,
        )
    ]


def test_an_error_may_have_one_side_only() -> None:
    spurious, missed = find_errors([judged([(12, 13, "LOC")], [(0, 1, "DATE")], TEXT)])
    assert (spurious.kind, spurious.gold_label, spurious.gold_text) == ("spurious", None, None)
    assert (spurious.before, spurious.text, spurious.predicted_label) == ("", "yesterday", "DATE")
    assert spurious.probability is None
    assert (missed.kind, missed.gold_text, missed.predicted_label) == ("missed", "Bonn", None)
    assert missed.after == " and left early"


def test_what_is_right_is_no_error() -> None:
    assert not list(find_errors([judged([(0, 1, "PER")], [(0, 1, "PER")], unjudged=[(2, 3, "PER")])]))


def test_errors_are_all_that_is_not_right() -> None:
    docs = random_docs(60)
    counts = total(count_by_label(docs).values())
    errors = list(find_errors(docs))
    assert sum(error.gold_label is not None for error in errors) == counts.fn
    assert sum(error.predicted_label is not None for error in errors) == counts.fp
    assert {error.kind for error in errors} == set(ERROR_KINDS)
    assert [error.doc for error in errors] == sorted(error.doc for error in errors)
    for error in errors:
        assert docs[error.doc - 1].text[error.start : error.end] == error.text
