"""A loss that is another one with a term on top."""

from abc import ABC, abstractmethod

from torch import Tensor

from ...functional import Potentials
from .count_rules import needs_counts
from .independent import as_seen_by, trains_transitions
from .schedules import step_schedules
from .supervision import Loss, Supervision


class AddedTerm(ABC):
    """Another loss, plus a term of the model alone. The term is about the model that the other loss sees.

    loss (Loss): The other loss.
    """

    loss: Loss

    @property
    def trains_transitions(self) -> bool:
        """Whether the other loss does."""
        return trains_transitions(self.loss)

    @property
    def needs_counts(self) -> bool:
        """Whether the other loss does."""
        return needs_counts(self.loss)

    def __call__(self, potentials: Potentials, supervision: Supervision) -> Tensor:
        """RETURNS (Tensor): The loss of a batch: a scalar, in nats.

        potentials (Potentials): The batch, packed.
        supervision (Supervision): What is known of it.
        RAISES (PotentialsError): As the other loss; a sequence without an allowed path; scores of NaN or +inf.
        """
        seen = as_seen_by(self.loss, potentials)
        return self.loss(seen, supervision) + self.term(seen)

    def step_schedules(self) -> None:
        """Move the weights of the other loss on by one update.

        RAISES (ComponentError): A value out of range.
        """
        step_schedules(self.loss)

    @abstractmethod
    def term(self, potentials: Potentials) -> Tensor:
        """RETURNS (Tensor): What is added: a scalar, in nats, summed over the batch.

        potentials (Potentials): The batch, packed.
        RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
        """
