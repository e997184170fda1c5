"""The best path: its score against enumeration, and the path against its score."""

import numpy as np
import pytest
import torch

from spacy_crf_ner.functional import Potentials, Recursions, sequence_score, viterbi
from tests.functional import oracle
from tests.functional.cases import (
    LENGTHS,
    MASKS,
    N_TAGS,
    as_dtype,
    example,
    inside,
    replaced,
    two_tags_two_tokens,
)


def check(potentials: Potentials, tolerance: float = 1e-9, *, recursions: Recursions) -> None:
    """The path has the score that is reported, and no path has a higher one; -1 from the length on."""
    tags, scores = viterbi(potentials, recursions=recursions)
    tokens = inside(potentials.lengths, potentials.emissions.shape[1])
    assert (tags[~tokens] == -1).all()
    expected = [oracle.best_score(problem) for problem in oracle.problems_of(potentials)]
    np.testing.assert_allclose(scores.numpy(), expected, rtol=0, atol=tolerance)
    np.testing.assert_allclose(sequence_score(potentials, tags).numpy(), expected, rtol=0, atol=tolerance)


def test_the_best_path_by_hand(recursions: Recursions) -> None:
    tags, scores = viterbi(two_tags_two_tokens(), recursions=recursions)
    assert tags.tolist() == [[1, 1]]
    assert scores.tolist() == [pytest.approx(6.9)]


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", N_TAGS)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_no_path_scores_higher_than_the_best_one(
    lengths: tuple[int, ...], n_tags: int, kind: str, recursions: Recursions
) -> None:
    for seed in range(3):
        check(example(lengths, n_tags, kind, seed), recursions=recursions)


@pytest.mark.parametrize("lengths", [(2,), (2, 5), (5, 2, 1), (2, 2, 2, 3), (1, 2, 2, 0)])
def test_two_token_sequences_in_ragged_batches_are_traced_back(
    lengths: tuple[int, ...], recursions: Recursions
) -> None:
    for seed in range(25):
        potentials = example(lengths, 4, seed=seed)
        tags, _ = viterbi(potentials, recursions=recursions)
        for i, problem in enumerate(oracle.problems_of(potentials)):
            assert tuple(tags[i, : problem.length].tolist()) in oracle.best_paths(problem)


def test_tied_paths_give_one_of_the_tied_paths(recursions: Recursions) -> None:
    potentials = example((3, 0, 5, 1, 4, 2), 3)
    zeros = {
        name: torch.zeros_like(getattr(potentials, name))
        for name in ("emissions", "transitions", "start", "end")
    }
    check(replaced(potentials, **zeros), recursions=recursions)


def test_tags_are_int64_and_scores_have_the_dtype_of_the_emissions(recursions: Recursions) -> None:
    for dtype in (torch.float32, torch.float64):
        tags, scores = viterbi(as_dtype(example((3, 1), 3), dtype), recursions=recursions)
        assert tags.dtype == torch.int64
        assert scores.dtype == dtype


def test_the_best_path_is_not_the_best_tag_of_each_token(recursions: Recursions) -> None:
    transitions = torch.tensor([[0.0, -9.0], [-9.0, 0.0]], dtype=torch.float64)
    emissions = torch.tensor([[[2.0, 0.0], [0.0, 1.0], [2.0, 0.0]]], dtype=torch.float64)
    nothing = torch.zeros(2, dtype=torch.float64)
    tags, scores = viterbi(
        Potentials(emissions, torch.tensor([3]), transitions, nothing, nothing), recursions=recursions
    )
    assert tags.tolist() == [[0, 0, 0]]
    assert scores.tolist() == [pytest.approx(4.0)]


def test_forbidden_paths_are_never_best_however_high_their_scores(recursions: Recursions) -> None:
    potentials = example((5, 2, 1, 4), 3, "all masks")
    assert potentials.allowed_transitions is not None
    assert potentials.allowed_tags is not None
    tempting = replaced(
        potentials,
        transitions=potentials.transitions + 1e6 * ~potentials.allowed_transitions,
        emissions=potentials.emissions + 1e6 * ~potentials.allowed_tags,
    )
    torch.testing.assert_close(
        viterbi(tempting, recursions=recursions)[0], viterbi(potentials, recursions=recursions)[0]
    )
    check(tempting, recursions=recursions)
