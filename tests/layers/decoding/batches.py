"""Batches under the masks of a scheme, and by enumeration the probability of every set of spans in them."""

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
import torch

from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import DecodedSpan
from spacy_crf_ner.tags import TagSet, TagSpan, spans_to_tags
from tests.functional import oracle
from tests.functional.cases import as_dtype, random_masks, random_scores, replaced
from tests.tags.sequences import SCHEMES, representable, span_sets

Spans = tuple[TagSpan, ...]

# All lengths at once: neighbours in the packed layout that must not become one entity, and an empty one among them.
LENGTHS = (3, 0, 5, 1, 4, 2)
DTYPES = (torch.float64, torch.float32)


def batch(
    tagset: TagSet,
    lengths: tuple[int, ...] = LENGTHS,
    seed: int = 0,
    *,
    scale: float = 2.0,
    masked: bool = False,
) -> Potentials:
    """Random scores with the scheme's masks, packed, in float64.

    scale (float): Standard deviation of the scores, in nats: the lower, the more sets of spans are worth a look.
    masked (bool): Whether about a third of the tags of each token are forbidden, too; every sequence has a path left.
    """
    generator = torch.Generator().manual_seed(seed)
    scores = random_scores(generator, lengths, tagset.n_tags, scale)
    potentials = Potentials(
        **scores,
        allowed_transitions=torch.tensor(tagset.allowed_transitions),
        allowed_start=torch.tensor(tagset.allowed_start),
        allowed_end=torch.tensor(tagset.allowed_end),
    )
    while masked:
        candidate = replaced(potentials, **random_masks(generator, scores["emissions"], "tag mask"))
        if all(np.isfinite(oracle.log_partition(problem)) for problem in oracle.problems_of(candidate)):
            return candidate.packed()
    return potentials.packed()


def constrained(potentials: Potentials, masks: list[np.ndarray]) -> Potentials:
    """The same batch with tags that each token may have. *Shape of each mask:* (length, n_tags)"""
    return replaced(potentials, allowed_tags=torch.tensor(np.concatenate(masks)))


def distribution(potentials: Potentials, tagset: TagSet, index: int) -> dict[Spans, float]:
    """Probability of every set of spans that the scheme can tell, in one sequence."""
    problem = oracle.problems_of(potentials)[index]
    sets = list({representable(tagset, spans) for spans in span_sets(tagset.labels, problem.length)})
    paths = np.array([spans_to_tags(tagset, spans, problem.length) for spans in sets])
    probabilities = np.exp(oracle.path_scores(problem, paths) - oracle.log_partition(problem))
    return dict(zip(sets, probabilities.tolist(), strict=True))


def every_span(tagset: TagSet, length: int) -> list[TagSpan]:
    """Every place and label that an entity can have, by first token, end and label."""
    places = itertools.combinations(range(length + 1), 2)
    return [TagSpan(start, end, label) for start, end in places for label in tagset.labels]


def span_chances(tagset: TagSet, length: int, sets: dict[Spans, float]) -> dict[TagSpan, float]:
    """Probability that each span is among those of a set."""
    return {
        span: sum(probability for spans, probability in sets.items() if span in spans)
        for span in every_span(tagset, length)
    }


def plain(decoded: list[DecodedSpan]) -> Spans:
    """Spans without their probabilities."""
    return tuple(one.span for one in decoded)


@dataclass(frozen=True)
class Case:
    """A batch of random scores with all that is known of it by enumeration."""

    scheme: str
    n_labels: int
    masked: bool
    dtype: torch.dtype
    seed: int

    @property
    def name(self) -> str:
        masks = "masked" if self.masked else "free"
        return f"{self.scheme}-{self.n_labels}-{masks}-{str(self.dtype).removeprefix('torch.')}"

    @property
    def tolerance(self) -> float:
        """Of probabilities and log-probabilities: the enumeration has the scores as they were rounded."""
        return 1e-9 if self.dtype == torch.float64 else 2e-5

    @cached_property
    def tagset(self) -> TagSet:
        return TagSet(self.scheme, ("A", "B")[: self.n_labels])

    @cached_property
    def potentials(self) -> Potentials:
        # With one label some sets of spans are much more probable than others, with two there are many candidates.
        scale = 2.0 if self.n_labels == 1 else 0.5
        scores = batch(self.tagset, seed=self.seed, scale=scale, masked=self.masked)
        return as_dtype(scores, self.dtype)

    @cached_property
    def sets(self) -> list[dict[Spans, float]]:
        """For each sequence the probability of every set of spans."""
        return [distribution(self.potentials, self.tagset, index) for index in range(len(LENGTHS))]

    @cached_property
    def spans(self) -> list[dict[TagSpan, float]]:
        """For each sequence the probability of every span."""
        return [span_chances(self.tagset, n, sets) for n, sets in zip(LENGTHS, self.sets, strict=True)]


CASES = [
    Case(*parts, seed) for seed, parts in enumerate(itertools.product(SCHEMES, (1, 2), (False, True), DTYPES))
]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
