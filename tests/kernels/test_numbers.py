"""Scores of every size, for all implementations: within the promised bounds, or redone until they are."""

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spacy_crf_ner.functional import Potentials
from tests.functional.cases import random_scores, replaced
from tests.kernels.agreement import agree
from tests.kernels.implementations import OTHERS, Implementation, every_fast_implementation
from tests.kernels.test_agreement import scores, with_scheme


def steep(
    lengths: tuple[int, ...], n_labels: int, emission: float, transition: float, seed: int
) -> Potentials:
    """BILUO with uniform scores up to these limits on both sides."""
    generator = torch.Generator().manual_seed(seed)
    flat = random_scores(generator, lengths, 1 + 4 * n_labels, 1.0)
    limits = {"emissions": emission, "transitions": transition, "start": transition, "end": transition}
    drawn = {
        name: (torch.rand(flat[name].shape, generator=generator, dtype=torch.float64) * 2 - 1) * limit
        for name, limit in limits.items()
    }
    return with_scheme(Potentials(**{**flat, **drawn}), "BILUO", n_labels)


@pytest.mark.parametrize("implementation", OTHERS[1:], ids=lambda one: one.name)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    emission=st.sampled_from([1.0, 8.0, 12.0, 20.0, 50.0]),
    transition=st.sampled_from([0.5, 5.0, 20.0]),
    n_labels=st.integers(1, 5),
    length=st.integers(1, 40),
    seed=st.integers(0, 10_000),
)
# A spread at which some sequences fit into float32 and others do not; one where none does; a single token.
@example(emission=12.0, transition=5.0, n_labels=2, length=40, seed=1)
@example(emission=50.0, transition=20.0, n_labels=5, length=40, seed=2)
@example(emission=50.0, transition=20.0, n_labels=1, length=1, seed=3)
def test_the_promised_bounds_hold_for_every_spread(
    implementation: Implementation, emission: float, transition: float, n_labels: int, length: int, seed: int
) -> None:
    lengths = (length, (length + 1) // 2, length, 1, length)
    agree(implementation, steep(lengths, n_labels, emission, transition, seed))


@every_fast_implementation
@pytest.mark.parametrize("favour", [20.0, 60.0, 120.0, 400.0, 3000.0])
def test_an_impossible_tag_that_is_favoured_takes_no_probability(
    implementation: Implementation, favour: float
) -> None:
    potentials = scores((12, 7), 5)
    emissions = potentials.emissions.clone()
    emissions[:, :, 3] += favour
    allowed = torch.ones_like(emissions, dtype=torch.bool)
    allowed[:, :, 3] = False
    agree(implementation, replaced(potentials, emissions=emissions, allowed_tags=allowed))


@every_fast_implementation
@pytest.mark.parametrize("favour", [3.0, 6.0, 30.0])
def test_a_long_entity_that_loses_little_at_every_token_is_not_lost(
    implementation: Implementation, favour: float
) -> None:
    # At the first token B is 95 nats behind O, more than a float32 can hold beside it, and later tokens make up for it
    # little by little: no step looks suspicious, and a forward pass alone would get the sum wrong without noticing.
    length = 45
    emissions = torch.zeros(1, length, 5, dtype=torch.float64)
    emissions[0, 0, 1] = -95.0
    emissions[0, 1:, 2:4] = favour
    potentials = Potentials(
        emissions,
        torch.tensor([length]),
        torch.zeros(5, 5).double(),
        torch.zeros(5).double(),
        torch.zeros(5).double(),
    )
    agree(implementation, with_scheme(potentials, "BILUO", 1))


@every_fast_implementation
@pytest.mark.parametrize("spread", [1e3, 1e4])
def test_scores_far_beyond_any_model_are_exact(implementation: Implementation, spread: float) -> None:
    agree(implementation, steep((6, 3, 9), 2, spread, spread, seed=0))


@every_fast_implementation
def test_one_tag_has_probability_1_whatever_its_score(implementation: Implementation) -> None:
    agree(implementation, scores((300, 1, 0, 40), 1, scale=50.0))


@pytest.mark.slow
@pytest.mark.parametrize("implementation", OTHERS, ids=lambda one: one.name)
@pytest.mark.parametrize(("emission", "transition"), [(1.0, 1.0), (9.0, 5.0), (50.0, 20.0)])
def test_ten_thousand_tokens(implementation: Implementation, emission: float, transition: float) -> None:
    agree(implementation, steep((10_000, 3), 2, emission, transition, seed=4).packed())


@every_fast_implementation
@pytest.mark.parametrize("edge", [-40.0, -70.0, -100.0, -300.0])
def test_paths_that_both_chains_lose_are_not_lost(implementation: Implementation, edge: float) -> None:
    # One entity over all tokens or none. Its first and its last tag are less likely than float32 can hold, and what is
    # between more than makes up for both: neither chain sees it, and so they agree with each other everywhere.
    length = 220
    emissions = torch.zeros(1, length, 5, dtype=torch.float64)
    emissions[0, 0, 1] = emissions[0, -1, 3] = edge
    emissions[0, 1:-1, 2] = 3.0
    allowed = torch.zeros(1, length, 5, dtype=torch.bool)
    allowed[:, :, 0] = allowed[0, 0, 1] = allowed[0, -1, 3] = allowed[0, 1:-1, 2] = True
    zeros = torch.zeros(5, dtype=torch.float64)
    potentials = Potentials(
        emissions, torch.tensor([length]), torch.zeros(5, 5).double(), zeros, zeros, allowed_tags=allowed
    )
    agree(implementation, with_scheme(potentials, "BILUO", 1))
