"""Precision, recall and F1 against spaCy's scorer to the last digit, and against seqeval."""

import pytest
from spacy.scorer import get_ner_prf

from spacy_crf_ner.evaluation import Counts, JudgedDoc, count_by_label, judge, macro_average, total
from spacy_crf_ner.evaluation.entity_counts import count_by, sort_out
from tests.evaluation.judged import LABELS, judged, random_docs, random_examples


def scores(counts: Counts) -> dict[str, float]:
    return {"p": counts.precision, "r": counts.recall, "f": counts.f1}


@pytest.mark.parametrize("seed", range(20))
def test_all_scores_are_those_of_spacy_to_the_last_digit(seed: int) -> None:
    examples = random_examples(40, seed)
    expected = get_ner_prf(examples)
    docs = [doc for doc in map(judge, examples) if doc is not None]
    assert 0 < len(docs) < len(examples)
    counts = count_by_label(docs)
    assert {label: scores(one) for label, one in counts.items()} == expected["ents_per_type"]
    micro = total(counts.values())
    assert micro.tp > 0
    assert scores(micro) == {key: expected[f"ents_{key}"] for key in "prf"}


def test_labels_that_are_predicted_only_where_nothing_is_annotated_are_there_as_in_spacy() -> None:
    docs = [judged([(0, 1, "PER")], [(0, 1, "PER")], unjudged=[(2, 3, "LOC")], unknown=[2])]
    assert count_by_label(docs) == {"LOC": Counts(0, 0, 0), "PER": Counts(1, 0, 0)}


def test_an_annotated_entity_makes_one_prediction_right_and_no_second_one() -> None:
    doc = judged([(0, 2, "PER")], [(0, 2, "PER"), (0, 2, "PER")])
    assert sort_out(doc) == ([(0, 2, "PER")], [(0, 2, "PER")], [])
    assert count_by_label([doc]) == {"PER": Counts(1, 1, 0)}


def test_scores_without_entities_are_zero() -> None:
    assert scores(Counts()) == {"p": 0.0, "r": 0.0, "f": 0.0}
    assert scores(Counts(0, 3, 0)) == {"p": 0.0, "r": 0.0, "f": 0.0}
    assert total([]) == Counts()


def test_the_macro_average_is_the_mean_of_the_labels_that_occur() -> None:
    counts = [Counts(1, 0, 0), Counts(1, 1, 2), Counts(0, 0, 5), Counts(0, 0, 0)]
    average = macro_average(counts)
    assert average.precision == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert average.recall == pytest.approx((1 + 1 / 3 + 0) / 3)
    assert average.f1 == pytest.approx((1 + 2 / 5 + 0) / 3)
    assert macro_average([Counts()]) == (0.0, 0.0, 0.0)


def test_groups_are_counted_by_predictions_and_by_annotation() -> None:
    docs = [judged([(0, 1, "PER"), (2, 4, "PER")], [(0, 1, "PER"), (2, 3, "PER")])]
    found = count_by(docs, lambda doc, span: doc.text_of(span))
    assert found == {"a": Counts(1, 0, 0), "c": Counts(0, 1, 0), "c d": Counts(0, 0, 1)}


def tags(doc: JudgedDoc, side: str, single: str, last: str) -> list[str]:
    spelled = ["O"] * len(doc)
    for start, end, label in getattr(doc, side):
        spelled[start:end] = [f"I-{label}"] * (end - start)
        spelled[end - 1] = f"{last}-{label}"
        spelled[start] = f"{single if end - start == 1 else 'B'}-{label}"
    return spelled


@pytest.mark.parametrize("strict", [False, True])
def test_scores_are_those_of_seqeval(strict: bool) -> None:
    # In its default mode seqeval reads IOB2, and all schemes in the other.
    module = "seqeval.metrics.v1" if strict else "seqeval.metrics.sequence_labeling"
    seqeval = pytest.importorskip(module, reason="seqeval is not installed")
    options = {"scheme": pytest.importorskip("seqeval.scheme").BILOU} if strict else {}
    docs = random_docs(60)
    letters = ("U", "L") if strict else ("B", "I")
    gold, predicted = ([tags(doc, side, *letters) for doc in docs] for side in ("gold", "predicted"))
    counts = count_by_label(docs)
    for average, ours in (("micro", scores(total(counts.values()))), ("macro", None)):
        theirs = seqeval.precision_recall_fscore_support(gold, predicted, average=average, **options)[:3]
        mine = tuple(ours.values()) if ours else tuple(macro_average(counts.values()))
        assert mine == pytest.approx(theirs, abs=1e-12)
    by_label = seqeval.precision_recall_fscore_support(gold, predicted, average=None, **options)
    assert [counts[label].f1 for label in sorted(LABELS)] == pytest.approx(by_label[2], abs=1e-12)
