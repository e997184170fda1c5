"""Corpora in which only the entities can be relied on."""

from collections.abc import Iterator

from spacy.language import Language
from spacy.training import Example

from .augmenter import Augmenter

# `token.ent_iob` of a token that is annotated as being in no entity.
OUTSIDE = 2


def build_outside_unknown_v1() -> Augmenter:
    """An augmenter for corpora in which only the entities can be relied on, as a dictionary makes them.

    RETURNS (Callable[[Language, Example], Iterator[Example]]): `forget_outside`.
    """
    return forget_outside


def forget_outside(nlp: Language, example: Example) -> Iterator[Example]:
    """Yield an Example in which nothing is known of the tokens that were annotated as being in no entity.

    Entities stay, and so do tokens without annotation and blocked ones, which training takes for tokens without
    annotation. All else on the Docs stays as it is.

    nlp (Language): The pipeline, which is not used.
    example (Example): The Example, which is not changed: a corpus may yield it again.
    YIELDS (Example): A copy, with ent_iob 0 where the reference had 2.
    """
    partial = example.copy()
    reference = partial.reference
    outside = [reference[token.i : token.i + 1] for token in reference if token.ent_iob == OUTSIDE]
    reference.set_ents([], missing=outside, default="unmodified")
    yield partial
