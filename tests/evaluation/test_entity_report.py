"""All measures together, and as JSON."""

import json

import pytest

from spacy_crf_ner.errors import EvaluationError
from spacy_crf_ner.evaluation import count_by_label, measure_entities, total
from tests.evaluation.judged import judged, random_docs


def test_everything_is_there_and_is_json() -> None:
    docs = random_docs(30)
    report = measure_entities(docs, known=frozenset({("a", "PER")}), samples=20, seed=4)
    found = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    micro = total(count_by_label(docs).values())
    assert found["docs"] == 30
    assert found["micro"]["f1"] == micro.f1
    assert [found["micro"][key] for key in ("tp", "fp", "fn")] == list(micro)
    low, high = found["micro"]["intervals"]["f1"]
    assert low < micro.f1 < high
    assert found["bootstrap"] == {"samples": 20, "seed": 4, "level": 0.95}
    assert list(found["labels"]) == ["LOC", "ORG", "PER"]
    assert found["matches"]["strict"]["f1"] == micro.f1
    assert found["accuracy"]["docs"]["all"] == 30
    assert found["accuracy"]["sentences"] is None
    assert set(found["seen"]) == {"seen", "unseen"}
    assert sum(group["tp"] for group in found["entity_lengths"].values()) == micro.tp
    assert sum(group["tp"] for group in found["text_lengths"].values()) == micro.tp
    assert sum(error["gold_label"] is not None for error in found["errors"]) == micro.fn
    assert found["confusion"]["labels"] == list(found["labels"])
    assert sum(map(sum, found["confusion"]["matrix"])) == micro.tp + len(found["errors"])
    assert [doc["number"] for doc in found["documents"]] == sorted(
        {error["doc"] for error in found["errors"]}
    )
    assert found["probabilities"] is None


def test_probabilities_are_there_if_a_prediction_has_one() -> None:
    docs = [judged([(0, 1, "PER")], [(0, 1, "PER"), (2, 3, "LOC")], probabilities=[None, 0.25])]
    found = json.loads(json.dumps(measure_entities(docs, samples=2).to_dict(), allow_nan=False))
    assert found["probabilities"]["entities"] == 1
    assert found["documents"] == [
        {
            "number": 1,
            "text": docs[0].text,
            "entities": [
                entity(0, 1, "PER", "gold", "correct", None),
                entity(0, 1, "PER", "predicted", "correct", None),
                entity(4, 5, "LOC", "predicted", "spurious", 0.25),
            ],
        }
    ]


def entity(
    start: int, end: int, label: str, side: str, kind: str, probability: float | None
) -> dict[str, object]:
    names = ("start", "end", "label", "side", "kind", "probability")
    return dict(zip(names, (start, end, label, side, kind, probability), strict=True))


def test_sentences_and_training_data_are_there_if_they_are_known() -> None:
    docs = [judged([(0, 1, "PER")], [(0, 1, "PER")], sentences=(0, 4), unjudged=[(5, 6, "LOC")], unknown=[5])]
    found = measure_entities(docs, samples=2).to_dict()
    assert found["accuracy"]["sentences"] == {"share": 1.0, "right": 2, "all": 2}
    assert found["seen"] is None
    assert found["unjudged_predictions"] == 1
    assert found["labels"]["LOC"]["intervals"]["f1"] is None


def test_data_without_entities_cannot_be_measured() -> None:
    with pytest.raises(EvaluationError, match="No entity is annotated in the 1 Docs"):
        measure_entities([judged(predicted=[(0, 1, "PER")])])
    with pytest.raises(EvaluationError, match="No entity is annotated in the 0 Docs"):
        measure_entities([])
