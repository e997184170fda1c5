"""What every implementation of the CRF's recursions computes, and what its results mean."""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ..errors import Errors, ImpossibleSequenceError, PotentialsError
from .potentials import Potentials, PotentialsGradient
from .span_paths import SpanPaths


@dataclass(frozen=True, eq=False)
class Expectations:
    """log Z of each sequence, and the gradient of their weighted sum: the expected use of every score.

    log_partition (Tensor): *Shape:* (batch,), float64, nats.
    gradient (PotentialsGradient): sum over sequences of weight times d log Z / d score, in the layout and dtype of the
        potentials.
    """

    log_partition: Tensor
    gradient: PotentialsGradient


@dataclass(frozen=True, eq=False)
class PathExpectations:
    """log Z and the score of a given path of each sequence, and the gradient of the weighted sum of log Z - score.

    log_partition (Tensor): *Shape:* (batch,), float64, nats.
    score (Tensor): -inf for a forbidden path, 0 for an empty one. *Shape:* (batch,), float64, nats.
    gradient (PotentialsGradient): Expected minus observed use of every score, each sequence times its weight.
    exact_loss (Tensor | None): log Z - score, at least 0, if the implementation has it. *Shape:* (batch,), dtype of the
        emissions, nats.
    """

    log_partition: Tensor
    score: Tensor
    gradient: PotentialsGradient
    exact_loss: Tensor | None = None

    def loss(self) -> Tensor:
        """RETURNS (Tensor): log Z - score. *Shape:* (batch,), dtype of the gradient, nats; at least 0."""
        if self.exact_loss is not None:
            return self.exact_loss
        # The path is among all paths: rounding must not bring its loss below 0.
        loss = (self.log_partition - self.score).clamp(min=0.0)
        return loss.to(self.gradient.emissions.dtype)


class Recursions(Protocol):
    """One implementation of forward, backward and Viterbi recursions. They never raise for the values of scores: log Z
    of a sequence without an allowed path is -inf, with scores of NaN or +inf it is NaN or +inf, and its other results
    are then meaningless. An empty sequence has log Z 0. No result carries a graph for autograd.
    """

    @property
    def name(self) -> str:
        """For people: "log space", "compiled (avx2)"."""
        ...

    def log_partition(self, potentials: Potentials) -> Tensor:
        """RETURNS (Tensor): log Z. *Shape:* (batch,), float64, nats."""
        ...

    def marginals(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): log Z, *Shape:* (batch,), float64, nats; P(y_t = tag), 0 in padding,
        *Shape:* as the emissions, dtype of the emissions.
        """
        ...

    def expectations(self, potentials: Potentials, weights: Tensor | None = None) -> Expectations:
        """RETURNS (Expectations): log Z and its gradient; `weights` (batch,), float64, are 1 if None."""
        ...

    def path_expectations(
        self, potentials: Potentials, tags: Tensor, weights: Tensor | None = None
    ) -> PathExpectations:
        """RETURNS (PathExpectations): For paths whose tags are in range; `tags` (batch, seq_len) or (n_tokens,)."""
        ...

    def viterbi(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): Tags, -1 in padding, *Shape:* (batch, seq_len) or (n_tokens,), int64; score
        of each path, *Shape:* (batch,), float64, nats.
        """
        ...

    def k_best(self, potentials: Potentials, k: int) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): Tags of the k >= 1 best paths, best first, -1 in padding and for paths that
        do not exist, *Shape:* (batch, k, seq_len) or (k, n_tokens), int64; their scores, -inf for those that do not
        exist, *Shape:* (batch, k), float64, nats. Those of a sequence are NaN or +inf from the first if scores are. An
        empty sequence has one path, of score 0. Paths of equal score come in any order, the same in every call.
        """
        ...

    def onward_scores(self, potentials: Potentials) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): log Z, *Shape:* (batch,), float64, nats; log of the summed weight of all
        ways to go on from a tag, its own emission and all that follows included: -inf where there is none, 0 in
        padding, *Shape:* as the emissions, float64, nats. Differences between the tags of a token, however improbable,
        are at least as exact as the logarithm of a weight that has the digits of the emissions' dtype.
        """
        ...

    def span_log_probs(self, potentials: Potentials, spans: SpanPaths) -> tuple[Tensor, Tensor]:
        """RETURNS (tuple[Tensor, Tensor]): log Z, *Shape:* (batch,), float64, nats; log-probability of each span,
        *Shape:* (n_spans,), float64, nats.
        """
        ...


def raise_unless_finite(totals: Tensor) -> None:
    """Turn a partition or path score that is not a number into the error that explains it.

    totals (Tensor): One total per sequence. *Shape:* (batch,).
    RAISES (ImpossibleSequenceError): Some are -inf: no path was left.
    RAISES (PotentialsError): Some are NaN or +inf.
    """
    # A sum shows at once whether anything in it is not finite; Python's is the faster one for few sequences.
    if math.isfinite(sum(totals.tolist())):
        return
    impossible = torch.isneginf(totals)
    broken = ~torch.isfinite(totals) & ~impossible
    if bool(broken.any()):
        index = int(broken.nonzero()[0])
        name = f"the scores of sequence {index}"
        raise PotentialsError(Errors.P006.format(name=name, got=float(totals[index])))
    raise ImpossibleSequenceError(impossible.nonzero().flatten().tolist())
