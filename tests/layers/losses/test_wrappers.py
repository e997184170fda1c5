"""Losses on top of another: entropy bonus and expected entity ratio, by enumeration, with their gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import Loss, Supervision, loss_and_gradient
from spacy_crf_ner.layers.losses import (
    build_cross_entropy_v1,
    build_entropy_bonus_v1,
    build_expected_entity_ratio_v1,
    build_nll_v1,
    build_softmax_margin_v1,
)
from spacy_crf_ner.layers.losses.independent import as_seen_by, trains_transitions
from spacy_crf_ner.tags import TagSet
from tests.functional import oracle
from tests.functional.cases import as_dtype
from tests.layers.losses.batches import batch, check_gradients, supervised
from tests.tags.sequences import SCHEMES

INNER: list[Loss | None] = [None, build_softmax_margin_v1(), build_cross_entropy_v1()]


def entropy_of(potentials: Potentials) -> float:
    """Of the distributions over all paths of each sequence, added up."""
    total = 0.0
    for problem in oracle.problems_of(potentials):
        _, probability = oracle.probabilities(problem)
        possible = probability[probability > 0]
        total -= float((possible * np.log(possible)).sum())
    return total


def entity_tokens(potentials: Potentials) -> float:
    """Expected number of tokens whose tag is not O."""
    total = 0.0
    for problem in oracle.problems_of(potentials):
        paths, probability = oracle.probabilities(problem)
        total += float((probability * (paths != 0).sum(1)).sum())
    return total


def value_of(loss: Loss, potentials: Potentials, supervision: Supervision) -> float:
    return loss_and_gradient(loss, potentials, supervision)[0]


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_entropy_bonus_is_taken_off(scheme: str, inner: Loss | None) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = batch(tagset, tag_mask=True)
    supervision = supervised(potentials, tagset)
    own = build_nll_v1() if inner is None else inner
    expected = value_of(own, potentials, supervision) - 0.7 * entropy_of(as_seen_by(own, potentials))
    loss = build_entropy_bonus_v1(0.7, inner)
    assert value_of(loss, potentials, supervision) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize(("ratio", "margin"), [(0.15, 0.05), (0.9, 0.0), (0.5, 0.5)])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_entity_ratio_costs_what_it_is_off(
    scheme: str, ratio: float, margin: float, inner: Loss | None
) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = batch(tagset, (3, 0, 1, 4, 4))
    supervision = supervised(potentials, tagset)
    own = build_nll_v1() if inner is None else inner
    off = abs(entity_tokens(as_seen_by(own, potentials)) / 12 - ratio)
    expected = value_of(own, potentials, supervision) + 3.0 * 12 / 20 * max(0.0, off - margin)
    loss = build_expected_entity_ratio_v1(ratio, margin, 3.0, inner)
    assert value_of(loss, potentials, supervision) == pytest.approx(expected, abs=1e-8)


def test_the_defaults_are_those_of_the_paper() -> None:
    assert build_expected_entity_ratio_v1() == build_expected_entity_ratio_v1(
        0.15, 0.05, 10.0, build_nll_v1()
    )
    assert build_entropy_bonus_v1(0.1) == build_entropy_bonus_v1(0.1, build_nll_v1())


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_gradients_agree_with_finite_differences(scheme: str, inner: Loss | None) -> None:
    tagset = TagSet(scheme, ("A",))
    potentials = batch(tagset, tag_mask=True)
    supervision = supervised(potentials, tagset)
    check_gradients(build_entropy_bonus_v1(0.7, inner), potentials, supervision)
    for ratio in (0.0, 1.0):
        check_gradients(build_expected_entity_ratio_v1(ratio, 0.02, 30.0, inner), potentials, supervision)


def test_within_the_margin_the_ratio_neither_costs_nor_pulls() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset)
    unknown = Supervision(tagset, torch.ones(potentials.emissions.shape, dtype=torch.bool))
    ratio = entity_tokens(potentials) / len(potentials.emissions)
    loss, gradient = loss_and_gradient(build_expected_entity_ratio_v1(ratio, 0.01), potentials, unknown)
    assert loss == pytest.approx(0.0, abs=1e-9)
    torch.testing.assert_close(gradient.emissions, torch.zeros_like(gradient.emissions))


@pytest.mark.parametrize(("ratio", "sign"), [(0.0, -1), (1.0, 1)])
def test_the_ratio_pulls_towards_itself(ratio: float, sign: int) -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset)
    unknown = Supervision(tagset, torch.ones(potentials.emissions.shape, dtype=torch.bool))
    _, gradient = loss_and_gradient(build_expected_entity_ratio_v1(ratio, 0.0), potentials, unknown)
    moved = Potentials(
        potentials.emissions - 0.1 * gradient.emissions,
        *(getattr(potentials, name) for name in ("lengths", "transitions", "start", "end")),
        *(getattr(potentials, name) for name in ("allowed_transitions", "allowed_start", "allowed_end")),
    )
    assert sign * (entity_tokens(moved) - entity_tokens(potentials)) > 0


def test_a_loss_within_tells_whether_transitions_are_trained() -> None:
    for build in (build_entropy_bonus_v1, build_expected_entity_ratio_v1):
        assert trains_transitions(build(loss=None))
        wrapped = build(loss=build_cross_entropy_v1())
        assert not trains_transitions(wrapped)
        tagset = TagSet("BIO", ("A",))
        potentials = batch(tagset)
        supervision = supervised(potentials, tagset)
        _, gradient = loss_and_gradient(wrapped, potentials, supervision)
        assert not any(getattr(gradient, name).any() for name in ("transitions", "start", "end"))
        direct = float(wrapped(potentials, supervision))
        assert direct == pytest.approx(value_of(wrapped, potentials, supervision), abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(SCHEMES), st.integers(0, 2**16), st.floats(0, 1), st.floats(0, 1))
def test_the_ratio_only_adds(scheme: str, seed: int, ratio: float, margin: float) -> None:
    tagset = TagSet(scheme, ("A",))
    potentials = batch(tagset, seed=seed)
    supervision = supervised(potentials, tagset, seed)
    plain = value_of(build_nll_v1(), potentials, supervision)
    assert value_of(build_expected_entity_ratio_v1(ratio, margin), potentials, supervision) >= plain - 1e-9


@pytest.mark.parametrize("build", [build_entropy_bonus_v1, build_expected_entity_ratio_v1])
@pytest.mark.parametrize("lengths", [(), (0,)])
def test_a_batch_without_tokens_has_loss_0(build: object, lengths: tuple[int, ...]) -> None:
    assert callable(build)
    tagset = TagSet("BIO", ("A",))
    supervision = Supervision(tagset, torch.ones((0, 3), dtype=torch.bool))
    assert value_of(build(), batch(tagset, lengths), supervision) == 0


@pytest.mark.parametrize("build", [build_entropy_bonus_v1, build_expected_entity_ratio_v1])
def test_float32_scores_have_float32_gradients(build: object) -> None:
    assert callable(build)
    tagset = TagSet("BILUO", ("A",))
    potentials = batch(tagset, scale=1.0)
    supervision = supervised(potentials, tagset)
    loss, gradient = loss_and_gradient(build(), as_dtype(potentials, torch.float32), supervision)
    assert gradient.emissions.dtype == torch.float32
    assert loss == pytest.approx(value_of(build(), potentials, supervision), rel=1e-4)


def test_settings_that_make_no_sense_are_errors() -> None:
    with pytest.raises(ComponentError, match=r"`weight`.*at least 0.*-1"):
        build_entropy_bonus_v1(-1.0)
    with pytest.raises(ComponentError, match=r"`ratio`.*between 0 and 1.*1\.5"):
        build_expected_entity_ratio_v1(1.5)
    with pytest.raises(ComponentError, match=r"`margin`.*between 0 and 1.*-0\.5"):
        build_expected_entity_ratio_v1(margin=-0.5)
    with pytest.raises(ComponentError, match=r"`weight`.*at least 0.*nan"):
        build_expected_entity_ratio_v1(weight=float("nan"))
