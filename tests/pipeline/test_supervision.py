"""What is learned from spans that are wrong, and from spans and tokens with probabilities."""

from typing import Any

import pytest
import spacy
from spacy.training import Example

from spacy_crf_ner.pipeline import CRFEntityRecognizer
from tests.pipeline.pipelines import CNN, crf_ner, initialize, make_nlp, model_of
from tests.pipeline.scripted import Sets, conditional, covered, distribution, span_probability
from tests.pipeline.supervised import LABELS, SOFT, WRONG, example, label_probability
from tests.tags.sequences import SCHEMES


def test_labels_are_inferred_from_what_may_be_true() -> None:
    nlp = make_nlp(incorrect_spans_key=WRONG, soft_spans_key=SOFT)
    one = example(
        [(0, 1, "Z")], soft={(1, 2, "Y"): 0.5, (2, 3, "X"): 0.0, (2, 4, ""): 0.5}, wrong=[(1, 2, "W")]
    )
    initialize(nlp, [one])
    assert crf_ner(nlp).labels == ("Y", "Z")


def trained_on(*corpus: Example, steps: int = 30, **settings: Any) -> tuple[CRFEntityRecognizer, Sets]:
    """A component that was trained on one Example after the other, and the distribution that it has learned."""
    nlp = spacy.blank("xx")
    keys = {"incorrect_spans_key": WRONG, "soft_spans_key": SOFT}
    nlp.add_pipe("crf_ner", config={"model": model_of(CNN), **keys, **settings})
    for label in LABELS:
        crf_ner(nlp).add_label(label)
    optimizer = initialize(nlp, list(corpus))
    for one in corpus:
        for _ in range(steps):
            nlp.update([one], sgd=optimizer)
    return crf_ner(nlp), distribution(crf_ner(nlp), corpus[0].predicted.copy())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_wrong_span_is_unlearned_and_others_are_left_open(scheme: str) -> None:
    believed = example([(0, 1, "A"), (2, 4, "B")])
    reviewed = example([(0, 1, "A")], missing=[2, 3], wrong=[(2, 4, "B")])
    found = {}
    for corpus in ([believed], [believed, reviewed]):
        _, sets = trained_on(*corpus, scheme=scheme)
        found[len(corpus)] = [span_probability(sets, span) for span in ((0, 1, "A"), (2, 4, "B"))]
        nothing = sum(p for spans, p in sets.items() if not covered(spans) & {2, 3})
    assert found[1] == pytest.approx([1, 1], abs=0.1)
    assert found[2] == pytest.approx([1, 0], abs=0.1)
    # The tokens are not taken for known to be outside: each of the other annotations is as good as this one.
    assert nothing < 0.9


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("given", [0.2, 0.8])
def test_a_soft_span_is_learned_to_be_as_probable_as_it_is(scheme: str, given: float) -> None:
    _, sets = trained_on(example([(0, 1, "A")], soft={(1, 3, "B"): given}), steps=120, scheme=scheme)
    assert span_probability(sets, (1, 3, "B")) == pytest.approx(given, abs=0.03)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_soft_token_is_learned_to_be_as_probable_as_it_is(scheme: str) -> None:
    one = example(tokens={1: {"A": 0.6, "B": 0.3, "O": 0.1}})
    _, sets = trained_on(one, steps=120, scheme=scheme)
    found = [label_probability(sets, 1, name) for name in ("A", "B", "O")]
    assert found == pytest.approx([0.6, 0.3, 0.1], abs=0.03)


def test_missing_tokens_are_left_open() -> None:
    _, sets = trained_on(example([(0, 1, "A")], missing=[2]))
    known = conditional(sets, lambda spans: not covered(spans) & {1, 3} and (0, 1, "A") in spans)
    agreeing = sum(sets[spans] for spans in known)
    assert agreeing > 0.95
