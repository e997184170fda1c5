"""Draws from the posterior: their frequencies against probabilities by enumeration, and what must hold for each."""

import numpy as np
import pytest
import torch
from torch import Tensor

from spacy_crf_ner.errors import ImpossibleSequenceError, PotentialsError
from spacy_crf_ner.functional import Potentials, Recursions, sample, sampling, sequence_score, viterbi
from tests.functional import oracle
from tests.functional.cases import (
    LENGTHS,
    MASKS,
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
from tests.functional.test_numbers import tempting

RAGGED = (3, 0, 5, 1, 4, 2)
N_DRAWS = 20_000


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def assert_frequencies(counts: np.ndarray, probability: np.ndarray) -> None:
    """Within five standard errors of the binomial, and two draws for what is next to impossible; never, if it is."""
    variance = (probability * (1 - probability)).clip(min=0)
    error = 5 * np.sqrt(variance / N_DRAWS) + 2 / N_DRAWS
    assert (np.abs(counts / N_DRAWS - probability) <= error).all()
    assert not counts[probability == 0].any()


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", [2, 4])
def test_tags_and_pairs_of_tags_come_as_often_as_they_are_probable(
    n_tags: int, kind: str, recursions: Recursions
) -> None:
    potentials = example(RAGGED, n_tags, kind)
    drawn = sample(potentials, N_DRAWS, seeded(1), recursions=recursions)
    for i, problem in enumerate(oracle.problems_of(potentials)):
        one_hot = np.eye(n_tags)[drawn[i, :, : problem.length].numpy()]
        assert_frequencies(one_hot.sum(0), oracle.token_marginals(problem))
        pairs = np.einsum("pti,ptj->tij", one_hot[:, :-1], one_hot[:, 1:])
        assert_frequencies(pairs, oracle.transition_marginals(problem))


@pytest.mark.parametrize("kind", MASKS)
def test_whole_paths_come_as_often_as_they_are_probable(kind: str, recursions: Recursions) -> None:
    potentials = example((3, 4, 1), 3, kind, seed=1)
    drawn = sample(potentials, N_DRAWS, seeded(2), recursions=recursions)
    for i, problem in enumerate(oracle.problems_of(potentials)):
        _, probability = oracle.probabilities(problem)
        numbers = drawn[i, :, : problem.length].numpy() @ 3 ** np.arange(problem.length)[::-1]
        assert_frequencies(np.bincount(numbers, minlength=len(probability)), probability)


def test_draws_are_independent_of_each_other(recursions: Recursions) -> None:
    potentials = replaced(
        example((2, 2), 2),
        **{name: torch.zeros_like(getattr(example((2, 2), 2), name)) for name in SCORES},
    )
    drawn = sample(potentials, N_DRAWS, seeded(3), recursions=recursions).flatten(0, 1).numpy()
    # All four combinations of the tags of one draw and of the next one: of the same sequence, then of two.
    for other in (np.roll(drawn, 1, axis=0), np.roll(drawn, N_DRAWS, axis=0)):
        for here, there in ((0, 0), (0, 1), (1, 1)):
            counts = np.bincount(2 * drawn[:N_DRAWS, here] + other[:N_DRAWS, there], minlength=4)
            assert_frequencies(counts, np.full(4, 0.25))


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_every_draw_is_an_allowed_path(lengths: tuple[int, ...], kind: str, recursions: Recursions) -> None:
    for n_tags in (1, 3):
        potentials = example(lengths, n_tags, kind)
        drawn = sample(potentials, 50, seeded(), recursions=recursions)
        batch, seq_len, _ = potentials.emissions.shape
        assert (drawn.shape, drawn.dtype) == ((batch, 50, seq_len), torch.int64)
        assert drawn.is_contiguous()
        assert (drawn.movedim(1, 2)[~inside(potentials.lengths, seq_len)] == -1).all()
        for path in drawn.unbind(1):
            assert sequence_score(potentials, path).isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_forbidden_tags_are_not_drawn_however_high_they_score(
    dtype: torch.dtype, recursions: Recursions
) -> None:
    potentials = as_dtype(tempting(), dtype)
    for path in sample(potentials, 5, seeded(), recursions=recursions).unbind(1):
        assert sequence_score(potentials, path).isfinite().all()


def test_where_almost_all_is_certain_the_best_path_is_drawn(recursions: Recursions) -> None:
    original = example(RAGGED, 4, "all masks")
    potentials = replaced(original, **{name: 5000 * getattr(original, name) for name in SCORES})
    drawn = sample(potentials, 20, seeded(), recursions=recursions)
    best, _ = viterbi(potentials, recursions=recursions)
    assert (drawn == best.unsqueeze(1)).all()


@pytest.mark.parametrize("kind", MASKS)
def test_packed_the_same_state_of_the_generator_gives_the_same_draws(
    kind: str, recursions: Recursions
) -> None:
    padded = example((2, 0, 2, 1, 3), 3, kind)
    expected = sample(padded, 6, seeded(), recursions=recursions).movedim(1, 0)
    got = sample(padded.packed(), 6, seeded(), recursions=recursions)
    assert got.is_contiguous()
    tokens = inside(padded.lengths, padded.emissions.shape[1])
    torch.testing.assert_close(got, expected[:, tokens], rtol=0, atol=0)


def test_the_state_of_the_generator_decides(recursions: Recursions) -> None:
    def draws(generator: torch.Generator | None) -> Tensor:
        return sample(example((5, 4), 4), 20, generator, recursions=recursions)

    generator = seeded()
    first = draws(generator)
    assert (first == draws(seeded())).all()
    assert (first != draws(generator)).any()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        assert (first == draws(None)).all()


@pytest.mark.parametrize(
    ("chance", "expected"), [(0.0, 1), (0.24, 1), (0.26, 3), (1 - 2.0**-53, 3), (1.0, 1)]
)
def test_no_chance_draws_a_tag_without_probability(
    chance: float, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        torch, "rand", lambda shape, **options: torch.full(shape, chance, dtype=torch.float64)
    )
    shares = torch.tensor([[[0.0, 0.25, 0.0, 0.75, 0.0]]], dtype=torch.float64)
    assert sampling._draw(shares, None).tolist() == [[expected]]


@pytest.mark.parametrize("junk", [torch.nan, torch.inf, -torch.inf, 1e30])
def test_what_stands_in_the_padding_does_not_matter(junk: float, recursions: Recursions) -> None:
    potentials = example((2, 0, 2, 1, 3), 3, "all masks")
    before = copies(potentials)
    expected = sample(potentials, 9, seeded(), recursions=recursions)
    got = sample(with_padding(potentials, junk, True), 9, seeded(), recursions=recursions)
    torch.testing.assert_close(got, expected, rtol=0, atol=0)
    torch.testing.assert_close(copies(potentials), before, rtol=0, atol=0)


def test_scores_that_have_a_graph_are_ordinary_scores(recursions: Recursions) -> None:
    potentials = example(RAGGED, 3)
    expected = sample(potentials, 3, seeded(), recursions=recursions)
    got = sample(with_gradients(potentials), 3, seeded(), recursions=recursions)
    torch.testing.assert_close(got, expected, rtol=0, atol=0)


@pytest.mark.parametrize(("batch", "seq_len"), SHAPES)
def test_without_a_token_draws_are_empty(batch: int, seq_len: int, recursions: Recursions) -> None:
    drawn = sample(empty(batch, seq_len), 4, recursions=recursions)
    assert drawn.shape == (batch, 4, seq_len)
    assert (drawn == -1).all()
    assert sample(empty(batch, seq_len).packed(), 4, recursions=recursions).shape == (4, 0)


@pytest.mark.parametrize("n", [0, -2])
def test_fewer_draws_than_one_are_refused(n: int, recursions: Recursions) -> None:
    with pytest.raises(PotentialsError, match=rf"`n`.*1.*{n}"):
        sample(example((3, 2), 3), n, recursions=recursions)


def test_sequences_without_a_path_are_named(recursions: Recursions) -> None:
    with pytest.raises(ImpossibleSequenceError, match=r"\b1\b.*\b3\b"):
        sample(impossible("no start"), 2, recursions=recursions)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_generator_of_the_device_draws_there(recursions: Recursions) -> None:
    on_cpu = example(RAGGED, 3, "all masks")
    fields = {name: value.cuda() for name, value in copies(on_cpu).items()}
    generator = torch.Generator("cuda").manual_seed(0)
    drawn = sample(Potentials(**fields), 100, generator, recursions=recursions)
    assert drawn.is_cuda
    for path in drawn.cpu().unbind(1):
        assert sequence_score(on_cpu, path).isfinite().all()
