"""Expected values of what can be counted along a path, such as the number of tokens in entities."""

from torch import Tensor

from ..errors import Errors, PotentialsError
from .layout import Layout, layout_of
from .path_sums import expected_sum
from .potentials import Potentials, PotentialsGradient
from .recursions import Recursions
from .scaled import SCALED


def expected_value(
    potentials: Potentials, values: PotentialsGradient, *, recursions: Recursions = SCALED
) -> Tensor:
    """E[g(y)], where g adds up values along a path as its score adds up scores: those of its tokens' tags in
    `values.emissions`, of its moves in `values.transitions`, of its ends in `values.start` and `values.end`.

    Differentiable once with respect to the potentials' emissions, transitions, start and end, not the values: the
    derivative by a score is the covariance of g with the use of that score, which first-order expectation semirings
    compute (Li and Eisner 2009, https://aclanthology.org/D09-1005/).

    potentials (Potentials): The batch.
    values (PotentialsGradient): Constants in any unit, in the layout of the potentials, any float dtype; finite, also
        for what is forbidden. What stands in padding is ignored.
    recursions (Recursions): The implementation to use.
    RETURNS (Tensor): 0 for empty sequences. *Shape:* (batch,), dtype of the emissions, in the unit of the values.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): Values of the wrong shape, or that are not finite; scores of NaN or +inf.
    """
    layout = layout_of(potentials)
    exact = expected_sum(potentials, _Values(potentials, values, layout), layout, recursions)
    return exact.to(potentials.emissions.dtype)


class _Values:
    """`StepValues` of given numbers: start and end belong to the first and last token of each sequence."""

    def __init__(self, potentials: Potentials, values: PotentialsGradient, layout: Layout) -> None:
        for name in ("emissions", "transitions", "start", "end"):
            expected, got = tuple(getattr(potentials, name).shape), tuple(getattr(values, name).shape)
            if got != expected:
                raise PotentialsError(Errors.P014.format(name=name, expected=expected, got=got))
        used = {
            "emissions": layout.gather(values.emissions, 1),
            "transitions": values.transitions,
            "start": values.start,
            "end": values.end,
        }
        exact = {name: _finite(name, value.detach().double()) for name, value in used.items()}
        self.transitions = exact["transitions"]
        n_filled = layout.first.shape[0]
        tokens = exact["emissions"].index_add(0, layout.first, exact["start"].expand(n_filled, -1))
        self.tokens = tokens.index_add_(0, layout.last, exact["end"].expand(n_filled, -1))

    def of_first(self, probabilities: Tensor, tokens: Tensor) -> Tensor:
        return probabilities * self.tokens.index_select(0, tokens)

    def of_moves(self, probabilities: Tensor, tokens: Tensor) -> Tensor:
        return probabilities * (self.transitions + self.tokens.index_select(0, tokens).unsqueeze(1))


def _finite(name: str, values: Tensor) -> Tensor:
    finite = values.isfinite()
    if not bool(finite.all()):
        raise PotentialsError(Errors.P015.format(name=name, got=float(values[~finite][0])))
    return values
