"""What is left to come after a tag: against enumeration, against log space, and as the Markov chain that it makes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from spacy_crf_ner.errors import ImpossibleSequenceError
from spacy_crf_ner.functional import (
    LOG_SPACE,
    SCALED,
    Potentials,
    Recursions,
    log_partition,
    marginals,
    onward_scores,
    transition_marginals,
)
from tests.functional import oracle
from tests.functional.cases import (
    LENGTHS,
    MASKS,
    N_TAGS,
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
from tests.functional.test_scaled import batches, peaked, two_worlds

RAGGED = (3, 0, 5, 1, 4, 2)


def check_against_log_space(potentials: Potentials) -> None:
    """Scaled space has the same scores, and the same tags without any."""
    expected = LOG_SPACE.onward_scores(as_dtype(potentials, torch.float64))
    torch.testing.assert_close(SCALED.onward_scores(potentials), expected, rtol=1e-12, atol=1e-9)


def test_the_scores_by_hand(recursions: Recursions) -> None:
    onward = onward_scores(two_tags_two_tokens(), recursions=recursions)
    last = [3.0 + 0.3, 4.0 + 0.7]
    first = [
        1.0 + np.logaddexp(0.5 + last[0], -0.5 + last[1]),
        2.0 + np.logaddexp(1.0 + last[0], 0.0 + last[1]),
    ]
    np.testing.assert_allclose(onward[0], [first, last], rtol=0, atol=1e-12)


@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("n_tags", N_TAGS)
@pytest.mark.parametrize("lengths", LENGTHS)
def test_they_sum_over_all_ways_to_go_on(
    lengths: tuple[int, ...], n_tags: int, kind: str, packed: bool, recursions: Recursions
) -> None:
    padded = example(lengths, n_tags, kind)
    potentials = padded.packed() if packed else padded
    onward = onward_scores(potentials, recursions=recursions)
    assert onward.shape == potentials.emissions.shape
    tokens = inside(padded.lengths, padded.emissions.shape[1])
    if not packed:
        assert not onward[~tokens].any()
        onward = onward[tokens]
    rows = [oracle.onward_scores(problem) for problem in oracle.problems_of(padded)]
    np.testing.assert_allclose(onward.numpy(), np.concatenate(rows), rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", MASKS)
def test_they_make_a_markov_chain_with_the_marginals_of_the_model(kind: str, recursions: Recursions) -> None:
    potentials = example(RAGGED, 4, kind)
    onward = onward_scores(potentials, recursions=recursions)
    scores = potentials.transitions
    if potentials.allowed_transitions is not None:
        scores = scores.masked_fill(~potentials.allowed_transitions, -torch.inf)
    tokens, pairs = marginals(potentials, recursions=recursions), transition_marginals(potentials)
    for i, length in enumerate(RAGGED):
        for t in range(1, length):
            moves = torch.softmax(scores + onward[i, t], 1).nan_to_num(0.0)
            torch.testing.assert_close(tokens[i, t - 1, :, None] * moves, pairs[i, t - 1], rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", MASKS)
def test_with_the_start_scores_the_first_ones_sum_to_log_z(kind: str, recursions: Recursions) -> None:
    potentials = example((3, 5, 1, 4, 2), 3, kind)
    first = onward_scores(potentials, recursions=recursions)[:, 0] + potentials.start
    if potentials.allowed_start is not None:
        first = first.masked_fill(~potentials.allowed_start, -torch.inf)
    expected = log_partition(potentials, recursions=recursions)
    torch.testing.assert_close(first.logsumexp(1), expected, rtol=0, atol=1e-10)
    totals, _ = recursions.onward_scores(potentials)
    torch.testing.assert_close(totals, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", STEEP)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_steep_and_long_sequences_are_exact(name: str, dtype: torch.dtype) -> None:
    check_against_log_space(as_dtype(STEEP[name](), dtype))


@pytest.mark.parametrize("length", [60, 360, 2400])
def test_paths_that_both_chains_lose_before_they_win_are_found(length: int) -> None:
    check_against_log_space(two_worlds(length, torch.float64))


@pytest.mark.parametrize("scale", [40.0, 2000.0])
def test_what_float64_cannot_hold_is_found(scale: float) -> None:
    check_against_log_space(peaked(scale))


@pytest.mark.parametrize("depth", [-300.0, -700.0, -740.0, -760.0, -1e4, -1e30])
@pytest.mark.parametrize("name", ["emissions", "transitions", "end"])
def test_a_tag_keeps_its_score_however_improbable_it_is(name: str, depth: float) -> None:
    potentials = example((9, 0, 4, 1), 3)
    scores = getattr(potentials, name).clone()
    scores[..., 1] += depth
    check_against_log_space(replaced(potentials, **{name: scores}))


@settings(max_examples=60, deadline=None)
@given(batches())
def test_scaled_space_is_as_exact_as_log_space_whatever_the_scores(potentials: Potentials) -> None:
    check_against_log_space(potentials)


def test_they_are_float64_and_exact_for_scores_in_float32(recursions: Recursions) -> None:
    potentials = as_dtype(example(RAGGED, 3, "all masks"), torch.float32)
    onward = onward_scores(potentials, recursions=recursions)
    assert onward.dtype == torch.float64
    exact = onward_scores(as_dtype(potentials, torch.float64), recursions=recursions)
    torch.testing.assert_close(onward, exact, rtol=0, atol=1e-12)


@pytest.mark.parametrize("junk", [torch.nan, torch.inf, -torch.inf, 1e30])
@pytest.mark.parametrize("allowed", [False, True])
def test_what_stands_in_the_padding_does_not_matter(
    allowed: bool, junk: float, recursions: Recursions
) -> None:
    potentials = example((2, 0, 2, 1, 3), 3, "all masks")
    before = copies(potentials)
    expected = onward_scores(potentials, recursions=recursions)
    got = onward_scores(with_padding(potentials, junk, allowed), recursions=recursions)
    torch.testing.assert_close(got, expected, rtol=0, atol=0)
    torch.testing.assert_close(copies(potentials), before, rtol=0, atol=0)


@pytest.mark.parametrize(("batch", "seq_len"), SHAPES)
def test_without_a_token_there_is_nothing(batch: int, seq_len: int, recursions: Recursions) -> None:
    onward = onward_scores(empty(batch, seq_len), recursions=recursions)
    assert onward.shape == (batch, seq_len, 3)
    assert not onward.any()


def test_they_have_no_graph(recursions: Recursions) -> None:
    onward = onward_scores(with_gradients(example(RAGGED, 3)), recursions=recursions)
    assert not onward.requires_grad
    assert not onward.is_inference()


def test_sequences_without_a_path_are_named(recursions: Recursions) -> None:
    with pytest.raises(ImpossibleSequenceError, match=r"\b1\b.*\b3\b") as caught:
        onward_scores(impossible("no transition"), recursions=recursions)
    assert list(caught.value.indices) == [1, 3]


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_scores_that_are_no_numbers_are_an_error_of_their_own(bad: float, recursions: Recursions) -> None:
    potentials = example((3, 2), 3)
    emissions = potentials.emissions.clone()
    emissions[1, 1, 2] = bad
    with pytest.raises(ValueError, match=rf"sequence 1.*\b{bad}\b"):
        onward_scores(replaced(potentials, emissions=emissions), recursions=recursions)
