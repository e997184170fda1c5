"""The likelihood loss: weights and smoothing by enumeration, and its gradient."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_crf_ner.errors import ComponentError, ImpossibleSequenceError, PotentialsError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import Loss, Supervision, loss_and_gradient, nll_loss
from spacy_crf_ner.layers.losses import LikelihoodLoss, build_nll_v1
from spacy_crf_ner.layers.losses import weighted as weighted_module
from spacy_crf_ner.tags import TagSet
from tests.functional import oracle
from tests.functional.cases import as_dtype, replaced
from tests.layers.losses.batches import (
    annotation,
    batch,
    check_gradients,
    names_of,
    sequences_of,
    supervised,
)
from tests.tags.sequences import SCHEMES

WEIGHTS = {"O": 0.25, "A": 3.0}


def weight_of(names: set[str], weights: dict[str, float]) -> float:
    """The weight of a token whose tags belong to these."""
    return weights.get(next(iter(names)), 1.0) if len(names) == 1 else 1.0


def weighted(
    problem: oracle.Problem, allowed: np.ndarray, tagset: TagSet, weights: dict[str, float]
) -> float:
    """The chain rule, token by token, by summing the probabilities of all paths that are left."""
    paths, probability = oracle.probabilities(problem)
    left, total = np.ones(len(paths), dtype=bool), 0.0
    for t, names in enumerate(names_of(tagset, allowed & problem.allowed_tags)):
        before = probability[left].sum()
        left &= allowed[t, paths[:, t]]
        total -= weight_of(names, weights) * np.log(probability[left].sum() / before)
    return total


def smooth(problem: oracle.Problem) -> float:
    """Cross-entropy against all allowed paths alike."""
    scores = oracle.path_scores(problem, oracle.all_paths(problem.length, problem.n_tags))
    return float(oracle.log_partition(problem) - scores[np.isfinite(scores)].mean())


def value_of(loss: Loss, potentials: Potentials, supervision: Supervision) -> float:
    return loss_and_gradient(loss, potentials, supervision)[0]


@pytest.mark.parametrize("tag_mask", [False, True])
@pytest.mark.parametrize("n_labels", [1, 2])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(3))
def test_without_settings_it_is_the_negative_log_likelihood(
    scheme: str, n_labels: int, tag_mask: bool, seed: int
) -> None:
    tagset = TagSet(scheme, ("A", "B")[:n_labels])
    potentials = batch(tagset, seed=seed, tag_mask=tag_mask)
    supervision = supervised(potentials, tagset, seed)
    expected = [
        oracle.log_partition(problem) - oracle.log_partition(problem, allowed)
        for problem, allowed in zip(
            oracle.problems_of(potentials), sequences_of(potentials, supervision.allowed), strict=True
        )
    ]
    loss, gradient = loss_and_gradient(build_nll_v1(), potentials, supervision)
    assert loss == pytest.approx(sum(expected), abs=1e-9)
    known, expected_gradient = nll_loss(potentials, supervision.allowed)
    assert loss == pytest.approx(known, abs=1e-12)
    torch.testing.assert_close(gradient.emissions, expected_gradient.emissions)


@pytest.mark.parametrize("tag_mask", [False, True])
@pytest.mark.parametrize("n_labels", [1, 2])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(4))
def test_weights_are_those_of_the_chain_rule(scheme: str, n_labels: int, tag_mask: bool, seed: int) -> None:
    tagset = TagSet(scheme, ("A", "B")[:n_labels])
    potentials = batch(tagset, (3, 0, 1, 4, 4), seed, tag_mask=tag_mask)
    supervision = supervised(potentials, tagset, seed)
    expected = [
        weighted(problem, allowed, tagset, WEIGHTS)
        for problem, allowed in zip(
            oracle.problems_of(potentials), sequences_of(potentials, supervision.allowed), strict=True
        )
    ]
    assert value_of(build_nll_v1(WEIGHTS), potentials, supervision) == pytest.approx(sum(expected), abs=1e-9)
    plain = value_of(build_nll_v1(), potentials, supervision)
    assert abs(plain - sum(expected)) > 1e-2


@pytest.mark.parametrize("unknown", [0.0, 0.5])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_gradients_agree_with_finite_differences(scheme: str, unknown: float) -> None:
    tagset = TagSet(scheme, ("A", "B") if scheme == "IO" else ("A",))
    potentials = batch(tagset, tag_mask=True)
    supervision = supervised(potentials, tagset, 1, unknown)
    for loss in (build_nll_v1(), build_nll_v1(WEIGHTS), build_nll_v1(WEIGHTS, 0.2), build_nll_v1(None, 0.2)):
        check_gradients(loss, potentials, supervision)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("weight", [1.0, 2.5, 0.0])
def test_equal_weights_are_a_factor(scheme: str, weight: float) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = batch(tagset)
    # Vague tokens have weight 1.
    supervision = Supervision(tagset, annotation(potentials, vague=0.0))
    equal = build_nll_v1(dict.fromkeys(("O", "A", "B"), weight))
    expected = weight * value_of(build_nll_v1(), potentials, supervision)
    assert value_of(equal, potentials, supervision) == pytest.approx(expected, abs=1e-9)


def test_equal_weights_need_no_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighted_module, "copies_log_partition", None)
    tagset = TagSet("BIO", ("A", "B"))
    potentials = batch(tagset)
    supervision = Supervision(tagset, annotation(potentials, vague=0.0))
    value_of(build_nll_v1({"O": 2.0, "A": 2.0, "B": 2.0}), potentials, supervision)


@pytest.mark.parametrize(
    ("outside", "expected"),
    [([0, 1, 2, 4, 5], [0, 3, 4, 6]), ([0], [0, 3, 6]), ([2], [0, 3, 6]), ([5], [0, 5, 6])],
)
def test_unknown_tokens_need_no_copies_of_their_own(outside: list[int], expected: list[int]) -> None:
    tagset = TagSet("IO", ("A",))
    potentials = batch(tagset, (6,))
    allowed = torch.ones((6, 2), dtype=torch.bool)
    allowed[outside] = torch.tensor([True, False])
    allowed[3] = torch.tensor([False, True])
    gold = Supervision(tagset, allowed).gold(potentials)
    weights = torch.where(gold.owners == 1, 3.0, 0.25).double()
    prefixes = weighted_module._prefixes(potentials, weights, gold.known)
    assert sorted(prefixes.lengths.tolist()) == expected
    assert float(prefixes.factors.sum()) == pytest.approx(0.0)


def test_a_sequence_that_nothing_is_known_of_adds_nothing() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset, (3, 2))
    allowed = annotation(potentials, unknown=0.0)
    allowed[3:] = True
    first = Supervision(tagset, allowed)
    both = value_of(build_nll_v1(WEIGHTS), potentials, first)
    alone = replaced(potentials, emissions=potentials.emissions[:3], lengths=potentials.lengths[:1])
    assert both == pytest.approx(
        value_of(build_nll_v1(WEIGHTS), alone, Supervision(tagset, allowed[:3])), abs=1e-9
    )


@pytest.mark.parametrize("n_labels", [1, 2])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_smoothing_mixes_in_the_cross_entropy_against_all_paths(scheme: str, n_labels: int) -> None:
    tagset = TagSet(scheme, ("A", "B")[:n_labels])
    potentials = batch(tagset, tag_mask=True)
    supervision = supervised(potentials, tagset)
    uniform = sum(smooth(problem) for problem in oracle.problems_of(potentials))
    for weights in (None, WEIGHTS):
        plain = value_of(build_nll_v1(weights), potentials, supervision)
        smoothed = value_of(build_nll_v1(weights, 0.3), potentials, supervision)
        assert smoothed == pytest.approx(0.7 * plain + 0.3 * uniform, abs=1e-9)


def test_scores_of_minus_infinity_are_no_part_of_smoothing() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset, (3,))
    emissions = potentials.emissions.clone()
    emissions[1, 1] = -torch.inf
    by_score = replaced(potentials, emissions=emissions)
    by_mask = replaced(potentials, allowed_tags=torch.isfinite(emissions))
    loss, supervision = build_nll_v1(None, 0.3), Supervision(tagset, torch.ones((3, 3), dtype=torch.bool))
    first, gradient = loss_and_gradient(loss, by_score, supervision)
    second, expected = loss_and_gradient(loss, by_mask, supervision)
    assert first == pytest.approx(second, abs=1e-9)
    torch.testing.assert_close(gradient.emissions, expected.emissions)


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(SCHEMES),
    st.integers(0, 2**16),
    st.floats(0.0, 5.0),
    st.floats(0.0, 5.0),
    st.sampled_from([0.0, 0.1, 0.9]),
    st.sampled_from([0.1, 2.0, 20.0]),
)
def test_it_is_never_below_0(
    scheme: str, seed: int, outside: float, label: float, smoothing: float, scale: float
) -> None:
    tagset = TagSet(scheme, ("A",))
    potentials = batch(tagset, seed=seed, scale=scale)
    supervision = supervised(potentials, tagset, seed)
    loss = build_nll_v1({"O": outside, "A": label}, smoothing)
    assert value_of(loss, potentials, supervision) >= -1e-9


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_float32_scores_give_the_same_to_their_precision(weights: dict[str, float] | None) -> None:
    tagset = TagSet("BILUO", ("A", "B"))
    potentials = batch(tagset, (9, 4, 0, 30), scale=1.0)
    allowed = torch.ones(potentials.emissions.shape, dtype=torch.bool)
    allowed[::2] = torch.arange(tagset.n_tags) == 0
    allowed[7] = torch.arange(tagset.n_tags) == tagset.tag_id("U", "A")
    allowed[8] = True
    supervision, loss = Supervision(tagset, allowed), build_nll_v1(weights, 0.1)
    exact, expected = loss_and_gradient(loss, potentials, supervision)
    rounded, gradient = loss_and_gradient(loss, as_dtype(potentials, torch.float32), supervision)
    assert rounded == pytest.approx(exact, rel=1e-5)
    for name in ("emissions", "transitions", "start", "end"):
        assert getattr(gradient, name).dtype == torch.float32
        torch.testing.assert_close(
            getattr(gradient, name).double(), getattr(expected, name), rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("lengths", [(), (0,), (0, 0)])
@pytest.mark.parametrize("loss", [build_nll_v1(), build_nll_v1(WEIGHTS), build_nll_v1(None, 0.1)])
def test_a_batch_without_tokens_has_loss_0(loss: Loss, lengths: tuple[int, ...]) -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset, lengths)
    value, gradient = loss_and_gradient(
        loss, potentials, Supervision(tagset, torch.ones((0, 3), dtype=torch.bool))
    )
    assert value == 0
    assert not gradient.transitions.any()


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_an_annotation_that_the_masks_forbid_is_an_error(weights: dict[str, float] | None) -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset)
    allowed = torch.zeros(potentials.emissions.shape, dtype=torch.bool)
    allowed[:, 0] = True
    allowed[1] = torch.tensor([False, True, False])
    # After "O" there is no "I".
    allowed[6] = torch.tensor([False, False, True])
    with pytest.raises(ImpossibleSequenceError, match="batch: 3"):
        loss_and_gradient(build_nll_v1(weights), potentials, Supervision(tagset, allowed))


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_scores_that_are_not_numbers_are_an_error(weights: dict[str, float] | None) -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset)
    emissions = potentials.emissions.clone()
    emissions[-1] = torch.nan
    with pytest.raises(PotentialsError, match="sequence 3` holds nan"):
        loss_and_gradient(
            build_nll_v1(weights), replaced(potentials, emissions=emissions), supervised(potentials, tagset)
        )


def test_settings_that_make_no_sense_are_errors() -> None:
    for smoothing in (1.0, -0.1, float("nan")):
        with pytest.raises(ComponentError, match=rf"`label_smoothing`.*below 1.*{smoothing}"):
            build_nll_v1(label_smoothing=smoothing)
    for weight in (-1.0, float("inf"), float("nan")):
        with pytest.raises(ComponentError, match=rf"`label_weights.A`.*at least 0.*{weight}"):
            build_nll_v1(label_weights={"O": 1.0, "A": weight})


def test_a_weight_for_a_label_that_there_is_not_is_an_error() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset)
    with pytest.raises(ComponentError, match=r"`label_weights`.*'PER'.*O, A"):
        loss_and_gradient(build_nll_v1({"PER": 2.0}), potentials, supervised(potentials, tagset))


def test_it_compares_by_its_settings() -> None:
    assert build_nll_v1(None, 0.1) == LikelihoodLoss(label_smoothing=0.1)
