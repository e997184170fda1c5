"""Small encoders over token vectors, and what to ask of them."""

from typing import Any

import numpy as np
from spacy.ml.models import MultiHashEmbed
from spacy.tokens import Doc
from spacy.util import fix_random_seed
from thinc.api import Model
from thinc.types import Floats2d

from spacy_crf_ner.models.bilstm import build_bilstm_v1
from spacy_crf_ner.models.characters import build_character_bilstm_v1
from spacy_crf_ner.models.idcnn import build_idcnn_v1
from tests.models.taggers import sample

WIDTH = 12
BUILDERS = {"bilstm": build_bilstm_v1, "idcnn": build_idcnn_v1}
Encoder = Model[list[Doc], list[Floats2d]]


def hashed(width: int = 10) -> Encoder:
    """Hash embeddings."""
    return MultiHashEmbed(width, ["NORM", "SHAPE"], [50, 50], include_static_vectors=False)


def build(name: str, embed: Encoder | None = None, spelled: bool = False, **settings: Any) -> Encoder:
    """An encoder without weights.

    name (str): "bilstm" or "idcnn".
    embed (Model | None): What it reads; hash embeddings if None.
    spelled (bool): Whether it reads characters, too.
    """
    characters = build_character_bilstm_v1(width=4, embed_size=3) if spelled else None
    builder: Any = BUILDERS[name]
    return builder(embed or hashed(), characters, width=WIDTH, **settings)


def new(name: str, seed: int = 0, **settings: Any) -> Encoder:
    """An initialized encoder."""
    fix_random_seed(seed)
    model = build(name, **settings)
    model.initialize(X=sample())
    return model


def torch_parameters(model: Encoder) -> dict[str, Any]:
    """Copies of the weights of all torch modules in a model, by their names."""
    return {
        f"{node.name}.{name}": value.detach().numpy().copy()
        for node in model.walk()
        for shim in node.shims
        for name, value in shim.module.named_parameters()
    }


def weighted_sum(vectors: list[Floats2d], weights: list[Floats2d]) -> float:
    """A number that depends on every value, to take gradients of."""
    return float(sum((a * b).sum(dtype="float64") for a, b in zip(vectors, weights, strict=True)))


def random_like(vectors: list[Floats2d], seed: int = 1) -> list[Floats2d]:
    """Normal deviates of the same shapes, float32."""
    generator = np.random.default_rng(seed)
    return [generator.normal(size=array.shape).astype("float32") for array in vectors]


def assert_equal(first: list[Floats2d], second: list[Floats2d], tolerance: float = 0.0) -> None:
    """The same vectors for each Doc."""
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance)
