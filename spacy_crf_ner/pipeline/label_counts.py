"""How often each label is annotated: what some losses take their weights from."""

from collections import Counter
from collections.abc import Iterable

from ..tags.schemes import OUTSIDE_NAME
from .examples import Annotation


def count_tokens(annotations: Iterable[Annotation]) -> dict[str, int]:
    """Count tokens by what is annotated.

    Whitespace outside of entities, of which nothing is to be learned, and tokens without annotation are not counted,
    nor is what spans and tokens with probabilities say.

    annotations (Iterable[Annotation]): The annotation of each example.
    RETURNS (dict[str, int]): Tokens of each label that is used, sorted, after those of "O".
    """
    outside, inside = 0, Counter[str]()
    for annotation in annotations:
        outside += sum(not annotation.is_space[position] for position in annotation.outside)
        for entity in annotation.entities:
            inside[entity.label] += entity.end - entity.start
    return {OUTSIDE_NAME: outside, **{label: inside[label] for label in sorted(inside)}}


def are_counts(value: object) -> bool:
    """RETURNS (bool): Whether a value could be what `count_tokens` returned, or None.

    value (object): Whatever a file holds.
    """
    if value is None:
        return True
    return isinstance(value, dict) and all(
        isinstance(count, int) and not isinstance(count, bool) and count >= 0 for count in value.values()
    )
