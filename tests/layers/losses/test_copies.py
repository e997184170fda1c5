"""log Z of copies with masks of their own: by enumeration, part by part."""

import numpy as np
import pytest
import torch
from torch import Tensor

from spacy_crf_ner.errors import ImpossibleSequenceError, PotentialsError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers.losses import copies
from spacy_crf_ner.layers.losses.copies import CopyTokens, copies_log_partition, raise_for_sequences
from tests.functional import oracle
from tests.functional.cases import SCORES, as_dtype, example, with_gradients
from tests.functional.test_gradients import finite_differences_agree

SEQUENCES = torch.tensor([2, 0, 2, 3, 1, 0])
RAGGED = (3, 0, 4, 1)
# Of the third copy nothing is left.
IMPOSSIBLE = 2


def problem_batch(kind: str = "no mask") -> Potentials:
    return example(RAGGED, 3, kind).packed()


def given_masks(potentials: Potentials, seed: int = 0) -> list[Tensor]:
    """A mask for each copy that leaves it a path, but for one. *Shape of each:* (length, n_tags)"""
    generator = torch.Generator().manual_seed(seed)
    problems = oracle.problems_of(potentials)
    masks = []
    for sequence in SEQUENCES.tolist():
        problem = problems[sequence]
        mask = torch.zeros((problem.length, problem.n_tags), dtype=torch.bool)
        while problem.length and oracle.log_partition(problem, mask.numpy()) == -np.inf:
            mask = torch.rand(mask.shape, generator=generator) < 0.6
        masks.append(mask)
    masks[IMPOSSIBLE] = torch.zeros_like(masks[IMPOSSIBLE])
    return masks


def totals_of(potentials: Potentials, masks: list[Tensor]) -> Tensor:
    """What the function under test makes of them."""

    def chosen(tokens: CopyTokens) -> Tensor:
        places = zip(tokens.copies.tolist(), tokens.positions.tolist(), strict=True)
        return torch.stack([masks[copy][position] for copy, position in places])

    return copies_log_partition(potentials, SEQUENCES, chosen)


@pytest.fixture(params=[1, 4, 7, 200_000])
def part_size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Parts of one copy each, of a few, and of all."""
    monkeypatch.setattr(copies, "TOKENS_PER_PART", request.param)
    return int(request.param)


@pytest.mark.parametrize("kind", ["no mask", "all masks"])
def test_each_copy_has_the_log_partition_of_its_sequence_under_both_masks(kind: str, part_size: int) -> None:
    potentials = problem_batch(kind)
    masks, problems = given_masks(potentials), oracle.problems_of(potentials)
    expected = [
        oracle.log_partition(problems[sequence], mask.numpy())
        for sequence, mask in zip(SEQUENCES.tolist(), masks, strict=True)
    ]
    assert expected[IMPOSSIBLE] == -np.inf
    totals = totals_of(potentials, masks)
    assert totals.dtype == torch.float64
    np.testing.assert_allclose(totals, expected, atol=1e-9)


@pytest.mark.parametrize("kind", ["no mask", "all masks"])
def test_the_gradient_agrees_with_finite_differences(kind: str, part_size: int) -> None:
    potentials = problem_batch(kind)
    masks, weights = given_masks(potentials), torch.tensor([1.0, -2.0, 1.0, 0.5, 3.0, 0.0])
    possible = torch.arange(len(SEQUENCES)) != IMPOSSIBLE
    assert finite_differences_agree(
        potentials, lambda given: (totals_of(given, masks)[possible] * weights[possible]).sum()
    )


def test_a_copy_without_a_path_has_no_gradient() -> None:
    leaves = with_gradients(problem_batch())
    totals = totals_of(leaves, given_masks(leaves))
    totals.exp().sum().backward()
    assert all(getattr(leaves, name).grad.isfinite().all() for name in SCORES)
    alone = with_gradients(problem_batch())
    totals_of(alone, given_masks(alone))[IMPOSSIBLE].backward()
    assert not any(getattr(alone, name).grad.any() for name in SCORES)


def test_parts_hold_about_as_many_tokens_as_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    computed = copies.masked_copies

    def counted(*arguments: object) -> tuple[Potentials, CopyTokens]:
        batch, tokens = computed(*arguments)  # type: ignore[arg-type]
        sizes.append(len(tokens.rows))
        return batch, tokens

    monkeypatch.setattr(copies, "masked_copies", counted)
    monkeypatch.setattr(copies, "TOKENS_PER_PART", 100)
    potentials = one_sequence(30)
    sequences = torch.zeros(50, dtype=torch.int64)
    copies_log_partition(
        potentials, sequences, lambda tokens: torch.ones((len(tokens.rows), 2), dtype=torch.bool)
    )
    assert sum(sizes) == 50 * 30
    assert max(sizes) <= 100 + 30
    assert len(sizes) <= 17


def one_sequence(length: int) -> Potentials:
    """One long sequence with scores of 0."""
    return Potentials(
        torch.zeros(length, 2), torch.tensor([length]), torch.zeros(2, 2), torch.zeros(2), torch.zeros(2)
    )


def test_no_copies_are_no_values() -> None:
    potentials = with_gradients(problem_batch())
    nothing = torch.zeros(0, dtype=torch.int64)
    totals = copies_log_partition(potentials, nothing, lambda tokens: torch.ones((0, 3), dtype=torch.bool))
    assert totals.shape == (0,)
    totals.sum().backward()
    assert not potentials.emissions.grad.any()


def test_float32_scores_have_float32_gradients() -> None:
    leaves = with_gradients(as_dtype(problem_batch(), torch.float32))
    masks = given_masks(leaves)
    totals = totals_of(leaves, masks)
    expected = totals_of(problem_batch(), masks)
    np.testing.assert_allclose(totals.detach(), expected, rtol=1e-5)
    totals[[0, 1, 3]].sum().backward()
    assert leaves.emissions.grad.dtype == torch.float32


def test_errors_name_the_sequences_that_were_copied() -> None:
    potentials = problem_batch()
    totals = torch.tensor([0.0, 1.0, -torch.inf, 0.0, -torch.inf, 2.0])
    with pytest.raises(ImpossibleSequenceError, match="batch: 1, 2") as caught:
        raise_for_sequences(potentials, SEQUENCES, totals)
    assert caught.value.indices == (1, 2)
    with pytest.raises(PotentialsError, match="sequence 3` holds nan"):
        raise_for_sequences(potentials, SEQUENCES, torch.tensor([0.0, 0.0, 0.0, torch.nan, 0.0, 0.0]))
    raise_for_sequences(potentials, SEQUENCES, torch.zeros(6))
