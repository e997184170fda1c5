"""Hide a part of the annotation, and write what is left of it in two readings: the hidden tokens are unknown, or "O".

    python scripts/hide.py corpus/complete.spacy corpus --entities 0.5 --others 0.1

`train-missing.spacy` says of the hidden tokens that nothing is known of them. `train-outside.spacy` is the same corpus
as most tools would write it: a token that is in no annotated entity is taken for one that is in no entity.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import spacy
import typer
from spacy.tokens import Doc, DocBin
from wasabi import msg

MISSING, OUTSIDE = "missing", "outside"
ATTRIBUTES = ("ENT_IOB", "ENT_TYPE", "SENT_START")


class Hidden(NamedTuple):
    """What is hidden of a Doc.

    entities (frozenset[int]): Places in doc.ents.
    tokens (frozenset[int]): Tokens that are in no entity.
    """

    entities: frozenset[int]
    tokens: frozenset[int]


def draw(docs: Sequence[Doc], entities: float, others: float, seed: int) -> list[Hidden]:
    """Draw what is hidden, evenly from the whole corpus.

    docs (Sequence[Doc]): Docs that are annotated in full.
    entities (float): Share of the entities, 0 to 1; their number is rounded.
    others (float): Share of the tokens that are in no entity, likewise.
    seed (int): The same seed draws the same from the same Docs.
    RETURNS (list[Hidden]): One for each Doc.
    """
    generator = random.Random(seed)
    spans = [(i, j) for i, doc in enumerate(docs) for j in range(len(doc.ents))]
    tokens = [(i, token.i) for i, doc in enumerate(docs) for token in doc if not token.ent_type]
    hidden_spans = _sample(spans, entities, generator)
    hidden_tokens = _sample(tokens, others, generator)
    return [Hidden(frozenset(hidden_spans[i]), frozenset(hidden_tokens[i])) for i in range(len(docs))]


def _sample(places: list[tuple[int, int]], share: float, generator: random.Random) -> dict[int, set[int]]:
    """A share of the places, by Doc."""
    drawn: dict[int, set[int]] = defaultdict(set)
    for i, place in generator.sample(places, round(share * len(places))):
        drawn[i].add(place)
    return drawn


def hide(doc: Doc, hidden: Hidden, reading: str) -> Doc:
    """A copy of a Doc without a part of its annotation.

    doc (Doc): Annotated in full.
    hidden (Hidden): What is left out.
    reading (str): What is said of the hidden tokens: that they are "missing", or that they are "outside" of entities.
    RETURNS (Doc): The copy.
    """
    partial = doc.copy()
    kept = [ent for j, ent in enumerate(partial.ents) if j not in hidden.entities]
    unknown = [ent for j, ent in enumerate(partial.ents) if j in hidden.entities]
    unknown += [partial[i : i + 1] for i in sorted(hidden.tokens)]
    partial.set_ents(kept, missing=unknown if reading == MISSING else [], default=OUTSIDE)
    return partial


def count(complete: Sequence[Doc], partial: Sequence[Doc]) -> tuple[str, str, str, str]:
    """Count entities, unknown tokens, tokens that are said to be in no entity, and how many of these are in one."""
    entities = sum(len(doc.ents) for doc in partial)
    pairs = [pair for docs in zip(complete, partial, strict=True) for pair in zip(*docs, strict=True)]
    unknown = sum(not token.ent_iob_ for _, token in pairs)
    outside = [before for before, token in pairs if token.ent_iob_ == "O"]
    wrong = sum(bool(token.ent_type) for token in outside)
    return f"{entities:,}", f"{unknown:,}", f"{len(outside):,}", f"{wrong:,}"


def main(
    path: Annotated[Path, typer.Argument(help=".spacy file that is annotated in full")],
    output: Annotated[Path, typer.Argument(help="Folder for train-missing.spacy and train-outside.spacy")],
    entities: Annotated[float, typer.Option(min=0, max=1, help="Share of the entities to hide")] = 0.5,
    others: Annotated[float, typer.Option(min=0, max=1, help="Share of the other tokens to hide")] = 0.1,
    seed: Annotated[int, typer.Option(help="The same seed hides the same")] = 0,
) -> None:
    """Hide a part of the annotation, and write what is left in two readings."""
    vocab = spacy.blank("en").vocab
    docs = list(DocBin().from_disk(path).get_docs(vocab))
    hidden = draw(docs, entities, others, seed)
    rows = [("complete", *count(docs, docs))]
    for reading in (MISSING, OUTSIDE):
        partial = [hide(doc, what, reading) for doc, what in zip(docs, hidden, strict=True)]
        DocBin(attrs=ATTRIBUTES, docs=partial).to_disk(output / f"train-{reading}.spacy")
        rows.append((reading, *count(docs, partial)))
    header = ("Training set", "Entities", "Unknown tokens", "Tokens in no entity", "Wrongly so")
    msg.table(rows, header=header, divider=True, aligns=("l", "r", "r", "r", "r"))
    msg.good(f"Wrote train-{MISSING}.spacy and train-{OUTSIDE}.spacy", str(output))


if __name__ == "__main__":
    typer.run(main)
