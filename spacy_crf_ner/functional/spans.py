"""Exact probabilities of given stretches of tags, such as the entities of a sentence."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import Errors, PotentialsError
from .potentials import Potentials
from .recursions import (
    FORBIDDEN,
    LogScores,
    backward_scores,
    forward_scores,
    log_scores,
    partition_from_forward,
)


@dataclass(frozen=True, eq=False)
class SpanPaths:
    """Stretches of tags in a batch, each with the tags that may stand next to it.

    sequences (Tensor): The sequence each lies in. *Shape:* (n_spans,), int64.
    starts (Tensor): First token. *Shape:* (n_spans,), int64.
    ends (Tensor): Token after the last. *Shape:* (n_spans,), int64.
    tags (Tensor): Tag ids from start to end, then anything. *Shape:* (n_spans, longest span), int64.
    before (Tensor): Tags that token start - 1 may have; ignored at the start of a sequence. *Shape:* (n_spans,
        n_tags), bool.
    after (Tensor): Tags that token end may have; ignored at the end of a sequence. *Shape:* (n_spans, n_tags), bool.
    """

    sequences: Tensor
    starts: Tensor
    ends: Tensor
    tags: Tensor
    before: Tensor
    after: Tensor

    def check(self, potentials: Potentials) -> None:
        """Raise unless the arrays fit together and every span lies within its sequence.

        potentials (Potentials): The batch.
        RAISES (PotentialsError): Wrong shapes or dtypes; a span that is empty or leaves its sequence; a sequence or a
            tag that does not exist.
        """
        self._check_arrays(potentials.n_tags)
        outside = (self.sequences < 0) | (self.sequences >= potentials.batch_size)
        if bool(outside.any()):
            index, last = _first(outside), potentials.batch_size - 1
            raise PotentialsError(Errors.P009.format(last=last, index=index, got=int(self.sequences[index])))
        lengths = potentials.lengths[self.sequences]
        wrong = (self.starts < 0) | (self.starts >= self.ends) | (self.ends > lengths)
        if bool(wrong.any()):
            index = _first(wrong)
            start, end = int(self.starts[index]), int(self.ends[index])
            message = Errors.P008.format(index=index, start=start, end=end, length=int(lengths[index]))
            raise PotentialsError(message)
        self._check_tags(potentials.n_tags)

    def inside(self) -> Tensor:
        """RETURNS (Tensor): True where `tags` belongs to a span. *Shape:* (n_spans, longest span), bool."""
        offsets = torch.arange(self.tags.shape[1], device=self.tags.device)
        return offsets < (self.ends - self.starts).unsqueeze(1)

    def _check_arrays(self, n_tags: int) -> None:
        n_spans = self.sequences.shape[0]
        longest = int((self.ends - self.starts).max()) if self.starts.shape == self.ends.shape != (0,) else 0
        width = max(longest, self.tags.shape[-1]) if self.tags.dim() == 2 else longest
        whole, mask = torch.int64, torch.bool
        for name, shape, dtype in (
            ("sequences", (n_spans,), whole),
            ("starts", (n_spans,), whole),
            ("ends", (n_spans,), whole),
            ("tags", (n_spans, width), whole),
            ("before", (n_spans, n_tags), mask),
            ("after", (n_spans, n_tags), mask),
        ):
            value = getattr(self, name)
            if tuple(value.shape) != shape:
                raise PotentialsError(Errors.P010.format(name=name, expected=shape, got=tuple(value.shape)))
            if value.dtype != dtype:
                raise PotentialsError(Errors.P010.format(name=name, expected=dtype, got=value.dtype))

    def _check_tags(self, n_tags: int) -> None:
        wrong = self.inside() & ((self.tags < 0) | (self.tags >= n_tags))
        if bool(wrong.any()):
            row = _first(wrong.any(1))
            got = int(self.tags[row, _first(wrong[row])])
            raise PotentialsError(Errors.P011.format(last=n_tags - 1, index=row, got=got))


def span_log_probs(potentials: Potentials, spans: SpanPaths) -> Tensor:
    """log P(y_start..y_(end-1) = tags, and the neighbours are among those admitted), exactly.

    The score of the stretch stands between the forward scores before it and the backward scores after it; all paths
    through it are summed (Culotta and McCallum 2004, https://aclanthology.org/N04-4028/, section 4: "constrained
    forward-backward").

    potentials (Potentials): The batch.
    spans (SpanPaths): The stretches.
    RETURNS (Tensor): Log-probabilities, -inf for what is forbidden. *Shape:* (n_spans,), float64, nats.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): Spans outside their sequence; scores of NaN or +inf.
    """
    spans.check(potentials)
    scores = log_scores(potentials)
    if spans.sequences.shape[0] == 0:
        return scores.start.new_zeros(0)
    alphas = forward_scores(scores)
    totals = partition_from_forward(scores, alphas)
    into = _entering(scores, alphas, spans)
    within = _inside(scores, spans)
    onward = _leaving(scores, backward_scores(scores), spans)
    # All paths through the span are among all paths: rounding must not lift it over probability 1.
    return (into + within + onward - totals[spans.sequences]).clamp(max=0.0)


def _entering(scores: LogScores, alphas: Tensor, spans: SpanPaths) -> Tensor:
    first = spans.tags[:, 0]
    before = alphas[(spans.starts - 1).clamp(min=0), spans.sequences]
    before = torch.where(spans.before, before, before.new_full((), FORBIDDEN))
    moved = torch.logsumexp(before + scores.transitions[:, first].t(), dim=1)
    return torch.where(spans.starts == 0, scores.start[first], moved)


def _inside(scores: LogScores, spans: SpanPaths) -> Tensor:
    inside = spans.inside()
    offsets = torch.arange(spans.tags.shape[1], device=spans.tags.device)
    tags = torch.where(inside, spans.tags, spans.tags.new_zeros(()))
    positions = torch.where(inside, spans.starts.unsqueeze(1) + offsets, offsets.new_zeros(()))
    emissions = scores.emissions[positions, spans.sequences.unsqueeze(1), tags]
    moves = scores.transitions[tags[:, :-1], tags[:, 1:]]
    zero = emissions.new_zeros(())
    total: Tensor = torch.where(inside, emissions, zero).sum(1)
    return total + torch.where(inside[:, 1:], moves, zero).sum(1)


def _leaving(scores: LogScores, betas: Tensor, spans: SpanPaths) -> Tensor:
    offsets = (spans.ends - spans.starts - 1).unsqueeze(1)
    last = spans.tags.gather(1, offsets).squeeze(1)
    following = spans.ends.clamp(max=scores.seq_len - 1)
    onward = (scores.emissions + betas)[following, spans.sequences]
    onward = torch.where(spans.after, onward, onward.new_full((), FORBIDDEN))
    moved = torch.logsumexp(onward + scores.transitions[last], dim=1)
    return torch.where(spans.ends == scores.lengths[spans.sequences], scores.end[last], moved)


def _first(flags: Tensor) -> int:
    return int(flags.nonzero()[0])
