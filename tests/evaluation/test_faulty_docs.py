"""Docs with errors, as they are to be shown."""

from collections import Counter

from hypothesis import given

from spacy_crf_ner.evaluation import ERROR_KINDS, JudgedDoc, ShownEntity, find_errors, find_faulty_docs
from tests.evaluation.judged import judged
from tests.evaluation.strategies import judged_docs

TEXT = "Ada Lovelace met Max in Bonn"


def test_correct_and_wrong_entities_stand_side_by_side_by_their_characters() -> None:
    doc = judged(
        [(0, 2, "PER"), (3, 4, "PER"), (5, 6, "LOC")],
        [(0, 1, "PER"), (2, 3, "ORG"), (3, 4, "PER")],
        TEXT,
        probabilities=[0.6, None, 0.9],
        number=7,
    )
    (found,) = find_faulty_docs([doc])
    assert (found.number, found.text) == (7, TEXT)
    assert found.entities == [
        ShownEntity(0, 3, "PER", "predicted", "boundary", 0.6),
        ShownEntity(0, 12, "PER", "gold", "boundary"),
        ShownEntity(13, 16, "ORG", "predicted", "spurious"),
        ShownEntity(17, 20, "PER", "gold", "correct"),
        ShownEntity(17, 20, "PER", "predicted", "correct", 0.9),
        ShownEntity(24, 28, "LOC", "gold", "missed"),
    ]


def test_docs_without_an_error_are_left_out() -> None:
    right = judged([(0, 1, "PER")], [(0, 1, "PER")], number=1)
    unjudged = judged([(0, 1, "PER")], [(0, 1, "PER")], unjudged=[(4, 5, "LOC")], unknown=[4], number=2)
    wrong = judged([(0, 1, "PER")], number=3)
    assert [found.number for found in find_faulty_docs([right, unjudged, judged(), wrong])] == [3]


@given(judged_docs())
def test_every_error_and_every_entity_of_its_doc_is_there(docs: list[JudgedDoc]) -> None:
    errors = list(find_errors(docs))
    found = {one.number: one for one in find_faulty_docs(docs)}
    assert set(found) == {error.doc for error in errors}
    for doc in docs:
        if doc.number not in found:
            continue
        entities = found[doc.number].entities
        for side, spans in (("gold", doc.gold), ("predicted", doc.predicted)):
            shown = Counter((one.start, one.end, one.label) for one in entities if one.side == side)
            assert shown == Counter((*doc.characters(*span[:2]), span.label) for span in spans)
        given_probabilities = Counter(one.probability for one in entities if one.side == "predicted")
        assert given_probabilities == Counter(doc.probabilities)
        kinds = Counter(error.kind for error in errors if error.doc == doc.number)
        for kind in ERROR_KINDS:
            sides = (kind != "spurious") + (kind != "missed")
            assert sum(one.kind == kind for one in entities) == sides * kinds[kind]
