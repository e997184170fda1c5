"""The cross-entropy of single tokens: by its definition, with nothing for the transitions."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_crf_ner.errors import ComponentError, ImpossibleSequenceError, PotentialsError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import Supervision, loss_and_gradient
from spacy_crf_ner.layers.losses import build_cross_entropy_v1
from spacy_crf_ner.layers.losses.independent import as_seen_by, trains_transitions
from spacy_crf_ner.tags import TagSet
from tests.functional.cases import as_dtype, replaced
from tests.layers.losses.batches import batch, check_gradients, names_of, supervised
from tests.tags.sequences import SCHEMES

WEIGHTS = {"O": 0.25, "A": 3.0}


def expected_loss(
    potentials: Potentials, supervision: Supervision, weights: dict[str, float], smoothing: float
) -> float:
    """Token by token."""
    emissions, allowed = potentials.emissions.numpy(), supervision.allowed.numpy()
    possible = np.ones_like(allowed) if potentials.allowed_tags is None else potentials.allowed_tags.numpy()
    total = 0.0
    for scores, admitted, free in zip(emissions, allowed & possible, possible, strict=True):
        if (admitted == free).all():
            continue
        (names,) = names_of(supervision.tagset, admitted[None])
        weight = weights.get(next(iter(names)), 1.0) if len(names) == 1 else 1.0
        probabilities = np.where(free, np.exp(scores), 0.0)
        probabilities /= probabilities.sum()
        own = -np.log(probabilities[admitted].sum())
        total += weight * ((1 - smoothing) * own - smoothing * np.log(probabilities[free]).mean())
    return total


@pytest.mark.parametrize("tag_mask", [False, True])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_is_its_definition(
    scheme: str, smoothing: float, weights: dict[str, float] | None, tag_mask: bool
) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = batch(tagset, (5, 0, 1, 4), tag_mask=tag_mask)
    supervision = supervised(potentials, tagset)
    loss, _ = loss_and_gradient(build_cross_entropy_v1(weights, smoothing), potentials, supervision)
    expected = expected_loss(potentials, supervision, weights or {}, smoothing)
    assert loss == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_gradients_agree_with_finite_differences(
    scheme: str, smoothing: float, weights: dict[str, float] | None
) -> None:
    tagset = TagSet(scheme, ("A",))
    potentials = batch(tagset, tag_mask=True)
    check_gradients(build_cross_entropy_v1(weights, smoothing), potentials, supervised(potentials, tagset))


def test_transitions_take_no_part() -> None:
    tagset = TagSet("BILUO", ("A",))
    potentials = batch(tagset)
    supervision, loss = supervised(potentials, tagset), build_cross_entropy_v1()
    value, gradient = loss_and_gradient(loss, potentials, supervision)
    for name in ("transitions", "start", "end"):
        scores = getattr(potentials, name)
        assert getattr(gradient, name).shape == scores.shape
        assert not getattr(gradient, name).any()
        moved = replaced(potentials, **{name: scores + torch.randn_like(scores)})
        assert loss_and_gradient(loss, moved, supervision)[0] == value


def test_it_says_that_it_does_not_train_transitions() -> None:
    loss, tagset = build_cross_entropy_v1(), TagSet("BIO", ("A",))
    assert not trains_transitions(loss)
    assert trains_transitions(lambda potentials, supervision: potentials.emissions.sum())
    potentials = batch(tagset, tag_mask=True)
    seen = as_seen_by(loss, potentials)
    assert not any(getattr(seen, name).any() for name in ("transitions", "start", "end"))
    assert seen.allowed_transitions is seen.allowed_start is seen.allowed_end is None
    assert seen.allowed_tags is potentials.allowed_tags
    assert seen.emissions is potentials.emissions


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(SCHEMES), st.integers(0, 2**16), st.sampled_from([0.1, 2.0, 50.0]))
def test_it_is_never_below_0(scheme: str, seed: int, scale: float) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = batch(tagset, seed=seed, scale=scale, tag_mask=True)
    supervision = supervised(potentials, tagset, seed)
    assert loss_and_gradient(build_cross_entropy_v1(WEIGHTS, 0.1), potentials, supervision)[0] >= 0


def test_float32_scores_have_float32_gradients() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = as_dtype(batch(tagset), torch.float32)
    _, gradient = loss_and_gradient(build_cross_entropy_v1(), potentials, supervised(potentials, tagset))
    assert gradient.emissions.dtype == gradient.transitions.dtype == torch.float32


@pytest.mark.parametrize("lengths", [(), (0,)])
def test_a_batch_without_tokens_has_loss_0(lengths: tuple[int, ...]) -> None:
    tagset = TagSet("BIO", ("A",))
    supervision = Supervision(tagset, torch.ones((0, 3), dtype=torch.bool))
    assert loss_and_gradient(build_cross_entropy_v1(), batch(tagset, lengths), supervision)[0] == 0


def test_a_token_without_a_tag_is_an_error() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset, (1, 2))
    allowed = torch.ones((3, 3), dtype=torch.bool)
    allowed[2] = False
    for given_mask, annotated in ((None, allowed), (allowed, torch.ones_like(allowed))):
        restricted = replaced(potentials, allowed_tags=given_mask)
        with pytest.raises(ImpossibleSequenceError, match="batch: 1"):
            loss_and_gradient(build_cross_entropy_v1(), restricted, Supervision(tagset, annotated))


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_scores_that_are_not_numbers_are_an_error(value: float) -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset, (1, 2))
    emissions = potentials.emissions.clone()
    emissions[2, 1] = value
    allowed = torch.ones((3, 3), dtype=torch.bool)
    allowed[2] = torch.tensor([True, False, False])
    with pytest.raises(PotentialsError, match="sequence 1` holds"):
        loss_and_gradient(
            build_cross_entropy_v1(), replaced(potentials, emissions=emissions), Supervision(tagset, allowed)
        )


def test_settings_that_make_no_sense_are_errors() -> None:
    with pytest.raises(ComponentError, match=r"`label_smoothing`.*below 1.*1\.5"):
        build_cross_entropy_v1(label_smoothing=1.5)
    with pytest.raises(ComponentError, match=r"`label_weights.O`.*at least 0.*-2"):
        build_cross_entropy_v1({"O": -2.0})
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset)
    with pytest.raises(ComponentError, match=r"`label_weights`.*'PER'"):
        loss_and_gradient(build_cross_entropy_v1({"PER": 1.0}), potentials, supervised(potentials, tagset))
