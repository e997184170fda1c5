"""All spans that are probable enough, found without looking at each of the many that are not."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...functional import Potentials
from ...kernels import marginals, onward_scores
from ...tags import FoundSpans, IntArray, TagSet
from .spans import DecodedSpan, by_sequence, check_probability

Floats = NDArray[np.float64]


def candidate_spans(potentials: Potentials, tagset: TagSet, min_prob: float) -> list[list[DecodedSpan]]:
    """Every span whose probability is at least `min_prob`, exactly.

    An entity begins at a token with a probability that the marginals give, and is carried on from token to token with
    the conditional probabilities of the CRF's Markov chain. What has begun can only become less probable: it is
    followed no further than `min_prob` allows, and as the probabilities of all entities that cover a token add up to 1
    at most, there are never more than 1 / min_prob of them at a token. So the cost grows with the tokens, and not with
    their square.

    potentials (Potentials): The batch, with the masks of the scheme.
    tagset (TagSet): What the tag ids mean.
    min_prob (float): The least probability, above 0 and at most 1.
    RETURNS (list[list[DecodedSpan]]): Of each sequence, ordered by first token, end and label.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf.
    RAISES (SpacyCrfNerError): A `min_prob` outside of its range.
    """
    check_probability("min_prob", min_prob, above_zero=True)
    potentials = potentials.packed()
    lengths = potentials.lengths.cpu().numpy()
    chain = _Chain(potentials, tagset)
    live = chain.beginnings(min_prob)
    parts = []
    while len(live.places):
        ended, live = chain.step(live, min_prob)
        parts.append(ended)
    if not parts:
        return [[] for _ in lengths]
    starts, ends, labels, chances = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((labels, ends, starts))
    starts, ends = starts[order], ends[order]
    sequences = np.searchsorted(np.cumsum(lengths), starts, side="right")
    shift = (np.cumsum(lengths) - lengths)[sequences]
    found = FoundSpans(sequences, starts - shift, ends - shift, labels[order])
    # Products of rounded factors may be a little above 1.
    return by_sequence(tagset, found, np.minimum(chances[order], 1.0).tolist(), len(lengths))


class _Live(NamedTuple):
    """Entities that have begun and are followed, each at one of its tokens.

    places (IntArray): The token that each has reached. *Shape:* (n_live,).
    starts (IntArray): Its first token. *Shape:* (n_live,).
    tags (IntArray): Tag of the token that it has reached. *Shape:* (n_live,).
    chances (Floats): P(it begins there, and has these tags so far). *Shape:* (n_live,).
    """

    places: IntArray
    starts: IntArray
    tags: IntArray
    chances: Floats


class _Ended(NamedTuple):
    """Entities that were followed to their end.

    starts (IntArray): First tokens in the batch. *Shape:* (n_ended,).
    ends (IntArray): Tokens after the last. *Shape:* (n_ended,).
    labels (IntArray): Positions in `TagSet.labels`. *Shape:* (n_ended,).
    chances (Floats): P(this is an entity). *Shape:* (n_ended,).
    """

    starts: IntArray
    ends: IntArray
    labels: IntArray
    chances: Floats


class _Chain:
    """The tags of a batch as a Markov chain, from which probabilities of moves are read."""

    def __init__(self, potentials: Potentials, tagset: TagSet) -> None:
        self.tagset = tagset
        rounded: Floats = marginals(potentials).cpu().numpy().astype(np.float64)
        # Added up to 1, what is certain has the probability 1 and not almost.
        self.marginals = rounded / rounded.sum(1, keepdims=True)
        self.onward: Floats = onward_scores(potentials).cpu().numpy()
        self.transitions = _masked(potentials.transitions, potentials.allowed_transitions)
        lengths = potentials.lengths.cpu().numpy()
        self.is_last = np.zeros(len(self.onward), dtype=bool)
        self.is_last[(np.cumsum(lengths) - 1)[lengths > 0]] = True

    def moves(self, places: IntArray, tags: IntArray) -> Floats:
        """P(y_(t+1) = to | y_t = from) for tokens that are not the last ones; 0 for all where no path goes on.
        *Shape:* (n, n_tags)
        """
        scores = self.transitions[tags] + self.onward[places + 1]
        highest = scores.max(1, keepdims=True)
        weights = np.exp(scores - np.where(np.isfinite(highest), highest, 0.0))
        sums = weights.sum(1, keepdims=True)
        probabilities: Floats = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
        return probabilities

    def beginnings(self, min_prob: float) -> _Live:
        """What may begin an entity: in BILUO and BIO a tag that says so, in IO one after which another was carried."""
        rules = self.tagset.rules
        chances = self.marginals.copy()
        if not rules.bounded:
            chances[1:] = self._entered()
        chances[:, ~self.tagset.with_prefix(rules.begins)] = 0.0
        places, tags = np.nonzero(chances >= min_prob)
        return _Live(places, places, tags, chances[places, tags])

    def step(self, live: _Live, min_prob: float) -> tuple[_Ended, _Live]:
        """What ends where it stands, and what goes on to the next token."""
        inside = ~self.is_last[live.places]
        onward = np.zeros((len(live.places), self.tagset.n_tags))
        onward[inside] = self.moves(live.places[inside], live.tags[inside])
        carried = np.where(self.tagset.continues[live.tags], onward, 0.0)
        # What is not carried on, added up and not subtracted from 1: small numbers keep their digits, and where nothing
        # carries on, the end is certain. Tags that cannot end an entity are always carried on.
        chances = live.chances * np.where(carried.any(1), (onward - carried).sum(1), 1.0)
        ended = chances >= min_prob
        labels = (live.tags[ended] - 1) // len(self.tagset.rules.prefixes)
        done = _Ended(live.starts[ended], live.places[ended] + 1, labels, chances[ended])
        further = live.chances[:, None] * carried
        rows, tags = np.nonzero(further >= min_prob)
        return done, _Live(live.places[rows] + 1, live.starts[rows], tags, further[rows, tags])

    def _entered(self) -> Floats:
        """P(y_t = tag, and no token of its sequence before it that it carries on) for all t but the first.
        *Shape:* (n_tokens - 1, n_tags)
        """
        entered, carried = np.zeros_like(self.marginals[1:]), np.zeros_like(self.marginals[1:])
        for tag, carries in enumerate(self.tagset.continues):
            places = np.flatnonzero((self.marginals[:-1, tag] > 0) & ~self.is_last[:-1])
            pairs = self.marginals[places, tag][:, None] * self.moves(places, np.full(len(places), tag))
            entered[places] += np.where(carries, 0.0, pairs)
            carried[places] += np.where(carries, pairs, 0.0)
        # Added up for the same reasons as in `step`; a sequence's first token carries nothing on.
        exact: Floats = np.where(carried > 0, entered, self.marginals[1:])
        return exact


def _masked(scores: Tensor, allowed: Tensor | None) -> Floats:
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -torch.inf)
    values: Floats = scores.detach().cpu().numpy().astype(np.float64)
    return values
