"""Random batches for the tests, each sure to have a path for every sequence, with junk in the padding."""

from functools import cache

import numpy as np
import torch
from torch import Tensor

from spacy_crf_ner.functional import Potentials, SpanPaths
from tests.functional.oracle import log_partition, problems_of

Span = tuple[int, int, int, tuple[int, ...]]  # sequence, start, end, tags

MASKS = ("no mask", "static masks", "tag mask", "all masks")
N_TAGS = (1, 2, 3, 4)
# First without padding, then ragged: all lengths at once, and one with a column that is padding for all.
LENGTHS: tuple[tuple[int, ...], ...] = ((1, 1), (2, 2), (5, 5), (0, 0), (3, 0, 5, 1, 4, 2), (2, 0, 2, 1, 3))
EXTRA_PADDING = {(2, 0, 2, 1, 3): 2}
SCORES = ("emissions", "transitions", "start", "end")
# What stands in padding must not matter; so large, it would show if it did.
JUNK = 1e4


def inside(lengths: Tensor, seq_len: int) -> Tensor:
    """True where a token is, False where padding is. *Shape:* (batch,) -> (batch, seq_len)"""
    return torch.arange(seq_len)[None] < lengths[:, None]


def with_padding(potentials: Potentials, emission: float, allowed: bool) -> Potentials:
    """The same batch with other values in the padding of `emissions` and `allowed_tags`."""
    padding = ~inside(potentials.lengths, potentials.emissions.shape[1])[:, :, None]
    changes = {"emissions": potentials.emissions.detach().masked_fill(padding, emission)}
    if potentials.allowed_tags is not None:
        changes["allowed_tags"] = (potentials.allowed_tags & ~padding) | (padding & allowed)
    return replaced(potentials, **changes)


def replaced(potentials: Potentials, **changes: Tensor | None) -> Potentials:
    """New potentials with some fields changed."""
    return Potentials(**{**fields_of(potentials), **changes})


def fields_of(potentials: Potentials) -> dict[str, Tensor | None]:
    """What the constructor takes, by name."""
    masks = ("allowed_transitions", "allowed_start", "allowed_end", "allowed_tags")
    return {name: getattr(potentials, name) for name in (*SCORES[:1], "lengths", *SCORES[1:], *masks)}


def as_dtype(potentials: Potentials, dtype: torch.dtype) -> Potentials:
    """The same batch in another precision."""
    return replaced(potentials, **{name: getattr(potentials, name).to(dtype) for name in SCORES})


def with_gradients(potentials: Potentials, names: tuple[str, ...] = SCORES) -> Potentials:
    """New leaves that collect gradients in place of the named scores."""
    return replaced(
        potentials, **{name: getattr(potentials, name).detach().clone().requires_grad_() for name in names}
    )


def one_sequence(potentials: Potentials, index: int) -> Potentials:
    """A sequence of the batch by itself, cut to its length."""
    length = int(potentials.lengths[index])
    changes = {
        "emissions": potentials.emissions[index : index + 1, :length],
        "lengths": potentials.lengths[index : index + 1],
    }
    if potentials.allowed_tags is not None:
        changes["allowed_tags"] = potentials.allowed_tags[index : index + 1, :length]
    return replaced(potentials, **changes)


def random_scores(
    generator: torch.Generator, lengths: tuple[int, ...], n_tags: int, scale: float = 2.0
) -> dict[str, Tensor]:
    """Normal scores in float64 with the lengths, as the constructor of Potentials takes them."""
    seq_len = max(lengths, default=0) + EXTRA_PADDING.get(lengths, 0)
    ragged = torch.tensor(lengths, dtype=torch.int64)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64) * scale

    emissions = normal(len(lengths), seq_len, n_tags)
    padding = ~inside(ragged, seq_len)[:, :, None]
    emissions = torch.where(padding, JUNK * emissions, emissions)
    return {
        "emissions": emissions,
        "lengths": ragged,
        "transitions": normal(n_tags, n_tags),
        "start": normal(n_tags),
        "end": normal(n_tags),
    }


def random_masks(generator: torch.Generator, emissions: Tensor, kind: str) -> dict[str, Tensor]:
    """Masks that allow about two thirds of everything: those that the kind names."""
    n_tags = emissions.shape[2]
    shapes: dict[str, tuple[int, ...]] = {}
    if kind in ("static masks", "all masks"):
        shapes.update(allowed_transitions=(n_tags, n_tags), allowed_start=(n_tags,), allowed_end=(n_tags,))
    if kind in ("tag mask", "all masks"):
        shapes.update(allowed_tags=tuple(emissions.shape))
    return {name: torch.rand(shape, generator=generator) < 0.7 for name, shape in shapes.items()}


def two_tags_two_tokens() -> Potentials:
    """Small enough for a pencil; nothing in it is symmetric."""
    return Potentials(
        emissions=torch.tensor([[[1.0, 2.0], [3.0, 4.0]]], dtype=torch.float64),
        lengths=torch.tensor([2]),
        transitions=torch.tensor([[0.5, -0.5], [1.0, 0.0]], dtype=torch.float64),
        start=torch.tensor([0.1, 0.2], dtype=torch.float64),
        end=torch.tensor([0.3, 0.7], dtype=torch.float64),
    )


@cache
def example(lengths: tuple[int, ...], n_tags: int, kind: str = "no mask", seed: int = 0) -> Potentials:
    """A batch of the given lengths in float64 in which every sequence has a path; the same for the same arguments."""
    generator = torch.Generator().manual_seed(1000 * seed + 10 * n_tags + len(lengths))
    scores = random_scores(generator, lengths, n_tags)
    for _ in range(10_000):
        potentials = Potentials(**scores, **random_masks(generator, scores["emissions"], kind))
        if all(log_partition(problem) > -torch.inf for problem in problems_of(potentials)):
            return potentials
    raise RuntimeError(f"No possible batch found for {lengths}, {n_tags} tags, {kind}")


def target_mask(potentials: Potentials, seed: int = 0) -> Tensor:
    """Allowed tags of a partial annotation that leave every sequence a path, with junk in the padding."""
    generator = torch.Generator().manual_seed(seed)
    problems = problems_of(potentials)
    for _ in range(10_000):
        mask = torch.rand(potentials.emissions.shape, generator=generator) < 0.6
        if all(log_partition(p, mask[i, : p.length].numpy()) > -torch.inf for i, p in enumerate(problems)):
            return mask
    raise RuntimeError("No possible target found")


def padded(paths: list[tuple[int, ...]], seq_len: int) -> Tensor:
    """Paths of different lengths as one tensor, -1 after each. *Shape:* (batch, seq_len)"""
    rows = [[*path, *[-1] * (seq_len - len(path))] for path in paths]
    return torch.tensor(rows, dtype=torch.int64).reshape(len(paths), seq_len)


def copies(potentials: Potentials) -> dict[str, Tensor]:
    """Values of every tensor, to compare after a call."""
    return {
        name: value.detach().clone() for name, value in fields_of(potentials).items() if value is not None
    }


def random_spans(potentials: Potentials, count: int, seed: int = 0) -> tuple[list[Span], SpanPaths]:
    """Spans in no order, of all lengths, some touching an edge, with random sets of neighbours."""
    generator = np.random.default_rng(seed)
    n_tags, lengths = potentials.emissions.shape[-1], potentials.lengths.tolist()
    spans: list[Span] = []
    while len(spans) < count:
        sequence = int(generator.integers(len(lengths)))
        start, end = sorted(generator.integers(0, lengths[sequence] + 1, 2).tolist())
        if start < end:
            tags = tuple(generator.integers(0, n_tags, end - start).tolist())
            spans.append((sequence, start, end, tags))
    neighbours = torch.tensor(generator.random((2, count, n_tags)) < 0.6)
    return spans, span_paths(spans, neighbours[0], neighbours[1])


def span_paths(spans: list[Span], before: torch.Tensor, after: torch.Tensor) -> SpanPaths:
    """The tensors for a list of (sequence, start, end, tags)."""
    width = max((len(tags) for *_, tags in spans), default=0)
    tags = torch.full((len(spans), width), -1, dtype=torch.int64)
    for row, (*_, path) in zip(tags, spans, strict=True):
        row[: len(path)] = torch.tensor(path)
    sequences, starts, ends = (torch.tensor([span[i] for span in spans], dtype=torch.int64) for i in range(3))
    return SpanPaths(sequences, starts, ends, tags, before, after)
