"""That predictions are set beside the annotation as spaCy's scorer does, and that nothing else is kept."""

import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_crf_ner.evaluation import judge, judge_pipeline
from tests.evaluation.corpora import example, scores_by_text
from tests.evaluation.corpora import pipeline as scripted_pipeline

NLP = spacy.blank("en")


def annotated(text: str, *spans: tuple[int, int, str], missing: tuple[tuple[int, int], ...] = ()) -> Doc:
    doc = NLP.make_doc(text)
    doc.set_ents(
        [Span(doc, *span) for span in spans],
        missing=[doc[start:end] for start, end in missing],
        default="outside",
    )
    return doc


def test_both_sides_are_read_with_their_places_in_the_text() -> None:
    gold = annotated("Ada met Max  today", (0, 1, "PER"), (2, 3, "PER"))
    found = judge(Example(annotated("Ada met Max  today", (0, 1, "PER"), (2, 5, "DATE")), gold), 7)
    assert found is not None
    assert found.number == 7
    assert found.gold == ((0, 1, "PER"), (2, 3, "PER"))
    assert found.predicted == ((0, 1, "PER"), (2, 5, "DATE"))
    assert [found.text_of(span) for span in found.predicted] == ["Ada", "Max  today"]
    assert found.probabilities == (None, None)
    assert len(found) == len(gold)


def test_characters_count_code_points() -> None:
    gold = annotated(
        "🙂 Zoë 🙂🙂 Bonn", (1, 2, "PER"), (len(NLP("🙂 Zoë 🙂🙂")), len(NLP("🙂 Zoë 🙂🙂 Bonn")), "LOC")
    )
    found = judge(Example(annotated(gold.text), gold))
    assert found is not None
    assert [found.text_of(span) for span in found.gold] == ["Zoë", "Bonn"]
    assert found.characters(1, 2) == (2, 5)


def test_a_doc_that_says_nothing_about_entities_is_not_judged() -> None:
    assert judge(Example(annotated("Ada", (0, 1, "PER")), NLP.make_doc("Ada"))) is None


def test_a_doc_that_says_there_are_none_is_judged() -> None:
    found = judge(Example(annotated("Ada", (0, 1, "PER")), annotated("Ada")))
    assert found is not None
    assert (found.gold, found.predicted) == ((), ((0, 1, "PER"),))


def test_predictions_that_touch_tokens_without_annotation_are_neither_right_nor_wrong() -> None:
    gold = annotated("a b c d", missing=((1, 2),))
    found = judge(Example(annotated("a b c d", (0, 2, "X"), (2, 3, "X")), gold))
    assert found is not None
    assert found.predicted == ((2, 3, "X"),)
    assert found.unjudged == ((0, 2, "X"),)
    assert found.unknown == {1}


def test_predictions_are_counted_in_the_tokens_of_the_annotation() -> None:
    gold = Doc(NLP.vocab, words=["New", "-", "York", "now"], spaces=[False, False, True, False])
    gold.set_ents([Span(gold, 0, 3, "LOC")])
    predicted = Doc(NLP.vocab, words=["New-York", "now"], spaces=[True, False])
    predicted.set_ents([Span(predicted, 0, 1, "LOC")])
    found = judge(Example(predicted, gold))
    assert found is not None
    assert found.predicted == found.gold == ((0, 3, "LOC"),)


def test_a_prediction_without_a_token_of_the_annotation_is_not_judged() -> None:
    gold = Doc(NLP.vocab, words=["a", "b"], spaces=[True, False])
    gold.set_ents([], default="outside")
    predicted = Doc(NLP.vocab, words=["a", " ", "b"], spaces=[False, False, False])
    predicted.set_ents([Span(predicted, 1, 2, "X")])
    found = judge(Example(predicted, gold))
    assert found is not None
    assert (found.predicted, found.unjudged) == ((), ((0, 0, "X"),))
    assert found.text_of(found.unjudged[0]) == ""


def test_sentences_are_those_of_the_annotation() -> None:
    gold = annotated("a b c")
    assert getattr(judge(Example(annotated("a b c"), gold)), "sentences", 0) is None
    gold[2].is_sent_start = True
    gold[1].is_sent_start = False
    assert getattr(judge(Example(annotated("a b c"), gold)), "sentences", 0) == (0, 2)


def test_a_doc_of_one_token_is_one_sentence() -> None:
    assert getattr(judge(Example(annotated("a"), annotated("a"))), "sentences", 0) == (0,)


def test_a_pipeline_is_run_and_probabilities_are_kept_where_there_are_some() -> None:
    nlp = scripted_pipeline(scores_by_text(3.0))
    examples = [example(nlp, f"w{number} w{number} w3 w4", []) for number in range(20)]
    found = list(judge_pipeline(nlp, examples))
    expected = [nlp(one.reference.text) for one in examples]
    assert [doc.number for doc in found if doc] == list(range(1, 21))
    assert any(doc.ents for doc in expected)
    for one, doc in zip(found, expected, strict=True):
        assert one is not None
        assert one.predicted == tuple((entity.start, entity.end, entity.label_) for entity in doc.ents)
        assert all(probability is not None and 0.0 < probability <= 1.0 for probability in one.probabilities)
