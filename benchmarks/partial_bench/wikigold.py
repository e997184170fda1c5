"""Read wikigold: one post per sentence, split by article."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.corpus import Corpus, Post

FILE = "wikigold.conll.txt"
END_OF_ARTICLE = "-DOCSTART-"

# Of ten articles in file order, the ninth goes to dev and the tenth to test. The file has no split of its own.
CYCLE = 10
DEV, TEST = 8, 9

# (sentences, tokens, entities) of the parts: a reader that takes `I-` after `O` for an error finds no entity at all.
PUBLISHED_COUNTS = {
    "train": (1384, 32533, 2995),
    "dev": (195, 4116, 317),
    "test": (117, 2358, 246),
}


def read_wikigold(folder: Path, limit: int | None = None) -> Corpus:
    """Read and split the file.

    folder (Path): The folder that holds it.
    limit (int | None): Keep only the first so many sentences of each part (for tests); None keeps all.
    RETURNS (Corpus): The parts.
    RAISES (ValueError): If a whole part does not hold as many sentences, tokens and entities as it should.
    """
    data = (folder / FILE).read_bytes()
    parts: dict[str, list[Post]] = {part: [] for part in PUBLISHED_COUNTS}
    for article, post in read_sentences(data.decode("utf8")):
        parts[{DEV: "dev", TEST: "test"}.get(article % CYCLE, "train")].append(post)
    for part, posts in parts.items():
        counts = (len(posts), sum(len(p.words) for p in posts), sum(len(p.entities) for p in posts))
        if counts != PUBLISHED_COUNTS[part]:
            raise ValueError(
                f"{FILE}, {part}: expected {PUBLISHED_COUNTS[part]} sentences, tokens and entities, found {counts}. "
                "Check that --corpus names the folder with the published wikigold file."
            )
    digest = hashlib.sha256(data).hexdigest()
    return Corpus(parts["train"][:limit], parts["dev"][:limit], parts["test"][:limit], digest)


def read_sentences(text: str) -> Iterator[tuple[int, Post]]:
    """Read the sentences of a file in IO tags.

    text (str): Lines `token tag`, blank lines between sentences, and a line `-DOCSTART- O` after each article.
    YIELDS (tuple[int, Post]): The number of the article, from 0, and a sentence.
    """
    article = 0
    lines: list[list[str]] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith(END_OF_ARTICLE):
            article += 1
        elif line.strip():
            lines.append(line.rstrip("\r").split(" "))
        elif lines:
            words, tags = zip(*lines, strict=True)
            yield article, Post(words, tuple(io_entities(tags)))
            lines = []


def io_entities(tags: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """The longest stretches of one label: IO cannot tell neighbours of one label apart.

    tags (Sequence[str]): `I-label` or `O`.
    YIELDS (tuple[int, int, str]): Start token, end token (exclusive) and label.
    RAISES (ValueError): Another tag.
    """
    start = 0
    for i, tag in enumerate(tags):
        if tag != "O" and not tag.startswith("I-"):
            raise ValueError(f"Token {i}: expected `O` or `I-label`, found {tag!r}.")
        if i + 1 == len(tags) or tags[i + 1] != tag:
            if tag != "O":
                yield start, i + 1, tag[2:]
            start = i + 1
