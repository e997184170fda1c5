"""Batches for the Triton programs, and their comparison with the reference."""

import torch
from torch import Tensor

from spacy_crf_ner.functional import LOG_SPACE, Potentials
from spacy_crf_ner.kernels.cuda import TRITON
from tests.functional.cases import SCORES, as_dtype, random_masks, random_scores
from tests.kernels.triton_device import device, on_device

PRECISIONS = {torch.float32: 1e-5, torch.float64: 1e-9}


def large(lengths: tuple[int, ...], n_tags: int, kind: str = "no mask", scale: float = 2.0) -> Potentials:
    """Too large for brute force; where a mask is drawn, tag 0 is always allowed."""
    generator = torch.Generator().manual_seed(n_tags)
    scores = random_scores(generator, lengths, n_tags, scale)
    masks = random_masks(generator, scores["emissions"], kind)
    for mask in masks.values():
        mask[..., 0] = True
    return Potentials(**scores, **masks)


def close(actual: Tensor, expected: Tensor, tolerance: float) -> None:
    torch.testing.assert_close(actual.cpu().double(), expected.double(), rtol=tolerance, atol=tolerance)


def agrees(potentials: Potentials, dtype: torch.dtype, weights: Tensor | None = None) -> None:
    """Marginals, paths and their scores and counts, within the precision of the dtype."""
    rounded = as_dtype(potentials, dtype)
    reference, tolerance = as_dtype(rounded, torch.float64), PRECISIONS[dtype]
    batch = on_device(rounded)
    totals, tokens = TRITON.marginals(batch)
    expected_totals, expected_tokens = LOG_SPACE.marginals(reference)
    close(totals, expected_totals, tolerance)
    close(tokens, expected_tokens, tolerance)
    assert tokens.dtype == dtype
    assert tokens.shape == potentials.emissions.shape
    paths, scores = TRITON.viterbi(batch)
    expected_paths, expected_scores = LOG_SPACE.viterbi(reference)
    close(scores, expected_scores, tolerance)
    assert torch.equal(paths.cpu() < 0, expected_paths < 0)
    target = paths.clamp(min=0)
    on_side = None if weights is None else weights.to(device())
    found = TRITON.path_expectations(batch, target, on_side)
    expected = LOG_SPACE.path_expectations(reference, target.cpu(), weights)
    close(found.score, expected.score, tolerance)
    close(found.score, expected_scores, tolerance)
    n_tokens = 1 + int(potentials.lengths.sum())
    for name in SCORES:
        # Counts of moves add up over tokens, and their errors with them.
        bound = tolerance * (n_tokens if name == "transitions" else 1)
        close(getattr(found.gradient, name), getattr(expected.gradient, name), bound)
        assert getattr(found.gradient, name).dtype == dtype
