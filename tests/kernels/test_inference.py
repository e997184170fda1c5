"""What is asked of whole paths, through the implementation that is chosen: as the reference answers in float64."""

from collections.abc import Iterator

import pytest
import torch

from spacy_crf_ner import functional, kernels
from spacy_crf_ner.errors import ImpossibleSequenceError
from spacy_crf_ner.functional import Potentials, PotentialsGradient
from tests.functional.cases import SCORES, as_dtype, replaced, with_gradients
from tests.kernels.test_dispatch import batch, choose, forget_choices

every_choice = pytest.mark.parametrize("choice", ["auto", "torch"])
every_layout = pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])


@pytest.fixture(autouse=True)
def _chosen_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield
    monkeypatch.undo()
    forget_choices()


def both(packed: bool) -> tuple[Potentials, Potentials]:
    """The same scores in float32 and in float64."""
    one = batch().packed() if packed else batch()
    return one, as_dtype(one, torch.float64)


@every_choice
@every_layout
def test_the_best_paths_agree_with_the_reference(
    packed: bool, choice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, choice)
    one, exact = both(packed)
    tags, log_probs = kernels.k_best(one, 5)
    expected, wanted = functional.k_best(exact, 5)
    torch.testing.assert_close(log_probs, wanted, rtol=0, atol=1e-5)
    torch.testing.assert_close(tags, expected, rtol=0, atol=0)


@every_choice
@every_layout
def test_what_goes_on_agrees_with_the_reference(
    packed: bool, choice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, choice)
    one, exact = both(packed)
    found, expected = kernels.onward_scores(one), functional.onward_scores(exact)
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-5)


@every_choice
@every_layout
def test_draws_are_those_of_the_reference(packed: bool, choice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, choice)
    one, exact = both(packed)
    found = kernels.sample(one, 20, torch.Generator().manual_seed(0))
    expected = functional.sample(exact, 20, torch.Generator().manual_seed(0))
    # Probabilities that differ in the last digits of float32 may decide otherwise, once in thousands of draws.
    assert (found != expected).float().mean() < 0.02


@every_choice
@every_layout
@pytest.mark.parametrize("name", ["entropy", "expected_value"])
def test_expectations_and_their_gradients_agree_with_the_reference(
    name: str, packed: bool, choice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, choice)
    leaves = [with_gradients(potentials) for potentials in both(packed)]
    generator = torch.Generator().manual_seed(0)
    shapes = {score: getattr(leaves[0], score).shape for score in SCORES}
    numbers = {score: torch.randn(shape, generator=generator) for score, shape in shapes.items()}
    more = (PotentialsGradient(**numbers),) if name == "expected_value" else ()
    found, expected = getattr(kernels, name)(leaves[0], *more), getattr(functional, name)(leaves[1], *more)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5)
    weights = torch.arange(float(len(found)))
    (found * weights).sum().backward()
    (expected * weights.double()).sum().backward()
    for score in SCORES:
        got, wanted = (getattr(leaf, score).grad for leaf in leaves)
        torch.testing.assert_close(got.double(), wanted, rtol=1e-5, atol=1e-5)


@every_choice
@pytest.mark.parametrize("name", ["k_best", "onward_scores", "sample", "entropy"])
def test_sequences_without_a_path_are_named(name: str, choice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, choice)
    one = batch()
    allowed = one.allowed_tags.clone()
    allowed[2, 3] = False
    more = (3,) if name in ("k_best", "sample") else ()
    with pytest.raises(ImpossibleSequenceError, match="indices in the batch: 2"):
        getattr(kernels, name)(replaced(one, allowed_tags=allowed), *more)
