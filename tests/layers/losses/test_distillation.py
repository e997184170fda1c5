"""The divergence from a teacher: enumeration of all paths, and finite differences."""

import numpy as np
import pytest
import torch

from spacy_crf_ner.errors import ImpossibleSequenceError, SpacyCrfNerError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import distillation_loss
from spacy_crf_ner.layers.losses import build_cross_entropy_v1, build_nll_v1
from spacy_crf_ner.layers.losses.independent import as_seen_by
from spacy_crf_ner.tags import TagSet
from tests.functional import oracle
from tests.functional.cases import SCORES, replaced
from tests.layers.losses.batches import batch, differences

TAGSET = TagSet("BIO", ["A", "B"])
NLL, CROSS_ENTROPY = build_nll_v1(), build_cross_entropy_v1()


def softened(potentials: Potentials, temperature: float) -> Potentials:
    return replaced(potentials, **{name: getattr(potentials, name) / temperature for name in SCORES})


def enumerated(student: Potentials, teacher: Potentials) -> float:
    """KL(teacher || student) over all paths."""
    total = 0.0
    for own, fixed in zip(oracle.problems_of(student), oracle.problems_of(teacher), strict=True):
        _, p = oracle.probabilities(fixed)
        _, q = oracle.probabilities(own)
        total += float((p[p > 0] * np.log(p[p > 0] / q[p > 0])).sum())
    return total


def pair(*, tag_mask: bool = False) -> tuple[Potentials, Potentials]:
    return batch(TAGSET, seed=1), batch(TAGSET, seed=2, tag_mask=tag_mask)


@pytest.mark.parametrize("temperature", [1.0, 3.0, 0.5])
@pytest.mark.parametrize("tag_mask", [False, True])
def test_it_is_the_divergence_of_the_distributions_over_paths(temperature: float, tag_mask: bool) -> None:
    student, teacher = pair(tag_mask=tag_mask)
    loss, _ = distillation_loss(NLL, student, teacher, TAGSET, temperature)
    expected = enumerated(softened(student, temperature), softened(teacher, temperature))
    assert expected > 0.5
    assert loss == pytest.approx(temperature**2 * expected, rel=1e-6)


@pytest.mark.parametrize("loss", [NLL, CROSS_ENTROPY], ids=["nll", "cross_entropy"])
@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_its_gradient_agrees_with_differences(loss: object, temperature: float) -> None:
    student, teacher = pair(tag_mask=True)
    _, gradient = distillation_loss(loss, student, teacher, TAGSET, temperature)  # type: ignore[arg-type]
    for name in SCORES:
        expected = differences(
            student,
            name,
            lambda moved: distillation_loss(loss, moved, teacher, TAGSET, temperature)[0],  # type: ignore[arg-type]
        )
        np.testing.assert_allclose(getattr(gradient, name).numpy(), expected, atol=1e-5)
    assert float(gradient.emissions.abs().max()) > 0.1


def test_a_student_like_its_teacher_has_nothing_to_learn() -> None:
    teacher = batch(TAGSET, seed=3)
    # A constant that is added to all scores of a token changes no probability.
    student = replaced(teacher, emissions=teacher.emissions + 2.0)
    loss, gradient = distillation_loss(NLL, student, teacher, TAGSET, 2.0)
    assert loss == pytest.approx(0, abs=1e-6)
    for name in SCORES:
        assert float(getattr(gradient, name).abs().max()) < 1e-6


def test_without_transitions_the_token_marginals_are_learned() -> None:
    student, teacher = pair()
    loss, gradient = distillation_loss(CROSS_ENTROPY, student, teacher, TAGSET)
    assert loss == pytest.approx(enumerated(as_seen_by(CROSS_ENTROPY, student), teacher), rel=1e-6)
    marginals = np.concatenate([oracle.token_marginals(one) for one in oracle.problems_of(teacher)])
    softmax = torch.softmax(student.emissions, dim=1).numpy()
    np.testing.assert_allclose(gradient.emissions.numpy(), softmax - marginals, atol=1e-6)
    for name in SCORES[1:]:
        assert not getattr(gradient, name).any()


def test_the_teacher_gets_no_gradient_and_stays_as_it_is() -> None:
    student, teacher = pair()
    before = teacher.emissions.clone()
    distillation_loss(NLL, student, teacher, TAGSET)
    assert torch.equal(teacher.emissions, before)
    assert teacher.emissions.grad is None
    assert not student.emissions.requires_grad


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("inf")])
def test_a_temperature_out_of_range_is_an_error(temperature: float) -> None:
    with pytest.raises(SpacyCrfNerError, match="temperature"):
        distillation_loss(NLL, *pair(), TAGSET, temperature)


def test_a_teacher_without_a_path_is_an_error() -> None:
    student, teacher = pair()
    allowed = torch.ones(teacher.emissions.shape, dtype=torch.bool)
    allowed[0] = False
    with pytest.raises(ImpossibleSequenceError, match="indices in the batch: 0"):
        distillation_loss(NLL, student, replaced(teacher, allowed_tags=allowed), TAGSET)
