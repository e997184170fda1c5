"""The most probable annotation, or the most probable tag of each token by itself."""

import numpy as np
import torch

from ...functional import Potentials, raise_unless_finite
from ...kernels import recursions_for
from ...tags import IntArray, TagSet, find_spans, found_paths, read_leniently, span_paths
from .annotations import annotation_log_probs
from .spans import Decoded, by_sequence, chances


def decode_viterbi(potentials: Potentials, tagset: TagSet, *, probabilities: bool) -> list[Decoded]:
    """The spans of each sequence's best path.

    potentials (Potentials): The batch, with the masks of the scheme.
    tagset (TagSet): What the tag ids mean.
    probabilities (bool): Whether to compute the probability of each span and of each annotation as a whole, which
        costs a forward and a backward pass.
    RETURNS (list[Decoded]): One for each sequence.
    RAISES (ImpossibleSequenceError): A sequence has no allowed path.
    RAISES (PotentialsError): A score is NaN or +inf.
    """
    potentials = potentials.packed()
    # Scores in float64: over a long text they grow, and their difference from log Z has to keep its digits.
    tags, scores = recursions_for(potentials).viterbi(potentials)
    raise_unless_finite(scores)
    ids, lengths = tags.cpu().numpy(), potentials.lengths.cpu().numpy()
    found = find_spans(tagset, ids, lengths)
    if not probabilities:
        return [Decoded(spans) for spans in by_sequence(tagset, found, None, len(lengths))]
    known, totals = chances(potentials, found_paths(tagset, ids, lengths, found))
    decoded = by_sequence(tagset, found, known, len(lengths))
    # Both are rounded, and the path is among all paths.
    log_probs = [min(0.0, score - total) for score, total in zip(scores.tolist(), totals, strict=True)]
    return [Decoded(spans, log_prob) for spans, log_prob in zip(decoded, log_probs, strict=True)]


def decode_argmax(potentials: Potentials, tagset: TagSet, *, probabilities: bool) -> list[Decoded]:
    """The tag with the highest emission of each token, whatever its neighbours: how a softmax over tags is decoded.

    Of the masks only `allowed_tags` is respected. Tags that are not well-formed together are read as `read_leniently`
    reads them.

    potentials (Potentials): The batch, with the masks of the scheme.
    tagset (TagSet): What the tag ids mean.
    probabilities (bool): Whether to compute the probability of each span and of each annotation as a whole, under the
        CRF of these potentials: 0 and -inf for what its masks exclude.
    RETURNS (list[Decoded]): One for each sequence.
    RAISES (ImpossibleSequenceError): A sequence has a token without an allowed tag; with `probabilities`, it has no
        allowed path.
    RAISES (PotentialsError): An emission is NaN or +inf; with `probabilities`, another score is.
    """
    potentials = potentials.packed()
    lengths = potentials.lengths.cpu().numpy()
    found = read_leniently(tagset, _best_tags(potentials, lengths), lengths)
    decoded = by_sequence(tagset, found, None, len(lengths))
    if not probabilities:
        return [Decoded(spans) for spans in decoded]
    listed = [(sequence, one.span) for sequence, spans in enumerate(decoded) for one in spans]
    known, totals = chances(potentials, span_paths(tagset, listed))
    annotations = [[one.span for one in spans] for spans in decoded]
    log_probs = annotation_log_probs(potentials, tagset, annotations, totals)
    rated = by_sequence(tagset, found, known, len(lengths))
    return [Decoded(spans, log_prob) for spans, log_prob in zip(rated, log_probs, strict=True)]


def _best_tags(potentials: Potentials, lengths: IntArray) -> IntArray:
    """The allowed tag with the highest emission of each token of a packed batch. *Shape:* (n_tokens,)"""
    emissions = potentials.emissions.detach()
    if potentials.allowed_tags is not None:
        emissions = emissions.masked_fill(~potentials.allowed_tags, -torch.inf)
    highest, tags = emissions.max(1)
    # A maximum that is no number makes the sum of its sequence none, too.
    owners = torch.from_numpy(np.repeat(np.arange(len(lengths)), lengths))
    totals = torch.zeros(len(lengths), dtype=torch.float64)
    raise_unless_finite(totals.index_add_(0, owners, highest.cpu().double()))
    ids: IntArray = tags.cpu().numpy()
    return ids
