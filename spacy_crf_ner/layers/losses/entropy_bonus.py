"""A bonus for being unsure, on top of another loss."""

from dataclasses import dataclass

from torch import Tensor

from ...functional import Potentials
from ...kernels import entropy
from .added_term import AddedTerm
from .nll import LikelihoodLoss
from .settings import check_weight
from .supervision import Loss


@dataclass(frozen=True)
class EntropyBonusLoss(AddedTerm):
    """Another loss, minus the entropy of the model times a weight; see `build_entropy_bonus_v1`.

    weight (float): What a nat of entropy is worth.
    loss (Loss): The other loss.
    RAISES (ComponentError): A weight out of range.
    """

    weight: float
    loss: Loss

    def __post_init__(self) -> None:
        check_weight("weight", self.weight)

    def term(self, potentials: Potentials) -> Tensor:
        """RETURNS (Tensor): A scalar of at most 0: see `AddedTerm`.

        potentials (Potentials): The batch, packed.
        """
        return -self.weight * entropy(potentials).sum()


def build_entropy_bonus_v1(weight: float = 0.1, loss: Loss | None = None) -> Loss:
    """Another loss - weight * H, where H is the entropy of the distribution over paths, summed over the batch, in nats.

    A model that is too sure of itself pays for it (Pereyra et al. 2017, https://arxiv.org/abs/1701.06548, for a
    softmax; here exactly for the CRF). The sum may be below 0.

    weight (float): At least 0.
    loss (Loss | None): The other loss; `spacy-crf-ner.nll.v1` if None.
    RETURNS (Loss): The loss.
    RAISES (ComponentError): A weight out of range.
    """
    return EntropyBonusLoss(weight, LikelihoodLoss() if loss is None else loss)
