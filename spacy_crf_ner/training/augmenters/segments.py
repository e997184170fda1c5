"""Shuffle within segments: other word orders within entities, and within what lies between them."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from .augmenter import Augmenter, ChanceAugmenter, Rewriter, check_share, some_of
from .rewriting import Rewriting, grouped_spans, soft_tokens

NAME = "spacy-crf-ner.shuffle_within_segments.v1"


class ShuffleWithinSegments(Rewriter):
    """Shuffles the tokens of segments.

    per_segment (float): The probability of a segment to be shuffled, 0 to 1; one at least is.
    RAISES (TrainingError): A probability out of range.
    """

    def __init__(self, per_segment: float) -> None:
        check_share(NAME, "per_segment", per_segment)
        self.per_segment = per_segment

    def rewrite(self, nlp: Language, example: Example, random: Random) -> Example | None:
        """The Example in another order; None if no segment has two tokens, or all stay in their order."""
        doc = example.reference
        order = list(range(len(doc)))
        moved: set[int] = set()
        for segment in some_of(segments(doc), self.per_segment, random):
            shuffled = random.sample(segment, len(segment))
            order[segment[0] : segment[-1] + 1] = shuffled
            if [doc[place].text for place in shuffled] != [doc[place].text for place in segment]:
                moved.update(segment)
        return reorder(doc, order, moved).example(nlp) if moved else None


def segments(doc: Doc) -> list[list[int]]:
    """The tokens of each entity, and those between entities, as far as nothing else depends on their order.

    doc (Doc): The reference Doc.
    RETURNS (list[list[int]]): Segments of two tokens and more. None goes over the start of a sentence, or over where a
        span of a span group begins or ends; whitespace and tokens with probabilities of their own are in none.
    """
    bounds = {bound for span in grouped_spans(doc) for bound in span}
    alone = soft_tokens(doc) | {token.i for token in doc if token.is_space}
    entity = {place: span.start for span in doc.ents for place in range(span.start, span.end)}
    found: list[list[int]] = []
    previous: object = None
    for token in doc:
        # Of other tokens: in no entity, blocked, or without annotation.
        kind = entity.get(token.i, token.ent_iob_)
        apart = token.i in bounds or token.is_sent_start or {token.i, token.i - 1} & alone
        if kind != previous or apart:
            found.append([])
        found[-1].append(token.i)
        previous = kind
    return [segment for segment in found if len(segment) > 1]


def reorder(doc: Doc, order: Sequence[int], moved: set[int]) -> Rewriting:
    """Put the tokens of a Doc in another order. What is said of words goes with them, entities stay where they are.

    doc (Doc): The reference Doc.
    order (Sequence[int]): The old tokens in their new order.
    moved (set[int]): The old tokens of the segments that are in another order.
    RETURNS (Rewriting): The new text.
    """
    rewriting = Rewriting(doc)
    old = rewriting.spaces
    rewriting.words = [doc[place].text for place in order]
    rewriting.origins = list(order)
    rewriting.spaces = [_space(old, *pair) for pair in pairwise(order)] + old[-1:]
    rewriting.moved = moved
    return rewriting


def _space(spaces: Sequence[bool], left: int, right: int) -> bool:
    """Whether a space belongs between two old tokens: new neighbours have one if either had one on this side.

    Words are not glued together that way, and punctuation and writing without spaces stay as they are.
    """
    if right == left + 1:
        return spaces[left]
    # What follows the last token and what precedes the first tell nothing.
    sides = [spaces[left]] if left + 1 < len(spaces) else []
    sides += [spaces[right - 1]] if right else []
    return any(sides or spaces[:-1])


def build_shuffle_within_segments_v1(
    level: float = 0.5,
    per_segment: float = 0.5,
    versions: int = 1,
    keep_original: bool = True,
    seed: int = 0,
) -> Augmenter:
    """An augmenter that shuffles words within entities, and within what lies between them (Dai and Adel 2020, shuffle
    within segments, https://arxiv.org/abs/2010.11683).

    level (float): Share of the Examples that get other versions, 0 to 1.
    per_segment (float): The probability of a segment in them to be shuffled, 0 to 1; one at least is.
    versions (int): Number of other versions.
    keep_original (bool): Yield the original, too.
    seed (int): Start of the augmenter's own random generator.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    RAISES (TrainingError): Settings out of range.
    """
    rewriter = ShuffleWithinSegments(per_segment)
    return ChanceAugmenter(
        NAME, rewriter, level=level, versions=versions, keep_original=keep_original, seed=seed
    )
