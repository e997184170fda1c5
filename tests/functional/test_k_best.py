"""The k best paths: against all paths in order."""

import itertools

import numpy as np
import pytest
import torch

from spacy_crf_ner.errors import ImpossibleSequenceError, PotentialsError
from spacy_crf_ner.functional import (
    Potentials,
    Recursions,
    k_best,
    log_k_best,
    log_partition,
    sequence_score,
    viterbi,
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
    two_tags_two_tokens,
    with_gradients,
    with_padding,
)
from tests.functional.test_empty import SHAPES, empty, impossible
from tests.functional.test_numbers import STEEP

RAGGED = (3, 0, 5, 1, 4, 2)


def check(potentials: Potentials, k: int, recursions: Recursions, tolerance: float = 1e-9) -> None:
    """The scores are the k highest ones of all paths; the paths have these scores, and none comes twice."""
    tags, log_probs = k_best(potentials, k, recursions=recursions)
    batch, seq_len, _ = potentials.emissions.shape
    assert (tags.shape, tags.dtype) == ((batch, k, seq_len), torch.int64)
    assert (log_probs.shape, log_probs.dtype) == ((batch, k), torch.float64)
    assert (tags.movedim(1, 2)[~inside(potentials.lengths, seq_len)] == -1).all()
    for i, problem in enumerate(oracle.problems_of(potentials)):
        scores = oracle.ranked_paths(problem)[1][:k] - oracle.log_partition(problem)
        found = tags[i, : len(scores), : problem.length].numpy()
        np.testing.assert_allclose(log_probs[i, : len(scores)].numpy(), scores, rtol=0, atol=tolerance)
        of_paths = oracle.path_scores(problem, found) - oracle.log_partition(problem)
        np.testing.assert_allclose(of_paths, scores, rtol=0, atol=tolerance)
        assert len({tuple(path) for path in found.tolist()}) == len(scores)
        assert (log_probs[i, len(scores) :] == -torch.inf).all()
        assert (tags[i, len(scores) :] == -1).all()


def test_the_best_paths_by_hand(recursions: Recursions) -> None:
    tags, log_probs = k_best(two_tags_two_tokens(), 5, recursions=recursions)
    assert tags.tolist() == [[[1, 1], [1, 0], [0, 1], [0, 0], [-1, -1]]]
    scores = np.array([6.9, 6.5, 5.3, 4.9])
    np.testing.assert_allclose(log_probs[0, :4], scores - oracle.log_sum_exp(scores), rtol=0, atol=1e-12)
    assert log_probs[0, 4] == -torch.inf


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", N_TAGS)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_they_are_the_first_of_all_paths_in_order(
    lengths: tuple[int, ...], n_tags: int, kind: str, recursions: Recursions
) -> None:
    potentials = example(lengths, n_tags, kind)
    n_paths = n_tags ** max(lengths)
    for k in sorted({1, 2, 3, 7, n_paths, n_paths + 2}):
        check(potentials, k, recursions)


@pytest.mark.parametrize("kind", MASKS)
def test_every_k_up_to_more_than_there_are_paths(kind: str, recursions: Recursions) -> None:
    for n_tags, seed in itertools.product((2, 3), range(2)):
        potentials = example((3, 2, 1, 0), n_tags, kind, seed)
        for k in range(1, n_tags**3 + 3):
            check(potentials, k, recursions)


@pytest.mark.parametrize("kind", MASKS)
def test_packed_they_are_the_same(kind: str, recursions: Recursions) -> None:
    padded = example(RAGGED, 3, kind)
    tags, log_probs = k_best(padded, 4, recursions=recursions)
    packed_tags, packed_log_probs = k_best(padded.packed(), 4, recursions=recursions)
    assert packed_tags.shape == (4, sum(RAGGED))
    torch.testing.assert_close(packed_log_probs, log_probs, rtol=0, atol=1e-12)
    expected = tags.movedim(1, 0)[:, inside(padded.lengths, padded.emissions.shape[1])]
    torch.testing.assert_close(packed_tags, expected, rtol=0, atol=0)


@pytest.mark.parametrize("kind", MASKS)
def test_the_first_is_the_best_one(kind: str, recursions: Recursions) -> None:
    potentials = example(RAGGED, 4, kind)
    tags, log_probs = k_best(potentials, 3, recursions=recursions)
    best, score = viterbi(potentials, recursions=recursions)
    torch.testing.assert_close(tags[:, 0], best)
    expected = score - log_partition(potentials, recursions=recursions)
    torch.testing.assert_close(log_probs[:, 0], expected, rtol=0, atol=1e-10)


def test_all_probabilities_together_are_one(recursions: Recursions) -> None:
    _, log_probs = k_best(example(RAGGED, 3, "all masks"), 300, recursions=recursions)
    torch.testing.assert_close(log_probs.exp().sum(1), torch.ones(6, dtype=torch.float64), rtol=0, atol=1e-10)


def test_paths_of_equal_score_come_once_each(recursions: Recursions) -> None:
    potentials = example(RAGGED, 3)
    zeros = {name: torch.zeros_like(getattr(potentials, name)) for name in SCORES}
    for k in (1, 2, 10, 250):
        check(replaced(potentials, **zeros), k, recursions)


def test_the_same_call_gives_the_same_paths(recursions: Recursions) -> None:
    potentials = example(RAGGED, 3)
    zeros = replaced(potentials, **{name: torch.zeros_like(getattr(potentials, name)) for name in SCORES})
    first, second = (k_best(zeros, 9, recursions=recursions)[0] for _ in range(2))
    torch.testing.assert_close(first, second, rtol=0, atol=0)


def test_a_k_far_beyond_the_number_of_paths_takes_no_memory_for_them(recursions: Recursions) -> None:
    potentials = example((5, 0, 2), 1)
    tags, log_probs = k_best(potentials, 100_000, recursions=recursions)
    assert tags[:, 0].tolist() == [[0] * 5, [-1] * 5, [0, 0, -1, -1, -1]]
    torch.testing.assert_close(log_probs[:, 0], torch.zeros(3, dtype=torch.float64), rtol=0, atol=1e-10)
    assert (log_probs[:, 1:] == -torch.inf).all()
    assert (tags[:, 1:] == -1).all()


@pytest.mark.parametrize("most", [1, 40])
def test_moves_are_made_in_parts_where_there_are_many(
    most: int, monkeypatch: pytest.MonkeyPatch, recursions: Recursions
) -> None:
    monkeypatch.setattr(log_k_best, "MOST_SUMS", most)
    for kind in MASKS:
        check(example(RAGGED, 4, kind), 6, recursions)


@pytest.mark.parametrize("name", STEEP)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_paths_of_long_sequences_have_the_scores_that_adding_up_gives(
    name: str, dtype: torch.dtype, recursions: Recursions
) -> None:
    exact = STEEP[name]()
    potentials = as_dtype(exact, dtype)
    tags, log_probs = k_best(potentials, 4, recursions=recursions)
    log_z = log_partition(exact, recursions=recursions)
    bounds = {"rtol": 1e-6, "atol": 1e-3} if dtype == torch.float32 else {"rtol": 1e-9, "atol": 1e-7}
    for rank in range(4):
        exists = log_probs[:, rank] > -torch.inf
        given = tags[:, rank].where(exists[:, None], tags[:, 0])
        scores = sequence_score(exact, given) - log_z
        torch.testing.assert_close(log_probs[exists, rank], scores[exists], **bounds)
    torch.testing.assert_close(sequence_score(exact, tags[:, 0]), viterbi(exact, recursions=recursions)[1])
    assert (log_probs[:, 1:] <= log_probs[:, :-1]).all()
    assert (log_probs <= 0).all()


@pytest.mark.parametrize("junk", [torch.nan, torch.inf, -torch.inf, 1e30])
@pytest.mark.parametrize("allowed", [False, True])
def test_what_stands_in_the_padding_does_not_matter(
    allowed: bool, junk: float, recursions: Recursions
) -> None:
    potentials = example((2, 0, 2, 1, 3), 3, "all masks")
    before = copies(potentials)
    expected = k_best(potentials, 3, recursions=recursions)
    got = k_best(with_padding(potentials, junk, allowed), 3, recursions=recursions)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(copies(potentials), before, rtol=0, atol=0)


@pytest.mark.parametrize(("batch", "seq_len"), SHAPES)
def test_an_empty_sequence_has_one_empty_path(batch: int, seq_len: int, recursions: Recursions) -> None:
    tags, log_probs = k_best(empty(batch, seq_len), 2, recursions=recursions)
    assert tags.shape == (batch, 2, seq_len)
    assert (tags == -1).all()
    assert log_probs.tolist() == [[0.0, -torch.inf]] * batch
    tags, log_probs = k_best(empty(batch, seq_len).packed(), 2, recursions=recursions)
    assert tags.shape == (2, 0)
    assert log_probs.tolist() == [[0.0, -torch.inf]] * batch


def test_they_have_no_graph(recursions: Recursions) -> None:
    assert not k_best(with_gradients(example(RAGGED, 3)), 2, recursions=recursions)[1].requires_grad


@pytest.mark.parametrize("k", [0, -3])
def test_a_k_below_one_is_refused(k: int, recursions: Recursions) -> None:
    with pytest.raises(PotentialsError, match=rf"`k`.*1.*{k}"):
        k_best(example((3, 2), 3), k, recursions=recursions)


@pytest.mark.parametrize("reason", ["a token without a tag", "no transition", "no start"])
def test_sequences_without_a_path_are_named(reason: str, recursions: Recursions) -> None:
    with pytest.raises(ImpossibleSequenceError, match=r"\b1\b.*\b3\b") as caught:
        k_best(impossible(reason), 2, recursions=recursions)
    assert list(caught.value.indices) == [1, 3]


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_scores_that_are_no_numbers_are_an_error_of_their_own(bad: float, recursions: Recursions) -> None:
    potentials = example((3, 2), 3)
    emissions = potentials.emissions.clone()
    emissions[1, 0, 2] = bad
    with pytest.raises(PotentialsError, match=rf"sequence 1.*\b{bad}\b"):
        k_best(replaced(potentials, emissions=emissions), 2, recursions=recursions)
