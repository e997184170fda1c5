"""The losses that take potentials and a target: by enumeration, with gradients by finite differences."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from spacy_crf_ner.errors import ImpossibleSequenceError, PotentialsError
from spacy_crf_ner.functional import Potentials, negative_log_likelihood
from spacy_crf_ner.layers import nll_loss, rehearsal_loss
from spacy_crf_ner.tags import TagSet
from tests.functional import oracle
from tests.functional.cases import (
    LENGTHS,
    MASKS,
    SCORES,
    as_dtype,
    example,
    padded,
    random_scores,
    replaced,
    target_mask,
)
from tests.layers.losses.batches import differences, masks_of
from tests.tags.sequences import SCHEMES

RAGGED = (3, 0, 4, 1)


def teacher_of(student: Potentials, n_tags: int, seed: int = 5) -> Potentials:
    """Other scores for the same tokens, with the first of the student's tags and its masks for them."""
    lengths = tuple(student.lengths.tolist())
    scores = random_scores(torch.Generator().manual_seed(seed), lengths, n_tags)
    masks = {}
    for name in ("allowed_transitions", "allowed_start", "allowed_end", "allowed_tags"):
        mask = getattr(student, name)
        if mask is not None:
            masks[name] = mask[:n_tags, :n_tags] if name == "allowed_transitions" else mask[..., :n_tags]
    return Potentials(**scores, **masks)


def divergence(teacher: Potentials, student: Potentials) -> float:
    """KL(teacher || student) by enumeration of the teacher's paths."""
    total = 0.0
    for first, second in zip(oracle.problems_of(teacher), oracle.problems_of(student), strict=True):
        paths, probabilities = oracle.probabilities(first)
        possible = probabilities > 0
        own = np.log(probabilities[possible])
        other = oracle.path_scores(second, paths[possible]) - oracle.log_partition(second)
        total += float((probabilities[possible] * (own - other)).sum())
    return total


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_the_likelihood_loss_is_the_sum_over_the_batch(lengths: tuple[int, ...], kind: str) -> None:
    potentials = example(lengths, 3, kind)
    target = target_mask(potentials)
    loss, _ = nll_loss(potentials, target)
    assert loss == pytest.approx(negative_log_likelihood(potentials, target).sum().item(), abs=1e-12)
    expected = [
        oracle.log_partition(problem) - oracle.log_partition(problem, target[i, : problem.length].numpy())
        for i, problem in enumerate(oracle.problems_of(potentials))
    ]
    assert loss == pytest.approx(sum(expected), abs=1e-9)


@pytest.mark.parametrize("kind", MASKS)
def test_the_gradient_of_the_likelihood_loss_is_that_of_the_enumeration(kind: str) -> None:
    potentials = example(RAGGED, 3, kind)
    target = target_mask(potentials)
    _, gradient = nll_loss(potentials, target)
    for i, problem in enumerate(oracle.problems_of(potentials)):
        expected = oracle.nll_gradients(problem, target[i, : problem.length].numpy())["emissions"]
        np.testing.assert_allclose(gradient.emissions[i, : problem.length], expected, atol=1e-9)
        assert not gradient.emissions[i, problem.length :].any()
    for name in SCORES:
        assert getattr(gradient, name).shape == getattr(potentials, name).shape


def test_the_likelihood_loss_takes_tag_ids() -> None:
    potentials = example(RAGGED, 3)
    paths = [sorted(oracle.best_paths(problem))[0] for problem in oracle.problems_of(potentials)]
    loss, _ = nll_loss(potentials, padded(paths, potentials.seq_len))
    expected = [oracle.log_partition(p) - oracle.best_score(p) for p in oracle.problems_of(potentials)]
    assert loss == pytest.approx(sum(expected), abs=1e-9)


def test_a_forbidden_target_is_an_error() -> None:
    potentials = replaced(example((2,), 2), allowed_start=torch.tensor([True, False]))
    with pytest.raises(ImpossibleSequenceError, match="indices in the batch: 0"):
        nll_loss(potentials, torch.tensor([[1, 0]]))


def test_losses_of_float32_scores_have_float32_gradients() -> None:
    potentials = as_dtype(example(RAGGED, 3), torch.float32)
    for _, gradient in (
        nll_loss(potentials, target_mask(potentials)),
        rehearsal_loss(potentials, potentials),
    ):
        assert all(getattr(gradient, name).dtype == torch.float32 for name in SCORES)


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_the_rehearsal_loss_is_the_divergence_between_distributions_over_paths(
    lengths: tuple[int, ...], kind: str
) -> None:
    student = example(lengths, 3, kind)
    teacher = teacher_of(student, 3)
    loss, _ = rehearsal_loss(student, teacher)
    assert loss == pytest.approx(divergence(teacher, student), abs=1e-7)
    assert loss >= -1e-9


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_teacher_may_know_fewer_labels(scheme: str) -> None:
    tagset, known = TagSet(scheme, ("A", "B")), TagSet(scheme, ("A",))
    generator = torch.Generator().manual_seed(0)
    student = Potentials(**random_scores(generator, RAGGED, tagset.n_tags), **masks_of(tagset))
    teacher = teacher_of(student, known.n_tags)
    loss, _ = rehearsal_loss(student, teacher)
    assert loss == pytest.approx(divergence(teacher, student), abs=1e-7)
    assert loss > 1


@pytest.mark.parametrize("kind", MASKS)
def test_nothing_is_to_be_learned_from_a_teacher_that_is_the_same(kind: str) -> None:
    potentials = example(RAGGED, 3, kind)
    loss, gradient = rehearsal_loss(potentials, potentials)
    assert loss == pytest.approx(0, abs=1e-9)
    for name in SCORES:
        np.testing.assert_allclose(getattr(gradient, name), 0, atol=1e-12)


@pytest.mark.parametrize("teacher_tags", [3, 2])
@pytest.mark.parametrize("name", SCORES)
def test_the_gradient_of_the_rehearsal_loss_agrees_with_finite_differences(
    name: str, teacher_tags: int
) -> None:
    student = example(RAGGED, 3)
    teacher = teacher_of(student, teacher_tags)
    _, gradient = rehearsal_loss(student, teacher)
    expected = differences(student, name, lambda moved: rehearsal_loss(moved, teacher)[0])
    np.testing.assert_allclose(getattr(gradient, name), expected, atol=1e-6)
    assert np.abs(expected).max() > 1e-2


@pytest.mark.parametrize("loss", [nll_loss, rehearsal_loss])
def test_losses_leave_their_input_without_an_autograd_graph(
    loss: Callable[[Potentials, object], tuple[float, object]],
) -> None:
    potentials = example(RAGGED, 3)
    loss(potentials, target_mask(potentials) if loss is nll_loss else example(RAGGED, 3, seed=1))
    assert not any(getattr(potentials, name).requires_grad for name in SCORES)


def test_scores_that_are_not_numbers_are_an_error() -> None:
    potentials = example((2,), 2)
    broken = replaced(potentials, start=torch.full((2,), float("nan"), dtype=torch.float64))
    with pytest.raises(PotentialsError, match="sequence 0` holds nan"):
        nll_loss(broken, target_mask(potentials))
    with pytest.raises(PotentialsError, match="sequence 0` holds nan"):
        rehearsal_loss(broken, potentials)
