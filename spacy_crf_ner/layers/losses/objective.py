"""All that a training batch teaches, in one number with its gradient."""

from torch import Tensor

from ...functional import Potentials, PotentialsGradient
from .gradients import leaves_of, with_gradient
from .independent import as_seen_by
from .judged_spans import judged_spans_loss
from .soft_labels import soft_tokens_loss
from .supervision import Loss, Supervision


def loss_and_gradient(
    loss: Loss, potentials: Potentials, supervision: Supervision
) -> tuple[float, PotentialsGradient]:
    """A loss, plus what judged spans and soft tokens add to any loss.

    A loss whose attribute `trains_transitions` is False takes the tags of tokens to be independent; so do then the
    judged spans and soft tokens, and transition, start and end scores have gradient 0.

    loss (Loss): The loss.
    potentials (Potentials): The batch, with the masks that decoding uses, too.
    supervision (Supervision): What is known of it.
    RETURNS (tuple[float, PotentialsGradient]): The sum over the batch in nats, and its gradient in the layout of the
        batch.
    RAISES (PotentialsError): Supervision that does not belong to the batch or that its masks rule out; scores of NaN or
        +inf.
    RAISES (ComponentError): A setting of the loss names a label that there is not.
    """
    leaves = leaves_of(potentials)
    return with_gradient(total_loss(loss, leaves, supervision), leaves)


def total_loss(loss: Loss, potentials: Potentials, supervision: Supervision) -> Tensor:
    """What `loss_and_gradient` differentiates.

    loss (Loss): The loss.
    potentials (Potentials): The batch.
    supervision (Supervision): What is known of it.
    RETURNS (Tensor): A scalar, summed over the batch, in nats.
    RAISES (SpacyCrfNerError): As `loss_and_gradient`.
    """
    packed = potentials.packed()
    supervision.check(packed)
    seen = as_seen_by(loss, packed)
    total = loss(seen, supervision)
    if supervision.spans:
        total = total + judged_spans_loss(seen, supervision)
    if supervision.tokens is not None:
        total = total + soft_tokens_loss(seen, supervision.tokens)
    return total
