"""Small taggers and Docs to run them on."""

from typing import Any

import numpy as np
import spacy
from spacy.ml.models import build_hash_embed_cnn_tok2vec
from spacy.tokens import Doc
from spacy.util import fix_random_seed
from thinc.api import Model
from thinc.types import Floats2d

from spacy_crf_ner.models.crf_tagger import CRFTagger, build_crf_tagger_v1

VOCAB = spacy.blank("en").vocab
WIDTH = 8


def docs_of(*texts: str) -> list[Doc]:
    """Docs of the words between single spaces; an empty text has none."""
    return [Doc(VOCAB, words=text.split(" ") if text else []) for text in texts]


def sample() -> list[Doc]:
    """Three, no, and one token."""
    return docs_of("Anna likes Berlin", "", "Paris")


def small_cnn(width: int = WIDTH) -> Model[list[Doc], list[Floats2d]]:
    """The smallest of spaCy's encoders."""
    return build_hash_embed_cnn_tok2vec(
        width=width,
        depth=1,
        embed_size=50,
        window_size=1,
        maxout_pieces=2,
        subword_features=True,
        pretrained_vectors=None,
    )


def columns(docs: list[Doc], n_tags: int) -> list[Floats2d]:
    """What tells the model the number of tags. *Shape of each:* (n_tokens, n_tags)"""
    return [np.zeros((len(doc), n_tags), dtype="float32") for doc in docs]


def new_tagger(n_tags: int = 5, tok2vec: Any = None, **settings: Any) -> CRFTagger:
    """An initialized tagger whose output layer is not zero, as Thinc's would be, but random."""
    fix_random_seed(0)
    model = build_crf_tagger_v1(small_cnn() if tok2vec is None else tok2vec, **settings)
    model.initialize(X=sample(), Y=columns(sample(), n_tags))
    generator = np.random.default_rng(0)
    layers = {"output_layer": ("W", "b"), "crf": ("transitions", "start", "end")}
    for layer, names in layers.items():
        node = model.get_ref(layer)
        for name in names:
            value = generator.normal(size=node.get_param(name).shape) * 0.3
            node.set_param(name, value.astype("float32"))
    return model


def given_vectors(width: int = WIDTH) -> Model[list[Doc], list[Floats2d]]:
    """An encoder without weights or dropout: vectors are read from `doc.tensor`, gradients kept in an attribute."""

    def forward(model: Model, docs: list[Doc], is_train: bool) -> Any:
        def backprop(gradients: list[Floats2d]) -> list[Doc]:
            model.attrs["received"] = gradients
            return docs

        # A Doc without vectors gets zeros, as from spaCy's listeners.
        vectors = [
            doc.tensor if doc.tensor.ndim == 2 else np.zeros((len(doc), width), "float32") for doc in docs
        ]
        return vectors, backprop

    return Model("given_vectors", forward, dims={"nO": width}, attrs={"received": None})


def with_vectors(docs: list[Doc], width: int = WIDTH, seed: int = 0) -> list[Doc]:
    """The same Docs with normal deviates as `doc.tensor`. *Shape:* (n_tokens, width), float32"""
    generator = np.random.default_rng(seed)
    for doc in docs:
        doc.tensor = generator.normal(size=(len(doc), width)).astype("float32")
    return docs
