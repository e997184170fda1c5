"""What encoders over token vectors have in common: embeddings, characters beside them, a layer that sees contexts."""

from collections.abc import Callable
from typing import Any, cast

from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from .concatenate import Encoder, build_concatenate_v1, without_tokens
from .torch_layer import TokenLayer

INPUTS, CONTEXT = range(2)


def build_sequence_encoder(embed: Encoder, characters: Encoder | None, context: TokenLayer) -> Encoder:
    """Token vectors from embeddings in their contexts.

    embed (Model[List[Doc], List[Floats2d]]): Vectors of words.
    characters (Model[List[Doc], List[Floats2d]] | None): Vectors of their spelling, joined to the former.
    context (Model[List[Floats2d], List[Floats2d]]): The layer over them.
    RETURNS (Model[List[Doc], List[Floats2d]]): The encoder.
    """
    inputs = embed if characters is None else build_concatenate_v1(embed, characters)
    return Model(
        f"{context.name}_encoder",
        forward,
        init=init,
        dims={"nO": context.get_dim("nO")},
        layers=[inputs, cast(Any, context)],
    )


def forward(
    model: Encoder, X: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    """Encode a batch.

    model (Model): The encoder.
    X (List[Doc]): The Docs.
    is_train (bool): Whether backprop will be called.
    RETURNS (tuple[List[Floats2d], Callable]): Vectors, (n_tokens, nO) per Doc, and backprop.
    RAISES (SpacyCrfNerError): An encoder that is not initialized; embeddings of another width than in training.
    """
    if not any(len(doc) for doc in X):
        return without_tokens(model, X)
    inputs, embed_backprop = model.layers[INPUTS](X, is_train=is_train)
    Y, context_backprop = model.layers[CONTEXT](inputs, is_train=is_train)

    def backprop(dY: list[Floats2d]) -> list[Doc]:
        return cast(list[Doc], embed_backprop(context_backprop(dY)))

    return Y, backprop


def init(model: Encoder, X: list[Doc] | None = None, Y: list[Floats2d] | None = None) -> None:
    """Initialize the embeddings, then the layer over them for their width.

    model (Model): The encoder.
    X (List[Doc] | None): Sample Docs.
    Y (List[Floats2d] | None): Ignored.
    RAISES (SpacyCrfNerError): Neither the embeddings nor the sample tell the width.
    """
    inputs, context = model.layers
    inputs.initialize(X=X)
    width = inputs.maybe_get_dim("nO")
    if width:
        context.set_dim("nI", width, force=True)
    context.initialize(X=None if X is None else inputs.predict(X))
