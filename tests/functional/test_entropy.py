"""The entropy of the posterior and its gradient: against enumeration and finite differences."""

from functools import partial

import numpy as np
import pytest
import torch

from spacy_crf_ner.errors import ImpossibleSequenceError, PotentialsError
from spacy_crf_ner.functional import (
    SCALED,
    PotentialsGradient,
    Recursions,
    entropy,
    expected_value,
    log_partition,
    path_sums,
)
from tests.functional import oracle
from tests.functional.cases import (
    LENGTHS,
    MASKS,
    N_TAGS,
    SCORES,
    as_dtype,
    copies,
    example,
    inside,
    replaced,
    with_gradients,
    with_padding,
)
from tests.functional.test_empty import SHAPES, empty, impossible
from tests.functional.test_gradients import check_gradients, finite_differences_agree, weights_of
from tests.functional.test_numbers import STEEP, biluo, steep, tempting

RAGGED = (3, 0, 5, 1, 4, 2)
every_case = pytest.mark.parametrize(
    ("lengths", "n_tags", "kind"),
    [(lengths, n_tags, kind) for lengths in LENGTHS for n_tags in N_TAGS for kind in MASKS],
)


@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
@every_case
def test_it_is_minus_the_sum_of_p_log_p(
    lengths: tuple[int, ...], n_tags: int, kind: str, packed: bool, recursions: Recursions
) -> None:
    potentials = example(lengths, n_tags, kind)
    found = entropy(potentials.packed() if packed else potentials, recursions=recursions)
    expected = [oracle.entropy(problem) for problem in oracle.problems_of(potentials)]
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-9)


@every_case
def test_its_gradient_is_the_covariance_of_the_surprise_with_each_count(
    lengths: tuple[int, ...], n_tags: int, kind: str, recursions: Recursions
) -> None:
    potentials = with_gradients(example(lengths, n_tags, kind))
    weights = weights_of(potentials)
    (entropy(potentials, recursions=recursions) * weights).sum().backward()
    problems = oracle.problems_of(potentials)
    check_gradients(potentials, [oracle.covariances(p, oracle.surprises(p)) for p in problems], weights)


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", [1, 3])
def test_it_passes_gradcheck(n_tags: int, kind: str, recursions: Recursions) -> None:
    function = partial(entropy, recursions=recursions)
    assert finite_differences_agree(example((3, 0, 4, 1), n_tags, kind), function)


@pytest.mark.parametrize("kind", MASKS)
def test_gradients_of_a_packed_batch_are_the_same(kind: str, recursions: Recursions) -> None:
    padded = with_gradients(example((2, 0, 2, 1, 3), 3, kind))
    packed = with_gradients(example((2, 0, 2, 1, 3), 3, kind).packed())
    for potentials in (padded, packed):
        entropy(potentials, recursions=recursions).sum().backward()
    tokens = inside(padded.lengths, padded.emissions.shape[1])
    torch.testing.assert_close(packed.emissions.grad, padded.emissions.grad[tokens], rtol=0, atol=1e-12)
    assert not padded.emissions.grad[~tokens].any()
    for name in SCORES[1:]:
        torch.testing.assert_close(getattr(packed, name).grad, getattr(padded, name).grad, rtol=0, atol=1e-12)


def test_without_scores_it_is_the_log_of_the_number_of_paths(recursions: Recursions) -> None:
    potentials = with_gradients(example(RAGGED, 4))
    zeros = with_gradients(replaced(potentials, **{name: 0 * getattr(potentials, name) for name in SCORES}))
    found = entropy(zeros, recursions=recursions)
    expected = torch.tensor(RAGGED) * torch.tensor(4.0, dtype=torch.float64).log()
    torch.testing.assert_close(found.detach(), expected, rtol=0, atol=1e-12)
    # Nothing is more open than that: it is a maximum.
    found.sum().backward()
    for name in SCORES:
        gradient = getattr(zeros, name).grad
        torch.testing.assert_close(gradient, torch.zeros_like(gradient), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", MASKS)
def test_with_one_tag_nothing_is_open(kind: str, recursions: Recursions) -> None:
    potentials = with_gradients(example(RAGGED, 1, kind))
    found = entropy(potentials, recursions=recursions)
    assert found.tolist() == [0.0] * 6
    found.sum().backward()
    assert not any(getattr(potentials, name).grad.any() for name in SCORES)


@pytest.mark.parametrize("factor", [50.0, 5000.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", MASKS)
def test_where_almost_all_is_certain_it_is_a_small_number_and_no_nan(
    kind: str, dtype: torch.dtype, factor: float, recursions: Recursions
) -> None:
    original = example(RAGGED, 4, kind)
    sharp = as_dtype(replaced(original, **{name: factor * getattr(original, name) for name in SCORES}), dtype)
    potentials = with_gradients(sharp)
    found = entropy(potentials, recursions=recursions)
    found.sum().backward()
    problems = oracle.problems_of(sharp)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-9
    assert (found >= 0).all()
    np.testing.assert_allclose(
        found.detach().numpy(), [oracle.entropy(p) for p in problems], rtol=0, atol=tolerance
    )
    wanted = [oracle.covariances(problem, oracle.surprises(problem)) for problem in problems]
    exact = with_gradients(as_dtype(sharp, torch.float64))
    for name in SCORES:
        getattr(exact, name).grad = getattr(potentials, name).grad.double()
    if dtype == torch.float64:
        check_gradients(exact, wanted, torch.ones(6))
    assert all(getattr(potentials, name).grad.isfinite().all() for name in SCORES)


def test_the_smallest_entropies_keep_their_digits(recursions: Recursions) -> None:
    gap = torch.tensor([20.0, 30.0, 60.0, 200.0], dtype=torch.float64)
    emissions = torch.stack((gap, torch.zeros(4, dtype=torch.float64)), 1).unsqueeze(1)
    original = example((1, 1, 1, 1), 2)
    zeros = {name: torch.zeros_like(getattr(original, name)) for name in SCORES[1:]}
    found = entropy(replaced(original, emissions=emissions, **zeros), recursions=recursions)
    # p log p of both tags, with p = exp(-gap) of the second one.
    torch.testing.assert_close(found, (gap + 1) * (-gap).exp(), rtol=0.03, atol=0)


def test_float32_gives_what_its_scores_have_in_float64(recursions: Recursions) -> None:
    potentials = as_dtype(example(RAGGED, 4, "all masks"), torch.float32)
    single, exact = with_gradients(potentials), with_gradients(as_dtype(potentials, torch.float64))
    for leaves in (single, exact):
        entropy(leaves, recursions=recursions).sum().backward()
    found = entropy(single, recursions=recursions)
    assert found.dtype == torch.float32
    wanted = entropy(exact, recursions=recursions).float()
    torch.testing.assert_close(found, wanted, rtol=2e-6, atol=2e-6)
    for name in SCORES:
        got = getattr(single, name).grad
        assert got.dtype == torch.float32
        torch.testing.assert_close(got, getattr(exact, name).grad.float(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["long and constrained", "steep and constrained", "tempting"])
def test_long_sequences_agree_with_log_z_minus_the_expected_score(name: str, recursions: Recursions) -> None:
    potentials = STEEP[name]()
    scores = {score: getattr(potentials, score) for score in SCORES}
    # What is left of hundreds of thousands: log space has not the digits for that.
    expected = log_partition(potentials, recursions=SCALED) - expected_value(
        potentials, PotentialsGradient(**scores), recursions=SCALED
    )
    found = entropy(potentials, recursions=recursions)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-8)


def test_long_sequences_have_the_gradient_that_differences_along_a_line_have(recursions: Recursions) -> None:
    potentials = with_gradients(replaced(steep((300, 1, 0, 77), 2, 1.0, 1.0), **biluo(2)))
    generator = torch.Generator().manual_seed(5)
    line = {
        name: torch.randn(getattr(potentials, name).shape, generator=generator, dtype=torch.float64)
        for name in SCORES
    }
    entropy(potentials, recursions=recursions).sum().backward()
    slope = sum((getattr(potentials, name).grad * line[name]).sum() for name in SCORES)

    def at(step: float) -> torch.Tensor:
        moved = {name: getattr(potentials, name).detach() + step * line[name] for name in SCORES}
        return entropy(replaced(potentials, **moved), recursions=recursions).sum()

    torch.testing.assert_close(slope, (at(1e-5) - at(-1e-5)) / 2e-5, rtol=1e-6, atol=1e-6)


def test_forbidden_scores_get_a_gradient_of_zero_exactly(recursions: Recursions) -> None:
    potentials = with_gradients(tempting())
    entropy(potentials, recursions=recursions).sum().backward()
    for name, mask in (
        ("transitions", "allowed_transitions"),
        ("start", "allowed_start"),
        ("end", "allowed_end"),
        ("emissions", "allowed_tags"),
    ):
        gradient = getattr(potentials, name).grad
        assert gradient.isfinite().all()
        assert not gradient[~getattr(potentials, mask)].any()


def test_emissions_of_minus_infinity_forbid_a_tag_as_a_mask_does(recursions: Recursions) -> None:
    masked = with_gradients(example(RAGGED, 3, "tag mask"))
    emissions = masked.emissions.detach().masked_fill(~masked.allowed_tags, -torch.inf)
    infinite = with_gradients(replaced(masked, emissions=emissions, allowed_tags=None))
    found = [entropy(potentials, recursions=recursions) for potentials in (masked, infinite)]
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-12)
    (found[0].sum() + found[1].sum()).backward()
    for name in SCORES:
        gradients = getattr(masked, name).grad, getattr(infinite, name).grad
        torch.testing.assert_close(*gradients, rtol=0, atol=1e-12)


@pytest.mark.parametrize("most", [1, 20, 100])
def test_moves_are_computed_in_parts_where_there_are_many(
    most: int, monkeypatch: pytest.MonkeyPatch, recursions: Recursions
) -> None:
    whole, parts = (with_gradients(example(RAGGED, 3, "all masks")) for _ in range(2))
    expected = entropy(whole, recursions=recursions)
    expected.sum().backward()
    monkeypatch.setattr(path_sums, "MOST_MOVES", most)
    found = entropy(parts, recursions=recursions)
    found.sum().backward()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    for name in SCORES:
        torch.testing.assert_close(getattr(parts, name).grad, getattr(whole, name).grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", SCORES)
def test_scores_that_ask_for_no_gradient_get_none(name: str, recursions: Recursions) -> None:
    every, single = with_gradients(example(RAGGED, 3)), with_gradients(example(RAGGED, 3), (name,))
    for potentials in (every, single):
        entropy(potentials, recursions=recursions).sum().backward()
    torch.testing.assert_close(getattr(single, name).grad, getattr(every, name).grad)
    assert all(getattr(single, other).grad is None for other in SCORES if other != name)
    assert not entropy(example(RAGGED, 3), recursions=recursions).requires_grad


@pytest.mark.parametrize("junk", [torch.nan, torch.inf, -torch.inf, 1e30])
@pytest.mark.parametrize("allowed", [False, True])
def test_what_stands_in_the_padding_does_not_matter(
    allowed: bool, junk: float, recursions: Recursions
) -> None:
    original = example((2, 0, 2, 1, 3), 3, "all masks")
    plain, changed = with_gradients(original), with_gradients(with_padding(original, junk, allowed))
    before = copies(changed)
    for potentials in (plain, changed):
        entropy(potentials, recursions=recursions).sum().backward()
    torch.testing.assert_close(changed.emissions.grad, plain.emissions.grad, rtol=0, atol=1e-12)
    torch.testing.assert_close(changed.transitions.grad, plain.transitions.grad, rtol=0, atol=1e-12)
    torch.testing.assert_close(copies(changed), before, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
@pytest.mark.parametrize(("batch", "seq_len"), SHAPES)
def test_without_a_token_it_is_zero(batch: int, seq_len: int, packed: bool, recursions: Recursions) -> None:
    nothing = empty(batch, seq_len)
    potentials = with_gradients(nothing.packed() if packed else nothing)
    found = entropy(potentials, recursions=recursions)
    assert found.tolist() == [0.0] * batch
    found.sum().backward()
    for name in SCORES:
        assert getattr(potentials, name).grad.shape == getattr(potentials, name).shape
        assert not getattr(potentials, name).grad.any()


def test_sequences_without_a_path_are_named(recursions: Recursions) -> None:
    with pytest.raises(ImpossibleSequenceError, match=r"\b1\b.*\b3\b"):
        entropy(with_gradients(impossible("no transition")), recursions=recursions)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_scores_that_are_no_numbers_are_an_error_of_their_own(bad: float, recursions: Recursions) -> None:
    potentials = example((3, 2), 3)
    transitions = potentials.transitions.clone()
    transitions[1, 2] = bad
    with pytest.raises(PotentialsError, match=rf"\b{bad}\b"):
        entropy(replaced(potentials, transitions=transitions), recursions=recursions)
