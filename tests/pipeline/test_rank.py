"""`rank`: which Doc to annotate next."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from spacy.tokens import Doc, Span

from tests.pipeline.cases import CASES, LABELS, VOCAB, Case, doc_of, scorer
from tests.pipeline.scripted import best, component, entropy
from tests.tags.sequences import SCHEMES


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("per_token", [False, True])
def test_ranks_are_those_of_the_enumeration(
    case: Callable[[str], Case], scheme: str, per_token: bool
) -> None:
    crf, doc, sets = case(scheme)
    size = len(doc) if per_token else 1
    first, second = (probability for _, probability in best(sets, 2))
    expected = {
        "least_confidence": 1 - first ** (1 / size),
        "margin": 1 - (first ** (1 / size) - second ** (1 / size)),
        "entropy": entropy(sets) / size,
    }
    for by, score in expected.items():
        ((found, got),) = crf.rank([doc], by=by, per_token=per_token)
        assert found is doc
        assert got == pytest.approx(score, abs=1e-5)


def test_the_model_is_least_sure_of_the_first() -> None:
    def emit(doc: Doc, tagset: Any) -> np.ndarray:
        strengths = {"sure": 8.0, "likely": 3.0, "open": 0.0}
        rows = [strengths.get(token.text, 0.0) * np.eye(tagset.n_tags)[0] for token in doc]
        return np.array(rows).reshape(len(doc), tagset.n_tags)

    crf = component(VOCAB, emit, LABELS)
    docs = [doc_of(words) for words in ([], ["sure"], ["open"], ["likely"], ["open", "sure"], ["sure"])]
    for by in ("least_confidence", "margin", "entropy"):
        ranked = crf.rank(iter(docs), by=by)
        order = [docs.index(doc) for doc, _ in ranked]
        assert sorted(order) == list(range(6))
        assert set(order[:2]) == {2, 4}
        assert order[2:] == [3, 1, 5, 0]
        scores = [score for _, score in ranked]
        assert scores == sorted(scores, reverse=True)
        assert scores[-1] == 0.0
    assert [doc.text.strip() for doc, _ in crf.rank(docs, by="entropy", per_token=True)][:3] == [
        "open",
        "open sure",
        "likely",
    ]


def test_a_doc_with_one_annotation_leaves_no_doubt() -> None:
    doc = doc_of()
    doc.set_ents([Span(doc, 0, 4, "A")])
    for by in ("least_confidence", "margin", "entropy"):
        ((_, score),) = scorer().rank([doc], by=by)
        assert score == pytest.approx(0, abs=1e-9)
