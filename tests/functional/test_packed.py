"""Packed batches: every function gives for them what it gives for the same batch with padding."""

import pytest
import torch

from spacy_crf_ner.functional import (
    Potentials,
    Recursions,
    log_partition,
    marginals,
    negative_log_likelihood,
    sequence_score,
    span_log_probs,
    viterbi,
)
from tests.functional.cases import (
    LENGTHS,
    MASKS,
    example,
    inside,
    random_spans,
    replaced,
    target_mask,
    with_gradients,
)

every_case = pytest.mark.parametrize(
    ("lengths", "kind"), [(lengths, kind) for lengths in LENGTHS for kind in MASKS]
)


def token_mask(potentials: Potentials) -> torch.Tensor:
    """Where the tokens of a padded batch are."""
    return inside(potentials.lengths, potentials.emissions.shape[1])


@every_case
def test_a_packed_batch_holds_the_tokens_and_nothing_else(lengths: tuple[int, ...], kind: str) -> None:
    padded = example(lengths, 3, kind)
    packed = padded.packed()
    assert packed.is_packed
    assert packed.emissions.shape == (sum(lengths), 3)
    assert (packed.batch_size, packed.seq_len) == (len(lengths), max(lengths))
    torch.testing.assert_close(packed.padded().packed().emissions, packed.emissions, rtol=0, atol=0)


@every_case
def test_what_is_one_number_per_sequence_is_the_same(
    lengths: tuple[int, ...], kind: str, recursions: Recursions
) -> None:
    padded = example(lengths, 3, kind)
    packed, mask = padded.packed(), token_mask(padded)
    tags, scores = viterbi(padded, recursions=recursions)
    pairs = [
        (log_partition(padded, recursions=recursions), log_partition(packed, recursions=recursions)),
        (scores, viterbi(packed, recursions=recursions)[1]),
        (sequence_score(padded, tags), sequence_score(packed, tags[mask])),
        (
            negative_log_likelihood(padded, tags, recursions=recursions),
            negative_log_likelihood(packed, tags[mask], recursions=recursions),
        ),
    ]
    for expected, got in pairs:
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)


@every_case
def test_what_belongs_to_tokens_is_packed_as_they_are(
    lengths: tuple[int, ...], kind: str, recursions: Recursions
) -> None:
    padded = example(lengths, 3, kind)
    packed, mask = padded.packed(), token_mask(padded)
    probabilities = marginals(packed, recursions=recursions)
    assert probabilities.shape == packed.emissions.shape
    expected = marginals(padded, recursions=recursions)[mask]
    torch.testing.assert_close(probabilities, expected, rtol=0, atol=1e-12)
    tags, _ = viterbi(packed, recursions=recursions)
    assert tags.shape == (sum(lengths),)
    assert tags.tolist() == viterbi(padded, recursions=recursions)[0][mask].tolist()


@pytest.mark.parametrize("as_mask", [False, True])
@every_case
def test_gradients_are_the_same(
    lengths: tuple[int, ...], kind: str, as_mask: bool, recursions: Recursions
) -> None:
    padded = with_gradients(example(lengths, 3, kind))
    packed, mask = with_gradients(example(lengths, 3, kind).packed()), token_mask(padded)
    target = target_mask(padded) if as_mask else viterbi(padded, recursions=recursions)[0]
    weights = torch.linspace(-1, 2, len(lengths), dtype=torch.float64)
    for potentials, wanted in ((padded, target), (packed, target[mask])):
        loss = negative_log_likelihood(potentials, wanted, recursions=recursions)
        (loss * weights).sum().backward()
    assert packed.emissions.grad.shape == packed.emissions.shape
    torch.testing.assert_close(packed.emissions.grad, padded.emissions.grad[mask], rtol=0, atol=1e-12)
    for name in ("transitions", "start", "end"):
        torch.testing.assert_close(getattr(packed, name).grad, getattr(padded, name).grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", MASKS)
def test_spans_have_the_same_probabilities(kind: str, recursions: Recursions) -> None:
    padded = example((3, 0, 5, 1, 4, 2), 3, kind)
    _, spans = random_spans(padded, 40)
    expected = span_log_probs(padded, spans, recursions=recursions)
    got = span_log_probs(padded.packed(), spans, recursions=recursions)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)


def test_an_empty_packed_batch_has_empty_results(recursions: Recursions) -> None:
    for lengths in ((), (0, 0)):
        nothing = replaced(
            example((1,), 3),
            emissions=torch.zeros(0, 3, dtype=torch.float64),
            lengths=torch.tensor(lengths, dtype=torch.int64),
        )
        assert log_partition(nothing, recursions=recursions).tolist() == [0.0] * len(lengths)
        assert marginals(nothing, recursions=recursions).shape == (0, 3)
        tags, scores = viterbi(nothing, recursions=recursions)
        assert tags.shape == (0,)
        assert tags.dtype == torch.int64
        assert scores.tolist() == [0.0] * len(lengths)
