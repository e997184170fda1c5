"""The k best paths, by every implementation: against enumeration, and against log space where there are too many."""

import numpy as np
import pytest
import torch

from spacy_crf_ner.functional import Potentials
from tests.functional import oracle
from tests.functional.cases import LENGTHS, MASKS, N_TAGS, as_dtype, example, replaced
from tests.kernels.agreement import best_lists_agree
from tests.kernels.implementations import (
    Implementation,
    every_fast_implementation,
    every_implementation,
)
from tests.kernels.test_agreement import RAGGED, scores, with_scheme
from tests.kernels.test_numbers import steep

MORE_THAN_THERE_ARE = 1200


def listed(
    implementation: Implementation, potentials: Potentials, k: int
) -> list[dict[tuple[int, ...], float]]:
    """Paths of each sequence with their scores, in the order in which they were found."""
    taken = implementation.takes(potentials)
    tags, totals = (result.cpu() for result in implementation.make().k_best(taken, k))
    lengths = potentials.lengths.tolist()
    if potentials.is_packed:
        sequences = tags.split(lengths, dim=1)
    else:
        sequences = [rows[:, :length] for rows, length in zip(tags, lengths, strict=True)]
    found = []
    for paths, values in zip(sequences, totals, strict=True):
        there = ~torch.isneginf(values)
        assert not bool((paths[~there] >= 0).any())
        kept = [tuple(path) for path in paths[there].tolist()]
        found.append(dict(zip(kept, values[there].tolist(), strict=True)))
        assert len(found[-1]) == len(kept), "a path twice"
    return found


def exact(implementation: Implementation, potentials: Potentials) -> Potentials:
    """The scores that an implementation gets, in float64: rounding them is not what is tested."""
    return as_dtype(implementation.takes(potentials), torch.float64)


@every_implementation
@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_lists_are_what_sorting_all_paths_gives(
    implementation: Implementation, lengths: tuple[int, ...], kind: str, packed: bool
) -> None:
    for n_tags in N_TAGS:
        potentials = example(lengths, n_tags, kind)
        potentials = potentials.packed() if packed else potentials
        problems = oracle.problems_of(exact(implementation, potentials))
        for k in (1, 2, 5, MORE_THAN_THERE_ARE):
            for problem, found in zip(problems, listed(implementation, potentials, k), strict=True):
                paths = oracle.all_paths(problem.length, problem.n_tags)
                expected = np.sort(oracle.path_scores(problem, paths))[::-1][:k]
                expected = expected[np.isfinite(expected)]
                np.testing.assert_allclose(list(found.values()), expected, rtol=1e-12, atol=1e-9)
                for path, score in found.items():
                    assert oracle.score(problem, path) == pytest.approx(score, rel=1e-12, abs=1e-9)


@every_fast_implementation
@pytest.mark.parametrize("k", [1, 2, 8, 32])
@pytest.mark.parametrize("n_tags", [1, 8, 17, 25, 70])
def test_lists_of_longer_texts(implementation: Implementation, n_tags: int, k: int) -> None:
    for potentials in (scores(RAGGED, n_tags, seed=k), scores(RAGGED, n_tags, seed=k).packed()):
        taken = implementation.takes(potentials)
        best_lists_agree(implementation, taken, as_dtype(taken, torch.float64), k)
        listed(implementation, potentials, k)


@every_fast_implementation
@pytest.mark.parametrize("n_labels", [2, 6, 20])
def test_lists_of_well_formed_tags(implementation: Implementation, n_labels: int) -> None:
    potentials = with_scheme(scores(RAGGED, 1 + 4 * n_labels), "BILUO", n_labels).packed()
    allowed = torch.rand(potentials.emissions.shape, generator=torch.Generator().manual_seed(0)) < 0.8
    allowed[:, 0] = True
    for one in (potentials, replaced(potentials, allowed_tags=allowed)):
        taken = implementation.takes(one)
        best_lists_agree(implementation, taken, as_dtype(taken, torch.float64), 12)
        listed(implementation, one, 12)


@every_fast_implementation
@pytest.mark.parametrize("spread", [50.0, 1e4])
def test_lists_of_scores_far_beyond_any_model(implementation: Implementation, spread: float) -> None:
    taken = implementation.takes(steep((40, 1, 17, 40), 3, spread, spread, seed=1))
    best_lists_agree(implementation, taken, as_dtype(taken, torch.float64), 20)


@every_fast_implementation
def test_lists_of_a_long_text(implementation: Implementation) -> None:
    taken = implementation.takes(scores((1500, 3), 5))
    best_lists_agree(implementation, taken, as_dtype(taken, torch.float64), 25)


@every_fast_implementation
def test_shorter_lists_are_the_beginnings_of_longer_ones(implementation: Implementation) -> None:
    potentials = scores(RAGGED, 9)
    longest = [list(found.items()) for found in listed(implementation, potentials, 40)]
    for k in (1, 2, 3, 17, 39):
        for shorter, longer in zip(listed(implementation, potentials, k), longest, strict=True):
            assert list(shorter.items()) == longer[:k]


@every_fast_implementation
def test_paths_of_equal_scores_all_come_and_in_the_same_order(implementation: Implementation) -> None:
    zeros = torch.zeros(3, dtype=torch.float64)
    potentials = Potentials(
        torch.zeros(2, 4, 3, dtype=torch.float64),
        torch.tensor([4, 2]),
        torch.zeros(3, 3).double(),
        zeros,
        zeros,
    )
    first, again = (listed(implementation, potentials, 100) for _ in range(2))
    assert [len(found) for found in first] == [81, 9]
    assert [list(found) for found in first] == [list(found) for found in again]


@every_implementation
def test_what_is_wrong_with_a_sequence_shows_in_its_best_path_and_harms_no_other(
    implementation: Implementation,
) -> None:
    potentials = scores((4, 3, 5, 2, 0), 3)
    emissions = potentials.emissions.clone()
    emissions[0, 1, 2] = torch.nan
    emissions[1, 0, 0] = torch.inf
    emissions[2, 2] = -torch.inf
    broken = replaced(potentials, emissions=emissions)
    _, totals = implementation.make().k_best(implementation.takes(broken), 4)
    assert torch.isnan(totals[0, 0])
    assert totals[1, 0] == torch.inf or torch.isnan(totals[1, 0])
    assert torch.isneginf(totals[2]).all()
    _, sound = implementation.make().k_best(implementation.takes(potentials), 4)
    torch.testing.assert_close(totals[3:], sound[3:], rtol=0.0, atol=0.0)


@every_implementation
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("name", ["transitions", "start", "end"])
def test_shared_scores_that_are_no_number_show_where_they_are_used(
    implementation: Implementation, name: str, value: float
) -> None:
    potentials = scores((4, 3, 1), 3)
    values = getattr(potentials, name).clone()
    values.view(-1)[0] = value
    broken = implementation.takes(replaced(potentials, **{name: values}))
    _, totals = implementation.make().k_best(broken, 2)
    assert not torch.isfinite(totals[:2, 0]).any()
    assert not torch.isneginf(totals[:2, 0]).any()
    # A single token has no transition.
    assert bool(torch.isfinite(totals[2, 0])) == (name == "transitions")


@every_fast_implementation
def test_a_forbidden_score_may_be_no_number(implementation: Implementation) -> None:
    potentials = with_scheme(scores((6, 3), 5), "BILUO", 1)
    transitions = potentials.transitions.masked_fill(~potentials.allowed_transitions, torch.nan)
    broken = replaced(potentials, transitions=transitions)
    assert listed(implementation, broken, 9) == listed(implementation, potentials, 9)


@every_implementation
def test_nothing_has_one_empty_path(implementation: Implementation) -> None:
    for lengths in ((), (0,), (0, 0)):
        for seq_len in (0, 2):
            emissions = torch.zeros(len(lengths), seq_len, 3, dtype=torch.float64)
            zeros = torch.zeros(3, dtype=torch.float64)
            potentials = Potentials(
                emissions, torch.tensor(lengths).long(), torch.zeros(3, 3).double(), zeros, zeros
            )
            for one in (potentials, potentials.packed()):
                tags, totals = implementation.make().k_best(implementation.takes(one), 2)
                assert tags.shape == ((2, 0) if one.is_packed else (len(lengths), 2, seq_len))
                assert bool((tags == -1).all())
                assert totals.tolist() == [[0.0, -torch.inf]] * len(lengths)
