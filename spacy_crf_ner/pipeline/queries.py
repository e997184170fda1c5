"""Questions to a component that only a distribution over annotations can answer."""

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import torch
from spacy.tokens import Doc

from ..errors import ComponentError, Errors
from ..layers import Decoded, DecodedSpan, candidate_spans, k_best_annotations, sample_annotations
from ..tags import TagSpan
from .explaining import explain_nothing, explain_scored
from .explanation import Explanation
from .prediction import Scored, entropies_of
from .scoring import ScoringPipe

RANKINGS = ("least_confidence", "margin", "entropy")
LEAST_CONFIDENCE, MARGIN, ENTROPY = RANKINGS
# Docs that are computed at once: all of a corpus would not fit into memory.
BATCH_SIZE = 256


class QueryPipe(ScoringPipe):
    """A component that can be asked about Docs without changing them.

    Entities on a Doc are taken for given, as in prediction, except those with a `crf_prob`: what a CRF component has
    predicted is no evidence for itself. (With `probabilities` set to false, nothing tells its predictions from what
    was there before.) The encoder must have run on the Docs, as it has on those of `nlp.pipe`. All answers are those of
    the tempered model, if the component is calibrated, and none but `explain` depends on `decoding` or `threshold`.

    In the schemes BIO and IO, the model knows of entities that end with whitespace, and in IO that begin with it.
    Prediction cuts this off; answers do not, and keep their exact probabilities.
    """

    def k_best(self, docs: Iterable[Doc], k: int) -> list[list[Decoded]]:
        """The k most probable annotations of each Doc, exactly.

        docs (Iterable[Doc]): The Docs.
        k (int): How many, at least 1.
        RETURNS (list[list[Decoded]]): For each Doc its annotations, the best first, with `spans` and `log_prob` (nats);
            fewer than k where there are fewer. The spans have no probabilities of their own: see `candidates`.
        RAISES (ComponentError): A k below 1; what `predict` raises.
        """
        self._check_count("k", k)
        return [best for batch in _batches(docs) for best in self._k_best(batch, k)]

    def candidates(self, docs: Iterable[Doc], min_prob: float = 0.01) -> list[list[DecodedSpan]]:
        """Every span whose probability of being an entity is at least `min_prob`, exactly.

        docs (Iterable[Doc]): The Docs.
        min_prob (float): The least probability, above 0 and at most 1.
        RETURNS (list[list[DecodedSpan]]): For each Doc its spans by first token, with their probabilities; they may
            overlap.
        RAISES (ComponentError): A `min_prob` outside of its range; what `predict` raises.
        """
        if not 0.0 < min_prob <= 1.0:
            raise self._bad_argument("min_prob", "a probability above 0 and at most 1", min_prob)
        return [spans for batch in _batches(docs) for spans in self._candidates(batch, min_prob)]

    def sample(self, docs: Iterable[Doc], n: int, *, seed: int | None = None) -> list[list[list[TagSpan]]]:
        """Draw annotations at random, each as often as it is probable: for active learning and ensembles.

        docs (Iterable[Doc]): The Docs.
        n (int): How many for each Doc, at least 1.
        seed (int | None): Makes the draws repeatable, for the same Docs in the same order; None: torch's own generator.
        RETURNS (list[list[list[TagSpan]]]): For each Doc n annotations, each a list of spans in order.
        RAISES (ComponentError): An n below 1; what `predict` raises.
        """
        self._check_count("n", n)
        chance = _Chance(seed)
        return [drawn for batch in _batches(docs) for drawn in self._sample(batch, n, chance)]

    def rank(
        self, docs: Iterable[Doc], by: str = LEAST_CONFIDENCE, *, per_token: bool = False
    ) -> list[tuple[Doc, float]]:
        """Sort Docs for an annotator: those first of which the model is least sure.

        docs (Iterable[Doc]): The Docs.
        by (str): "least_confidence": 1 - P(best annotation) (Culotta and McCallum 2005); "margin": 1 - (P(best) -
            P(second best)) (Scheffer et al. 2001); "entropy": of the distribution over annotations, in nats. Settles
            and Craven 2008, https://aclanthology.org/D08-1112/, compare them.
        per_token (bool): Long Docs offer more to be unsure of, and come first. With this, entropies are divided by the
            number of tokens, and of probabilities of n tokens the n-th root is taken.
        RETURNS (list[tuple[Doc, float]]): The Docs with their scores, the highest first; equals in their old order.
        RAISES (ComponentError): Another `by`; what `predict` raises.
        """
        if by not in RANKINGS:
            raise self._bad_argument("by", "one of " + ", ".join(RANKINGS), by)
        ranked = [
            pair
            for batch in _batches(docs)
            for pair in zip(batch, self._doubts(batch, by, per_token=per_token), strict=True)
        ]
        return sorted(ranked, key=lambda pair: -pair[1])

    def explain(self, doc: Doc) -> Explanation:
        """Why the component annotates a Doc as it does: scores, probabilities, and what constraints forbid.

        doc (Doc): The Doc.
        RETURNS (Explanation): For each token emissions, transitions and marginals of its tags, with and without
            constraints; the annotation that the settings, `decoding` included, give, and the best other one.
        RAISES (ComponentError): What `predict` raises.
        """
        scored = self.scored([doc], own=False)
        if scored is None:
            return explain_nothing(self.name, self.settings(), self.tagset)
        with self.explained(scored):
            return explain_scored(self.name, scored, self.settings(), self.tagset)

    def _k_best(self, docs: list[Doc], k: int) -> list[list[Decoded]]:
        results = [[Decoded([], 0.0)] for _ in docs]
        scored = self.scored(docs, own=False)
        if scored is None:
            return results
        with self.explained(scored):
            found = k_best_annotations(scored.potentials, self.tagset, k)
        for (owner, start), options in zip(_places(scored), found, strict=True):
            results[owner] = _best_pairs(results[owner], options, start, k)
        return [
            [Decoded(preset.complete(one.spans, None), one.log_prob) for one in options]
            for preset, options in zip(scored.presets, results, strict=True)
        ]

    def _candidates(self, docs: list[Doc], min_prob: float) -> list[list[DecodedSpan]]:
        scored = self.scored(docs, own=False)
        if scored is None:
            return [[] for _ in docs]
        with self.explained(scored):
            found = scored.segments.by_doc(candidate_spans(scored.potentials, self.tagset, min_prob))
        return [preset.complete(spans) for preset, spans in zip(scored.presets, found, strict=True)]

    def _sample(self, docs: list[Doc], n: int, chance: "_Chance") -> list[list[list[TagSpan]]]:
        scored = self.scored(docs, own=False)
        if scored is None:
            return [[[] for _ in range(n)] for _ in docs]
        drawn: list[list[list[DecodedSpan]]] = [[[] for _ in range(n)] for _ in docs]
        generator = chance.generator(scored.potentials.emissions.device)
        with self.explained(scored):
            found = sample_annotations(scored.potentials, self.tagset, n, generator)
        for (owner, start), annotations in zip(_places(scored), found, strict=True):
            for index, spans in enumerate(annotations):
                drawn[owner][index] += [DecodedSpan(span.moved(start)) for span in spans]
        return [
            [[one.span for one in preset.complete(spans)] for spans in annotations]
            for preset, annotations in zip(scored.presets, drawn, strict=True)
        ]

    def _doubts(self, docs: list[Doc], by: str, *, per_token: bool) -> list[float]:
        """How unsure the model is of each Doc."""
        sizes = [max(len(doc), 1) if per_token else 1 for doc in docs]
        if by == ENTROPY:
            return [entropy / size for entropy, size in zip(self._entropies(docs), sizes, strict=True)]
        best = self._k_best(docs, 2 if by == MARGIN else 1)
        return [_doubt(options, size) for options, size in zip(best, sizes, strict=True)]

    def _entropies(self, docs: list[Doc]) -> list[float]:
        scored = self.scored(docs, own=False)
        if scored is None:
            return [0.0] * len(docs)
        with self.explained(scored):
            return entropies_of(scored)

    def _check_count(self, argument: str, value: object) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self._bad_argument(argument, "a number from 1", value)

    def _bad_argument(self, argument: str, expected: str, got: object) -> ComponentError:
        message = Errors.C015.format(name=self.name, argument=argument, expected=expected, got=got)
        return ComponentError(message)


class _Chance:
    """One stream of random numbers for all batches, on the device that the first one shows."""

    def __init__(self, seed: int | None) -> None:
        self._seed = seed
        self._generator: torch.Generator | None = None

    def generator(self, device: torch.device) -> torch.Generator | None:
        """The generator, which goes on where it has stopped; None, for torch's own, without a seed."""
        if self._generator is None and self._seed is not None:
            self._generator = torch.Generator(device).manual_seed(self._seed)
        return self._generator


def _batches(docs: Iterable[Doc]) -> Iterator[list[Doc]]:
    remaining = iter(docs)
    while batch := list(islice(remaining, BATCH_SIZE)):
        yield batch


def _places(scored: Scored) -> Iterator[tuple[int, int]]:
    """Doc and first token of each segment."""
    return zip(scored.segments.owners.tolist(), scored.segments.starts.tolist(), strict=True)


def _best_pairs(before: Sequence[Decoded], after: Sequence[Decoded], start: int, k: int) -> list[Decoded]:
    """The k best annotations of what was before and of the next segment, which begins at `start`, together."""
    shifted = [[DecodedSpan(one.span.moved(start)) for one in option.spans] for option in after]
    # Both are sorted: a pair is no better than those whose parts both come no later, (left + 1) * (right + 1) of them.
    pairs = (
        ((first.log_prob or 0.0) + (second.log_prob or 0.0), left, right)
        for left, first in enumerate(before)
        for right, second in enumerate(after[: k // (left + 1)])
    )
    best = heapq.nsmallest(k, pairs, key=lambda pair: (-pair[0], *pair[1:]))
    return [Decoded([*before[left].spans, *shifted[right]], log_prob) for log_prob, left, right in best]


def _doubt(best: Sequence[Decoded], size: int) -> float:
    """1 minus the probability of the best annotation, or minus what it is ahead of the second one if that is given."""
    first, *others = ((one.log_prob or 0.0) / size for one in best)
    # 1 - exp(x), exact for small doubts, too.
    return -math.expm1(first) + sum(map(math.exp, others))
