"""How sure is a tagger of an entity? The exact probability, and what is computed in its place elsewhere.

All scores are of the same predicted entities, those of the best tag sequences, and come from the same potentials: only
the formula differs. Each takes a temperature, by which all potentials are divided before it is applied.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spacy_crf_ner.evaluation import HeldOut, Predictions
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.kernels import marginals
from spacy_crf_ner.layers import TemperedSpans, tempered
from spacy_crf_ner.tags import span_tags

from .names import OURS

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the corpus, with what the model makes of it.

    held_out (HeldOut): Scores and truth.
    predictions (Predictions): The entities of the best tag sequences.
    """

    held_out: HeldOut
    predictions: Predictions

    @cached_property
    def spans(self) -> TemperedSpans:
        """The entities, to be asked for their exact probabilities."""
        return self.held_out.spans_of(self.predictions)

    @cached_property
    def docs(self) -> NDArray[np.int64]:
        """The Doc of each entity. *Shape:* (n_spans,)"""
        sequences = [sequence for sequence, _ in self.predictions.spans]
        return self.held_out.owners[sequences]

    @cached_property
    def rows(self) -> list[slice]:
        """The tokens of each entity in the packed batch."""
        offsets = self.held_out.potentials.offsets().tolist()
        return [
            slice(offsets[sequence] + span.start, offsets[sequence] + span.end)
            for sequence, span in self.predictions.spans
        ]

    @cached_property
    def tags(self) -> list[NDArray[np.int64]]:
        """The tags of each entity's tokens."""
        return [span_tags(self.held_out.tagset, span) for _, span in self.predictions.spans]

    @cached_property
    def is_long(self) -> NDArray[np.bool_]:
        """Which entities have two tokens or more. *Shape:* (n_spans,)"""
        return np.array([span.end - span.start > 1 for _, span in self.predictions.spans], dtype=bool)

    def tempered(self, temperature: float) -> Potentials:
        """The scores divided by a temperature."""
        return tempered(self.held_out.potentials, self.held_out.tagset, temperature)

    def of_tags(self, per_token: Tensor) -> list[FloatArray]:
        """Of each entity, what its tokens have for their tags. *Shape:* (n_tokens, n_tags) -> (size of the entity,)"""
        values = per_token.double().numpy()
        pairs = zip(self.rows, self.tags, strict=True)
        return [values[row][np.arange(len(tags)), tags] for row, tags in pairs]

    def of_best(self, per_token: Tensor) -> list[FloatArray]:
        """Of each entity, the highest value of each token, whatever its tag."""
        values = per_token.double().numpy()
        return [values[row].max(1) for row in self.rows]


Method = Callable[[Part, float], FloatArray]


def exact(part: Part, temperature: float) -> FloatArray:
    """P(exactly these tokens are one entity of this label), over all tag sequences."""
    return part.spans.probabilities(temperature)


def softmax_mean(part: Part, temperature: float) -> FloatArray:
    """Mean over the tokens of the softmax of the emissions, at the predicted tags."""
    return _each(np.mean, part.of_tags(_softmax(part, temperature)))


def softmax_top(part: Part, temperature: float) -> FloatArray:
    """Mean over the tokens of the highest softmax of each: what the token classification pipeline of `transformers`
    gives for a group of tokens, its words aggregated by any strategy but "none".
    """
    return _each(np.mean, part.of_best(_softmax(part, temperature)))


def softmax_first(part: Part, temperature: float) -> FloatArray:
    """Softmax of the emissions of the first token alone."""
    return np.array([values[0] for values in part.of_tags(_softmax(part, temperature))])


def softmax_max(part: Part, temperature: float) -> FloatArray:
    """The highest of the tokens' softmax at the predicted tags."""
    return _each(np.max, part.of_tags(_softmax(part, temperature)))


def marginal_mean(part: Part, temperature: float) -> FloatArray:
    """Mean of the token marginals at the predicted tags."""
    return _each(np.mean, part.of_tags(marginals(part.tempered(temperature))))


def marginal_min(part: Part, temperature: float) -> FloatArray:
    """The lowest of the token marginals at the predicted tags."""
    return _each(np.min, part.of_tags(marginals(part.tempered(temperature))))


def marginal_product(part: Part, temperature: float) -> FloatArray:
    """Product of the token marginals at the predicted tags, as if tokens were independent."""
    return _each(np.prod, part.of_tags(marginals(part.tempered(temperature))))


def prefix_softmax(part: Part, temperature: float) -> FloatArray:
    """Mean over the tokens of the highest softmax over the scores of the best prefixes that end in each tag: what
    flair's `ViterbiDecoder` (0.15) gives.
    """
    return _each(np.mean, part.of_best(_prefix_scores(part.tempered(temperature)).softmax(-1)))


# By the names of their rows; ours comes first.
METHODS: dict[str, Method] = {
    OURS: exact,
    "product of token marginals": marginal_product,
    "minimum token marginal": marginal_min,
    "mean token marginal": marginal_mean,
    "mean softmax of emissions": softmax_mean,
    "mean of the tokens' top softmax (transformers)": softmax_top,
    "softmax of the first token": softmax_first,
    "highest softmax of a token": softmax_max,
    "softmax over best prefixes (flair)": prefix_softmax,
}


def _each(reduce: Callable[[FloatArray], float], values: list[FloatArray]) -> FloatArray:
    # Sums of rounded float32 may be a little above 1.
    return np.minimum([float(reduce(one)) for one in values], 1.0)


def _softmax(part: Part, temperature: float) -> Tensor:
    emissions: Tensor = part.held_out.potentials.emissions
    return (emissions / temperature).softmax(-1)


def _prefix_scores(potentials: Potentials) -> Tensor:
    """Score of the best prefix that ends with each token in each tag. *Shape:* (n_tokens, n_tags)"""
    batch = potentials.padded()
    transitions = _masked(batch.transitions, batch.allowed_transitions)
    emissions = _masked(batch.emissions, batch.allowed_tags)
    best = [_masked(batch.start, batch.allowed_start) + emissions[:, 0]]
    for t in range(1, emissions.shape[1]):
        best.append((best[-1].unsqueeze(2) + transitions).amax(1) + emissions[:, t])
    return torch.stack(best, 1)[batch.token_mask()]


def _masked(scores: Tensor, allowed: Tensor | None) -> Tensor:
    return scores if allowed is None else scores.masked_fill(~allowed, -float("inf"))
