"""Make room for more tags in layers whose parameters have one row or column per tag."""

from typing import Any

from thinc.api import Model

from ..errors import Errors, SpacyCrfNerError


def grow(layer: Model[Any, Any], larger: Model[Any, Any]) -> Model[Any, Any]:
    """Give a larger layer the weights of a smaller one, and 0 for what is new.

    layer (Model): The layer, initialized or not.
    larger (Model): A new layer of the same kind with more outputs, and so with another id: what an optimizer remembers
        of the smaller layer's parameters has the wrong shape for it.
    RETURNS (Model): `larger`, with weights if `layer` has any.
    RAISES (SpacyCrfNerError): Fewer outputs than before.
    """
    if not all(layer.has_param(name) for name in layer.param_names):
        return larger
    old, new = layer.get_dim("nO"), larger.get_dim("nO")
    if new < old:
        raise SpacyCrfNerError(Errors.L003.format(old=old, new=new))
    larger.initialize()
    for name in layer.param_names:
        known: Any = layer.get_param(name)
        values: Any = larger.ops.xp.zeros_like(larger.get_param(name))
        values[tuple(slice(size) for size in known.shape)] = known
        larger.set_param(name, values)
    return larger
