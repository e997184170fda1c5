"""The questions to a CRF that have faster answers than `functional`'s: the same names, arguments and results."""

import torch
from torch import Tensor

from .. import functional
from ..functional import Potentials, PotentialsGradient, SpanPaths
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


def k_best(potentials: Potentials, k: int) -> tuple[Tensor, Tensor]:
    """The k paths with the highest scores: see `functional.k_best`.

    potentials (Potentials): The batch.
    k (int): How many, at least 1.
    RETURNS (tuple[Tensor, Tensor]): Tags, *Shape:* (batch, k, seq_len) or (k, n_tokens), int64; log-probabilities,
        *Shape:* (batch, k), float64, nats.
    RAISES (PotentialsError): k is below 1; a sequence without an allowed path; scores of NaN or +inf.
    """
    return functional.k_best(potentials, k, recursions=recursions_for(potentials))


def sample(potentials: Potentials, n: int, generator: torch.Generator | None = None) -> Tensor:
    """Independent draws of paths: see `functional.sample`.

    potentials (Potentials): The batch.
    n (int): Draws for each sequence, at least 1.
    generator (torch.Generator | None): Where chance comes from, on the device of the emissions; torch's own if None.
    RETURNS (Tensor): Tags. *Shape:* (batch, n, seq_len) or (n, n_tokens), int64.
    RAISES (PotentialsError): n is below 1; a sequence without an allowed path; scores of NaN or +inf.
    """
    return functional.sample(potentials, n, generator, recursions=recursions_for(potentials))


def onward_scores(potentials: Potentials) -> Tensor:
    """Log of the summed weight of all that can follow each tag: see `functional.onward_scores`.

    potentials (Potentials): The batch.
    RETURNS (Tensor): *Shape:* as the emissions, float64, nats.
    RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
    """
    return functional.onward_scores(potentials, recursions=recursions_for(potentials))


def entropy(potentials: Potentials) -> Tensor:
    """The entropy of the posterior over paths, differentiable once: see `functional.entropy`.

    potentials (Potentials): The batch.
    RETURNS (Tensor): *Shape:* (batch,), dtype of the emissions, nats.
    RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
    """
    return functional.entropy(potentials, recursions=recursions_for(potentials))


def expected_value(potentials: Potentials, values: PotentialsGradient) -> Tensor:
    """Expected sum of values along a path, differentiable once by the potentials: see `functional.expected_value`.

    potentials (Potentials): The batch.
    values (PotentialsGradient): Constants in the layout of the potentials.
    RETURNS (Tensor): *Shape:* (batch,), dtype of the emissions, in the unit of the values.
    RAISES (PotentialsError): Values that do not fit; a sequence without an allowed path; scores of NaN or +inf.
    """
    return functional.expected_value(potentials, values, recursions=recursions_for(potentials))


def span_log_probs(potentials: Potentials, spans: SpanPaths) -> Tensor:
    """Log-probabilities of stretches of tags: see `functional.span_log_probs`.

    potentials (Potentials): The batch.
    spans (SpanPaths): The stretches.
    RETURNS (Tensor): *Shape:* (n_spans,), float64, nats.
    RAISES (PotentialsError): Spans outside their sequence; a sequence without an allowed path; scores of NaN or +inf.
    """
    return functional.span_log_probs(potentials, spans, recursions=recursions_for(potentials))
