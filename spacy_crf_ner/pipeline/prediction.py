"""From the scores of a batch of Docs to what is written to each of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from spacy.tokens import Doc

from ..functional import Potentials
from ..layers import (
    Decoded,
    DecodedSpan,
    annotation_log_probs,
    decode_argmax,
    decode_posterior,
    decode_viterbi,
    k_best_annotations,
    sequence_entropies,
    span_probabilities,
)
from ..tags import TagSet, TagSpan, spans_to_tags, tags_to_spans
from .annotations import Prediction, trimmed
from .presets import Preset
from .segments import Segments
from .settings import POSTERIOR_THRESHOLD, Settings


@dataclass(frozen=True, eq=False)
class Scored:
    """A batch of Docs with its scores.

    docs (list[Doc]): The Docs.
    presets (list[Preset]): What is known of each.
    segments (Segments): What of them are the sequences.
    potentials (Potentials): The scores of all sequences, packed, with all constraints, and tempered.
    """

    docs: list[Doc]
    presets: list[Preset]
    segments: Segments
    potentials: Potentials


def predict_batch(scored: Scored, settings: Settings, tagset: TagSet) -> list[Prediction]:
    """Decode a batch.

    scored (Scored): The batch.
    settings (Settings): How.
    tagset (TagSet): The tags.
    RETURNS (list[Prediction]): One for each Doc.
    RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
    """
    decoded = decode(scored.potentials, settings, tagset)
    spans = scored.segments.by_doc([one.spans for one in decoded])
    added = [
        [one for one in trimmed(doc, found) if not preset.covers(one.span)]
        for doc, found, preset in zip(scored.docs, spans, scored.presets, strict=True)
    ]
    if settings.probabilities or settings.threshold is not None:
        added = [_at_least(settings, found) for found in rated(scored, tagset, added)]
    nothing = [None] * len(scored.docs)
    log_probs = _log_probs(scored, tagset, decoded, spans, added) if settings.probabilities else nothing
    entropies = entropies_of(scored) if settings.entropy else nothing
    candidates = _candidates(scored, settings.k_best, spans, tagset) if settings.candidates_group else nothing
    return [Prediction(*row) for row in zip(added, log_probs, entropies, candidates, strict=True)]


def decode(potentials: Potentials, settings: Settings, tagset: TagSet) -> list[Decoded]:
    """Decode a batch of sequences as the settings say.

    potentials (Potentials): The batch.
    settings (Settings): `decoding`, `threshold` and what else asks for probabilities count.
    tagset (TagSet): The tags.
    RETURNS (list[Decoded]): One for each sequence, with probabilities where settings ask for them.
    RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
    """
    if settings.decoding == "posterior":
        threshold = POSTERIOR_THRESHOLD if settings.threshold is None else settings.threshold
        return decode_posterior(potentials, tagset, threshold=threshold)
    if settings.decoding == "argmax":
        # It looks at no path: without probabilities it would not notice constraints without one, or scores of NaN.
        return decode_argmax(potentials, tagset, probabilities=True)
    wanted = settings.probabilities or settings.threshold is not None or settings.candidates_group is not None
    return decode_viterbi(potentials, tagset, probabilities=wanted)


def entropies_of(scored: Scored) -> list[float]:
    """RETURNS (list[float]): Entropy of the distribution over the annotations of each Doc, nats.

    scored (Scored): The batch.
    """
    return scored.segments.sums(sequence_entropies(scored.potentials))


def rated(scored: Scored, tagset: TagSet, spans: Sequence[list[DecodedSpan]]) -> list[list[DecodedSpan]]:
    """The same spans, all with their exact probabilities.

    scored (Scored): The batch.
    tagset (TagSet): The tags.
    spans (Sequence[list[DecodedSpan]]): For each Doc spans with or without probabilities, none across segments.
    RETURNS (list[list[DecodedSpan]]): The spans of each Doc, in their order.
    RAISES (PotentialsError): A sequence without an allowed path; scores of NaN or +inf.
    """
    unrated = [
        scored.segments.place(owner, one.span)
        for owner, found in enumerate(spans)
        for one in found
        if one.probability is None
    ]
    if not unrated:
        return list(spans)
    chances = iter(span_probabilities(scored.potentials, tagset, unrated))
    return [
        [replace(one, probability=next(chances)) if one.probability is None else one for one in found]
        for found in spans
    ]


def _candidates(
    scored: Scored, k: int, decoded: Sequence[list[DecodedSpan]], tagset: TagSet
) -> list[list[DecodedSpan]]:
    """The spans of the k best annotations of each segment, each once, with their exact probabilities; those of the
    decoded annotation if k is 1.
    """
    if k > 1:
        annotations = k_best_annotations(scored.potentials, tagset, k)
        found = scored.segments.by_doc([_spans_of(paths) for paths in annotations])
    else:
        found = list(decoded)
    complete = [
        preset.complete(_distinct(trimmed(doc, spans)))
        for doc, spans, preset in zip(scored.docs, found, scored.presets, strict=True)
    ]
    return rated(scored, tagset, complete)


def _spans_of(annotations: Iterable[Decoded]) -> list[DecodedSpan]:
    return [DecodedSpan(span) for span in {one.span for path in annotations for one in path.spans}]


def _distinct(spans: Iterable[DecodedSpan]) -> list[DecodedSpan]:
    """Each span once, by place: trimmed of whitespace, two may have become the same."""
    return sorted({one.span: one for one in spans}.values(), key=lambda one: one.span)


def _log_probs(
    scored: Scored,
    tagset: TagSet,
    decoded: Sequence[Decoded],
    spans: Sequence[Sequence[DecodedSpan]],
    added: Sequence[Sequence[DecodedSpan]],
) -> list[float]:
    """Log-probability of each Doc's entities, old and new ones, as a whole."""
    given = [preset.known(tagset) for preset in scored.presets]
    new = [[one.span for one in found] for found in added]
    # What is on a Doc was decoded, too: most often the result is what was decoded.
    wholes = (sorted([*old, *found]) for old, found in zip(given, new, strict=True))
    if all(whole == [one.span for one in found] for whole, found in zip(wholes, spans, strict=True)):
        return scored.segments.sums([one.log_prob or 0.0 for one in decoded])
    before = (_as_spelled(tagset, found) for found in scored.segments.by_segment(given))
    pairs = zip(before, scored.segments.by_segment(new), strict=True)
    annotations = [[*old, *found] for old, found in pairs]
    return scored.segments.sums(annotation_log_probs(scored.potentials, tagset, annotations))


def _as_spelled(tagset: TagSet, spans: list[TagSpan]) -> list[TagSpan]:
    """Spans as the scheme has them: IO makes one of two neighbours of the same label, and no path tells them apart."""
    if tagset.rules.bounded or not spans:
        return spans
    return tags_to_spans(tagset, spans_to_tags(tagset, spans, max(span.end for span in spans)))


def _at_least(settings: Settings, decoded: list[DecodedSpan]) -> list[DecodedSpan]:
    threshold = settings.threshold
    # Posterior decoding has taken it into account.
    if threshold is None or settings.decoding == "posterior":
        return decoded
    return [one for one in decoded if one.probability is not None and one.probability >= threshold]
