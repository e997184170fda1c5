"""Cross-entropy beside another loss: it is the sum of both, and its weight may follow a schedule."""

import copy
import itertools
import pickle

import pytest
import thinc.api
import torch

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import Loss, Supervision, loss_and_gradient, step_schedules
from spacy_crf_ner.layers.losses import (
    AuxiliaryCrossEntropyLoss,
    WeightSchedule,
    build_auxiliary_cross_entropy_v1,
    build_cross_entropy_v1,
    build_entropy_bonus_v1,
    build_expected_entity_ratio_v1,
    build_nll_v1,
    build_softmax_margin_v1,
)
from spacy_crf_ner.layers.losses.independent import trains_transitions
from spacy_crf_ner.tags import TagSet
from tests.layers.losses.batches import batch, check_gradients, supervised
from tests.tags.sequences import SCHEMES

INNER: list[Loss | None] = [None, build_softmax_margin_v1(), build_cross_entropy_v1()]
WEIGHTS = {"O": 0.25, "A": 3.0}


def value_of(loss: Loss, potentials: Potentials, supervision: Supervision) -> float:
    return loss_and_gradient(loss, potentials, supervision)[0]


def weight_of(loss: Loss) -> float:
    """The weight that the next batch will see."""
    assert isinstance(loss, AuxiliaryCrossEntropyLoss)
    assert isinstance(loss.weight, WeightSchedule)
    return loss.weight.value


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_is_the_sum_of_both_losses(scheme: str, inner: Loss | None) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = batch(tagset, tag_mask=True)
    supervision = supervised(potentials, tagset)
    own = build_nll_v1() if inner is None else inner
    tokens = build_cross_entropy_v1(WEIGHTS, 0.2)
    expected = value_of(own, potentials, supervision) + 0.7 * value_of(tokens, potentials, supervision)
    loss = build_auxiliary_cross_entropy_v1(0.7, WEIGHTS, 0.2, inner)
    assert value_of(loss, potentials, supervision) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_gradients_agree_with_finite_differences(scheme: str, inner: Loss | None) -> None:
    tagset = TagSet(scheme, ("A",))
    potentials = batch(tagset, tag_mask=True)
    loss = build_auxiliary_cross_entropy_v1(2.0, WEIGHTS, 0.1, inner)
    check_gradients(loss, potentials, supervised(potentials, tagset))


def test_the_cross_entropy_gives_transitions_nothing_and_the_other_loss_its_own() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset)
    supervision = supervised(potentials, tagset)
    _, plain = loss_and_gradient(build_nll_v1(), potentials, supervision)
    _, gradient = loss_and_gradient(build_auxiliary_cross_entropy_v1(3.0), potentials, supervision)
    torch.testing.assert_close(gradient.transitions, plain.transitions)
    assert not torch.allclose(gradient.emissions, plain.emissions)
    assert trains_transitions(build_auxiliary_cross_entropy_v1())
    assert not trains_transitions(build_auxiliary_cross_entropy_v1(loss=build_cross_entropy_v1()))


def test_with_weight_0_it_is_the_other_loss_alone() -> None:
    tagset = TagSet("BILUO", ("A",))
    potentials = batch(tagset)
    supervision = supervised(potentials, tagset)
    # An error if it were computed.
    loss = build_auxiliary_cross_entropy_v1(0.0, {"UNKNOWN": 2.0})
    assert value_of(loss, potentials, supervision) == value_of(build_nll_v1(), potentials, supervision)


def test_the_defaults() -> None:
    assert build_auxiliary_cross_entropy_v1() == build_auxiliary_cross_entropy_v1(
        0.5, None, 0.0, build_nll_v1()
    )


@pytest.mark.parametrize("lengths", [(), (0,)])
def test_a_batch_without_tokens_has_loss_0(lengths: tuple[int, ...]) -> None:
    tagset = TagSet("BIO", ("A",))
    supervision = Supervision(tagset, torch.ones((0, 3), dtype=torch.bool))
    assert value_of(build_auxiliary_cross_entropy_v1(), batch(tagset, lengths), supervision) == 0


def test_the_weight_follows_a_schedule_of_thinc() -> None:
    schedule = thinc.api.warmup_linear(1.0, 0, 4)
    loss = build_auxiliary_cross_entropy_v1(schedule)
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset)
    supervision = supervised(potentials, tagset)
    for weight in (1.0, 0.75, 0.5, 0.25, 0.0, 0.0):
        fixed = build_auxiliary_cross_entropy_v1(weight)
        # The loss of two parts of one batch has one weight.
        for _ in range(2):
            assert value_of(loss, potentials, supervision) == value_of(fixed, potentials, supervision)
        step_schedules(loss)


def test_the_last_value_of_a_schedule_that_ends_stays() -> None:
    loss = build_auxiliary_cross_entropy_v1([1.0, 0.5])
    seen = []
    for _ in range(4):
        seen.append(weight_of(loss))
        step_schedules(loss)
    assert seen == [1.0, 0.5, 0.5, 0.5]


@pytest.mark.parametrize("build", [build_entropy_bonus_v1, build_expected_entity_ratio_v1])
def test_a_schedule_within_other_losses_moves_on(build: object) -> None:
    assert callable(build)
    inner = build_auxiliary_cross_entropy_v1([1.0, 0.5])
    step_schedules(build(loss=build_auxiliary_cross_entropy_v1([3.0, 2.0], loss=inner)))
    assert weight_of(inner) == 0.5


def test_losses_without_a_schedule_stay_as_they_are() -> None:
    loss = build_auxiliary_cross_entropy_v1(0.7)
    step_schedules(loss)
    assert loss == build_auxiliary_cross_entropy_v1(0.7)
    # A function of the user's own.
    step_schedules(lambda potentials, supervision: potentials.emissions.sum())


def test_a_copy_goes_on_by_itself() -> None:
    loss = build_auxiliary_cross_entropy_v1(float(value) for value in itertools.count())
    step_schedules(loss)
    copied = copy.deepcopy(loss)
    for _ in range(3):
        step_schedules(copied)
    step_schedules(loss)
    assert (weight_of(loss), weight_of(copied)) == (2.0, 4.0)
    step_schedules(loss)
    assert weight_of(loss) == 3.0
    both = copy.deepcopy((loss, loss))
    assert both[0] is both[1]


def test_a_pickled_one_keeps_the_weight_that_it_has() -> None:
    loss = build_auxiliary_cross_entropy_v1(float(value) for value in itertools.count(3))
    step_schedules(loss)
    sent = pickle.loads(pickle.dumps(loss))  # noqa: S301
    step_schedules(sent)
    assert weight_of(sent) == 4.0
    step_schedules(loss)
    assert weight_of(loss) == 5.0


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"weight": -1.0}, r"`weight`.*at least 0.*-1"),
        ({"weight": float("nan")}, r"`weight`.*at least 0.*nan"),
        ({"weight": [-1.0]}, r"`weight`.*at least 0.*-1"),
        ({"weight": []}, r"`weight`.*a number, or a schedule of at least one"),
        ({"label_smoothing": 1.0}, r"`label_smoothing`.*below 1"),
        ({"label_weights": {"A": -1.0}}, r"`label_weights\.A`.*at least 0"),
    ],
)
def test_settings_that_make_no_sense_are_errors(settings: dict[str, object], expected: str) -> None:
    with pytest.raises(ComponentError, match=expected):
        build_auxiliary_cross_entropy_v1(**settings)  # type: ignore[arg-type]


def test_a_schedule_that_leaves_its_range_is_an_error_and_the_weight_stays() -> None:
    loss = build_auxiliary_cross_entropy_v1([1.0, -0.5])
    with pytest.raises(ComponentError, match=r"`weight`.*at least 0.*-0\.5"):
        step_schedules(loss)
    assert weight_of(loss) == 1.0
