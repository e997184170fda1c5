"""Expected sums of values along a path and their gradients: against enumeration and finite differences."""

import numpy as np
import pytest
import torch

from spacy_crf_ner.errors import ImpossibleSequenceError, PotentialsError
from spacy_crf_ner.functional import (
    Potentials,
    PotentialsGradient,
    Recursions,
    expected_value,
    log_partition,
    marginals,
)
from tests.functional import oracle
from tests.functional.cases import (
    LENGTHS,
    MASKS,
    N_TAGS,
    SCORES,
    as_dtype,
    example,
    inside,
    random_scores,
    replaced,
    with_gradients,
)
from tests.functional.test_empty import SHAPES, empty, impossible
from tests.functional.test_gradients import check_gradients, finite_differences_agree, weights_of
from tests.functional.test_numbers import biluo, steep

RAGGED = (3, 0, 5, 1, 4, 2)
every_case = pytest.mark.parametrize(
    ("lengths", "n_tags", "kind"),
    [(lengths, n_tags, kind) for lengths in LENGTHS for n_tags in N_TAGS for kind in MASKS],
)


def random_values(potentials: Potentials, seed: int = 9) -> PotentialsGradient:
    """Normal numbers for every score, with junk in the padding."""
    generator = torch.Generator().manual_seed(seed)
    scores = random_scores(generator, tuple(potentials.lengths.tolist()), potentials.n_tags)
    return PotentialsGradient(**{name: scores[name] for name in SCORES})


def packed_values(potentials: Potentials, values: PotentialsGradient) -> PotentialsGradient:
    tokens = inside(potentials.lengths, potentials.emissions.shape[1])
    return PotentialsGradient(values.emissions[tokens], values.transitions, values.start, values.end)


def of_all_paths(potentials: Potentials, values: PotentialsGradient) -> list[np.ndarray]:
    """g of every path of each sequence: its score, if values were scores."""
    free = Potentials(values.emissions, potentials.lengths, values.transitions, values.start, values.end)
    problems = oracle.problems_of(free)
    return [oracle.path_scores(p, oracle.all_paths(p.length, p.n_tags)) for p in problems]


@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
@every_case
def test_it_is_the_sum_over_all_paths(
    lengths: tuple[int, ...], n_tags: int, kind: str, packed: bool, recursions: Recursions
) -> None:
    potentials = example(lengths, n_tags, kind)
    values = random_values(potentials)
    problems = oracle.problems_of(potentials)
    expected = [
        oracle.expected(*pair) for pair in zip(problems, of_all_paths(potentials, values), strict=True)
    ]
    if packed:
        potentials, values = potentials.packed(), packed_values(potentials, values)
    found = expected_value(potentials, values, recursions=recursions)
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-9)


@every_case
def test_its_gradient_is_the_covariance_with_each_count(
    lengths: tuple[int, ...], n_tags: int, kind: str, recursions: Recursions
) -> None:
    potentials = with_gradients(example(lengths, n_tags, kind))
    values, weights = random_values(potentials), weights_of(potentials)
    (expected_value(potentials, values, recursions=recursions) * weights).sum().backward()
    pairs = zip(oracle.problems_of(potentials), of_all_paths(potentials, values), strict=True)
    check_gradients(potentials, [oracle.covariances(*pair) for pair in pairs], weights)


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", [1, 3])
def test_it_passes_gradcheck(n_tags: int, kind: str, recursions: Recursions) -> None:
    potentials = example((3, 0, 4, 1), n_tags, kind)
    values = random_values(potentials)
    assert finite_differences_agree(
        potentials, lambda given: expected_value(given, values, recursions=recursions)
    )


@pytest.mark.parametrize("kind", MASKS)
def test_gradients_of_a_packed_batch_are_the_same(kind: str, recursions: Recursions) -> None:
    original = example((2, 0, 2, 1, 3), 3, kind)
    values = random_values(original)
    padded, packed = with_gradients(original), with_gradients(original.packed())
    expected_value(padded, values, recursions=recursions).sum().backward()
    expected_value(packed, packed_values(original, values), recursions=recursions).sum().backward()
    tokens = inside(original.lengths, original.emissions.shape[1])
    torch.testing.assert_close(packed.emissions.grad, padded.emissions.grad[tokens], rtol=0, atol=1e-12)
    assert not padded.emissions.grad[~tokens].any()
    for name in SCORES[1:]:
        torch.testing.assert_close(getattr(packed, name).grad, getattr(padded, name).grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", SCORES)
def test_each_kind_of_value_is_used_where_its_score_is(name: str, recursions: Recursions) -> None:
    potentials = with_gradients(example(RAGGED, 3, "all masks"))
    values = random_values(potentials)
    nothing = {other: torch.zeros_like(getattr(values, other)) for other in SCORES}
    alone = PotentialsGradient(**{**nothing, name: getattr(values, name)})
    log_partition(potentials, recursions=recursions).sum().backward()
    # The gradient of log Z is how often each score is used.
    counts = getattr(potentials, name).grad
    used = getattr(values, name) * counts
    found = expected_value(potentials, alone, recursions=recursions).sum()
    torch.testing.assert_close(found.detach(), used.sum(), rtol=0, atol=1e-9)


def test_an_expected_number_of_tokens_is_a_sum_of_marginals(recursions: Recursions) -> None:
    potentials = example(RAGGED, 4, "all masks")
    is_tag = (torch.arange(4) == 2).double()
    counts = PotentialsGradient(
        emissions=is_tag.expand(potentials.emissions.shape),
        transitions=torch.zeros(4, 4),
        start=torch.zeros(4),
        end=torch.zeros(4),
    )
    found = expected_value(potentials, counts, recursions=recursions)
    expected = marginals(potentials, recursions=recursions)[:, :, 2].sum(1)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_what_is_the_same_on_every_path_has_no_gradient(recursions: Recursions) -> None:
    potentials = with_gradients(example(RAGGED, 3, "all masks"))
    ones = PotentialsGradient(**{name: torch.ones_like(getattr(potentials, name)) for name in SCORES})
    found = expected_value(potentials, ones, recursions=recursions)
    # A path of n tokens has n emissions, n - 1 moves and two ends.
    wanted = torch.tensor([2.0 * n + 1 if n else 0.0 for n in RAGGED], dtype=torch.float64)
    torch.testing.assert_close(found.detach(), wanted, rtol=0, atol=1e-12)
    found.sum().backward()
    for name in SCORES:
        gradient = getattr(potentials, name).grad
        torch.testing.assert_close(gradient, torch.zeros_like(gradient), rtol=0, atol=1e-12)


def test_long_sequences_have_the_gradient_that_differences_along_a_line_have(recursions: Recursions) -> None:
    potentials = with_gradients(replaced(steep((300, 1, 0, 77), 2, 1.0, 1.0), **biluo(2)))
    values, line = random_values(potentials), random_values(potentials, seed=10)
    expected_value(potentials, values, recursions=recursions).sum().backward()
    tokens = inside(potentials.lengths, 300).unsqueeze(2)
    assert not potentials.emissions.grad[~tokens.expand_as(potentials.emissions)].any()
    slope = sum((getattr(potentials, name).grad * getattr(line, name)).sum() for name in SCORES)

    def at(step: float) -> torch.Tensor:
        moved = {name: getattr(potentials, name).detach() + step * getattr(line, name) for name in SCORES}
        return expected_value(replaced(potentials, **moved), values, recursions=recursions).sum()

    torch.testing.assert_close(slope, (at(1e-5) - at(-1e-5)) / 2e-5, rtol=1e-6, atol=1e-5)


def test_values_of_what_is_forbidden_do_not_matter(recursions: Recursions) -> None:
    original = example(RAGGED, 3, "all masks")
    values = random_values(original)
    tempting = PotentialsGradient(
        values.emissions.masked_fill(~original.allowed_tags, 1e300),
        values.transitions.masked_fill(~original.allowed_transitions, -1e300),
        values.start.masked_fill(~original.allowed_start, 1e300),
        values.end.masked_fill(~original.allowed_end, -1e300),
    )
    gradients = []
    for given in (values, tempting):
        potentials = with_gradients(original)
        found = expected_value(potentials, given, recursions=recursions)
        found.sum().backward()
        gradients.append((found.detach(), *(getattr(potentials, name).grad for name in SCORES)))
    torch.testing.assert_close(gradients[1], gradients[0], rtol=0, atol=1e-9)


@pytest.mark.parametrize("factor", [50.0, 5000.0])
@pytest.mark.parametrize("kind", MASKS)
def test_where_almost_all_is_certain_there_is_no_nan(
    kind: str, factor: float, recursions: Recursions
) -> None:
    original = example(RAGGED, 4, kind)
    sharp = replaced(original, **{name: factor * getattr(original, name) for name in SCORES})
    potentials, values = with_gradients(sharp), random_values(sharp)
    found = expected_value(potentials, values, recursions=recursions)
    found.sum().backward()
    pairs = list(zip(oracle.problems_of(sharp), of_all_paths(sharp, values), strict=True))
    expected = [oracle.expected(*pair) for pair in pairs]
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=0, atol=1e-9)
    check_gradients(potentials, [oracle.covariances(*pair) for pair in pairs], torch.ones(6))


@pytest.mark.parametrize("of_values", [torch.float32, torch.float64])
def test_float32_gives_what_its_scores_have_in_float64(
    of_values: torch.dtype, recursions: Recursions
) -> None:
    potentials = as_dtype(example(RAGGED, 4, "all masks"), torch.float32)
    single, exact = with_gradients(potentials), with_gradients(as_dtype(potentials, torch.float64))
    values = random_values(potentials)
    values = PotentialsGradient(**{name: getattr(values, name).to(of_values) for name in SCORES})
    found, wanted = (expected_value(given, values, recursions=recursions) for given in (single, exact))
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, wanted.float(), rtol=1e-5, atol=1e-5)
    found.sum().backward()
    wanted.sum().backward()
    for name in SCORES:
        got = getattr(single, name).grad
        assert got.dtype == torch.float32
        torch.testing.assert_close(got, getattr(exact, name).grad.float(), rtol=1e-5, atol=1e-6)


def test_values_are_constants(recursions: Recursions) -> None:
    potentials = example(RAGGED, 3)
    values = random_values(potentials)
    leaves = {name: getattr(values, name).clone().requires_grad_() for name in SCORES}
    assert not expected_value(potentials, PotentialsGradient(**leaves), recursions=recursions).requires_grad
    found = expected_value(with_gradients(potentials), PotentialsGradient(**leaves), recursions=recursions)
    found.sum().backward()
    assert all(leaf.grad is None for leaf in leaves.values())


@pytest.mark.parametrize("junk", [torch.nan, torch.inf])
def test_values_in_the_padding_are_ignored(junk: float, recursions: Recursions) -> None:
    potentials = example((2, 0, 2, 1, 3), 3)
    values = random_values(potentials)
    padding = ~inside(potentials.lengths, 5).unsqueeze(2)
    changed = PotentialsGradient(
        values.emissions.masked_fill(padding, junk), values.transitions, values.start, values.end
    )
    expected = expected_value(potentials, values, recursions=recursions)
    torch.testing.assert_close(
        expected_value(potentials, changed, recursions=recursions), expected, rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_values_that_are_not_finite_are_refused_by_name(
    bad: float, name: str, recursions: Recursions
) -> None:
    potentials = example((3, 3), 3)
    values = random_values(potentials)
    getattr(values, name).view(-1)[2] = bad
    with pytest.raises(PotentialsError, match=rf"`{name}`.*{bad}\b"):
        expected_value(potentials, values, recursions=recursions)


@pytest.mark.parametrize("name", SCORES)
def test_values_of_another_shape_are_refused_by_name(name: str, recursions: Recursions) -> None:
    potentials = example((3, 3), 3)
    values = random_values(potentials)
    shapes = {score: getattr(values, score) for score in SCORES}
    shapes[name] = shapes[name][..., :2]
    shown = str(tuple(shapes[name].shape)).replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(PotentialsError, match=rf"`{name}`.*{shown}"):
        expected_value(potentials, PotentialsGradient(**shapes), recursions=recursions)


@pytest.mark.parametrize(("batch", "seq_len"), SHAPES)
def test_without_a_token_it_is_zero(batch: int, seq_len: int, recursions: Recursions) -> None:
    potentials = with_gradients(empty(batch, seq_len))
    ones = PotentialsGradient(**{name: torch.ones_like(getattr(potentials, name)) for name in SCORES})
    found = expected_value(potentials, ones, recursions=recursions)
    assert found.tolist() == [0.0] * batch
    found.sum().backward()
    assert not any(getattr(potentials, name).grad.any() for name in SCORES)


def test_sequences_without_a_path_are_named(recursions: Recursions) -> None:
    potentials = impossible("no start")
    with pytest.raises(ImpossibleSequenceError, match=r"\b1\b.*\b3\b"):
        expected_value(potentials, random_values(potentials), recursions=recursions)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_scores_that_are_no_numbers_are_an_error_of_their_own(bad: float, recursions: Recursions) -> None:
    potentials = example((3, 2), 3)
    end = potentials.end.clone()
    end[1] = bad
    with pytest.raises(PotentialsError, match=rf"\b{bad}\b"):
        expected_value(replaced(potentials, end=end), random_values(potentials), recursions=recursions)
