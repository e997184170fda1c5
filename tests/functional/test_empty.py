"""Nothing, and next to nothing: empty batches, empty sequences, single tokens, impossible ones."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from spacy_crf_ner.errors import ImpossibleSequenceError
from spacy_crf_ner.functional import (
    Potentials,
    Recursions,
    SpanPaths,
    log_partition,
    marginals,
    negative_log_likelihood,
    sequence_score,
    span_log_probs,
    transition_marginals,
    viterbi,
)
from tests.functional.cases import SCORES, example, replaced, with_gradients

SHAPES = [(0, 0), (0, 5), (3, 0), (3, 4)]


def empty(batch: int, seq_len: int, n_tags: int = 3) -> Potentials:
    """A batch without one token, with or without padding; what padding there is holds 7."""
    zeros = torch.zeros(n_tags, dtype=torch.float64)
    return Potentials(
        torch.full((batch, seq_len, n_tags), 7.0, dtype=torch.float64),
        torch.zeros(batch, dtype=torch.int64),
        torch.ones(n_tags, n_tags, dtype=torch.float64),
        zeros + 2,
        zeros + 3,
        allowed_tags=torch.zeros(batch, seq_len, n_tags, dtype=torch.bool),
    )


@pytest.mark.parametrize(("batch", "seq_len"), SHAPES)
def test_an_empty_sequence_has_log_partition_zero(batch: int, seq_len: int, recursions: Recursions) -> None:
    assert log_partition(empty(batch, seq_len), recursions=recursions).tolist() == [0.0] * batch


@pytest.mark.parametrize(("batch", "seq_len"), SHAPES)
def test_an_empty_sequence_has_an_empty_path_of_score_zero(
    batch: int, seq_len: int, recursions: Recursions
) -> None:
    tags, scores = viterbi(empty(batch, seq_len), recursions=recursions)
    assert tags.shape == (batch, seq_len)
    assert tags.dtype == torch.int64
    assert (tags == -1).all()
    assert scores.tolist() == [0.0] * batch
    assert sequence_score(empty(batch, seq_len), tags).tolist() == [0.0] * batch


@pytest.mark.parametrize(("batch", "seq_len"), SHAPES)
def test_an_empty_sequence_has_marginals_of_zero(batch: int, seq_len: int, recursions: Recursions) -> None:
    tokens, pairs = (
        marginals(empty(batch, seq_len), recursions=recursions),
        transition_marginals(empty(batch, seq_len)),
    )
    assert tokens.shape == (batch, seq_len, 3)
    assert pairs.shape == (batch, max(seq_len - 1, 0), 3, 3)
    assert not tokens.any()
    assert not pairs.any()


@pytest.mark.parametrize("as_mask", [False, True])
@pytest.mark.parametrize(("batch", "seq_len"), SHAPES)
def test_an_empty_sequence_costs_nothing_and_has_no_gradient(
    batch: int, seq_len: int, as_mask: bool, recursions: Recursions
) -> None:
    potentials = with_gradients(empty(batch, seq_len))
    target = torch.full((batch, seq_len), -1)
    if as_mask:
        target = torch.zeros(batch, seq_len, 3, dtype=torch.bool)
    loss = negative_log_likelihood(potentials, target, recursions=recursions)
    assert loss.tolist() == [0.0] * batch
    (loss.sum() + log_partition(potentials, recursions=recursions).sum()).backward()
    for name in SCORES:
        gradient = getattr(potentials, name).grad
        assert gradient.shape == getattr(potentials, name).shape
        assert not gradient.any()


@pytest.mark.parametrize(("batch", "seq_len"), SHAPES)
def test_an_empty_batch_has_no_span_probabilities(batch: int, seq_len: int, recursions: Recursions) -> None:
    none = torch.zeros(0, dtype=torch.int64)
    neighbours = torch.zeros(0, 3, dtype=torch.bool)
    spans = SpanPaths(none, none, none, torch.zeros(0, 0, dtype=torch.int64), neighbours, neighbours)
    assert span_log_probs(empty(batch, seq_len), spans, recursions=recursions).shape == (0,)


def test_a_single_token_uses_start_and_end_and_no_transition(recursions: Recursions) -> None:
    potentials = replaced(example((1, 1), 3), transitions=torch.full((3, 3), 1e6, dtype=torch.float64))
    scores = potentials.emissions[:, 0] + potentials.start + potentials.end
    torch.testing.assert_close(
        log_partition(potentials, recursions=recursions), scores.logsumexp(1), rtol=0, atol=1e-12
    )
    torch.testing.assert_close(
        marginals(potentials, recursions=recursions)[:, 0], scores.softmax(1), rtol=0, atol=1e-12
    )
    tags, best = viterbi(potentials, recursions=recursions)
    assert tags.tolist() == scores.argmax(1, keepdim=True).tolist()
    torch.testing.assert_close(best, scores.amax(1))


def test_a_single_token_needs_no_allowed_transition(recursions: Recursions) -> None:
    potentials = replaced(example((1, 0, 1), 3), allowed_transitions=torch.zeros(3, 3, dtype=torch.bool))
    torch.testing.assert_close(
        log_partition(potentials, recursions=recursions),
        log_partition(example((1, 0, 1), 3), recursions=recursions),
    )


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_model_of_one_tag_is_certain(length: int, recursions: Recursions) -> None:
    potentials = example((length, 0, length), 1)
    assert marginals(potentials, recursions=recursions)[0].flatten().tolist() == pytest.approx([1.0] * length)
    tags, scores = viterbi(potentials, recursions=recursions)
    assert tags.tolist() == [[0] * length, [-1] * length, [0] * length]
    torch.testing.assert_close(scores, log_partition(potentials, recursions=recursions), rtol=0, atol=1e-10)
    losses = negative_log_likelihood(potentials, tags, recursions=recursions)
    torch.testing.assert_close(losses, torch.zeros(3, dtype=torch.float64), rtol=0, atol=1e-10)


def one_span(potentials: Potentials, *, recursions: Recursions) -> torch.Tensor:
    """The probability of some span in the first sequence, which is possible."""
    first, neighbours = torch.zeros(1, dtype=torch.int64), torch.ones(1, 3, dtype=torch.bool)
    return span_log_probs(
        potentials,
        SpanPaths(first, first, first + 1, first[:, None], neighbours, neighbours),
        recursions=recursions,
    )


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "log_partition": log_partition,
    "marginals": marginals,
    "transition_marginals": lambda given, recursions: transition_marginals(given),
    "viterbi": viterbi,
    "span_log_probs": one_span,
    "loss of tags": lambda given, recursions: negative_log_likelihood(
        given, torch.zeros(given.emissions.shape[:2], dtype=torch.int64), recursions=recursions
    ),
    "loss of a mask": lambda given, recursions: negative_log_likelihood(
        given, torch.ones(given.emissions.shape, dtype=torch.bool), recursions=recursions
    ),
}


def impossible(reason: str) -> Potentials:
    """Sequences 1 and 3 of five have no path, each for the same reason; the others have one."""
    potentials = example((2, 3, 0, 5, 1), 3)
    allowed = torch.ones(potentials.emissions.shape, dtype=torch.bool)
    if reason == "a token without a tag":
        allowed[1, 2] = allowed[3, 4] = False
        return replaced(potentials, allowed_tags=allowed)
    if reason == "no transition":
        cycle_free = torch.ones(3, 3, dtype=torch.bool).triu(2)  # 0 -> 2 and no further
        return replaced(potentials, allowed_transitions=cycle_free)
    allowed[1, 0, 1:] = allowed[3, 0, 1:] = False
    return replaced(potentials, allowed_tags=allowed, allowed_start=torch.tensor([False, True, True]))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("reason", ["a token without a tag", "no transition", "no start"])
def test_sequences_without_a_path_are_an_error_that_names_them(
    name: str, reason: str, recursions: Recursions
) -> None:
    potentials = impossible(reason)
    if name == "loss of tags":
        keep = torch.tensor([1, 3])  # tag 0 throughout is forbidden in other sequences, too
        names = {"emissions": potentials.emissions[keep], "lengths": potentials.lengths[keep]}
        if potentials.allowed_tags is not None:
            names["allowed_tags"] = potentials.allowed_tags[keep]
        potentials = replaced(potentials, **names)
    expected = [0, 1] if name == "loss of tags" else [1, 3]
    with pytest.raises(ImpossibleSequenceError, match=rf"\b{expected[0]}\b.*\b{expected[1]}\b") as caught:
        FUNCTIONS[name](potentials, recursions=recursions)
    assert isinstance(caught.value, ValueError)
    assert list(caught.value.indices) == expected


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("junk", [torch.nan, torch.inf])
def test_padding_that_allows_nothing_makes_no_sequence_impossible(
    name: str, junk: float, recursions: Recursions
) -> None:
    potentials = example((2, 3, 0, 5, 1), 3)
    tokens = torch.arange(5)[None] < potentials.lengths[:, None]
    allowed = tokens[:, :, None].expand(potentials.emissions.shape).clone()
    emissions = potentials.emissions.masked_fill(~allowed, junk)
    result = FUNCTIONS[name](
        replaced(potentials, emissions=emissions, allowed_tags=allowed), recursions=recursions
    )
    torch.testing.assert_close(result, FUNCTIONS[name](potentials, recursions=recursions), rtol=0, atol=1e-12)
