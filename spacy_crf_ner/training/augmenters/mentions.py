"""Mention replacement: an entity gives its place to another of the same label."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from .augmenter import Augmenter, ChanceAugmenter, check_share, some_of
from .reservoir import RememberingRewriter, Reservoir
from .rewriting import LINKS, PLACE_ATTRIBUTES, Rewriting, grouped_spans

NAME = "spacy-crf-ner.mention_replacement.v1"
ENT_IOB, SENT_START = (PLACE_ATTRIBUTES.index(name) for name in ("ENT_IOB", "SENT_START"))
# `token.ent_iob` of a token within an entity.
INSIDE = 1
# `token.sent_start` of a token known not to begin a sentence, -1, as it lies in an array.
NO_START = np.int64(-1).astype(np.uint64)


class Mention(NamedTuple):
    """The tokens of an entity, and which of them a space follows; what follows the last does not count."""

    words: tuple[str, ...]
    spaces: tuple[bool, ...]


class MentionReplacement(RememberingRewriter):
    """Replaces entities by others with the same label, of those that it has seen.

    per_mention (float): The probability of an entity to be replaced, 0 to 1; one at least is replaced.
    labels (Sequence[str] | None): The labels to replace, or all.
    path (str | Path | None): A .spacy file, or a folder of such files, with more entities, to be read before the first
        Example.
    RAISES (TrainingError): A probability out of range.
    """

    def __init__(
        self, per_mention: float = 0.5, labels: Sequence[str] | None = None, path: str | Path | None = None
    ) -> None:
        super().__init__(NAME, path)
        check_share(NAME, "per_mention", per_mention)
        self.per_mention = per_mention
        self.labels = None if labels is None else frozenset(labels)
        self.reservoir: Reservoir[Mention] = Reservoir()

    def remember(self, doc: Doc, random: Random) -> None:
        """Remember the entities of a Doc."""
        for entity in doc.ents:
            if in_one_sentence(entity) and not any(token.is_space for token in entity):
                mention = mention_of(entity)
                self.reservoir.add(entity.label_, mention.words, mention, random)

    def rewrite(self, nlp: Language, example: Example, random: Random) -> Example | None:
        """The Example with other entities; None if it has none to be replaced, or no other is known."""
        new: list[tuple[Span, Mention]] = []
        for entity in some_of(self._replaceable(example.reference), self.per_mention, random):
            drawn = self.reservoir.draw(entity.label_, mention_of(entity).words, random)
            if drawn is not None:
                new.append((entity, drawn))
        return replace_mentions(example.reference, new).example(nlp) if new else None

    def _replaceable(self, doc: Doc) -> list[Span]:
        """Entities that no other span divides: one around an entity, or equal to it, can be stretched."""
        spans = grouped_spans(doc)
        return [
            entity
            for entity in doc.ents
            if (self.labels is None or entity.label_ in self.labels)
            and in_one_sentence(entity)
            and not any(divides(span, entity) for span in spans)
        ]


def mention_of(entity: Span) -> Mention:
    """RETURNS (Mention): The tokens of an entity.

    entity (Span): The entity.
    """
    return Mention(
        tuple(token.text for token in entity), tuple(bool(token.whitespace_) for token in entity[:-1])
    )


def in_one_sentence(entity: Span) -> bool:
    """RETURNS (bool): Whether no sentence begins within an entity.

    entity (Span): The entity.
    """
    return not any(token.is_sent_start for token in entity[1:])


def divides(span: tuple[int, int], entity: Span) -> bool:
    """RETURNS (bool): Whether a span has some of an entity's tokens, but not all.

    span (tuple[int, int]): First token, and token after the last.
    entity (Span): The entity.
    """
    start, end = span
    overlap = min(end, entity.end) - max(start, entity.start)
    return 0 < overlap < len(entity)


def replace_mentions(doc: Doc, new: Sequence[tuple[Span, Mention]]) -> Rewriting:
    """Put other mentions in the places of entities. Of their words nothing is known but the entity.

    doc (Doc): The reference Doc.
    new (Sequence[tuple[Span, Mention]]): Entities of the Doc, in order, and what takes their places.
    RETURNS (Rewriting): The new text.
    """
    rewriting = Rewriting(doc)
    # From the last to the first, so that the places of those before stay what they are.
    for entity, mention in reversed(new):
        inside = slice(entity.start, entity.end)
        rewriting.spaces[inside] = [*mention.spaces, rewriting.spaces[entity.end - 1]]
        rewriting.words[inside] = mention.words
        rewriting.origins[inside] = [None] * len(mention.words)
        places = np.repeat(rewriting.places[None, entity.start], len(mention.words), axis=0)
        places[:, LINKS] = 0
        places[1:, ENT_IOB] = INSIDE
        places[1:, SENT_START] = NO_START if doc.has_annotation("SENT_START") else 0
        before, after = rewriting.places[: entity.start], rewriting.places[entity.end :]
        rewriting.places = np.concatenate([before, places, after])
        grown = len(mention.words) - len(entity)
        rewriting.bounds[entity.end :] = [bound + grown for bound in rewriting.bounds[entity.end :]]
        rewriting.replaced.update(range(entity.start, entity.end))
    # Whom or what a text is about may be its topic.
    rewriting.topic = False
    return rewriting


def build_mention_replacement_v1(
    level: float = 0.5,
    per_mention: float = 0.5,
    labels: list[str] | None = None,
    path: str | Path | None = None,
    versions: int = 1,
    keep_original: bool = True,
    seed: int = 0,
) -> Augmenter:
    """An augmenter that replaces entities by others of the same label (Dai and Adel 2020, mention replacement,
    https://arxiv.org/abs/2010.11683).

    The others are those of the Examples that it has been called with so far, and those of a file. Each different
    mention of a label is drawn as often as any other.

    level (float): Share of the Examples that get other versions, 0 to 1.
    per_mention (float): The probability of an entity in them to be replaced, 0 to 1; one at least is replaced.
    labels (list[str] | None): The labels to replace; null for all.
    path (str | Path | None): A .spacy file, or a folder of such files, whose entities are known from the beginning; it
        is read at the first call.
    versions (int): Number of other versions.
    keep_original (bool): Yield the original, too.
    seed (int): Start of the augmenter's own random generator.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    RAISES (TrainingError): Settings out of range.
    """
    rewriter = MentionReplacement(per_mention, labels, path)
    return ChanceAugmenter(
        NAME, rewriter, level=level, versions=versions, keep_original=keep_original, seed=seed
    )
