"""What the component writes to a Doc: entities, probabilities, candidates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from spacy.tokens import Doc, Span, SpanGroup, Token

from ..layers import DecodedSpan
from ..tags import TagSpan
from .presets import PROBABILITY, blocked_tokens

LOG_PROBABILITY, ENTROPY = "crf_log_prob", "crf_entropy"
LABEL_PROBABILITIES = "crf_label_probs"
LESSON = "crf_lesson"
# A custom attribute lies in `Doc.user_data` under (UNDERSCORE, name, start_char, end_char): both None for one of a Doc,
# the second None for one of a token. spaCy types the keys as strings.
UNDERSCORE = "._."


def register_extensions() -> None:
    """Define the custom attributes that are not there yet, all None by default.

    The component writes `span._.crf_prob`, `doc._.crf_log_prob` and `doc._.crf_entropy`, and reads
    `token._.crf_label_probs` and, where a teacher wrote it, `doc._.crf_lesson` from training data.
    """
    for holder, names in (
        (Span, (PROBABILITY,)),
        (Doc, (LOG_PROBABILITY, ENTROPY, LESSON)),
        (Token, (LABEL_PROBABILITIES,)),
    ):
        for name in names:
            if not holder.has_extension(name):
                holder.set_extension(name, default=None)


@dataclass(frozen=True)
class Prediction:
    """What is to be written to one Doc.

    added (list[DecodedSpan]): Entities that the Doc does not hold yet, disjoint from those that are there.
    log_prob (float | None): Log-probability of the Doc's annotation with them, in nats; None if it is not wanted.
    entropy (float | None): Entropy of the distribution over annotations, in nats; None if it is not wanted.
    candidates (list[DecodedSpan] | None): Spans for the group of candidates; None if there is no such group.
    """

    added: list[DecodedSpan]
    log_prob: float | None = None
    entropy: float | None = None
    candidates: list[DecodedSpan] | None = None


def trimmed(doc: Doc, decoded: Iterable[DecodedSpan]) -> list[DecodedSpan]:
    """Spans without whitespace at their ends; those that are nothing else are left out.

    doc (Doc): The Doc.
    decoded (Iterable[DecodedSpan]): Spans.
    RETURNS (list[DecodedSpan]): The spans; those that have become shorter have lost their probability.
    """
    result = []
    for prediction in decoded:
        start, end, label = prediction.span
        while start < end and doc[start].is_space:
            start += 1
        while start < end and doc[end - 1].is_space:
            end -= 1
        if start < end:
            same = (start, end) == prediction.span[:2]
            result.append(prediction if same else DecodedSpan(TagSpan(start, end, label)))
    return result


def write_entities(doc: Doc, added: Sequence[DecodedSpan], *, overwrite: bool, probabilities: bool) -> None:
    """Set `doc.ents`, and `span._.crf_prob` of each new entity. The entities that were there stay as they are.

    doc (Doc): The Doc to change.
    added (Sequence[DecodedSpan]): Entities to add, disjoint from those that are there and stay.
    overwrite (bool): Whether the Doc's earlier entities and blocked tokens make way.
    probabilities (bool): Whether to write probabilities.
    """
    kept = [] if overwrite else list(doc.ents)
    spans = [Span(doc, *prediction.span) for prediction in added]
    blocked = [] if overwrite else [doc[position : position + 1] for position in blocked_tokens(doc)]
    doc.set_ents([*kept, *spans], blocked=blocked, default="outside")
    _forget_probabilities(doc, kept)
    if probabilities:
        for span, prediction in zip(spans, added, strict=True):
            span._.set(PROBABILITY, prediction.probability)


def write_doc_attributes(doc: Doc, prediction: Prediction, candidates_group: str | None) -> None:
    """Set `doc._.crf_log_prob`, `doc._.crf_entropy` and the candidates; what an earlier run wrote is forgotten.

    doc (Doc): The Doc to change.
    prediction (Prediction): What was found.
    candidates_group (str | None): Key of the span group for the candidates.
    """
    _set_or_forget(doc, LOG_PROBABILITY, prediction.log_prob)
    _set_or_forget(doc, ENTROPY, prediction.entropy)
    if candidates_group is not None:
        found = prediction.candidates or []
        spans = [Span(doc, *one.span) for one in found]
        group = SpanGroup(doc, name=candidates_group, spans=spans)
        # As spaCy's `spancat` has them.
        group.attrs["scores"] = np.array([one.probability for one in found], dtype=np.float64)
        doc.spans[candidates_group] = group


def _set_or_forget(doc: Doc, name: str, value: float | None) -> None:
    if value is not None:
        doc._.set(name, value)
    else:
        cast(dict[Any, Any], doc.user_data).pop((UNDERSCORE, name, None, None), None)


def _forget_probabilities(doc: Doc, kept: Sequence[Span]) -> None:
    """Drop what an earlier run of a CRF component wrote about spans that are no longer entities."""
    offsets = {(span.start_char, span.end_char) for span in kept}
    user_data = cast(dict[Any, Any], doc.user_data)
    for key in list(user_data):
        if isinstance(key, tuple) and key[:2] == (UNDERSCORE, PROBABILITY) and key[2:4] not in offsets:
            del user_data[key]
