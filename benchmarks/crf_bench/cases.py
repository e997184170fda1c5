"""What is computed and on what: the operations, the shapes, and the batches made for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

NLL, VITERBI, MARGINALS = "nll", "viterbi", "marginals"
OPS = (NLL, VITERBI, MARGINALS)
TITLES = {NLL: "NLL + gradient", VITERBI: "Viterbi (index tensors)", MARGINALS: "token marginals"}

# The kinds of rows, each a section of the page.
SHAPES_KIND, LENGTHS_KIND, TAGS_KIND = "shapes", "lengths", "tags"
MEMORY_KIND, PIPELINE_KIND, LONG_DOC_KIND, NUMBERS_KIND = "memory", "pipeline", "long-doc", "numbers"
ANSWERS_KIND = "answers"

CNN, MINILM = "cnn", "minilm"
PIPELINES = (CNN, MINILM)

# Scores of about the spread that a trained tagger gives.
EMISSION_SCALE = 2.0
TRANSITION_SCALE = 1.0


class Shape(NamedTuple):
    """A batch's size.

    batch (int): Sequences.
    steps (int): Tokens of the longest sequence.
    tags (int): Tags.
    """

    batch: int
    steps: int
    tags: int

    def __str__(self) -> str:
        return f"{self.batch}, {self.steps}, {self.tags}"


SHAPES = (
    Shape(32, 32, 9),
    Shape(32, 128, 9),
    Shape(32, 128, 25),
    Shape(32, 128, 73),
    Shape(128, 32, 73),
    Shape(8, 512, 37),
    Shape(1, 32, 25),
    Shape(1, 4096, 37),
    Shape(32, 128, 201),
)
QUICK_SHAPES = (Shape(4, 16, 9), Shape(1, 32, 25))
LENGTHS = (32, 128, 512, 2048, 8192, 32768, 100_000)
TAGS = (5, 9, 25, 49, 73, 101, 201, 400)


def parse_shape(text: str) -> Shape:
    """Read a shape.

    text (str): Such as "32,128,25".
    RETURNS (Shape): The shape.
    RAISES (ValueError): Not three positive whole numbers.
    """
    try:
        shape = Shape(*(int(part) for part in text.split(",")))
    except (TypeError, ValueError):
        shape = Shape(0, 0, 0)
    if min(shape) < 1:
        raise ValueError(f"expected a shape batch,steps,tags of whole numbers from 1, got {text!r}")
    return shape


@dataclass(frozen=True, eq=False)
class Batch:
    """The scores that every implementation is fed with, in nats, and a path to score.

    emissions (Tensor): Padding holds numbers like those of tokens, as an encoder leaves them there. *Shape:* (batch,
        steps, tags), float32.
    lengths (Tensor): *Shape:* (batch,), int64.
    tags (Tensor): 0 in padding. *Shape:* (batch, steps), int64.
    mask (Tensor): True for tokens. *Shape:* (batch, steps), bool.
    transitions (Tensor): [from, to]. *Shape:* (tags, tags).
    start (Tensor): *Shape:* (tags,).
    end (Tensor): *Shape:* (tags,).
    """

    emissions: Tensor
    lengths: Tensor
    tags: Tensor
    mask: Tensor
    transitions: Tensor
    start: Tensor
    end: Tensor

    @property
    def shape(self) -> Shape:
        """The batch's size."""
        return Shape(*self.emissions.shape)

    @property
    def n_tokens(self) -> int:
        """Tokens without padding."""
        return int(self.lengths.sum())


def make_batch(shape: Shape, seed: int = 0, device: str = "cpu") -> Batch:
    """A random batch; the same on every device.

    shape (Shape): Its size. The first sequence is as long as `steps`, the others at least half as long, uniformly.
    seed (int): Seed of its own generator.
    device (str): Where it is put.
    RETURNS (Batch): The batch.
    """
    generator = torch.Generator().manual_seed(seed)

    def scores(*size: int) -> Tensor:
        return torch.randn(*size, generator=generator)

    lengths = torch.randint((shape.steps + 1) // 2, shape.steps + 1, (shape.batch,), generator=generator)
    lengths[0] = shape.steps
    mask = torch.arange(shape.steps) < lengths.unsqueeze(1)
    tags = torch.randint(shape.tags, (shape.batch, shape.steps), generator=generator)
    values = {
        "emissions": scores(*shape) * EMISSION_SCALE,
        "lengths": lengths,
        "tags": tags * mask,
        "mask": mask,
        "transitions": scores(shape.tags, shape.tags) * TRANSITION_SCALE,
        "start": scores(shape.tags) * TRANSITION_SCALE,
        "end": scores(shape.tags) * TRANSITION_SCALE,
    }
    return Batch(**{name: value.to(device) for name, value in values.items()})
