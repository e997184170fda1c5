"""Several encoders side by side: their token vectors, joined."""

from collections.abc import Callable

from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from ..errors import Errors, SpacyCrfNerError

# Doc -> token vectors
Encoder = Model[list[Doc], list[Floats2d]]
Backprop = Callable[[list[Floats2d]], list[Doc]]


def build_concatenate_v1(*encoders: Model[list[Doc], list[Floats2d]]) -> Model[list[Doc], list[Floats2d]]:
    """Give each token the vectors of all encoders, one after another, for instance those of a transformer listener and
    of features that the transformer does not see, such as capitals.

    Thinc's `concatenate.v1` does the same for vectors of one width; a transformer listener, however, gives Docs without
    tokens vectors of width 0, and a listener that is not the last of its transformer returns nothing from backprop.

    *encoders (Model[List[Doc], List[Floats2d]]): The encoders, at least one; in a config, sections below `*`. *Shape of
        their outputs:* (n_tokens, width) per Doc.
    RETURNS (Model[List[Doc], List[Floats2d]]): The encoder. *Shape of its output:* (n_tokens, sum of widths) per Doc.
    RAISES (SpacyCrfNerError): No encoder.
    """
    if not encoders:
        raise SpacyCrfNerError(Errors.M001.format(got=len(encoders)))
    return Model("concatenate", forward, init=init, dims={"nO": None}, layers=list(encoders))


def forward(model: Encoder, X: list[Doc], is_train: bool) -> tuple[list[Floats2d], Backprop]:
    """Encode a batch with each encoder, and join what they give.

    model (Model): The model.
    X (List[Doc]): The Docs.
    is_train (bool): Whether backprop will be called.
    RETURNS (tuple[List[Floats2d], Callable]): The vectors, (n_tokens, sum of widths) per Doc, and backprop, which hands
        each encoder its columns.
    """
    if not any(len(doc) for doc in X):
        return without_tokens(model, X)
    results = [layer(X, is_train=is_train) for layer in model.layers]
    # Of a Doc without tokens an encoder need not know its width.
    widths = [max((vectors.shape[1] for vectors in Y), default=0) for Y, _ in results]
    joined = [_join(model, [Y[index] for Y, _ in results], sum(widths)) for index in range(len(X))]

    def backprop(dY: list[Floats2d]) -> list[Doc]:
        start = 0
        for (_, callback), width in zip(results, widths, strict=True):
            callback([model.ops.as_contig(gradient[:, start : start + width]) for gradient in dY])
            start += width
        return []

    return joined, backprop


def init(model: Encoder, X: list[Doc] | None = None, Y: list[Floats2d] | None = None) -> None:
    """Initialize the encoders.

    model (Model): The model.
    X (List[Doc] | None): Sample Docs.
    Y (List[Floats2d] | None): Ignored: the widths are those of the encoders.
    """
    for layer in model.layers:
        layer.initialize(X=X)
    widths = [layer.maybe_get_dim("nO") for layer in model.layers]
    if all(width is not None for width in widths):
        # A pipeline may be initialized again, with other encoders.
        model.set_dim("nO", sum(width for width in widths if width is not None), force=True)


def without_tokens(model: Encoder, X: list[Doc]) -> tuple[list[Floats2d], Backprop]:
    """What an encoder makes of Docs without tokens: not all of Thinc's layers can go back through no rows.

    model (Model): The encoder.
    X (List[Doc]): The Docs.
    RETURNS (tuple[List[Floats2d], Callable]): Vectors, (0, nO) per Doc, and backprop, which does nothing.
    """
    return [model.ops.alloc2f(0, model.maybe_get_dim("nO") or 0) for _ in X], lambda dY: []


def _join(model: Encoder, parts: list[Floats2d], width: int) -> Floats2d:
    if parts[0].shape[0] == 0:
        return model.ops.alloc2f(0, width)
    joined: Floats2d = model.ops.xp.hstack(parts)
    return joined
