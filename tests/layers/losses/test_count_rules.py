"""Weights from counts: the formulas, their mean, what is not counted, and the losses that use them."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.layers import Loss, Supervision, loss_and_gradient, needs_counts
from spacy_crf_ner.layers.losses import (
    CountRule,
    SoftmaxMarginLoss,
    build_auxiliary_cross_entropy_v1,
    build_cross_entropy_v1,
    build_entropy_bonus_v1,
    build_expected_entity_ratio_v1,
    build_nll_v1,
    build_softmax_margin_v1,
    build_weights_by_count_v1,
)
from spacy_crf_ner.layers.losses.count_rules import RULES, number_per_label
from spacy_crf_ner.tags import TagSet
from tests.layers.losses.batches import annotation, batch

COUNTS = {"O": 1000, "A": 90, "B": 10}
NAMES = ("O", "A", "B")
TAGSET = TagSet("BIO", ("A", "B"))


def weights(rule: str, counts: dict[str, int] = COUNTS, **others: float | None) -> dict[str, float]:
    return CountRule(rule, **others).weights(counts, tuple(counts))  # type: ignore[arg-type]


def test_balanced_weights_are_tokens_by_labels_and_count() -> None:
    assert weights("balanced") == pytest.approx({"A": 100 / (2 * 90), "B": 100 / (2 * 10), "O": 1.0})
    found = weights("balanced", outside=None, max_weight=1e9)
    assert found == pytest.approx({name: 1100 / (3 * count) for name, count in COUNTS.items()})


def test_inverse_square_roots() -> None:
    found = weights("inverse_sqrt", outside=None)
    assert found["B"] / found["A"] == pytest.approx(3.0)
    assert found["A"] / found["O"] == pytest.approx(math.sqrt(1000 / 90))


@pytest.mark.parametrize("beta", [0.9, 0.999, 1 - 1e-12])
def test_the_effective_number(beta: float) -> None:
    found = weights("effective_number", {"A": 90, "B": 10}, beta=beta, max_weight=100.0)
    # The sum of beta ** i from 0 to n - 1 (Cui et al. 2019, equation 1).
    numbers = {name: sum(beta**i for i in range(count)) for name, count in (("A", 90), ("B", 10))}
    assert found["B"] / found["A"] == pytest.approx(numbers["A"] / numbers["B"], rel=1e-6)


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from(RULES),
    st.dictionaries(st.sampled_from("OABCDE"), st.integers(0, 10**7), min_size=1),
    st.booleans(),
)
def test_the_mean_weight_of_the_counted_tokens_is_1(
    rule: str, counts: dict[str, int], with_outside: bool
) -> None:
    outside = None if with_outside else 1.0
    found = CountRule(rule, 1e12, 0.999, outside).weights(counts, tuple(counts))
    counted = {name: count for name, count in counts.items() if with_outside or name != "O"}
    total = sum(counted.values())
    mean = sum(count * found.get(name, 1.0) for name, count in counted.items())
    assert mean == pytest.approx(total, rel=1e-6)
    ordered = sorted((count, found[name]) for name, count in counted.items() if count)
    values = [weight for _, weight in ordered]
    assert values == sorted(values, reverse=True)


def test_no_weight_is_above_the_highest() -> None:
    assert weights("balanced", max_weight=2.0) == pytest.approx({"A": 100 / 180, "B": 2.0, "O": 1.0})
    assert weights("balanced", {"A": 10**6, "B": 1})["B"] == 10.0


def test_the_weight_of_outside_is_what_is_said() -> None:
    assert weights("balanced", outside=0.25)["O"] == 0.25
    # However high: it is no result of the rule.
    assert weights("balanced", outside=30.0)["O"] == 30.0
    assert weights("balanced", {"A": 3}, outside=0.25) == {"A": 1.0}


def test_what_was_not_counted_has_weight_1() -> None:
    tagset = TagSet("BIO", ("A", "B", "NEW"))
    found = number_per_label("label_weights", CountRule("balanced"), tagset, COUNTS, outside=True)
    assert found == pytest.approx([1.0, 100 / 180, 5.0, 1.0])
    nothing = number_per_label("label_weights", CountRule("balanced"), tagset, {}, outside=True)
    assert nothing == [1.0] * 4
    unseen = number_per_label("label_weights", CountRule("balanced"), tagset, {"O": 9, "A": 0}, outside=True)
    assert unseen == [1.0] * 4


def test_labels_that_were_counted_and_are_not_there_take_no_part() -> None:
    found = number_per_label("label_weights", CountRule("balanced"), TAGSET, {**COUNTS, "X": 7}, outside=True)
    assert found == pytest.approx([1.0, 100 / 180, 5.0])


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("build", [build_nll_v1, build_cross_entropy_v1])
def test_a_loss_with_a_rule_is_that_with_its_numbers(build: object, rule: str) -> None:
    assert callable(build)
    potentials = batch(TAGSET)
    supervision = Supervision(TAGSET, annotation(potentials), label_counts=COUNTS)
    numbers = CountRule(rule).weights(COUNTS, NAMES)
    assert numbers["A"] < 1.0 < numbers["B"]
    assert same(build(rule), build(numbers), supervision)
    assert same(build(CountRule(rule)), build(numbers), supervision)
    assert not same(build(rule), build(), supervision)


def same(first: Loss, second: Loss, supervision: Supervision) -> bool:
    potentials = batch(TAGSET)
    values, gradients = zip(
        *(loss_and_gradient(loss, potentials, supervision) for loss in (first, second)), strict=True
    )
    equal = bool(torch.allclose(gradients[0].emissions, gradients[1].emissions, atol=1e-9))
    assert equal == (values[0] == pytest.approx(values[1], abs=1e-9))
    return equal


def test_costs_of_the_margin_are_about_labels_alone() -> None:
    loss = build_softmax_margin_v1(2.0, "balanced", CountRule("inverse_sqrt", outside=None))
    assert isinstance(loss, SoftmaxMarginLoss)
    table = loss.costs(TAGSET, torch.device("cpu"), COUNTS)
    # O, B-A, I-A, B-B, I-B; rows: O, A, B, nothing known.
    root_a, root_b = (100 / (math.sqrt(count) * (math.sqrt(90) + math.sqrt(10))) for count in (90, 10))
    expected = [[0.0, 2.0, 2.0, 2.0, 2.0], [100 / 180, *[root_a] * 4], [5.0, *[root_b] * 4], [0.0] * 5]
    torch.testing.assert_close(table, torch.tensor(expected, dtype=torch.float64))
    # With the counts of the supervision it is what it would be with these numbers.
    potentials = batch(TAGSET)
    supervision = Supervision(TAGSET, annotation(potentials), label_counts=COUNTS)
    numbers = build_softmax_margin_v1(2.0, {"A": 100 / 180, "B": 5.0}, {"A": root_a, "B": root_b})
    assert same(loss, numbers, supervision)


@pytest.mark.parametrize(
    "loss",
    [
        build_nll_v1("balanced"),
        build_cross_entropy_v1(CountRule("balanced")),
        build_softmax_margin_v1(1.0, "balanced"),
        build_softmax_margin_v1(1.0, 1.0, "balanced"),
        build_auxiliary_cross_entropy_v1(0.5, "balanced"),
        build_auxiliary_cross_entropy_v1(loss=build_nll_v1("balanced")),
        build_entropy_bonus_v1(loss=build_nll_v1("balanced")),
        build_expected_entity_ratio_v1(loss=build_nll_v1("balanced")),
    ],
)
def test_a_rule_without_counts_is_an_error_that_says_where_they_come_from(loss: Loss) -> None:
    assert needs_counts(loss)
    potentials = batch(TAGSET)
    with pytest.raises(ComponentError, match=r"by the rule 'balanced' from counts.*`nlp.initialize`"):
        loss_and_gradient(loss, potentials, Supervision(TAGSET, annotation(potentials)))


def test_losses_without_a_rule_need_no_counts() -> None:
    for build in (build_nll_v1, build_cross_entropy_v1):
        assert not needs_counts(build({"A": 2.0}))
    assert not needs_counts(build_softmax_margin_v1(1.0, {"A": 2.0}))
    for wrap in (build_auxiliary_cross_entropy_v1, build_entropy_bonus_v1, build_expected_entity_ratio_v1):
        assert not needs_counts(wrap())
    assert not needs_counts(lambda potentials, supervision: potentials.emissions.sum())


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("rule", "square", "one of balanced, inverse_sqrt, effective_number"),
        ("max_weight", 0.0, "a finite number above 0"),
        ("max_weight", math.inf, "a finite number above 0"),
        ("beta", 1.0, "above 0 and below 1"),
        ("beta", 0.0, "above 0 and below 1"),
        ("outside", -1.0, "a finite number of at least 0"),
    ],
)
def test_settings_of_a_rule_that_make_no_sense_are_errors(setting: str, value: object, expected: str) -> None:
    with pytest.raises(ComponentError, match=f"`{setting}` to be {expected}, but got {value!r}"):
        build_weights_by_count_v1(**{setting: value})  # type: ignore[arg-type]


def test_the_name_of_a_rule_that_there_is_not_is_an_error() -> None:
    expected = "numbers, or one of balanced, inverse_sqrt, effective_number, but got 'rare'"
    for build in (build_nll_v1, build_cross_entropy_v1):
        with pytest.raises(ComponentError, match=f"`label_weights` to be {expected}"):
            build("rare")
    with pytest.raises(ComponentError, match=f"`label_weights` to be {expected}"):
        build_auxiliary_cross_entropy_v1(label_weights="rare")
    for setting in ("false_negative", "wrong_label"):
        with pytest.raises(ComponentError, match=f"`{setting}` to be {expected}"):
            build_softmax_margin_v1(**{setting: "rare"})
