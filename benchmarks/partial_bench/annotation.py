"""What is left of a corpus's annotation: entities that are unknown, that are taken for O, or that are wrong."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from harness.corpus import Post

Entity = tuple[int, int, str]
# The wrong spans of each post.
WrongSpans = list[tuple[Entity, ...]]

LONGEST_RANDOM_SPAN = 3


def hide_entities(posts: Sequence[Post], share: float, seed: int) -> list[Post]:
    """Forget some entities: nothing is known of their tokens.

    posts (Sequence[Post]): Fully annotated.
    share (float): Share of all entities, 0 to 1; the number is rounded.
    seed (int): What chooses them.
    RETURNS (list[Post]): The posts in their order.
    """
    everything = [(i, entity) for i, post in enumerate(posts) for entity in post.entities]
    hidden = set(random.Random(seed).sample(everything, round(share * len(everything))))
    partial = []
    for i, post in enumerate(posts):
        kept = tuple(entity for entity in post.entities if (i, entity) not in hidden)
        unknown = tokens_of(entity for entity in post.entities if (i, entity) in hidden)
        partial.append(replace(post, entities=kept, unknown=tuple(sorted(unknown))))
    return partial


def take_unknown_for_outside(posts: Sequence[Post]) -> list[Post]:
    """Tokens without annotation become tokens that are annotated as being in no entity."""
    return [replace(post, unknown=()) for post in posts]


def keep_entities_only(posts: Sequence[Post]) -> list[Post]:
    """Nothing is known but the entities, as a dictionary finds them."""
    return [replace(post, unknown=_complement(post, tokens_of(post.entities))) for post in posts]


def draw_wrong_spans(gold: Sequence[Post], partial: Sequence[Post], share: float, seed: int) -> WrongSpans:
    """Make up spans that are no entities, disjoint from each other and from all entities that are known.

    One half are hidden entities that are shifted by one token; they keep off all other entities. The other half are
    drawn evenly from all stretches of one to LONGEST_RANDOM_SPAN tokens that share none with an entity, with labels
    as frequent as those of the entities.

    gold (Sequence[Post]): The posts with all entities.
    partial (Sequence[Post]): The same posts with some of them hidden.
    share (float): Number of wrong spans, as a share of all entities; rounded.
    seed (int): What draws them.
    RETURNS (list[tuple[Entity, ...]]): The wrong spans of each post.
    RAISES (ValueError): The corpus is too small for so many.
    """
    generator = random.Random(seed)
    labels = [label for post in gold for _, _, label in post.entities]
    wanted = round(share * len(labels))
    correct = [tokens_of(post.entities) for post in gold]
    wrong: WrongSpans = [() for _ in gold]
    found = 0
    shifted = _shuffled(_shifted(gold, partial, generator), generator)
    drawn = _shuffled(_stretches(gold), generator)
    for candidates, until in ((shifted, wanted // 2), (drawn, wanted)):
        for i, (start, end, label), own in candidates:
            if found == until:
                break
            if not {*range(start, end)} & (correct[i] - own | tokens_of(wrong[i])):
                wrong[i] += ((start, end, label or generator.choice(labels)),)
                found += 1
    if found < wanted:
        raise ValueError(f"Expected room for {wanted} wrong spans, found {found}: read more sentences.")
    return wrong


def take_for_entities(posts: Sequence[Post], wrong: WrongSpans) -> list[Post]:
    """The wrong spans are annotated as entities."""
    return [
        replace(
            post,
            entities=tuple(sorted({*post.entities, *spans})),
            unknown=tuple(i for i in post.unknown if i not in tokens_of(spans)),
        )
        for post, spans in zip(posts, wrong, strict=True)
    ]


def leave_untold(posts: Sequence[Post], wrong: WrongSpans) -> list[Post]:
    """Nothing is known of the tokens of the wrong spans."""
    return [
        replace(post, unknown=tuple(sorted({*post.unknown, *tokens_of(spans)})))
        for post, spans in zip(posts, wrong, strict=True)
    ]


def tell_incorrect(posts: Sequence[Post], wrong: WrongSpans) -> list[Post]:
    """Nothing is known of the tokens of the wrong spans but that these spans are no entities."""
    told = zip(leave_untold(posts, wrong), wrong, strict=True)
    return [replace(post, incorrect=spans) for post, spans in told]


def count_annotation(gold: Sequence[Post], posts: Sequence[Post]) -> dict[str, int]:
    """Count what is annotated, and what of it is wrong.

    gold (Sequence[Post]): The posts with all entities.
    posts (Sequence[Post]): The same posts as they are trained on.
    RETURNS (dict[str, int]): `entities` and `wrong_entities`, `outside` and `wrong_outside` (tokens that are annotated
        as being in no entity), `unknown` (tokens), `incorrect` (spans that are known to be no entities).
    """
    counts = dict.fromkeys(
        ("entities", "wrong_entities", "outside", "wrong_outside", "unknown", "incorrect"), 0
    )
    for whole, post in zip(gold, posts, strict=True):
        outside = _complement(post, {*tokens_of(post.entities), *post.unknown})
        counts["entities"] += len({*post.entities} & {*whole.entities})
        counts["wrong_entities"] += len({*post.entities} - {*whole.entities})
        counts["outside"] += len(outside)
        counts["wrong_outside"] += len({*outside} & tokens_of(whole.entities))
        counts["unknown"] += len(post.unknown)
        counts["incorrect"] += len(post.incorrect)
    return counts


def tokens_of(entities: Iterable[Entity]) -> set[int]:
    """The tokens of spans."""
    return {token for start, end, _ in entities for token in range(start, end)}


# A place for a wrong span: its post, the span (with an empty label where any will do), and the tokens of the entity
# that it may overlap.
Candidate = tuple[int, Entity, set[int]]


def _shifted(gold: Sequence[Post], partial: Sequence[Post], generator: random.Random) -> Iterator[Candidate]:
    for i, (whole, post) in enumerate(zip(gold, partial, strict=True)):
        for start, end, label in sorted({*whole.entities} - {*post.entities}):
            shift = generator.choice((-1, 1))
            if start + shift >= 0 and end + shift <= len(whole.words):
                yield i, (start + shift, end + shift, label), {*range(start, end)}


def _stretches(gold: Sequence[Post]) -> Iterator[Candidate]:
    for i, post in enumerate(gold):
        for start in range(len(post.words)):
            for end in range(start + 1, min(start + LONGEST_RANDOM_SPAN, len(post.words)) + 1):
                yield i, (start, end, ""), set()


def _shuffled(candidates: Iterable[Candidate], generator: random.Random) -> list[Candidate]:
    order = list(candidates)
    generator.shuffle(order)
    return order


def _complement(post: Post, tokens: set[int]) -> tuple[int, ...]:
    return tuple(i for i in range(len(post.words)) if i not in tokens)
