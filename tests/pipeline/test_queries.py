"""Questions about Docs: k best annotations, candidates and random annotations; what holds for all questions."""

import copy
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from spacy.language import Language
from spacy.tokens import Doc

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.pipeline import CRFEntityRecognizer, queries
from spacy_crf_ner.tags import TagSpan
from tests.pipeline.cases import CASES, LABELS, VOCAB, Case, doc_of, preset_doc, scorer
from tests.pipeline.pipelines import TEXTS, crf_ner
from tests.pipeline.scripted import best, component, distribution, random_scores, span_probability, wishes
from tests.tags.sequences import SCHEMES, span_sets

every_case = pytest.mark.parametrize("case", CASES)
every_scheme = pytest.mark.parametrize("scheme", SCHEMES)

Ask = Callable[[CRFEntityRecognizer, list[Doc]], Any]
ASKED: list[Ask] = [
    lambda crf, docs: crf.k_best(docs, 3),
    lambda crf, docs: crf.candidates(docs),
    lambda crf, docs: crf.sample(docs, 3, seed=0),
    lambda crf, docs: crf.rank(docs, by="entropy"),
    lambda crf, docs: crf.rank(docs, by="margin"),
    lambda crf, docs: [crf.explain(doc).to_dict() for doc in docs],
]


def spans_of(decoded: Any) -> tuple[TagSpan, ...]:
    return tuple(one.span for one in decoded.spans)


@every_case
@every_scheme
@pytest.mark.parametrize("k", [1, 3, 12])
def test_the_k_best_annotations_are_those_of_the_enumeration(
    case: Callable[[str], Case], scheme: str, k: int
) -> None:
    crf, doc, sets = case(scheme)
    empty = doc_of([])
    (_, found, _) = crf.k_best([empty, doc, empty], k)
    expected = best(sets, k)
    assert [spans_of(one) for one in found] == [spans for spans, _ in expected]
    log_probs = [one.log_prob for one in found]
    assert log_probs == pytest.approx([math.log(p) for _, p in expected], abs=1e-5)


@every_scheme
@pytest.mark.parametrize("segments", ["doc", "sents"])
def test_there_may_be_fewer_than_k_annotations(scheme: str, segments: str) -> None:
    crf = component(VOCAB, random_scores(0, scale=1.0), ("A",), scheme, segments=segments)
    doc = Doc(VOCAB, words=["a", "b"], sent_starts=[True, segments == "sents"])
    (found,) = crf.k_best([doc], 1000)
    sets = distribution(crf, doc, [1, 1] if segments == "sents" else [2])
    assert len(found) == len(sets) < 10
    assert sum(math.exp(one.log_prob) for one in found) == pytest.approx(1)
    (nothing,) = crf.k_best([doc_of([])], 5)
    assert [(one.spans, one.log_prob) for one in nothing] == [([], 0.0)]


def test_spans_of_the_k_best_have_no_probabilities_of_their_own() -> None:
    crf = scorer()
    for doc in (doc_of(), preset_doc()):
        (found,) = crf.k_best([doc], 3)
        assert all(span.probability is None for one in found for span in one.spans)


@every_case
@every_scheme
@pytest.mark.parametrize("min_prob", [0.3, 0.02, 1e-4])
def test_candidates_are_all_spans_that_are_probable_enough(
    case: Callable[[str], Case], scheme: str, min_prob: float
) -> None:
    crf, doc, sets = case(scheme)
    (found, nothing) = crf.candidates([doc, doc_of([])], min_prob)
    assert nothing == []
    every = {span for spans in span_sets(LABELS, len(doc)) if len(spans) == 1 for span in spans}
    every |= {span for spans in sets for span in spans}
    expected = {span: span_probability(sets, span) for span in every}
    expected = {span: p for span, p in expected.items() if p >= min_prob}
    assert {one.span: one.probability for one in found} == pytest.approx(expected, abs=1e-5)
    assert [one.span for one in found] == sorted(expected)


@every_case
@every_scheme
def test_random_annotations_are_as_frequent_as_they_are_probable(
    case: Callable[[str], Case], scheme: str
) -> None:
    crf, doc, sets = case(scheme)
    n = 4000
    (_, drawn) = crf.sample([doc_of([]), doc], n, seed=0)
    counts = Counter(tuple(spans) for spans in drawn)
    assert set(counts) <= set(sets)
    for spans, probability in sets.items():
        deviation = math.sqrt(n * probability * (1 - probability))
        # Five standard deviations: fewer than one draw in a million is further off.
        assert abs(counts[spans] - n * probability) <= 5 * deviation + 1


def test_random_annotations_are_repeatable_and_differ_from_one_another() -> None:
    crf = scorer()
    docs = [doc_of(), preset_doc(), doc_of([])]
    first = crf.sample(docs, 20, seed=1)
    assert crf.sample(docs, 20, seed=1) == first
    assert crf.sample(docs, 20, seed=2) != first
    assert first[2] == [[]] * 20
    assert len({tuple(spans) for spans in first[0]}) > 1
    torch.manual_seed(0)
    own = crf.sample(docs, 20)
    assert crf.sample(docs, 20) != own
    torch.manual_seed(0)
    assert crf.sample(docs, 20) == own


def state(doc: Doc) -> tuple[Any, ...]:
    """All that a component could change."""
    groups = {key: [(span.start, span.end, span.label) for span in group] for key, group in doc.spans.items()}
    return doc.to_array(["ENT_IOB", "ENT_TYPE", "ENT_KB_ID"]).tolist(), copy.deepcopy(doc.user_data), groups


@pytest.mark.parametrize("ask", ASKED)
def test_questions_leave_docs_as_they_are(overfitted: Language, ask: Ask) -> None:
    docs = [*overfitted.pipe(TEXTS), overfitted.make_doc(TEXTS[0])]
    before = [state(doc) for doc in docs]
    ask(crf_ner(overfitted), docs)
    assert [state(doc) for doc in docs] == before


@pytest.mark.parametrize("ask", ASKED)
@pytest.mark.parametrize("size", [1, 2])
def test_answers_do_not_depend_on_batches(ask: Ask, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    crf = scorer()
    docs = [doc_of(), doc_of([]), preset_doc(), doc_of(["a"]), doc_of([])]
    expected = ask(crf, docs)
    monkeypatch.setattr(queries, "BATCH_SIZE", size)
    if "sample" in ask.__code__.co_names:
        # One stream of chance is dealt out in another way.
        found = ask(crf, docs)
        assert [[len(spans) for spans in drawn] for drawn in found][1] == [0, 0, 0]
        assert ask(crf, docs) == found
    else:
        assert ask(crf, docs) == expected


@pytest.mark.parametrize("ask", ASKED)
def test_there_may_be_no_docs_and_docs_without_tokens(
    ask: Ask,
) -> None:
    crf = scorer()
    assert ask(crf, []) == []
    assert len(ask(crf, [doc_of([]), doc_of([])])) == 2


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (lambda crf: crf.k_best([], 0), "`k` to be a number from 1, but got 0"),
        (lambda crf: crf.k_best([], 1.5), "`k` to be a number from 1, but got 1.5"),
        (lambda crf: crf.k_best([], True), "`k` to be a number from 1, but got True"),
        (lambda crf: crf.sample([], 0), "`n` to be a number from 1, but got 0"),
        (
            lambda crf: crf.candidates([], 0.0),
            "`min_prob` to be a probability above 0 and at most 1, but got 0.0",
        ),
        (
            lambda crf: crf.candidates([], 1.1),
            "`min_prob` to be a probability above 0 and at most 1, but got 1.1",
        ),
        (lambda crf: crf.candidates([], math.nan), "`min_prob` to be .* but got nan"),
        (
            lambda crf: crf.rank([], by="size"),
            "`by` to be one of least_confidence, margin, entropy, but got 'size'",
        ),
    ],
)
def test_arguments_that_make_no_sense_are_errors(
    ask: Callable[[CRFEntityRecognizer], Any], expected: str
) -> None:
    with pytest.raises(ComponentError, match=f"Component 'crf_ner': expected {expected}"):
        ask(scorer())


def test_the_best_annotation_is_what_the_pipeline_predicts(overfitted: Language) -> None:
    docs = list(overfitted.pipe(TEXTS))
    for doc, (first, *_) in zip(docs, crf_ner(overfitted).k_best(docs, 2), strict=True):
        assert [span[:2] for span in spans_of(first)] == [(ent.start, ent.end) for ent in doc.ents]
        assert first.log_prob == pytest.approx(doc._.crf_log_prob, abs=1e-6)


def test_an_encoder_must_have_run(listening: Language) -> None:
    for ask in ASKED:
        with pytest.raises(ComponentError, match="upstream component that has not run on this Doc"):
            ask(crf_ner(listening), [listening.make_doc(TEXTS[0])])
        ask(crf_ner(listening), [listening(TEXTS[0])])


def test_predictions_without_probabilities_are_taken_for_given() -> None:
    crf = scorer(probabilities=False)
    doc = crf(doc_of())
    (found,) = crf.candidates([doc], 0.999)
    assert {(ent.start, ent.end, ent.label_) for ent in doc.ents} <= {tuple(one.span) for one in found}


def test_wishes_come_true_in_every_sample() -> None:
    crf = component(VOCAB, wishes((1, 3, "A"), strength=50.0), LABELS)
    assert crf.sample([doc_of()], 3) == [[[TagSpan(1, 3, "A")]] * 3]
