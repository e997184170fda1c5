"""The setting `loss`: a registered function with its arguments, or the short name of one of ours."""

from collections.abc import Callable
from typing import Any, cast

from spacy.util import registry

from ..errors import ComponentError, Errors
from ..layers import Loss

PREFIX, SUFFIX = "spacy-crf-ner.", ".v1"


def find_loss(name: str, loss: str | Callable[..., Any]) -> Loss:
    """The loss that a setting means.

    name (str): The component's name, for the message.
    loss (str | Callable): A loss, or the name of one without prefix and version, which is made with its defaults.
    RETURNS (Callable[[Potentials, Supervision], Tensor]): The loss.
    RAISES (ComponentError): There is none of this name.
    """
    if not isinstance(loss, str):
        return cast(Loss, loss)
    full = f"{PREFIX}{loss}{SUFFIX}"
    if not registry.has("losses", full):
        expected = "expected one of " + ", ".join(_short_names())
        raise ComponentError(Errors.C011.format(name=name, got=loss, expected=expected))
    return cast(Loss, registry.get("losses", full)())


def _short_names() -> list[str]:
    # Typed as the decorator that it is, too.
    names = cast(Any, registry.losses).get_all()
    ours = (name for name in names if name.startswith(PREFIX) and name.endswith(SUFFIX))
    return sorted(name[len(PREFIX) : -len(SUFFIX)] for name in ours)
