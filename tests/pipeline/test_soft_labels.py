"""Spans and tokens with probabilities: what they add to the loss."""

import math
from typing import Any

import pytest
from spacy.tokens import DocBin
from spacy.training import Example

from spacy_crf_ner.errors import ComponentError, LossError
from tests.pipeline.scripted import distribution, edged_with_words, span_probability
from tests.pipeline.supervised import (
    SOFT,
    VOCAB,
    WORDS,
    Entity,
    agreement,
    any_label,
    cross_entropy,
    example,
    label_probability,
    loss_of,
    recognizer,
)
from tests.tags.sequences import SCHEMES


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("soft", "uncertain"),
    [
        ({(1, 3, "A"): 0.7}, {1, 2}),
        ({(1, 3, "A"): 0.7, (1, 3, "B"): 0.2, (2, 4, "B"): 0.1}, {1, 2, 3}),
        ({(1, 2, "B"): 1.0}, {1}),
        ({(1, 2, "B"): 0.0}, set()),
        ({(2, 4, ""): 0.4}, {2, 3}),
    ],
)
def test_a_soft_span_adds_its_cross_entropy_and_its_tokens_are_open(
    scheme: str, seed: int, soft: dict[Entity, float], uncertain: set[int]
) -> None:
    crf = recognizer(scheme, seed)
    one = example([(0, 1, "B")], soft=soft)
    sets = distribution(crf, one.predicted)
    expected = agreement(sets, [(0, 1, "B")], set(range(4)) - uncertain)
    for span, given in soft.items():
        probability = span_probability(sets, span) if span[2] else any_label(sets, *span[:2])
        expected += cross_entropy(given, probability)
    assert loss_of(crf, one) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("scores", [None, [0.5], [0.5, 1.5], [0.5, float("nan")], ["high", "low"], 0.5])
def test_soft_spans_without_a_probability_each_are_an_error(scores: Any) -> None:
    one = example(soft={(0, 1, "A"): 0.5, (1, 2, "B"): 0.5})
    one.reference.spans[SOFT].attrs["scores"] = scores
    expected = (
        rf"expected `doc.spans\['{SOFT}'\].attrs\[\"scores\"\]` to hold a probability for each of its 2 spans "
        r"\(`\[components.crf_ner\] soft_spans_key`\).*in this Doc: 'abcd'"
    )
    with pytest.raises(ComponentError, match=expected):
        loss_of(recognizer(), one)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "tokens",
    [
        {1: {"A": 0.6, "B": 0.3, "O": 0.1}},
        {1: {"A": 0.6}, 2: {"O": 0.5}, 3: {"B": 1.0, "A": 0.0}},
        {2: {}},
    ],
)
def test_a_soft_token_adds_its_cross_entropy_and_is_open(
    scheme: str, seed: int, tokens: dict[int, dict[str, float]]
) -> None:
    crf = recognizer(scheme, seed)
    one = example([(0, 1, "B")], tokens=tokens)
    sets = distribution(crf, one.predicted)
    expected = agreement(sets, [(0, 1, "B")], set(range(4)) - set(tokens))
    for position, named in tokens.items():
        for name, given in named.items():
            expected -= given * math.log(label_probability(sets, position, name)) if given else 0.0
    assert loss_of(crf, one) == pytest.approx(expected, abs=1e-4)


def test_a_soft_token_may_name_single_tags() -> None:
    crf = recognizer("BIO")
    one = example(tokens={1: {"B-A": 0.25, "I-A": 0.5}}, missing=range(4))
    sets = distribution(crf, one.predicted)
    begins = sum(p for spans, p in sets.items() if any(s == 1 and label == "A" for s, _, label in spans))
    inside = label_probability(sets, 1, "A") - begins
    expected = -0.25 * math.log(begins) - 0.5 * math.log(inside)
    assert loss_of(crf, one) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    "named",
    [
        {"A": 1.5},
        {"A": -0.1},
        {"A": 0.6, "O": 0.6},
        {"A": "much"},
        {"A": math.nan},
        {1: 0.5},
        ["A"],
        "A",
        0.5,
    ],
)
def test_what_is_no_distribution_over_labels_is_an_error_that_names_the_token(named: Any) -> None:
    expected = r"Component 'crf_ner': expected `token._.crf_label_probs` to be a dict.*for the token 'b'"
    with pytest.raises(ComponentError, match=expected):
        loss_of(recognizer(), example(tokens={1: named}))


@pytest.mark.parametrize(
    "one",
    [
        example(soft={(0, 1, "NEW"): 0.5}),
        example(tokens={1: {"NEW": 0.5}}),
        example([(0, 1, "NEW")]),
    ],
)
def test_what_may_be_true_must_have_a_known_label(one: Example) -> None:
    with pytest.raises(ComponentError, match=r"does not know the label\(s\) NEW.*it knows A, B"):
        loss_of(recognizer(), one)


def test_soft_spans_and_tokens_that_align_with_no_tokens_are_in_the_warning() -> None:
    crf = recognizer()
    one = example(
        [(1, 2, "A")],
        soft={(1, 2, "B"): 0.5, (2, 4, "A"): 0.5},
        tokens={0: {"A": 0.5, "O": 0.5}, 3: {"B": 0.5}},
        predicted=["ab", "c", "d"],
    )
    expected = r"3 entities .*The first: 'b \(A\)'; 'b \(B\)'; 'a \(A, O\)'\. Correct"
    with pytest.warns(UserWarning, match=expected):
        loss = loss_of(crf, one)
    sets = distribution(crf, one.predicted)
    given = cross_entropy(0.5, span_probability(sets, (1, 3, "A")))
    given -= 0.5 * math.log(label_probability(sets, 2, "B"))
    assert loss == pytest.approx(given, abs=1e-4)


def test_a_token_that_is_cut_in_two_has_no_soft_label() -> None:
    one = example(tokens={0: {"A": 1.0}}, missing=range(3), words=["ab", "c", "d"], predicted=WORDS)
    with pytest.warns(UserWarning, match=r"1 entities .*'ab \(A\)'"):
        assert loss_of(recognizer(), one) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_of_it_adds_up_over_docs_and_sentences(scheme: str) -> None:
    crf = recognizer(scheme, segments="sents")
    texts = [
        example([(0, 1, "A")], wrong=[(2, 3, "B"), (1, 3, "A")], missing=(2, 3)),
        example(soft={(2, 4, "A"): 0.3}, missing=range(4)),
        example(words=[]),
        example(tokens={3: {"B": 0.5}}, missing=range(4)),
    ]
    for one in texts:
        for token in one.predicted:
            token.is_sent_start = token.i in (0, 2)
    sets = distribution(crf, texts[0].predicted, [2, 2])
    # The span across the boundary can never be predicted.
    assert span_probability(sets, (1, 3, "A")) == 0
    expected = agreement(sets, [(0, 1, "A")], {0, 1}) - math.log(1 - span_probability(sets, (2, 3, "B")))
    expected += cross_entropy(0.3, span_probability(sets, (2, 4, "A")))
    expected -= 0.5 * math.log(label_probability(sets, 3, "B"))
    assert loss_of(crf, *texts) == pytest.approx(expected, abs=1e-4)


def test_a_soft_span_across_a_boundary_is_kept_in_one_piece() -> None:
    crf = recognizer(segments="sents")
    one = example(soft={(1, 3, "A"): 0.3}, missing=range(4))
    for token in one.predicted:
        token.is_sent_start = token.i in (0, 2)
    sets = distribution(crf, one.predicted)
    expected = cross_entropy(0.3, span_probability(sets, (1, 3, "A")))
    assert loss_of(crf, one) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", ["span", "token"])
def test_soft_labels_may_be_about_whitespace(scheme: str, kind: str) -> None:
    crf = recognizer(scheme)
    words = ["\n", "b", "\n", "d"]
    given: dict[str, Any] = {"soft": {(0, 2, "A"): 0.5}} if kind == "span" else {"tokens": {0: {"A": 0.5}}}
    one = example(words=words, missing=range(3), **given)
    # Where whitespace is said to be in an entity perhaps, it may begin or end one, too: the first token here. Of other
    # whitespace spaCy knows that it is in no entity.
    sets = edged_with_words(distribution(crf, one.predicted), scheme, ["a", "b", "\n", "d"])
    expected = agreement(sets, [], {2, 3})
    if kind == "span":
        expected += cross_entropy(0.5, span_probability(sets, (0, 2, "A")))
    else:
        expected -= 0.5 * math.log(label_probability(sets, 0, "A"))
    assert loss_of(crf, one) == pytest.approx(expected, abs=1e-4)


def test_what_no_tags_can_say_is_an_error_about_the_annotation() -> None:
    # The first token of a Doc cannot go on with an entity.
    one = example(tokens={0: {"I-A": 0.5}}, missing=range(4))
    with pytest.raises(
        ComponentError, match=r"'crf_ner' cannot learn from the reference Docs of a batch: .*token 0"
    ) as caught:
        loss_of(recognizer(), one)
    assert not isinstance(caught.value, LossError)


def test_soft_labels_survive_a_file() -> None:
    crf = recognizer()
    one = example(
        [(0, 1, "A")], soft={(1, 3, "B"): 0.4}, tokens={3: {"A": 0.25, "O": 0.75}}, wrong=[(1, 2, "A")]
    )
    content = DocBin(docs=[one.reference], store_user_data=True).to_bytes()
    restored = next(iter(DocBin().from_bytes(content).get_docs(VOCAB)))
    assert restored[3]._.crf_label_probs == {"A": 0.25, "O": 0.75}
    again = Example(one.predicted, restored)
    assert loss_of(crf, again) == loss_of(crf, one)
