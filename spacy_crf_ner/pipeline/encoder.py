"""Check that the token vectors a model listens for are there, before zeros take their place in silence."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from spacy.tokens import Doc
from thinc.api import Model

from ..errors import ComponentError, Errors

SHOWN_CHARACTERS = 60


def check_encoder(name: str, model: Model[Any, Any], docs: Sequence[Doc]) -> None:
    """Raise unless every listener of the model finds its vectors on the Docs.

    At prediction spaCy's listeners return zeros for a Doc that their upstream component has not seen, so that an
    encoder that is disabled or in the wrong place would pass for a bad model.

    name (str): The component's name, for the message.
    model (Model): The component's model.
    docs (Sequence[Doc]): The Docs to predict; empty ones need no vectors.
    RAISES (ComponentError): A Doc without vectors, or with vectors of another width than the model was trained with.
    """
    for listener in _listeners(model):
        upstream = getattr(listener, "upstream_name", "*")
        expected = listener.maybe_get_dim("nO")
        for doc in docs:
            if len(doc) == 0:
                continue
            vectors = _vectors(listener, doc)
            if vectors is None:
                text = doc.text[:SHOWN_CHARACTERS]
                raise ComponentError(Errors.C003.format(name=name, text=text, upstream=upstream))
            got = vectors.shape[-1]
            if expected is not None and got != expected:
                message = Errors.C004.format(name=name, expected=expected, upstream=upstream, got=got)
                raise ComponentError(message)


def listen_to_docs(model: Model[Any, Any]) -> None:
    """Let the listeners of a model read the vectors of the next training batch from its Docs.

    Outside of `nlp.update` upstream components hand nothing over, and listeners would insist on the batch of the last
    update. No gradient goes upstream.

    model (Model): The component's model.
    """
    for listener in _listeners(model):
        cast(Any, listener).receive(None, None, None)


def _listeners(model: Model[Any, Any]) -> Iterator[Model[Any, Any]]:
    return (node for node in model.walk() if hasattr(node, "upstream_name"))


def _vectors(listener: Model[Any, Any], doc: Doc) -> Any:
    """The array that a listener will read from a Doc, width last; None if its upstream component has not run."""
    if listener.name != "transformer-listener":
        return doc.tensor if doc.tensor.size else None
    data = doc._.trf_data if Doc.has_extension("trf_data") else None
    return None if data is None else data.model_output.get("last_hidden_state")
