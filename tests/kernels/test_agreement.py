"""One suite for all implementations of the recursions: each against enumeration and against float64 in log space."""

import numpy as np
import pytest
import torch

from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.tags import SCHEMES, TagSet
from tests.functional import oracle
from tests.functional.cases import LENGTHS, MASKS, N_TAGS, example, random_masks, random_scores, replaced
from tests.kernels.agreement import ABSOLUTE, RELATIVE, agree
from tests.kernels.implementations import (
    Implementation,
    every_fast_implementation,
    every_implementation,
    every_other_implementation,
)

RAGGED = (9, 0, 33, 1, 2, 17, 16, 33, 5)


def with_scheme(potentials: Potentials, scheme: str, n_labels: int) -> Potentials:
    """Restricted to well-formed tags."""
    tagset = TagSet(scheme, [f"L{i}" for i in range(n_labels)])
    masks = ("allowed_transitions", "allowed_start", "allowed_end")
    return replaced(potentials, **{name: torch.tensor(getattr(tagset, name)) for name in masks})


def scores(lengths: tuple[int, ...], n_tags: int, scale: float = 2.0, seed: int = 0) -> Potentials:
    """Normal deviates without masks."""
    return Potentials(**random_scores(torch.Generator().manual_seed(seed), lengths, n_tags, scale))


@every_other_implementation
@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_small_batches(
    implementation: Implementation, lengths: tuple[int, ...], kind: str, packed: bool
) -> None:
    for n_tags in N_TAGS:
        potentials = example(lengths, n_tags, kind)
        agree(implementation, potentials.packed() if packed else potentials)


@every_implementation
@pytest.mark.parametrize("kind", MASKS)
def test_probabilities_are_sums_over_all_paths(implementation: Implementation, kind: str) -> None:
    potentials = example((3, 0, 5, 1, 4, 2), 4, kind)
    recursions = implementation.make()
    totals, tokens = recursions.marginals(implementation.takes(potentials))
    for index, problem in enumerate(oracle.problems_of(potentials)):
        assert float(totals[index]) == pytest.approx(oracle.log_partition(problem), rel=RELATIVE)
        found = tokens[index, : problem.length].cpu().numpy()
        np.testing.assert_allclose(found, oracle.token_marginals(problem), rtol=0, atol=ABSOLUTE)


@every_fast_implementation
@pytest.mark.parametrize("n_tags", [1, 5, 8, 9, 15, 16, 17, 31, 33, 48, 65])
def test_widths_around_those_of_vectors(implementation: Implementation, n_tags: int) -> None:
    agree(implementation, scores(RAGGED, n_tags, seed=n_tags).packed())
    generator = torch.Generator().manual_seed(n_tags)
    masks = random_masks(generator, torch.empty(len(RAGGED), max(RAGGED), n_tags), "tag mask")
    masks["allowed_tags"][:, :, 0] = True
    agree(implementation, replaced(scores(RAGGED, n_tags, seed=n_tags), **masks))


@every_fast_implementation
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("n_labels", [2, 20, 40])
def test_schemes_of_few_and_of_many_labels(
    implementation: Implementation, scheme: str, n_labels: int
) -> None:
    n_tags = TagSet(scheme, [f"L{i}" for i in range(n_labels)]).n_tags
    agree(implementation, with_scheme(scores(RAGGED, n_tags), scheme, n_labels))


@every_fast_implementation
@pytest.mark.parametrize("size", range(10))
def test_batches_of_every_size(implementation: Implementation, size: int) -> None:
    lengths = tuple(int(n) for n in np.random.default_rng(size).integers(0, 12, size))
    agree(implementation, scores(lengths, 7, seed=size).packed())


@every_implementation
def test_results_say_what_is_wrong_with_a_sequence_and_leave_the_others_alone(
    implementation: Implementation,
) -> None:
    potentials = scores((4, 3, 5, 2), 3)
    emissions = potentials.emissions.clone()
    emissions[0, 1, 2] = torch.nan
    emissions[1, 0, 0] = torch.inf
    emissions[2, 2] = -torch.inf
    broken = implementation.takes(replaced(potentials, emissions=emissions))
    recursions = implementation.make()
    for totals in (recursions.log_partition(broken), recursions.viterbi(broken)[1]):
        assert torch.isnan(totals[0])
        assert totals[1] == torch.inf or torch.isnan(totals[1])
        assert totals[2] == -torch.inf
    sound = recursions.log_partition(implementation.takes(potentials))[3]
    torch.testing.assert_close(recursions.log_partition(broken)[3], sound)


@every_implementation
@pytest.mark.parametrize("name", ["transitions", "start", "end"])
def test_shared_scores_that_are_no_number_are_seen(implementation: Implementation, name: str) -> None:
    potentials = scores((4, 3), 3)
    values = getattr(potentials, name).clone()
    values.view(-1)[0] = torch.nan
    broken = implementation.takes(replaced(potentials, **{name: values}))
    recursions = implementation.make()
    assert torch.isnan(recursions.log_partition(broken)).all()
    assert torch.isnan(recursions.viterbi(broken)[1]).all()


@every_implementation
def test_scores_of_minus_infinity_forbid_as_masks_do(implementation: Implementation) -> None:
    potentials = example((5, 3, 4), 4, "all masks")
    masks = (
        ("emissions", "allowed_tags"),
        ("transitions", "allowed_transitions"),
        ("start", "allowed_start"),
        ("end", "allowed_end"),
    )
    infinite = {
        name: getattr(potentials, name).masked_fill(~getattr(potentials, mask), -torch.inf)
        for name, mask in masks
    }
    bare = replaced(potentials, **infinite, **{mask: None for _, mask in masks})
    recursions = implementation.make()
    for compute in (
        recursions.log_partition,
        lambda p: recursions.viterbi(p)[1],
        lambda p: recursions.marginals(p)[1],
    ):
        torch.testing.assert_close(
            compute(implementation.takes(bare)),
            compute(implementation.takes(potentials)),
            rtol=1e-5,
            atol=1e-6,
        )


@every_implementation
def test_inputs_are_left_as_they_were(implementation: Implementation) -> None:
    taken = implementation.takes(example((3, 0, 5, 1, 4, 2), 4, "all masks"))
    before = {name: value.clone() for name, value in vars(taken).items() if value is not None}
    recursions = implementation.make()
    recursions.expectations(taken)
    recursions.marginals(taken)
    recursions.viterbi(taken)
    for name, value in before.items():
        assert torch.equal(getattr(taken, name), value), name


@every_other_implementation
def test_tensors_may_lie_in_memory_in_any_way(implementation: Implementation) -> None:
    potentials = example((3, 0, 5, 1, 4, 2), 4, "all masks")

    def scattered(tensor: torch.Tensor) -> torch.Tensor:
        wide = torch.repeat_interleave(tensor, 2, dim=-1)
        return wide[..., ::2]

    names = ("emissions", "transitions", "start", "end", "allowed_tags", "allowed_transitions")
    other = replaced(potentials, **{name: scattered(getattr(potentials, name)) for name in names})
    assert not other.emissions.is_contiguous()
    agree(implementation, other)
