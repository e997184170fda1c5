"""Small annotated batches, and what of losses is the same for all: enumeration, and finite differences."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import Loss, Supervision, loss_and_gradient
from spacy_crf_ner.layers.losses import total_loss
from spacy_crf_ner.tags import TagSet
from tests.functional import oracle
from tests.functional.cases import SCORES, random_scores, replaced

# Random ones: an error in any entry of a gradient shows in all of them.
DIRECTIONS = 3
# One of them empty, one a single token.
LENGTHS = (3, 0, 1, 4)


def masks_of(tagset: TagSet) -> dict[str, Tensor]:
    """The masks of a scheme, as the constructor of Potentials takes them."""
    names = ("allowed_transitions", "allowed_start", "allowed_end")
    return {name: torch.tensor(getattr(tagset, name)) for name in names}


def batch(
    tagset: TagSet,
    lengths: tuple[int, ...] = LENGTHS,
    seed: int = 0,
    scale: float = 2.0,
    *,
    tag_mask: bool = False,
) -> Potentials:
    """Random scores in float64 with the masks of the scheme, packed.

    tag_mask (bool): Whether some tags are forbidden at some tokens, "O" never.
    """
    generator = torch.Generator().manual_seed(seed)
    scores = random_scores(generator, lengths, tagset.n_tags, scale)
    potentials = Potentials(**scores, **masks_of(tagset)).packed()
    if not tag_mask:
        return potentials
    allowed = torch.rand(potentials.emissions.shape, generator=generator) < 0.7
    allowed[:, 0] = True
    return replaced(potentials, allowed_tags=allowed)


def random_path(problem: oracle.Problem, generator: np.random.Generator) -> np.ndarray:
    """Any path that the masks allow. *Shape:* (length,)"""
    paths = oracle.all_paths(problem.length, problem.n_tags)
    possible = paths[np.isfinite(oracle.path_scores(problem, paths))]
    return np.asarray(possible[generator.integers(len(possible))])


def annotation(potentials: Potentials, seed: int = 0, unknown: float = 0.3, vague: float = 0.2) -> Tensor:
    """Tags that an annotation of a random path admits. *Shape:* (n_tokens, n_tags), bool

    unknown (float): Share of tokens that admit every tag.
    vague (float): Share of tokens that admit random tags beside the right one.
    """
    generator = np.random.default_rng(seed)
    n_tags = potentials.n_tags
    paths = [random_path(problem, generator) for problem in oracle.problems_of(potentials)]
    tags = np.concatenate([np.zeros(0, dtype="int64"), *paths])
    allowed = np.eye(n_tags, dtype=bool)[tags]
    kind = generator.random(len(tags))
    allowed |= (kind < vague)[:, None] & (generator.random(allowed.shape) < 0.4)
    allowed |= (kind > 1 - unknown)[:, None]
    return torch.tensor(allowed)


def supervised(potentials: Potentials, tagset: TagSet, seed: int = 0, unknown: float = 0.3) -> Supervision:
    """The same as supervision."""
    return Supervision(tagset, annotation(potentials, seed, unknown))


def sequences_of(potentials: Potentials, values: Tensor) -> list[np.ndarray]:
    """Values of tokens, sequence by sequence."""
    parts = torch.split(values, potentials.lengths.tolist())
    return [part.numpy() for part in parts]


def names_of(tagset: TagSet, allowed: np.ndarray) -> list[set[str]]:
    """For each token the labels, or "O", that its tags belong to. *Shape of allowed:* (length, n_tags)"""
    return [{tagset.parts(int(tag))[1] or "O" for tag in np.flatnonzero(row)} for row in allowed]


def differences(potentials: Potentials, name: str, loss: Callable[[Potentials], float]) -> np.ndarray:
    """Central differences of a loss by each of one kind of scores, in float64."""
    scores, step = getattr(potentials, name), 1e-5
    result = np.zeros(tuple(scores.shape))
    for index in np.ndindex(result.shape):
        moved = []
        for sign in (1, -1):
            changed = scores.clone()
            changed[index] += sign * step
            moved.append(loss(replaced(potentials, **{name: changed})))
        result[index] = (moved[0] - moved[1]) / (2 * step)
    return result


def check_gradients(
    loss: Loss, potentials: Potentials, supervision: Supervision, tolerance: float = 1e-6
) -> None:
    """The gradient agrees with differences along random directions of each kind of scores, and is not 0."""
    _, gradient = loss_and_gradient(loss, potentials, supervision)
    assert float(gradient.emissions.abs().max()) > 1e-2
    generator, step = torch.Generator().manual_seed(0), 1e-5
    for name in SCORES * DIRECTIONS:
        scores = getattr(potentials, name)
        direction = torch.randn(scores.shape, generator=generator, dtype=scores.dtype)
        above, below = (
            float(
                total_loss(
                    loss, replaced(potentials, **{name: scores + sign * step * direction}), supervision
                )
            )
            for sign in (1, -1)
        )
        expected = (above - below) / (2 * step)
        got = float((getattr(gradient, name) * direction).sum())
        assert got == pytest.approx(expected, rel=1e-5, abs=tolerance), name
