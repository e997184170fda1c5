"""Load an installed pipeline by its name and print the entities of a few sentences, each with its probability."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import spacy
import srsly
import typer
from spacy.tokens import Doc
from wasabi import msg

# Written for this page; none is in the corpus, nor is any name except for the ambiguous ones.
SENTENCES = (
    "Jordan Whitaker left the army and opened a bakery in Jordan.",
    "Amazon has no comment on the dam that is planned on the Amazon.",
    "Mercedes swapped her Mercedes for a ticket to Ulaanbaatar.",
    "The Pale Carpenter won the prize for best film at the Lisbon Book Festival.",
    "On Friday Hurricane Melvin forced Quarterdeck Robotics to shut its offices in Belize.",
    "Bill the customer in May, and mark my words: nobody will pay before June.",
)


def rows(doc: Doc) -> list[tuple[str, str, str]]:
    """A line of the table for each entity of a Doc: text, label, probability in per cent."""
    return [(ent.text, ent.label_, _percent(ent._.crf_prob)) for ent in doc.ents]


def _percent(probability: float | None) -> str:
    # None: the component was told not to compute probabilities, or did not predict this entity.
    return "-" if probability is None else f"{probability:.1%}"


def show_scores(path: Path) -> None:
    """Print precision, recall and F1 of all labels from a file that `crf-ner evaluate` wrote."""
    scores = srsly.read_json(path)["micro"]
    values = [f"{scores[key]:.1%}" for key in ("precision", "recall", "f1")]
    msg.table([values], header=("Precision", "Recall", "F1"), divider=True, aligns=("r", "r", "r"))


def main(
    name: Annotated[str, typer.Argument(help="Name of the installed package, such as en_crf_quickstart")],
    metrics: Annotated[Path | None, typer.Option(help="Scores to print, written by crf-ner evaluate")] = None,
) -> None:
    """Print the entities of a few sentences, each with the probability that the pipeline NAME gives it."""
    if metrics is not None:
        msg.info("On test sentences with names that the model has never seen:")
        show_scores(metrics)
    nlp = spacy.load(name)
    msg.good(f"Loaded {name} {nlp.meta['version']}: {', '.join(nlp.pipe_names)}")
    for doc in nlp.pipe(SENTENCES):
        print(f"\n{doc.text}")
        if doc.ents:
            msg.table(
                rows(doc), header=("Entity", "Label", "Probability"), divider=True, aligns=("l", "l", "r")
            )
        else:
            print("(no entities)")


if __name__ == "__main__":
    typer.run(main)
