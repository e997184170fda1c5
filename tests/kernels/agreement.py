"""Comparison of an implementation with float64 in log space, on one batch, in everything that it computes."""

import torch
from torch import Tensor

from spacy_crf_ner.functional import LOG_SPACE, Potentials, PotentialsGradient, sequence_score
from tests.functional.cases import SCORES, as_dtype, random_spans
from tests.kernels.implementations import Implementation

# What the documentation promises for float32, against float64.
RELATIVE = 1e-4
ABSOLUTE = 1e-5


def agree(implementation: Implementation, potentials: Potentials, *, finite: bool = True) -> None:
    """Assert that results agree; `finite`: every sequence has a path and scores are numbers."""
    taken = implementation.takes(potentials)
    # Rounding the scores to float32 is not what is tested.
    exact = as_dtype(taken, torch.float64)
    recursions = implementation.make()
    totals = LOG_SPACE.log_partition(exact)
    close(recursions.log_partition(taken), totals)
    if not finite:
        return
    marginals = recursions.marginals(taken)
    close(marginals[0], totals)
    near(marginals[1], LOG_SPACE.marginals(exact)[1])
    assert marginals[1].dtype == taken.emissions.dtype
    weights = torch.linspace(-1.0, 2.0, taken.batch_size, dtype=torch.float64)
    for given in (None, weights):
        expected = LOG_SPACE.expectations(exact, given)
        found = recursions.expectations(taken, given)
        close(found.log_partition, totals)
        same_gradient(found.gradient, expected.gradient, taken)
    best_paths_agree(implementation, taken, exact)
    spans_agree(implementation, taken, exact)
    onward_scores_agree(implementation, taken, exact)
    best_lists_agree(implementation, taken, exact, 3)


def best_paths_agree(implementation: Implementation, taken: Potentials, exact: Potentials) -> None:
    """The path found has the highest score, and the loss of it and its gradient agree."""
    recursions = implementation.make()
    tags, scores = recursions.viterbi(taken)
    _, best = LOG_SPACE.viterbi(exact)
    close(scores, best)
    assert (tags >= 0).sum() == exact.lengths.sum()
    assert tags.shape == taken.emissions.shape[:-1]
    path = tags.clamp(min=0)
    close(sequence_score(exact, path), best)
    found, expected = recursions.path_expectations(taken, path), LOG_SPACE.path_expectations(exact, path)
    close(found.score, expected.score)
    same_gradient(found.gradient, expected.gradient, taken)


def spans_agree(implementation: Implementation, taken: Potentials, exact: Potentials) -> None:
    """Log-probabilities of random stretches agree where they are probable at all, and are as low where not."""
    if int(exact.lengths.sum()) == 0:
        return
    _, spans = random_spans(exact, 12, seed=int(exact.lengths.sum()))
    found = implementation.make().span_log_probs(taken, spans)[1]
    expected = LOG_SPACE.span_log_probs(exact, spans)[1]
    forbidden = torch.isneginf(expected)
    assert torch.equal(torch.isneginf(found), forbidden)
    torch.testing.assert_close(found[~forbidden], expected[~forbidden], rtol=RELATIVE, atol=RELATIVE)


def onward_scores_agree(implementation: Implementation, taken: Potentials, exact: Potentials) -> None:
    """Scores of the ways onward agree; more closely beside each other, which is what counts in probabilities."""
    totals, onward = implementation.make().onward_scores(taken)
    expected_totals, expected = LOG_SPACE.onward_scores(exact)
    close(totals, expected_totals)
    assert onward.dtype == torch.float64
    assert onward.shape == taken.emissions.shape
    # Infinities, and the zeros of the padding, are the same ones.
    close(onward, expected)
    possible = ~torch.isneginf(expected)
    error = torch.where(possible, onward.cpu() - expected, 0.0)
    if error.numel():
        some = possible.int().argmax(-1, keepdim=True)
        beside = torch.where(possible, error - error.gather(-1, some), 0.0)
        near(beside, torch.zeros_like(beside))


def best_lists_agree(
    implementation: Implementation, taken: Potentials, exact: Potentials, k: int
) -> tuple[Tensor, Tensor]:
    """Scores of the k best paths agree, and are those of the paths that come with them, which are returned."""
    tags, totals = (result.cpu() for result in implementation.make().k_best(taken, k))
    expected = LOG_SPACE.k_best(exact, k)[1]
    # Sums of double precision, whatever the type of the scores is.
    torch.testing.assert_close(totals, expected, rtol=1e-9, atol=1e-9)
    assert totals.dtype == torch.float64
    ranks = 0 if taken.is_packed else 1
    assert tags.shape == (*taken.emissions.shape[:ranks], k, taken.emissions.shape[-2])
    for rank, path in enumerate(tags.unbind(ranks)):
        exists = ~torch.isneginf(totals[:, rank])
        scores = sequence_score(exact, path.clamp(min=0)).cpu()
        torch.testing.assert_close(scores[exists], totals[exists, rank], rtol=1e-9, atol=1e-9)
        assert (path >= 0).sum() == exact.lengths[exists].sum()
    return tags, totals


def same_gradient(found: PotentialsGradient, expected: PotentialsGradient, taken: Potentials) -> None:
    """Per token within the bound; sums over the batch may differ by the bound for each of their terms' roots."""
    near(found.emissions, expected.emissions, 2.0)
    # Errors of single tokens are independent: their sum grows with the root of their number.
    terms = max(1.0, float(taken.lengths.sum()) ** 0.5)
    for name in SCORES[1:]:
        near(getattr(found, name), getattr(expected, name), terms)


def close(found: Tensor, expected: Tensor) -> None:
    """Nats, within the relative bound."""
    torch.testing.assert_close(found.cpu().double(), expected, rtol=RELATIVE, atol=RELATIVE)


def near(found: Tensor, expected: Tensor, times: float = 1.0) -> None:
    """Probabilities, within the absolute bound times a factor."""
    torch.testing.assert_close(found.cpu().double(), expected.double(), rtol=0.0, atol=times * ABSOLUTE)
