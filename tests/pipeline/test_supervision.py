"""Spans that are known to be wrong, spans and tokens with probabilities: what they add to the loss."""

import math
import warnings
from collections.abc import Iterable
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.training import Example

from spacy_crf_ner.errors import ComponentError, LossError
from spacy_crf_ner.pipeline import CRFEntityRecognizer
from spacy_crf_ner.tags import TagSpan
from tests.pipeline.pipelines import CNN, crf_ner, initialize, make_nlp, model_of
from tests.pipeline.scripted import (
    Sets,
    component,
    conditional,
    covered,
    distribution,
    edged_with_words,
    random_scores,
    span_probability,
)
from tests.tags.sequences import SCHEMES

VOCAB = spacy.blank("en").vocab
LABELS = ("A", "B")
WORDS = ["a", "b", "c", "d"]
WRONG, SOFT = "wrong", "soft"

Entity = tuple[int, int, str]


def recognizer(scheme: str = "BILUO", seed: int = 0, **settings: Any) -> CRFEntityRecognizer:
    keys = {"incorrect_spans_key": WRONG, "soft_spans_key": SOFT, **settings}
    return component(VOCAB, random_scores(seed, scale=1.0), LABELS, scheme, seed=seed, **keys)


def example(
    ents: Iterable[Entity] = (),
    *,
    wrong: Iterable[Entity] = (),
    soft: dict[Entity, float] | None = None,
    tokens: dict[int, Any] | None = None,
    missing: Iterable[int] = (),
    words: list[str] = WORDS,
    predicted: list[str] | None = None,
) -> Example:
    """An Example in which all tokens are annotated that are not missing."""
    doc = Doc(VOCAB, words=words, spaces=[False] * len(words))
    unknown = [doc[position : position + 1] for position in missing]
    doc.set_ents([Span(doc, *ent) for ent in ents], missing=unknown, default="outside")
    doc.spans[WRONG] = [Span(doc, *span) for span in wrong]
    if soft:
        doc.spans[SOFT] = SpanGroup(doc, spans=[Span(doc, *span) for span in soft])
        doc.spans[SOFT].attrs["scores"] = list(soft.values())
    for position, named in (tokens or {}).items():
        doc[position]._.crf_label_probs = named
    others = predicted or words
    return Example(Doc(VOCAB, words=others, spaces=[False] * len(others)), doc)


def loss_of(crf: CRFEntityRecognizer, *examples: Example) -> float:
    loss, _ = crf.get_loss(examples, crf.model.predict([one.predicted for one in examples]))
    return loss


def agreement(sets: Sets, ents: Iterable[Entity], known: Iterable[int]) -> float:
    """-log of the probability of all that agrees with entities and with the other known tokens, nats."""
    ents = {TagSpan(*ent) for ent in ents}

    def holds(spans: tuple[TagSpan, ...]) -> bool:
        return ents <= {*spans} and not covered({*spans} - ents) & {*known}

    return -math.log(sum(probability for spans, probability in sets.items() if holds(spans)))


def cross_entropy(given: float, probability: float) -> float:
    return -(given * math.log(probability) + (1 - given) * math.log(1 - probability))


def any_label(sets: Sets, start: int, end: int) -> float:
    """Probability that some tokens are an entity, whatever its label."""
    return sum(span_probability(sets, (start, end, label)) for label in LABELS)


def label_probability(sets: Sets, position: int, name: str) -> float:
    """Probability that a token is in an entity of a label, or in none."""
    return sum(
        probability
        for spans, probability in sets.items()
        if name == next((label for start, end, label in spans if start <= position < end), "O")
    )


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("ents", "missing", "wrong"),
    [
        ([(0, 1, "A")], (1, 2, 3), [(1, 3, "A")]),
        ([(0, 1, "A")], (1, 2, 3), [(1, 3, "A"), (1, 3, "B"), (2, 4, "A")]),
        ([], (0, 1, 2, 3), [(0, 4, "B"), (0, 1, "B")]),
        ([(0, 2, "B")], (), [(0, 2, "A"), (1, 3, "B"), (3, 4, "A")]),
    ],
)
def test_a_wrong_span_adds_the_log_probability_of_all_annotations_without_it(
    scheme: str, seed: int, ents: list[Entity], missing: tuple[int, ...], wrong: list[Entity]
) -> None:
    crf = recognizer(scheme, seed)
    one = example(ents, wrong=wrong, missing=missing)
    sets = distribution(crf, one.predicted)
    expected = agreement(sets, ents, set(range(4)) - set(missing))
    expected += sum(-math.log(1 - span_probability(sets, span)) for span in wrong)
    assert loss_of(crf, one) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_wrong_span_without_a_label_is_no_entity_of_any(scheme: str) -> None:
    crf = recognizer(scheme)
    one = example(wrong=[(1, 3, "")], missing=range(4))
    sets = distribution(crf, one.predicted)
    assert loss_of(crf, one) == pytest.approx(-math.log(1 - any_label(sets, 1, 3)), abs=1e-4)


def test_without_the_key_the_groups_mean_nothing() -> None:
    crf = recognizer(incorrect_spans_key=None, soft_spans_key=None)
    plain = loss_of(crf, example([(0, 1, "A")]))
    assert loss_of(crf, example([(0, 1, "A")], wrong=[(1, 3, "A")], soft={(1, 2, "B"): 0.5})) == plain
    assert loss_of(recognizer(), example([(0, 1, "A")])) == pytest.approx(plain)


def test_wrong_spans_are_found_on_other_tokens_and_those_within_a_token_need_no_learning() -> None:
    crf = recognizer()
    fitting = example(wrong=[(0, 1, "A")], missing=range(3), words=["ab", "c", "d"], predicted=WORDS)
    sets = distribution(crf, fitting.predicted)
    assert loss_of(crf, fitting) == pytest.approx(
        -math.log(1 - span_probability(sets, (0, 2, "A"))), abs=1e-4
    )
    within = example(wrong=[(0, 1, "A")], missing=range(4), predicted=["ab", "c", "d"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert loss_of(crf, within) == pytest.approx(0, abs=1e-6)


def test_wrong_spans_of_unknown_labels_are_as_good_as_learned() -> None:
    crf = recognizer()
    assert loss_of(crf, example(wrong=[(0, 1, "UNKNOWN")], missing=range(4))) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("label", ["A", ""])
def test_an_entity_that_is_also_known_to_be_wrong_is_an_error(label: str) -> None:
    one = example([(0, 2, "A"), (3, 4, "B")], wrong=[(0, 2, label), (0, 2, "B"), (2, 3, "A")])
    expected = (
        "Component 'crf_ner': an annotation contradicts itself.*"
        rf"`doc.spans\['{WRONG}'\]`.*`\[components.crf_ner\] incorrect_spans_key`\): 'ab' \(A\)\. Take"
    )
    crf = recognizer()
    with pytest.raises(ComponentError, match=expected):
        loss_of(crf, one)
    with pytest.raises(ComponentError, match="contradicts itself"):
        crf.initialize(lambda: [one])


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
        ComponentError, match=r"'crf_ner' cannot learn from the annotation of a batch: .*token 0"
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
