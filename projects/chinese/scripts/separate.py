"""Take out of each part of the corpus the messages that a later part has, too.

    python scripts/separate.py corpus/published corpus

The published parts of Weibo NER share messages, which `crf-ner check` reports as an error: scores on them tell what was
learned by heart. The test part stays as it is; what is in it leaves the other two, and what is in the development part
leaves the training part.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Annotated

import spacy
import typer
from spacy.tokens import Doc, DocBin
from wasabi import msg

# A message stays in the first of these that has it.
PARTS = ("test", "dev", "train")
ATTRIBUTES = ("ENT_IOB", "ENT_TYPE", "SENT_START")


def plain(text: str) -> str:
    """A text without spaces, capitals and variants of the same character: two that are equal in it count as one."""
    return unicodedata.normalize("NFC", "".join(text.split())).casefold()


def separate(parts: dict[str, list[Doc]]) -> dict[str, list[Doc]]:
    """Keep of each part the Docs whose texts no earlier part has.

    parts (dict[str, list[Doc]]): Docs by part, in the order of PARTS.
    RETURNS (dict[str, list[Doc]]): The same parts. Texts that are several times in one part stay there.
    """
    seen: set[str] = set()
    kept = {}
    for name, docs in parts.items():
        kept[name] = [doc for doc in docs if plain(doc.text) not in seen]
        seen |= {plain(doc.text) for doc in docs}
    return kept


def main(
    published: Annotated[Path, typer.Argument(help="Folder with train.spacy, dev.spacy and test.spacy")],
    output: Annotated[Path, typer.Argument(help="Folder for the same three files without repeated messages")],
) -> None:
    """Write the parts of a corpus so that no message is in two of them."""
    vocab = spacy.blank("zh").vocab
    parts = {name: list(DocBin().from_disk(published / f"{name}.spacy").get_docs(vocab)) for name in PARTS}
    kept = separate(parts)
    for name, docs in kept.items():
        DocBin(attrs=ATTRIBUTES, docs=docs).to_disk(output / f"{name}.spacy")
    rows = [
        (name, f"{len(docs):,}", f"{len(docs) - len(kept[name]):,}", f"{len(kept[name]):,}")
        for name, docs in parts.items()
    ]
    header = ("Part", "Published", "Left out", "Kept")
    msg.table(rows, header=header, divider=True, aligns=("l", "r", "r", "r"))
    msg.good("No message is in two parts", str(output))


if __name__ == "__main__":
    typer.run(main)
