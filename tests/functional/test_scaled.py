"""The scaled recursions: every way to compute what does not fit into the dtype, and what tells that it does not."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_crf_ner.functional import LOG_SPACE, SCALED, Potentials, Recursions, scaled
from tests.functional.cases import Span, as_dtype, example, random_spans, replaced, span_paths
from tests.functional.test_numbers import biluo, steep

Redone = list[tuple[torch.dtype, list[int]]]


@pytest.fixture
def redone(monkeypatch: pytest.MonkeyPatch) -> Redone:
    """From which dtype which sequences were taken out, to be computed another way, call by call."""
    calls: Redone = []
    original = scaled.some_sequences

    def recorded(potentials: Potentials, indices: torch.Tensor, dtype: torch.dtype) -> Any:
        calls.append((potentials.emissions.dtype, indices.tolist()))
        return original(potentials, indices, dtype)

    monkeypatch.setattr(scaled, "some_sequences", recorded)
    return calls


def two_worlds(length: int, dtype: torch.dtype) -> Potentials:
    """Two tags without a way from one to the other; the first is better near both ends, the second altogether.

    Each is out of sight of a chain that comes from an end when the other begins to win: with a third of the length in
    nats, it is out of the dtype's range, too.
    """
    third = length // 3
    emissions = torch.zeros(1, 3 * third, 2)
    emissions[:, :, 0] = 1.0
    emissions[:, third : 2 * third, 0] = 0.0
    emissions[:, third : 2 * third, 1] = 3.0
    potentials = Potentials(
        emissions,
        torch.tensor([3 * third]),
        torch.zeros(2, 2),
        torch.zeros(2),
        torch.zeros(2),
        allowed_transitions=torch.eye(2, dtype=torch.bool),
    )
    return as_dtype(potentials, dtype)


def peaked(scale: float, dtype: torch.dtype = torch.float32) -> Potentials:
    """Constrained sequences of which the second, sixth and seventh have emissions of the given standard deviation."""
    potentials = replaced(steep((40, 40, 0, 7, 1, 40, 40), 2, 1.0, 1.0), **biluo(2))
    emissions = potentials.emissions.clone()
    emissions[[1, 5, 6]] *= scale
    return as_dtype(replaced(potentials, emissions=emissions.float().double()), dtype)


def check(potentials: Potentials, relative: float = 1e-6, absolute: float = 1e-5) -> None:
    """All results are those of log space; a path is as good as the best one."""
    exact = as_dtype(potentials, torch.float64)
    weights = torch.linspace(-1, 2, potentials.batch_size, dtype=torch.float64)
    expected = LOG_SPACE.expectations(exact, weights)
    counts = expected.gradient
    got = SCALED.expectations(potentials, weights)
    # Rounding errors of a sum grow with the root of its terms, and the terms may cancel.
    bounds = {"rtol": relative, "atol": absolute * max(1, potentials.seq_len) ** 0.5}
    torch.testing.assert_close(got.log_partition, expected.log_partition, **bounds)
    torch.testing.assert_close(SCALED.log_partition(potentials), expected.log_partition, **bounds)
    torch.testing.assert_close(got.gradient.emissions.double(), counts.emissions, rtol=0, atol=absolute)
    scale = max(1, potentials.emissions.shape[:-1].numel())
    for name in ("transitions", "start", "end"):
        torch.testing.assert_close(
            getattr(got.gradient, name).double(), getattr(counts, name), rtol=0, atol=absolute * scale
        )
    totals, tokens = SCALED.marginals(potentials)
    torch.testing.assert_close(totals, expected.log_partition, **bounds)
    torch.testing.assert_close(tokens.double(), LOG_SPACE.marginals(exact)[1], rtol=0, atol=absolute)
    scores, best = SCALED.viterbi(potentials)[1], LOG_SPACE.viterbi(exact)[1]
    torch.testing.assert_close(scores, best, **bounds)


def test_ordinary_scores_are_computed_once(redone: Redone) -> None:
    for dtype in (torch.float32, torch.float64):
        for kind in ("no mask", "static masks", "tag mask", "all masks"):
            check(as_dtype(example((3, 0, 5, 1, 4, 2), 4, kind), dtype))
        for spread in (1.0, 5.0):
            check(as_dtype(replaced(steep((60, 7, 60, 1), 3, spread, 1.0), **biluo(3)), dtype))
        check(as_dtype(steep((300, 7, 60, 1), 3, 50.0, 1.0), dtype))
    assert redone == []


def test_what_float32_cannot_hold_is_computed_in_float64_and_nothing_else_is(redone: Redone) -> None:
    check(peaked(40.0))
    assert redone
    assert all(dtype == torch.float32 for dtype, _ in redone)
    assert all(set(indices) <= {1, 5, 6} for _, indices in redone)
    redone.clear()
    check(peaked(40.0, torch.float64), 1e-12, 1e-9)
    assert redone == []


def test_what_float64_cannot_hold_is_computed_in_log_space(redone: Redone) -> None:
    check(peaked(2000.0))
    assert {dtype for dtype, _ in redone} == {torch.float32, torch.float64}
    redone.clear()
    check(peaked(2000.0, torch.float64), 1e-12, 1e-9)
    assert redone
    assert all(dtype == torch.float64 and set(indices) <= {1, 5, 6} for dtype, indices in redone)


@pytest.mark.parametrize(
    ("length", "dtype", "dtypes"),
    [
        (60, torch.float32, []),
        (360, torch.float32, [torch.float32]),
        (360, torch.float64, []),
        (2400, torch.float64, [torch.float64]),
        (2400, torch.float32, [torch.float32, torch.float64]),
    ],
)
def test_paths_that_both_chains_lose_before_they_win_are_found(
    length: int, dtype: torch.dtype, dtypes: list[torch.dtype], redone: Redone
) -> None:
    potentials = two_worlds(length, dtype)
    totals, tokens = SCALED.marginals(potentials)
    torch.testing.assert_close(totals, torch.tensor([1.0 * length], dtype=torch.float64))
    assert tokens[0, :, 1].min() > 0.99
    assert [dtype for dtype, _ in redone] == dtypes
    check(potentials)


def test_spans_with_neighbours_of_no_weight_are_computed_in_log_space(redone: Redone) -> None:
    potentials = example((3, 0, 5, 1, 4, 2), 3)
    emissions = potentials.emissions.clone()
    emissions[2, :, 1] = -900.0
    potentials = replaced(potentials, emissions=emissions)
    spans: list[Span] = [(0, 1, 2, (2,)), (2, 2, 3, (1,)), (2, 2, 4, (0, 0)), (4, 0, 1, (2,))]
    anything, nothing = torch.ones(4, 3, dtype=torch.bool), torch.zeros(4, 3, dtype=torch.bool)
    only_1 = torch.arange(3).expand(4, 3) == 1
    for before, after, expected in (
        (anything, anything, []),
        (nothing, nothing, []),
        (only_1, anything, [(torch.float64, [2])]),
        (anything, only_1, [(torch.float64, [2])]),
    ):
        paths = span_paths(spans, before, after)
        exact = LOG_SPACE.span_log_probs(potentials, paths)
        got = SCALED.span_log_probs(potentials, paths)
        assert redone == expected
        redone.clear()
        torch.testing.assert_close(got, exact, rtol=1e-12, atol=1e-9)


def test_spans_after_a_sequence_that_float64_cannot_hold_are_computed_as_ever(redone: Redone) -> None:
    potentials = peaked(1e5)
    spans: list[Span] = [(i, 1, 3, (0, 0)) for i in (0, 1, 3, 5, 6)]
    anything = torch.ones(len(spans), 9, dtype=torch.bool)
    paths = span_paths(spans, anything, anything)
    got = SCALED.span_log_probs(potentials, paths)
    assert [(dtype, 1 in indices) for dtype, indices in redone] == [(torch.float64, True)]
    exact = LOG_SPACE.span_log_probs(as_dtype(potentials, torch.float64), paths)
    torch.testing.assert_close(got, exact, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("packed", [False, True])
def test_sequences_without_a_number_leave_the_others_of_their_batch_alone(
    packed: bool, dtype: torch.dtype, recursions: Recursions
) -> None:
    original = as_dtype(example((3, 2, 0, 5, 4), 3), dtype)
    emissions = original.emissions.clone()
    emissions[0, 1] = -torch.inf
    emissions[1, 0, 2] = torch.nan
    emissions[3, 2, 1] = torch.inf
    potentials = replaced(original, emissions=emissions)
    if packed:
        original, potentials = original.packed(), potentials.packed()
    expected = SCALED.log_partition(original)[[2, 4]]
    results = {
        "log_partition": recursions.log_partition(potentials),
        "marginals": recursions.marginals(potentials)[0],
        "expectations": recursions.expectations(potentials).log_partition,
        "viterbi": recursions.viterbi(potentials)[1],
    }
    for name, totals in results.items():
        assert totals.dtype == torch.float64, name
        assert totals[0].isneginf(), name
        assert totals[1].isnan(), name
        assert totals[3] == torch.inf, name
        if name != "viterbi":
            torch.testing.assert_close(totals[[2, 4]], expected, rtol=1e-6, atol=1e-6)


def test_emissions_of_minus_infinity_forbid_a_tag_as_a_mask_does(recursions: Recursions) -> None:
    masked = example((3, 0, 5, 1, 4, 2), 3, "tag mask")
    assert masked.allowed_tags is not None
    emissions = masked.emissions.masked_fill(~masked.allowed_tags, -torch.inf)
    infinite = replaced(masked, emissions=emissions, allowed_tags=None)
    totals, tokens = recursions.marginals(masked)
    torch.testing.assert_close(recursions.marginals(infinite), (totals, tokens), rtol=0, atol=1e-12)
    torch.testing.assert_close(
        recursions.viterbi(infinite)[1], recursions.viterbi(masked)[1], rtol=0, atol=1e-12
    )


def test_no_result_is_bound_to_inference_mode_or_to_a_graph(recursions: Recursions) -> None:
    potentials = example((3, 0, 5, 1, 4, 2), 3)
    leaves = replaced(potentials, emissions=potentials.emissions.clone().requires_grad_())
    expected = recursions.expectations(leaves)
    results = [
        recursions.log_partition(leaves),
        *recursions.marginals(leaves),
        *recursions.viterbi(leaves),
        *recursions.span_log_probs(leaves, random_spans(potentials, 5)[1]),
        expected.log_partition,
        expected.gradient.emissions,
        expected.gradient.transitions,
    ]
    for result in results:
        assert not result.requires_grad
        assert not result.is_inference()


def worlds(n_tags: int) -> dict[str, torch.Tensor]:
    """A mask for tags of two kinds, and no way from one kind to the other."""
    first = torch.arange(n_tags) < n_tags // 2
    return {"allowed_transitions": first[:, None] == first}


@st.composite
def batches(draw: st.DrawFn, longest: int = 200) -> Potentials:
    """Constrained or free batches in float32, up to 50 nats from emission to emission and 20 from move to move."""
    lengths = tuple(draw(st.lists(st.integers(0, longest), min_size=1, max_size=4)))
    n_labels = draw(st.integers(0, 4))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**20)))
    shape = (len(lengths), max(lengths), 1 + 4 * n_labels)

    def uniform(limit: float, *sizes: int) -> torch.Tensor:
        return (2 * torch.rand(*sizes, generator=generator) - 1) * limit

    move = draw(st.sampled_from([0.0, 1.0, 5.0, 20.0]))
    emissions = uniform(draw(st.sampled_from([0.0, 1.0, 5.0, 15.0, 50.0])), *shape)
    # Long stretches that lean to one side, then to the other, are what takes whole paths out of range and back.
    period = draw(st.sampled_from([30, 100, 400]))
    lean = draw(st.sampled_from([0.0, 0.0, 3.0])) * torch.linspace(-1, 1, shape[2])
    emissions += lean * (torch.arange(shape[1]) // period % 2 * 2 - 1).unsqueeze(1)
    masks = draw(st.sampled_from([{}, biluo(n_labels), worlds(shape[2])]))
    if draw(st.booleans()):
        allowed = torch.rand(shape, generator=generator) < 0.8
        allowed[:, :, 0] = True
        emissions = emissions + draw(st.sampled_from([0.0, 60.0])) * ~allowed
        masks = {**masks, "allowed_tags": allowed}
    moves = (uniform(move, shape[2], shape[2]), uniform(move, shape[2]), uniform(move, shape[2]))
    return Potentials(emissions, torch.tensor(lengths), *moves, **masks)


@settings(max_examples=60, deadline=None)
@given(batches())
def test_float32_is_as_exact_as_float64_log_space_whatever_the_scores(potentials: Potentials) -> None:
    check(potentials)


@settings(max_examples=30, deadline=None)
@given(batches(longest=40))
def test_float64_has_all_its_digits_whatever_the_scores(potentials: Potentials) -> None:
    check(as_dtype(potentials, torch.float64), 1e-12, 1e-9)


def test_many_tags_are_computed_in_parts_of_the_batch() -> None:
    check(as_dtype(replaced(steep((4, 3, 3, 2, 1) * 8, 50, 2.0, 1.0), **biluo(50)), torch.float32))


@pytest.mark.slow
@pytest.mark.parametrize("emission", [1.0, 50.0])
@pytest.mark.parametrize("constrained", [False, True])
def test_ten_thousand_tokens_are_as_exact_as_ten(emission: float, constrained: bool) -> None:
    masks = biluo(3) if constrained else {}
    check(as_dtype(replaced(steep((10_000, 3, 700), 3, emission, 20.0), **masks), torch.float32))
