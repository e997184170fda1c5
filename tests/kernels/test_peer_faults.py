"""Faults that were found in other CRF libraries (November 2026), each as a test that ours must pass."""

import itertools

import pytest
import torch

from spacy_crf_ner.functional import negative_log_likelihood, span_log_probs, viterbi
from tests.functional import oracle
from tests.functional.cases import replaced, span_paths, with_gradients
from tests.kernels.implementations import Implementation, every_implementation
from tests.kernels.test_agreement import scores, with_scheme


@every_implementation
def test_the_best_path_of_two_tokens_and_of_ragged_batches_is_found(implementation: Implementation) -> None:
    # A library decodes 60 of 64 two-token sequences, and a third of ragged ones, wrongly: padding joins the path.
    lengths = (
        *itertools.repeat(2, 64),
        *torch.randint(1, 7, (60,), generator=torch.Generator().manual_seed(0)).tolist(),
    )
    potentials = scores(lengths, 4)
    tags, _ = implementation.make().viterbi(implementation.takes(potentials))
    for row, problem in zip(tags.tolist(), oracle.problems_of(potentials), strict=True):
        assert tuple(row[: problem.length]) in oracle.best_paths(problem, tolerance=1e-4)
        assert set(row[problem.length :]) <= {-1}


@every_implementation
def test_marginals_sum_to_one_and_overwrite_nothing(implementation: Implementation) -> None:
    taken = implementation.takes(scores((4, 2, 6), 5))
    before = taken.emissions.clone()
    _, tokens = implementation.make().marginals(taken)
    torch.testing.assert_close(
        tokens.sum(2).double().cpu(), taken.token_mask().double().cpu(), rtol=0, atol=1e-5
    )
    assert torch.equal(taken.emissions, before)


@every_implementation
def test_infinite_constraints_beside_padding_give_a_finite_loss_and_gradient(
    implementation: Implementation,
) -> None:
    # Five libraries answer NaN here: -inf times a mask of 0.
    potentials = scores((5, 1, 3), 4)
    emissions, transitions = potentials.emissions.clone(), potentials.transitions.clone()
    emissions[:, :, 3] = -torch.inf
    emissions[1, 1:] = -torch.inf
    transitions[0, 1] = -torch.inf
    infinite = replaced(potentials, emissions=emissions, transitions=transitions)
    leaves = with_gradients(implementation.takes(infinite))
    target = torch.full((3, 5), 2, device=leaves.emissions.device)
    loss = negative_log_likelihood(leaves, target, recursions=implementation.make())
    loss.sum().backward()
    assert torch.isfinite(loss).all()
    for name in ("emissions", "transitions", "start", "end"):
        assert torch.isfinite(getattr(leaves, name).grad).all(), name


@every_implementation
def test_no_score_beats_a_constraint(implementation: Implementation) -> None:
    # Where "impossible" is a score of -100, an emission of 150 beats it.
    potentials = scores((6,), 5)
    emissions = potentials.emissions.clone()
    emissions[0, :, 2] += 150.0
    steered = with_scheme(replaced(potentials, emissions=emissions), "BILUO", 1)
    tags, _ = viterbi(implementation.takes(steered), recursions=implementation.make())
    allowed = steered.allowed_transitions
    assert allowed is not None
    path = tags[0].tolist()
    assert all(allowed[a, b] for a, b in itertools.pairwise(path))
    assert path[0] != 2


@every_implementation
def test_sequences_of_one_token_are_sequences(implementation: Implementation) -> None:
    potentials = scores((1, 1), 3)
    totals = implementation.make().log_partition(implementation.takes(potentials))
    expected = torch.tensor([oracle.log_partition(problem) for problem in oracle.problems_of(potentials)])
    torch.testing.assert_close(totals.cpu(), expected.double(), rtol=1e-5, atol=1e-5)


@every_implementation
def test_the_confidence_of_an_entity_is_its_probability(implementation: Implementation) -> None:
    # A library's confidence, a softmax over Viterbi scores, is 0.10 away from it on average.
    potentials = with_scheme(scores((5,), 5), "BILUO", 1)
    problem = oracle.problems_of(potentials)[0]
    paths, probabilities = oracle.probabilities(problem)
    span = (0, 1, 4, (1, 2, 3))
    expected = probabilities[(paths[:, 1:4] == [1, 2, 3]).all(1)].sum()
    everything = torch.ones(1, 5, dtype=torch.bool)
    taken = implementation.takes(potentials)
    spans = span_paths([span], everything, everything)
    spans = type(spans)(*(column.to(taken.emissions.device) for column in vars(spans).values()))
    found = span_log_probs(taken, spans, recursions=implementation.make()).exp()
    assert float(found[0]) == pytest.approx(expected, abs=1e-5)
