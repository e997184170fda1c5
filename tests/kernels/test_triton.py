"""The Triton programs against the reference, in Triton's interpreter where there is no CUDA device."""

from dataclasses import replace

import pytest
import torch

from spacy_crf_ner.functional import LOG_SPACE, Potentials
from spacy_crf_ner.kernels.cuda import TRITON
from spacy_crf_ner.kernels.cuda.batch import ON_CHIP, Blocks
from tests.functional import oracle
from tests.functional.cases import (
    MASKS,
    SCORES,
    as_dtype,
    example,
    random_spans,
    replaced,
)
from tests.functional.test_numbers import biluo, steep, tempting
from tests.kernels.triton_agreement import PRECISIONS, agrees, close, large
from tests.kernels.triton_device import device, on_device, record_launches, skip_unless_available

# The interpreter computes both sides of a `where`.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

RAGGED = (3, 0, 5, 1)


@pytest.fixture(autouse=True, scope="module")
def _programs() -> None:
    skip_unless_available()


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("packed", [False, True])
def test_ragged_batches_agree_with_the_reference(kind: str, dtype: torch.dtype, packed: bool) -> None:
    potentials = example(RAGGED, 3, kind)
    agrees(potentials.packed() if packed else potentials, dtype)


@pytest.mark.parametrize("lengths", [(5,), (2, 0, 2, 1, 3), (0, 0)])
def test_one_tag_and_lengths_agree_with_the_reference(lengths: tuple[int, ...]) -> None:
    agrees(example(lengths, 1), torch.float32)
    agrees(example(lengths, 4, "all masks"), torch.float32)


def test_weights_scale_each_sequence() -> None:
    weights = torch.tensor([0.5, 7.0, -2.0, 0.0], dtype=torch.float64)
    potentials = example(RAGGED, 3, "all masks")
    agrees(potentials, torch.float32, weights)
    agrees(potentials, torch.float64, weights)
    found = TRITON.expectations(on_device(potentials), weights.to(device()))
    expected = LOG_SPACE.expectations(potentials, weights)
    close(found.log_partition, expected.log_partition, 1e-9)
    close(TRITON.log_partition(on_device(potentials)), expected.log_partition, 1e-9)
    for name in SCORES:
        close(getattr(found.gradient, name), getattr(expected.gradient, name), 1e-9)


def test_results_agree_with_brute_force() -> None:
    potentials = example(RAGGED, 3, "all masks")
    problems = oracle.problems_of(potentials)
    batch = on_device(as_dtype(potentials, torch.float32))
    expected = torch.tensor([oracle.log_partition(problem) for problem in problems])
    totals, tokens = TRITON.marginals(batch)
    close(totals, expected, 1e-5)
    for row, problem in zip(tokens, problems, strict=True):
        close(row[: problem.length], torch.tensor(oracle.token_marginals(problem)), 1e-5)
    paths, _ = TRITON.viterbi(batch)
    for path, problem in zip(paths.tolist(), problems, strict=True):
        assert tuple(path[: problem.length]) in oracle.best_paths(problem, 1e-5)


@pytest.mark.parametrize("n_tags", [16, 17, 33, 73])
def test_numbers_of_tags_around_powers_of_two(n_tags: int) -> None:
    agrees(large((4, 1, 3), n_tags, "all masks"), torch.float32)


@pytest.mark.parametrize("n_tags", [ON_CHIP + 1, 300])
def test_transitions_that_do_not_fit_on_the_chip(n_tags: int) -> None:
    assert Blocks.of(n_tags).tiled
    agrees(large((3, 2), n_tags, "static masks"), torch.float32)


def test_three_hundred_steps_in_blocks() -> None:
    potentials = large((300,), 5)
    totals, tokens = TRITON.marginals(on_device(as_dtype(potentials, torch.float32)))
    expected_totals, expected_tokens = LOG_SPACE.marginals(
        as_dtype(as_dtype(potentials, torch.float32), torch.float64)
    )
    close(totals, expected_totals, 1e-6)
    close(tokens, expected_tokens, 1e-5)


def test_what_underflows_is_redone_in_log_space(monkeypatch: pytest.MonkeyPatch) -> None:
    launches = record_launches(monkeypatch)
    constrained = replaced(steep((12, 2, 0, 7, 1), 3, 50.0, 50.0), **biluo(3))
    agrees(constrained, torch.float32, torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0], dtype=torch.float64))
    agrees(tempting_start().packed(), torch.float32)
    flags = [arguments[9].tolist() for name, arguments in launches if name == "combine"]
    assert any(any(found) for found in flags)
    assert not all(all(found) for found in flags)


def tempting_start() -> Potentials:
    """The first tokens of a batch in which a forbidden tag is far above all others wherever it is forbidden."""
    whole = tempting()
    assert whole.allowed_tags is not None
    cut = {"emissions": whole.emissions[:, :8], "allowed_tags": whole.allowed_tags[:, :8]}
    return replaced(whole, **cut, lengths=whole.lengths.clamp(max=8))


def test_ordinary_scores_are_not_redone(monkeypatch: pytest.MonkeyPatch) -> None:
    launches = record_launches(monkeypatch)
    constrained = replaced(large((40, 7), 9), **biluo(2))
    for potentials in (large((40, 7), 9, scale=5.0), constrained, partly_annotated()):
        TRITON.log_partition(on_device(as_dtype(potentials, torch.float32)))
    flags = [arguments[9] for name, arguments in launches if name == "combine"]
    assert not any(bool(found.any()) for found in flags)


def faint_edges(move: float, structural: bool) -> Potentials:
    """Two paths: outside throughout with score 0, and an entity of all tokens that gets its score in the middle.

    Both its ends are below what float32 can hold beside the other path, so that either chain alone loses it.

    move (float): Score of the moves from its first token on and to its last. Far below 0, it takes them out of range
        even from the smallest normal number.
    structural (bool): Whether masks say what is allowed, and not scores of -inf.
    """
    allowed = torch.zeros(1, 90, 5, dtype=torch.bool)
    allowed[..., 0] = True
    allowed[:, 0, 1] = allowed[:, 1:-1, 2] = allowed[:, -1, 3] = True
    emissions = torch.zeros(allowed.shape, dtype=torch.float64)
    emissions[:, 0, 1] = emissions[:, -1, 3] = -120.0
    emissions[..., 2] = 4.0
    transitions, nothing = torch.zeros(5, 5, dtype=torch.float64), torch.zeros(5, dtype=torch.float64)
    transitions[1, 2] = transitions[2, 3] = move
    mask = {"allowed_tags": allowed}
    if not structural:
        emissions, mask = emissions.masked_fill(~allowed, -torch.inf), {}
    return Potentials(emissions, torch.tensor([90]), transitions, nothing, nothing, **biluo(1), **mask)


@pytest.mark.parametrize("structural", [True, False])
@pytest.mark.parametrize("move", [0.0, -30.0])
def test_paths_that_both_chains_lose_are_found(
    move: float, structural: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    launches = record_launches(monkeypatch)
    potentials = faint_edges(move, structural)
    agrees(potentials, torch.float32)
    close(TRITON.log_partition(on_device(potentials)), torch.tensor([112.0 + 2 * move]), 1e-6)
    flags = [arguments[9] for name, arguments in launches if name == "combine"]
    assert all(bool(found.all()) for found in flags)


def partly_annotated() -> Potentials:
    """BILUO with two labels; every third token or so may only have the tag of a path that there is."""
    potentials = replaced(large((40, 7, 0, 25), 9), **biluo(2))
    paths, _ = LOG_SPACE.viterbi(potentials)
    generator = torch.Generator().manual_seed(3)
    free = torch.rand(*paths.shape, 1, generator=generator) < 0.7
    path = torch.nn.functional.one_hot(paths.clamp(min=0), 9).bool()
    emissions = torch.randn(potentials.emissions.shape, generator=generator) * 2
    return replaced(potentials, emissions=emissions.double(), allowed_tags=free | path)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("kind", ["impossible", "nan", "infinite"])
def test_what_is_no_number_comes_out_as_such_and_harms_no_other_sequence(
    kind: str, dtype: torch.dtype
) -> None:
    potentials = as_dtype(example((4, 3, 5), 3), dtype)
    value = {"impossible": -torch.inf, "nan": torch.nan, "infinite": torch.inf}[kind]
    emissions = potentials.emissions.clone()
    emissions[1, 1] = value
    broken = on_device(replaced(potentials, emissions=emissions))
    totals, tokens = TRITON.marginals(broken)
    _, scores = TRITON.viterbi(broken)
    for found in (totals, TRITON.log_partition(broken), scores):
        assert bool(found[1] == -torch.inf) if kind == "impossible" else bool(~(found[1] < torch.inf))
    expected = LOG_SPACE.marginals(potentials)
    close(totals[[0, 2]], expected[0][[0, 2]], 1e-5)
    close(tokens[[0, 2]], expected[1][[0, 2]], 1e-5)
    close(scores[[0, 2]], LOG_SPACE.viterbi(potentials)[1][[0, 2]], 1e-5)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("name", ["transitions", "start", "end"])
def test_parameters_that_are_no_number_are_seen(name: str, value: float) -> None:
    potentials = as_dtype(example((4, 3), 3), torch.float32)
    changed = getattr(potentials, name).clone()
    changed[..., 1] = value
    broken = on_device(replaced(potentials, **{name: changed}))
    assert not bool(torch.isfinite(TRITON.log_partition(broken)).any())
    assert not bool(torch.isfinite(TRITON.viterbi(broken)[1]).any())


def test_forbidden_paths_score_minus_infinity() -> None:
    potentials = as_dtype(example(RAGGED, 3, "all masks"), torch.float32)
    tags = torch.randint(3, potentials.emissions.shape[:-1], generator=torch.Generator().manual_seed(0))
    found = TRITON.path_expectations(on_device(potentials), tags.to(device()))
    expected = LOG_SPACE.path_expectations(potentials, tags)
    assert bool(torch.isneginf(expected.score).any())
    close(found.score, expected.score, 1e-5)


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("packed", [False, True])
def test_spans_agree_with_the_reference(kind: str, packed: bool) -> None:
    potentials = as_dtype(example(RAGGED, 3, kind), torch.float32)
    _, spans = random_spans(potentials, 12)
    expected = LOG_SPACE.span_log_probs(potentials, spans)
    moved = replace(spans, **{name: value.to(device()) for name, value in vars(spans).items()})
    found = TRITON.span_log_probs(on_device(potentials.packed() if packed else potentials), moved)
    close(found[0], expected[0], 1e-6)
    close(found[1], expected[1], 1e-6)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("packed", [False, True])
def test_ways_onward_agree_with_the_reference(kind: str, dtype: torch.dtype, packed: bool) -> None:
    potentials = as_dtype(example(RAGGED, 3, kind), dtype)
    potentials = potentials.packed() if packed else potentials
    expected = LOG_SPACE.onward_scores(potentials)
    found = TRITON.onward_scores(on_device(potentials))
    close(found[0], expected[0], 1e-9)
    close(found[1], expected[1], 1e-9)


def test_best_lists_are_those_of_the_reference() -> None:
    potentials = as_dtype(example(RAGGED, 3, "all masks"), torch.float32)
    tags, totals = TRITON.k_best(on_device(potentials), 4)
    expected_tags, expected_totals = LOG_SPACE.k_best(potentials, 4)
    assert torch.equal(tags.cpu(), expected_tags)
    close(totals, expected_totals, 1e-9)


def test_empty_batches() -> None:
    for lengths in ((), (0, 0)):
        potentials = on_device(as_dtype(example(lengths, 2), torch.float32))
        for batch in (potentials, potentials.packed()):
            found = TRITON.expectations(batch)
            assert found.log_partition.tolist() == [0.0] * len(lengths)
            assert found.gradient.emissions.shape == batch.emissions.shape
            assert not bool(found.gradient.transitions.any())
            paths, scores = TRITON.viterbi(batch)
            assert paths.shape == batch.emissions.shape[:-1]
            assert scores.tolist() == [0.0] * len(lengths)
            assert TRITON.onward_scores(batch)[1].shape == batch.emissions.shape
