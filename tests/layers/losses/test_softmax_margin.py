"""The softmax-margin loss: costs as they are said to be, by enumeration, and its gradient."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_crf_ner.errors import ComponentError, ImpossibleSequenceError
from spacy_crf_ner.layers import Supervision, loss_and_gradient
from spacy_crf_ner.layers.losses import SoftmaxMarginLoss, build_nll_v1, build_softmax_margin_v1
from spacy_crf_ner.tags import TagSet
from tests.functional import oracle
from tests.functional.cases import as_dtype
from tests.layers.losses.batches import batch, check_gradients, names_of, sequences_of, supervised
from tests.tags.sequences import SCHEMES

COSTS = {"false_positive": {"A": 0.5}, "false_negative": {"A": 4.0, "B": 3.0}, "wrong_label": 0.25}


def cost_of(name: str, label: str) -> float:
    costs = COSTS[name]
    return costs.get(label, 1.0) if isinstance(costs, dict) else costs


def token_costs(tagset: TagSet, admitted: np.ndarray) -> np.ndarray:
    """What each tag costs, read off the definition. *Shape:* (length, n_tags)"""
    costs = np.zeros(admitted.shape)
    for t, names in enumerate(names_of(tagset, admitted)):
        if len(names) != 1:
            continue
        (gold,) = names
        for tag in np.flatnonzero(~admitted[t]):
            label = tagset.parts(int(tag))[1]
            if gold == "O":
                costs[t, tag] = cost_of("false_positive", label)
            else:
                costs[t, tag] = cost_of("wrong_label", gold) if label else cost_of("false_negative", gold)
    return costs


def margin(problem: oracle.Problem, allowed: np.ndarray, tagset: TagSet) -> float:
    """The loss by enumeration."""
    paths = oracle.all_paths(problem.length, problem.n_tags)
    costs = token_costs(tagset, allowed & problem.allowed_tags)
    raised = oracle.path_scores(problem, paths) + costs[np.arange(problem.length), paths].sum(1)
    return oracle.log_sum_exp(raised) - oracle.log_partition(problem, allowed)


@pytest.mark.parametrize("tag_mask", [False, True])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(4))
def test_it_is_its_definition(scheme: str, tag_mask: bool, seed: int) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = batch(tagset, (3, 0, 1, 4, 4), seed, tag_mask=tag_mask)
    supervision = supervised(potentials, tagset, seed)
    expected = [
        margin(problem, allowed, tagset)
        for problem, allowed in zip(
            oracle.problems_of(potentials), sequences_of(potentials, supervision.allowed), strict=True
        )
    ]
    loss, _ = loss_and_gradient(build_softmax_margin_v1(**COSTS), potentials, supervision)
    assert loss == pytest.approx(sum(expected), abs=1e-9)


def test_each_mistake_costs_what_is_said() -> None:
    tagset = TagSet("BIO", ("A", "B"))
    loss = build_softmax_margin_v1({"A": 2.0}, {"B": 3.0}, {"A": 5.0, "B": 7.0})
    assert isinstance(loss, SoftmaxMarginLoss)
    table = loss.costs(tagset, torch.device("cpu")).tolist()
    # O, B-A, I-A, B-B, I-B; what is right is then free.
    assert table == [
        [0.0, 2.0, 2.0, 1.0, 1.0],
        [1.0, 5.0, 5.0, 5.0, 5.0],
        [3.0, 7.0, 7.0, 7.0, 7.0],
        [0.0, 0.0, 0.0, 0.0, 0.0],
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_without_costs_it_is_the_negative_log_likelihood(scheme: str) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = batch(tagset)
    supervision = supervised(potentials, tagset)
    free, gradient = loss_and_gradient(build_softmax_margin_v1(0.0, 0.0, 0.0), potentials, supervision)
    plain, expected = loss_and_gradient(build_nll_v1(), potentials, supervision)
    assert free == pytest.approx(plain, abs=1e-12)
    torch.testing.assert_close(gradient.emissions, expected.emissions)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_gradients_agree_with_finite_differences(scheme: str) -> None:
    tagset = TagSet(scheme, ("A",))
    potentials = batch(tagset, tag_mask=True)
    loss = build_softmax_margin_v1({"A": 0.5}, 3.0, 2.0)
    check_gradients(loss, potentials, supervised(potentials, tagset))


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(SCHEMES), st.integers(0, 2**16), st.lists(st.floats(0.0, 9.0), min_size=3, max_size=3))
def test_it_is_at_least_the_likelihood_loss(scheme: str, seed: int, costs: list[float]) -> None:
    tagset = TagSet(scheme, ("A",))
    potentials = batch(tagset, seed=seed)
    supervision = supervised(potentials, tagset, seed)
    plain, _ = loss_and_gradient(build_nll_v1(), potentials, supervision)
    loss, _ = loss_and_gradient(build_softmax_margin_v1(*costs), potentials, supervision)
    assert loss >= plain - 1e-9
    assert loss >= -1e-9


def test_costs_of_false_negatives_pull_towards_entities() -> None:
    tagset = TagSet("IO", ("A",))
    potentials = batch(tagset, (4,))
    allowed = torch.tensor([[True, False], [False, True], [False, True], [True, False]])
    pulls = []
    for cost in (0.0, 3.0):
        _, gradient = loss_and_gradient(
            build_softmax_margin_v1(0.0, cost, 0.0), potentials, Supervision(tagset, allowed)
        )
        pulls.append(float(gradient.emissions[1, 1] + gradient.emissions[2, 1]))
    assert pulls[1] < pulls[0] < 0


def test_float32_scores_have_float32_gradients() -> None:
    tagset = TagSet("BILUO", ("A",))
    potentials = batch(tagset)
    supervision = supervised(potentials, tagset)
    loss, gradient = loss_and_gradient(
        build_softmax_margin_v1(), as_dtype(potentials, torch.float32), supervision
    )
    assert gradient.emissions.dtype == torch.float32
    exact, _ = loss_and_gradient(build_softmax_margin_v1(), potentials, supervision)
    assert loss == pytest.approx(exact, rel=1e-5)


def test_an_annotation_that_the_masks_forbid_is_an_error() -> None:
    tagset = TagSet("BIO", ("A",))
    allowed = torch.tensor([[True, False, False], [False, False, True]])
    with pytest.raises(ImpossibleSequenceError, match="batch: 0"):
        loss_and_gradient(build_softmax_margin_v1(), batch(tagset, (2,)), Supervision(tagset, allowed))


def test_settings_that_make_no_sense_are_errors() -> None:
    with pytest.raises(ComponentError, match=r"`false_positive`.*at least 0.*-1"):
        build_softmax_margin_v1(-1.0)
    with pytest.raises(ComponentError, match=r"`wrong_label.A`.*at least 0.*inf"):
        build_softmax_margin_v1(wrong_label={"A": float("inf")})
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset)
    with pytest.raises(ComponentError, match=r"`false_negative`.*'O'.*knows A"):
        loss_and_gradient(
            build_softmax_margin_v1(false_negative={"O": 1.0}), potentials, supervised(potentials, tagset)
        )
