"""What spaCy's Examples say about the tokens of their predicted Docs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

from ..errors import ComponentError, Errors
from ..tags import TagSpan
from .annotations import LABEL_PROBABILITIES, UNDERSCORE
from .segments import SHOWN_CHARACTERS
from .settings import Settings

# What spaCy takes for no label: on a span with a judgement, any.
ANY_LABEL = ""
# Sums of probabilities that were rounded may be a little above 1.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Judged:
    """A span that is an entity with some probability.

    span (TagSpan): Its tokens; the label is `ANY_LABEL` for an entity of whatever label.
    probability (float): 0 to 1: 0 if it is known to be wrong.
    """

    span: TagSpan
    probability: float


@dataclass(frozen=True)
class Annotation:
    """What an Example says about the tokens of its predicted Doc.

    entities (tuple[TagSpan, ...]): Entities that align with the tokens.
    outside (tuple[int, ...]): Tokens known to be in no entity.
    is_space (tuple[bool, ...]): Which tokens are whitespace, and in nothing whose truth is uncertain.
    misaligned (tuple[str, ...]): Texts of what aligns with no stretch of tokens.
    judged (tuple[Judged, ...]): Spans with a probability.
    soft_tokens (tuple[tuple[int, Mapping[str, float]], ...]): Tokens with probabilities of labels.
    """

    entities: tuple[TagSpan, ...]
    outside: tuple[int, ...]
    is_space: tuple[bool, ...]
    misaligned: tuple[str, ...]
    judged: tuple[Judged, ...] = ()
    soft_tokens: tuple[tuple[int, Mapping[str, float]], ...] = ()

    def together(self) -> list[TagSpan]:
        """RETURNS (list[TagSpan]): The spans that no boundary of a sentence may cut."""
        return [*self.entities, *(one.span for one in self.judged if one.probability > 0)]


def read_annotation(name: str, example: Example, settings: Settings) -> Annotation:
    """Read the entities of an Example; tokens without annotation are in none of the lists.

    A token of a span that may be an entity, or with probabilities of its own, is not known to be outside of entities,
    even if the reference Doc, which marks all tokens but those of its entities, says so. Nor does the rule that
    entities begin and end with words hold for it.

    name (str): The component's name, for messages.
    example (Example): The example.
    settings (Settings): The keys of span groups.
    RETURNS (Annotation): What is known.
    RAISES (ComponentError): Span groups or probabilities that are not what they should be; a span that is said to be an
        entity and to be wrong.
    """
    aligned, tags = example.get_aligned_ents_and_ner()
    entities = tuple(TagSpan(span.start, span.end, span.label_) for span in aligned)
    lost = _misaligned(example, aligned)
    incorrect = list(_incorrect(example, settings.incorrect_spans_key))
    _check_entities(name, example, entities, incorrect, settings.incorrect_spans_key)
    judged = [*incorrect, *_soft(name, example, settings.soft_spans_key, lost)]
    tokens = tuple(_soft_tokens(name, example, lost))
    uncertain = {position for position, _ in tokens}
    for one in judged:
        if one.probability > 0:
            uncertain.update(range(one.span.start, one.span.end))
    return Annotation(
        entities=entities,
        outside=tuple(i for i, tag in enumerate(tags) if tag == "O" and i not in uncertain),
        is_space=tuple(token.is_space and token.i not in uncertain for token in example.predicted),
        misaligned=tuple(lost),
        judged=tuple(judged),
        soft_tokens=tokens,
    )


def _incorrect(example: Example, key: str | None) -> Iterator[Judged]:
    """Spans known to be wrong. One that aligns with no tokens cannot be predicted, and needs no learning."""
    if key is None or key not in example.reference.spans:
        return
    for span in example.reference.spans[key]:
        for found in example.get_aligned_spans_y2x([span], allow_overlap=True):
            yield Judged(TagSpan(found.start, found.end, span.label_), 0.0)


def _check_entities(
    name: str, example: Example, entities: Sequence[TagSpan], incorrect: Sequence[Judged], key: str | None
) -> None:
    """Raise if an entity is also a span that is known to be wrong, with its label or with any."""
    wrong = {one.span for one in incorrect}
    found = [one for one in entities if one in wrong or one._replace(label=ANY_LABEL) in wrong]
    if found:
        doc = example.predicted
        shown = ", ".join(f"{doc[start:end].text!r} ({label})" for start, end, label in found)
        raise ComponentError(Errors.C016.format(name=name, key=key, spans=shown))


def _soft(name: str, example: Example, key: str | None, lost: list[str]) -> Iterator[Judged]:
    """Spans with probabilities; what aligns with no tokens is added to `lost`."""
    if key is None or key not in example.reference.spans:
        return
    group = example.reference.spans[key]
    for span, value in zip(group, _scores(name, key, group, example.reference), strict=True):
        found = example.get_aligned_spans_y2x([span], allow_overlap=True)
        if found:
            yield Judged(TagSpan(found[0].start, found[0].end, span.label_), value)
        else:
            lost.append(f"{span.text} ({span.label_})")


def _scores(name: str, key: str, group: SpanGroup, doc: Doc) -> list[float]:
    values = group.attrs.get("scores")
    try:
        scores = [float(value) for value in values]  # type: ignore[union-attr]
    except (TypeError, ValueError):
        scores = []
    if len(scores) != len(group) or not all(0.0 <= value <= 1.0 for value in scores):
        text = doc.text[:SHOWN_CHARACTERS]
        raise ComponentError(Errors.C017.format(name=name, key=key, n=len(group), text=text, got=values))
    return scores


def _soft_tokens(name: str, example: Example, lost: list[str]) -> Iterator[tuple[int, Mapping[str, float]]]:
    """Tokens with probabilities of their own; what aligns with no single token is added to `lost`."""
    doc = example.reference
    # The attributes of tokens are few: to look each of them up would take longer than all else.
    marked = [
        key[2]
        for key in cast(dict[Any, Any], doc.user_data)
        if isinstance(key, tuple) and key[:2] == (UNDERSCORE, LABEL_PROBABILITIES) and key[3] is None
    ]
    if not marked:
        return
    by_offset = {token.idx: token for token in doc}
    for token in (by_offset[offset] for offset in sorted(marked) if offset in by_offset):
        named = token._.get(LABEL_PROBABILITIES)
        if named is None:
            continue
        if not _is_distribution(named):
            raise ComponentError(Errors.C018.format(name=name, token=token.text, got=named))
        places = example.alignment.y2x[token.i].tolist()
        if len(places) == 1 and example.alignment.x2y.lengths[places[0]] == 1:
            yield places[0], named
        else:
            lost.append(f"{token.text} ({', '.join(named)})")


def _is_distribution(named: object) -> bool:
    """Whether these are probabilities by name, which may leave something to what is not known."""
    if not isinstance(named, Mapping) or not all(isinstance(one, str) for one in named):
        return False
    try:
        values = [float(value) for value in named.values()]
    except (TypeError, ValueError):
        return False
    return all(0.0 <= value <= 1.0 for value in values) and sum(values) <= 1.0 + ROUNDING


def _misaligned(example: Example, aligned: Sequence[Span]) -> list[str]:
    entities = example.reference.ents
    if len(aligned) == len(entities):
        return []
    return [
        f"{entity.text} ({entity.label_})"
        for entity in entities
        if not example.get_aligned_spans_y2x([entity], allow_overlap=True)
    ]
