"""Scores of all ways to go on from a tag, by every implementation: against enumeration, and as conditionals."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_crf_ner.functional import LOG_SPACE, Potentials
from tests.functional import oracle
from tests.functional.cases import LENGTHS, MASKS, N_TAGS, as_dtype, example, replaced, with_padding
from tests.kernels.agreement import onward_scores_agree
from tests.kernels.implementations import (
    OTHERS,
    Implementation,
    every_fast_implementation,
    every_implementation,
)
from tests.kernels.test_agreement import RAGGED, scores, with_scheme
from tests.kernels.test_numbers import steep


def enumerated(problem: oracle.Problem, t: int) -> list[float]:
    """For each tag of a token the log-sum over all ways from there to the end."""
    n_tags = problem.n_tags
    rest = replace(
        problem,
        emissions=problem.emissions[t:],
        allowed_tags=problem.allowed_tags[t:],
        start=np.zeros(n_tags),
        allowed_start=np.ones(n_tags, dtype=bool),
    )
    paths = oracle.all_paths(rest.length, n_tags)
    weights = oracle.path_scores(rest, paths)
    return [oracle.log_sum_exp(weights[paths[:, 0] == tag]) for tag in range(n_tags)]


@every_implementation
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_scores_are_sums_over_all_ways_onward(
    implementation: Implementation, lengths: tuple[int, ...], kind: str
) -> None:
    for n_tags in N_TAGS:
        taken = implementation.takes(example(lengths, n_tags, kind))
        totals, onward = (result.cpu() for result in implementation.make().onward_scores(taken))
        for index, problem in enumerate(oracle.problems_of(as_dtype(taken, torch.float64))):
            assert float(totals[index]) == pytest.approx(oracle.log_partition(problem), rel=1e-5, abs=1e-5)
            expected = np.array([enumerated(problem, t) for t in range(problem.length)]).reshape(-1, n_tags)
            np.testing.assert_allclose(
                onward[index, : problem.length].numpy(), expected, rtol=1e-6, atol=1e-5
            )
            assert not onward[index, problem.length :].any()


@every_implementation
def test_they_give_the_probabilities_of_first_and_next_tags(implementation: Implementation) -> None:
    potentials = example((3, 0, 5, 1, 4, 2), 4, "all masks")
    _, onward = implementation.make().onward_scores(implementation.takes(potentials))
    for index, problem in enumerate(oracle.problems_of(potentials)):
        rows = onward[index, : problem.length].cpu().numpy()
        marginals, pairs = oracle.token_marginals(problem), oracle.transition_marginals(problem)
        start = np.where(problem.allowed_start, problem.start, -np.inf)
        moves = np.where(problem.allowed_transitions, problem.transitions, -np.inf)
        if problem.length:
            np.testing.assert_allclose(softmax(start + rows[0]), marginals[0], rtol=0, atol=1e-5)
        for t in range(problem.length - 1):
            for tag in np.flatnonzero(marginals[t] > 0):
                expected = pairs[t, tag] / marginals[t, tag]
                np.testing.assert_allclose(softmax(moves[tag] + rows[t + 1]), expected, rtol=0, atol=1e-5)


def softmax(values: np.ndarray) -> np.ndarray:
    """Probabilities from scores."""
    weights = np.exp(values - values.max())
    return np.asarray(weights / weights.sum())


def check(implementation: Implementation, potentials: Potentials) -> None:
    """Compare with log space."""
    taken = implementation.takes(potentials)
    onward_scores_agree(implementation, taken, as_dtype(taken, torch.float64))


@every_fast_implementation
@pytest.mark.parametrize("n_tags", [1, 8, 17, 25, 70])
def test_longer_texts(implementation: Implementation, n_tags: int) -> None:
    check(implementation, scores(RAGGED, n_tags))
    check(implementation, scores(RAGGED, n_tags, scale=5.0).packed())


@every_fast_implementation
@pytest.mark.parametrize("n_labels", [2, 20])
def test_well_formed_tags(implementation: Implementation, n_labels: int) -> None:
    check(implementation, with_scheme(scores(RAGGED, 1 + 4 * n_labels), "BILUO", n_labels))


@pytest.mark.parametrize("implementation", OTHERS[1:], ids=lambda one: one.name)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    spread=st.sampled_from([8.0, 20.0, 50.0, 300.0]),
    n_labels=st.integers(1, 4),
    length=st.integers(1, 40),
    seed=st.integers(0, 10_000),
)
def test_sequences_that_are_computed_again(
    implementation: Implementation, spread: float, n_labels: int, length: int, seed: int
) -> None:
    lengths = (length, 1, (length + 1) // 2, length)
    check(implementation, steep(lengths, n_labels, spread, spread / 2, seed))


@every_fast_implementation
@pytest.mark.parametrize("behind", [60.0, 95.0, 120.0, 900.0])
@pytest.mark.parametrize("place", ["end", "emission", "transition"])
def test_tags_that_are_most_improbable_are_not_lost(
    implementation: Implementation, place: str, behind: float
) -> None:
    # The second tag only leads to itself, and is far behind the first one: at the end, at one token or at each move.
    potentials = replaced(scores((7, 2), 2), allowed_transitions=torch.tensor([[True, True], [False, True]]))
    emissions, transitions, end = (
        value.clone() for value in (potentials.emissions, potentials.transitions, potentials.end)
    )
    if place == "end":
        end[1] -= behind
    elif place == "emission":
        emissions[:, 1, 1] -= behind
    else:
        transitions[1, 1] -= behind
    changed = replaced(potentials, emissions=emissions, transitions=transitions, end=end)
    assert bool(torch.isfinite(LOG_SPACE.onward_scores(changed)[1][0]).all())
    check(implementation, changed)


@every_implementation
def test_what_stands_in_the_padding_does_not_matter(implementation: Implementation) -> None:
    potentials = example((2, 0, 2, 1, 3), 3, "all masks")
    expected = implementation.make().onward_scores(implementation.takes(potentials))[1]
    for emission, allowed in ((torch.nan, True), (torch.inf, False)):
        changed = implementation.takes(with_padding(potentials, emission, allowed))
        assert torch.equal(implementation.make().onward_scores(changed)[1], expected)


@every_implementation
def test_totals_say_what_is_wrong_and_other_sequences_are_left_alone(implementation: Implementation) -> None:
    potentials = scores((4, 3, 5, 2), 3)
    emissions = potentials.emissions.clone()
    emissions[0, 1, 2] = torch.nan
    emissions[1, 0, 0] = torch.inf
    emissions[2, 2] = -torch.inf
    broken = implementation.takes(replaced(potentials, emissions=emissions))
    totals, onward = (result.cpu() for result in implementation.make().onward_scores(broken))
    assert torch.isnan(totals[0])
    assert totals[1] == torch.inf or torch.isnan(totals[1])
    assert totals[2] == -torch.inf
    expected = LOG_SPACE.onward_scores(potentials)[1]
    torch.testing.assert_close(onward[3], expected[3], rtol=1e-5, atol=1e-5)


@every_implementation
def test_nothing_goes_on_from_nothing(implementation: Implementation) -> None:
    for lengths in ((), (0, 0)):
        potentials = implementation.takes(example(lengths, 2))
        for one in (potentials, potentials.packed()):
            totals, onward = implementation.make().onward_scores(one)
            assert totals.tolist() == [0.0] * len(lengths)
            assert onward.shape == one.emissions.shape
