"""The questions to a CRF that have faster answers than `functional`'s: the same names, arguments and results."""

from torch import Tensor

from .. import functional
from ..functional import Potentials, SpanPaths
from .dispatch import recursions_for


def log_partition(potentials: Potentials) -> Tensor:
    """log Z, differentiable once: see `functional.log_partition`.

    potentials (Potentials): The batch.
    RETURNS (Tensor): *Shape:* (batch,), dtype of the emissions, nats.
    RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
    """
    return functional.log_partition(potentials, recursions=recursions_for(potentials))


def marginals(potentials: Potentials) -> Tensor:
    """P(y_t = tag) of every token: see `functional.marginals`.

    potentials (Potentials): The batch.
    RETURNS (Tensor): Probabilities. *Shape:* as the emissions, and their dtype.
    RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
    """
    return functional.marginals(potentials, recursions=recursions_for(potentials))


def negative_log_likelihood(potentials: Potentials, target: Tensor) -> Tensor:
    """-log P(target), differentiable once: see `functional.negative_log_likelihood`.

    potentials (Potentials): The batch.
    target (Tensor): Tag ids, *Shape:* (batch, seq_len) or (n_tokens,), int64; or the tags that each token may have,
        *Shape:* as the emissions, bool.
    RETURNS (Tensor): *Shape:* (batch,), dtype of the emissions, nats.
    RAISES (PotentialsError): A target that is forbidden or does not fit; scores of NaN or +inf.
    """
    return functional.negative_log_likelihood(potentials, target, recursions=recursions_for(potentials))


def viterbi(potentials: Potentials) -> tuple[Tensor, Tensor]:
    """The path with the highest score: see `functional.viterbi`.

    potentials (Potentials): The batch.
    RETURNS (tuple[Tensor, Tensor]): Tags, *Shape:* (batch, seq_len) or (n_tokens,), int64; scores, *Shape:* (batch,),
        nats.
    RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
    """
    return functional.viterbi(potentials, recursions=recursions_for(potentials))


def span_log_probs(potentials: Potentials, spans: SpanPaths) -> Tensor:
    """Log-probabilities of stretches of tags: see `functional.span_log_probs`.

    potentials (Potentials): The batch.
    spans (SpanPaths): The stretches.
    RETURNS (Tensor): *Shape:* (n_spans,), float64, nats.
    RAISES (PotentialsError): Spans outside their sequence; a sequence without an allowed path; scores of NaN or +inf.
    """
    return functional.span_log_probs(potentials, spans, recursions=recursions_for(potentials))
