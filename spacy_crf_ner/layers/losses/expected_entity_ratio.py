"""Keep the share of tokens in entities near a known one, for corpora in which "O" is never annotated."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ...functional import Potentials, PotentialsGradient
from ...kernels import expected_value
from ...tags import OUTSIDE
from .added_term import AddedTerm
from .nll import LikelihoodLoss
from .settings import check_probability, check_weight
from .supervision import Loss

# The paper's losses are means over sentences, ours are sums over a batch, whose sequences may be whole documents. With
# so many tokens for one of its sentences, about the mean of the corpora it trains on, its weight means the same here.
TOKENS_PER_SENTENCE = 20.0


@dataclass(frozen=True)
class ExpectedEntityRatioLoss(AddedTerm):
    """Another loss, plus what the expected share of tokens in entities is off; see `build_expected_entity_ratio_v1`.

    ratio (float): The share that is right.
    margin (float): How far off costs nothing.
    weight (float): What the rest costs.
    loss (Loss): The other loss.
    RAISES (ComponentError): Settings out of range.
    """

    ratio: float
    margin: float
    weight: float
    loss: Loss

    def __post_init__(self) -> None:
        check_probability("ratio", self.ratio)
        check_probability("margin", self.margin)
        check_weight("weight", self.weight)

    def term(self, potentials: Potentials) -> Tensor:
        """RETURNS (Tensor): A scalar of at least 0: see `AddedTerm`.

        potentials (Potentials): The batch, packed.
        """
        n_tokens = len(potentials.emissions)
        if not n_tokens:
            return potentials.emissions.new_zeros(())
        distance = (expected_entity_tokens(potentials) / n_tokens - self.ratio).abs()
        scale = self.weight * n_tokens / TOKENS_PER_SENTENCE
        return scale * (distance - self.margin).clamp(min=0.0)


def expected_entity_tokens(potentials: Potentials) -> Tensor:
    """Expected number of tokens in entities, differentiable once.

    potentials (Potentials): The batch, packed.
    RETURNS (Tensor): A scalar, summed over the batch.
    RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
    """
    values = PotentialsGradient(
        emissions=torch.ones_like(potentials.emissions),
        transitions=torch.zeros_like(potentials.transitions),
        start=torch.zeros_like(potentials.start),
        end=torch.zeros_like(potentials.end),
    )
    values.emissions[:, OUTSIDE] = 0.0
    return expected_value(potentials, values).sum()


def build_expected_entity_ratio_v1(
    ratio: float = 0.15, margin: float = 0.05, weight: float = 10.0, loss: Loss | None = None
) -> Loss:
    """Another loss + weight * n / 20 * max(0, |r - ratio| - margin), summed over the batch, in nats.

    n is the number of tokens of the batch, and r the expected share of those in entities: sum_t P(y_t != "O") / n.
    Where only entities are annotated, as by a dictionary, nothing else tells the model that most tokens are outside of
    them (Effland and Collins 2021, https://aclanthology.org/2021.tacl-1.78/). In the paper both terms are means over
    sentences; here both are sums, in which 20 tokens count as a sentence, so that the length of Docs does not matter.
    The defaults are the paper's.

    ratio (float): The share of tokens in entities that is to be expected, 0 to 1.
    margin (float): How far from it costs nothing, 0 to 1.
    weight (float): At least 0.
    loss (Loss | None): The other loss; `spacy-crf-ner.nll.v1` if None.
    RETURNS (Loss): The loss.
    RAISES (ComponentError): Settings out of range.
    """
    return ExpectedEntityRatioLoss(ratio, margin, weight, LikelihoodLoss() if loss is None else loss)
