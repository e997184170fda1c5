"""The confusion matrix: by hand, and against the other measures of the same Docs."""

import numpy as np
from hypothesis import given

from spacy_crf_ner.evaluation import JudgedDoc, count_by_label, count_confusions, find_errors, total
from tests.evaluation.judged import judged, random_docs
from tests.evaluation.strategies import judged_docs


def test_rows_are_annotated_and_columns_predicted() -> None:
    docs = [
        judged([(0, 1, "PER"), (2, 4, "LOC"), (5, 7, "PER")], [(0, 1, "LOC"), (2, 3, "LOC"), (7, 8, "ORG")]),
        judged([(0, 2, "ORG")], [(1, 3, "PER")]),
        judged([(0, 2, "ORG")], [(0, 2, "ORG")]),
    ]
    found = count_confusions(docs, ["LOC", "ORG", "PER"])
    assert found.to_dict() == {
        "labels": ["LOC", "ORG", "PER"],
        "matrix": [[1, 0, 0, 0], [0, 1, 1, 0], [1, 0, 0, 1], [0, 1, 0, 0]],
        "boundary": [1, 0, 0],
    }
    assert found.mistaken == 2


def test_predictions_that_cannot_be_judged_are_not_there() -> None:
    docs = [judged([(0, 1, "PER")], unjudged=[(5, 6, "LOC")], unknown=[5])]
    found = count_confusions(docs, list(count_by_label(docs)))
    assert found.labels == ("LOC", "PER")
    assert found.matrix.tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]


def test_without_labels_there_is_nothing() -> None:
    found = count_confusions([judged()], [])
    assert found.to_dict() == {"labels": [], "matrix": [[0]], "boundary": []}
    assert found.mistaken == 0


def check_against_other_measures(docs: list[JudgedDoc]) -> None:
    counts = count_by_label(docs)
    labels = list(counts)
    found = count_confusions(docs, labels)
    right = found.matrix.diagonal()[:-1] - found.boundary
    assert right.tolist() == [one.tp for one in counts.values()]
    assert found.matrix.sum(axis=1)[:-1].tolist() == [one.annotated for one in counts.values()]
    assert found.matrix.sum(axis=0)[:-1].tolist() == [one.predicted for one in counts.values()]
    micro = total(counts.values())
    assert found.matrix[:-1].sum() - right.sum() == micro.fn
    assert found.matrix[:, :-1].sum() - right.sum() == micro.fp
    # One by one, from the list of errors and what is right beside it.
    names = [*labels, None]
    expected = np.diag([*(one.tp for one in counts.values()), 0])
    for error in find_errors(docs):
        expected[names.index(error.gold_label), names.index(error.predicted_label)] += 1
    assert found.matrix.tolist() == expected.tolist()


@given(judged_docs())
def test_sums_are_those_of_the_other_measures(docs: list[JudgedDoc]) -> None:
    check_against_other_measures(docs)


def test_sums_are_those_of_the_other_measures_in_many_docs() -> None:
    check_against_other_measures(random_docs(200))
