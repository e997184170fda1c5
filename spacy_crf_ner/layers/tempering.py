"""Softer or sharper scores: the temperatures with which probabilities are calibrated."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import Errors, SpacyCrfNerError
from ..functional import Potentials, SpanPaths
from ..kernels import negative_log_likelihood, span_log_probs
from ..tags import OUTSIDE, TagSet, TagSpan, span_paths


def tempered(
    potentials: Potentials,
    tagset: TagSet,
    temperature: float = 1.0,
    label_temperatures: Mapping[str, float] | None = None,
) -> Potentials:
    """Divide the scores by a temperature: above 1 the model is less sure of itself, below 1 more.

    With one temperature T, P'(y) is proportional to P(y) ** (1 / T): the order of the paths stays, the best one
    included (Guo et al. 2017, https://arxiv.org/abs/1706.04599, section 4.2, for a softmax; here for the CRF's
    distribution over paths). A label may have its own temperature T_l, for which the scores of its tags are measured
    from that of "O":

        e'_t(i) = e_t(O) / T + (e_t(i) - e_t(O)) / T_l    for the tags i of label l

    so that, as before, a constant that is added to all scores of a token changes nothing. Transition, start and end
    scores are divided by T. Then the order of the paths, and the best one, may change.

    potentials (Potentials): The batch.
    tagset (TagSet): What the tag ids mean.
    temperature (float): T, finite and above 0.
    label_temperatures (Mapping[str, float] | None): T_l by label; labels that are not given have T.
    RETURNS (Potentials): The batch with other scores and the same masks; itself if nothing is to change.
    RAISES (SpacyCrfNerError): A temperature that is not finite and above 0.
    RAISES (TagError): An unknown label.
    """
    _check("temperature", temperature)
    own = {tagset.label_id(label): value for label, value in (label_temperatures or {}).items()}
    for label, value in (label_temperatures or {}).items():
        _check(f"label_temperatures[{label!r}]", value)
    if all(value == temperature for value in own.values()):
        return potentials if temperature == 1.0 else _divided(potentials, temperature)
    factors = _factors(potentials, tagset, temperature, own)
    outside = potentials.emissions[..., OUTSIDE : OUTSIDE + 1]
    emissions = outside / temperature + (potentials.emissions - outside) * factors
    return replace(_divided(potentials, temperature), emissions=emissions)


class TemperedSpans:
    """Spans of a batch whose probabilities are asked for again and again, at one temperature after the other."""

    def __init__(self, potentials: Potentials, tagset: TagSet, spans: Sequence[tuple[int, TagSpan]]) -> None:
        """Spell the spans as tags, once.

        potentials (Potentials): The batch, with the masks of the scheme, not tempered.
        tagset (TagSet): What the tag ids mean.
        spans (Sequence[tuple[int, TagSpan]]): Spans, each with the index of its sequence.
        RAISES (TagError): An unknown label.
        """
        device = potentials.emissions.device
        self._potentials, self._tagset = potentials, tagset
        self._paths = SpanPaths(
            *(torch.as_tensor(array, device=device) for array in span_paths(tagset, spans))
        )

    def probabilities(
        self, temperature: float = 1.0, label_temperatures: Mapping[str, float] | None = None
    ) -> NDArray[np.float64]:
        """Exact probabilities of the spans under the tempered model.

        temperature (float): As of `tempered`.
        label_temperatures (Mapping[str, float] | None): As of `tempered`.
        RETURNS (NDArray): In the order of the spans, 0 to 1. *Shape:* (n_spans,).
        RAISES (PotentialsError): A sequence without an allowed path, a score of NaN or +inf, or a span that leaves its
            sequence.
        """
        scores = tempered(self._potentials, self._tagset, temperature, label_temperatures)
        result: NDArray[np.float64] = span_log_probs(scores, self._paths).exp().cpu().numpy()
        return result


def tempered_nll(
    potentials: Potentials,
    tagset: TagSet,
    target: Tensor,
    temperature: float = 1.0,
    label_temperatures: Mapping[str, float] | None = None,
) -> float:
    """Negative log-likelihood of whole annotations under the tempered model, summed over the batch.

    potentials (Potentials): The batch, with the masks of the scheme, not tempered.
    tagset (TagSet): What the tag ids mean.
    target (Tensor): Tag ids or allowed tags, as of `functional.negative_log_likelihood`.
    temperature (float): As of `tempered`.
    label_temperatures (Mapping[str, float] | None): As of `tempered`.
    RETURNS (float): Nats.
    RAISES (PotentialsError): A target that is forbidden or does not fit; scores of NaN or +inf.
    """
    scores = tempered(potentials, tagset, temperature, label_temperatures)
    # Added up in double: there may be many sequences.
    return float(negative_log_likelihood(scores, target).double().sum())


def _divided(potentials: Potentials, temperature: float) -> Potentials:
    return replace(
        potentials,
        emissions=potentials.emissions / temperature,
        transitions=potentials.transitions / temperature,
        start=potentials.start / temperature,
        end=potentials.end / temperature,
    )


def _factors(potentials: Potentials, tagset: TagSet, temperature: float, own: Mapping[int, float]) -> Tensor:
    """One over the temperature of each tag. *Shape:* (n_tags,)."""
    per_label = len(tagset.rules.prefixes)
    factors = [1.0 / temperature]
    for label in range(len(tagset.labels)):
        factors += [1.0 / own.get(label, temperature)] * per_label
    return torch.tensor(factors, dtype=potentials.emissions.dtype, device=potentials.emissions.device)


def _check(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise SpacyCrfNerError(Errors.L030.format(name=name, got=value))
