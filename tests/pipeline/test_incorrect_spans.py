"""Spans that are known to be wrong: what they add to the loss."""

import math
import warnings

import pytest

from spacy_crf_ner.errors import ComponentError
from tests.pipeline.scripted import distribution, span_probability
from tests.pipeline.supervised import WORDS, WRONG, Entity, agreement, any_label, example, loss_of, recognizer
from tests.tags.sequences import SCHEMES


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
