"""Convert the three files of WNUT17 to spaCy's binary format and check that nothing is lost on the way.

    python scripts/convert.py assets corpus

Each post becomes one Doc with the corpus's own tokens. The files written are read again, and their posts, tokens and
entities counted, printed, and compared with those of the published corpus; if a number differs, the script says which
and ends with status 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import spacy
import typer
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab
from wasabi import msg

LABELS = ("person", "location", "group", "creative-work", "product", "corporation")


class Split(NamedTuple):
    """A part of the corpus: its file, and what the original holds, entities in the order of LABELS."""

    filename: str
    posts: int
    tokens: int
    entities: tuple[int, ...]

    def counts(self) -> dict[str, int]:
        """What `count` must find.

        RETURNS (dict[str, int]): The number of posts, tokens, entities, and entities of each label.
        """
        by_label = dict(zip(LABELS, self.entities, strict=True))
        return {"posts": self.posts, "tokens": self.tokens, "entities": sum(self.entities), **by_label}


SPLITS = {
    "train": Split("wnut17train.conll", 3394, 62730, (660, 548, 264, 140, 142, 221)),
    "dev": Split("emerging.dev.conll", 1009, 15733, (470, 74, 39, 105, 114, 34)),
    "test": Split("emerging.test.annotated", 1287, 23394, (429, 150, 165, 142, 127, 66)),
}


def read_posts(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Read the posts of a file with one token, a TAB and its IOB2 tag a line, and a blank line after each post.

    path (Path): The file, in UTF-8.
    YIELDS (Tuple[List[str], List[str]]): The tokens of a post and their tags.
    RAISES (ValueError): If a line has not two columns or a tag is not IOB2; the message names file and line.
    """
    words: list[str] = []
    tags: list[str] = []
    # Split at newlines only: str.splitlines would also split inside tokens, at U+2028 and the like.
    for number, line in enumerate(path.read_text(encoding="utf8").split("\n"), 1):
        if not line.strip():  # the training file has a TAB in its blank lines
            if words:
                yield words, tags
            words, tags = [], []
            continue
        columns = line.split("\t")
        previous = tags[-1] if tags else "O"
        if len(columns) != 2 or not columns[0]:
            raise ValueError(f"{path}, line {number}: expected a token, a TAB and a tag, found {line!r}.")
        tag = columns[1]
        if tag.startswith("I-") and previous[2:] != tag[2:]:
            raise ValueError(f"{path}, line {number}: {tag!r} cannot follow {previous!r} in IOB2.")
        if tag != "O" and tag[:2] not in ("B-", "I-"):
            raise ValueError(f"{path}, line {number}: {tag!r} is not an IOB2 tag.")
        words.append(columns[0])
        tags.append(tag)
    if words:
        yield words, tags


def count(docs: list[Doc]) -> dict[str, int]:
    """Count posts, tokens and entities by label.

    docs (List[Doc]): The Docs.
    RETURNS (Dict[str, int]): The number of each, in the order of the printed table.
    """
    labels = Counter(ent.label_ for doc in docs for ent in doc.ents)
    counts = {"posts": len(docs), "tokens": sum(len(doc) for doc in docs), "entities": labels.total()}
    return {**counts, **{label: labels.pop(label, 0) for label in LABELS}, **labels}


def differences(found: dict[str, int], expected: dict[str, int]) -> list[str]:
    """What is more or less than expected, each as "15,732 tokens, expected 15,733"."""
    keys = {**expected, **found}
    return [
        f"{found.get(key, 0):,} {key}, expected {expected.get(key, 0):,}"
        for key in keys
        if found.get(key, 0) != expected.get(key, 0)
    ]


def main(assets: Path, corpus: Path) -> None:
    """Convert the files in ASSETS to train.spacy, dev.spacy and test.spacy in CORPUS."""
    vocab: Vocab = spacy.blank("en").vocab
    found: dict[str, dict[str, int]] = {}
    problems: list[str] = []
    corpus.mkdir(parents=True, exist_ok=True)
    for name, split in SPLITS.items():
        docs = [Doc(vocab, words=words, ents=tags) for words, tags in read_posts(assets / split.filename)]
        output = corpus / f"{name}.spacy"
        DocBin(docs=docs).to_disk(output)
        found[name] = count(list(DocBin().from_disk(output).get_docs(vocab)))
        problems += [f"{split.filename}: {text}" for text in differences(found[name], split.counts())]
    keys = {key: None for counts in found.values() for key in counts}
    rows = [(key, *(f"{counts.get(key, 0):,}" for counts in found.values())) for key in keys]
    msg.table(rows, header=("", *found), divider=True, aligns=("l", "r", "r", "r"))
    if problems:
        msg.fail("This is not the corpus as published", "\n".join(problems), exits=1)
    msg.good("Saved every post, token and entity of train.spacy, dev.spacy and test.spacy", corpus)


if __name__ == "__main__":
    typer.run(main)
