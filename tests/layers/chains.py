"""Layers with random weights, and batches of token scores for them."""

import numpy as np
import torch
from thinc.api import Model

from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import Emissions, build_linear_chain_crf_v1
from tests.functional.cases import as_dtype

Layer = Model[Emissions, Potentials]

PARAMETERS = ("transitions", "start", "end")
# Two of them empty, one a single token, and not in order of length.
LENGTHS = (3, 0, 1, 4, 0)


def random_layer(nO: int = 3, learn_rate_scale: float = 1.0, seed: int = 0) -> Layer:
    """An initialized layer whose parameters are normal deviates."""
    generator = np.random.default_rng(seed)
    layer = build_linear_chain_crf_v1(nO, learn_rate_scale)
    layer.initialize()
    for name in PARAMETERS:
        shape = layer.get_param(name).shape
        layer.set_param(name, generator.normal(size=shape).astype("float32"))
    return layer


def random_emissions(lengths: tuple[int, ...] = LENGTHS, n_tags: int = 3, seed: int = 1) -> Emissions:
    """Normal deviates. *Shape of each:* (length, n_tags), float32"""
    generator = np.random.default_rng(seed)
    return [generator.normal(size=(length, n_tags)).astype("float32") for length in lengths]


def random_target(lengths: tuple[int, ...] = LENGTHS, n_tags: int = 3, seed: int = 2) -> torch.Tensor:
    """A path for each sequence, one after another. *Shape:* (n_tokens,), int64"""
    generator = np.random.default_rng(seed)
    return torch.tensor(generator.integers(0, n_tags, sum(lengths)))


def in_float64(potentials: Potentials) -> Potentials:
    """The same scores, so that differences of losses are not lost in rounding."""
    return as_dtype(potentials, torch.float64)
