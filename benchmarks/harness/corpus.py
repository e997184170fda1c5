"""Read corpora in IOB2 columns: one Doc per post, every token and entity kept; and make Examples of posts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from spacy.vocab import Vocab

# (posts, tokens, entities) of a part.
Counts = tuple[int, int, int]


@dataclass(frozen=True)
class Published:
    """The files of a corpus in the columns token TAB tag, as they were published.

    name (str): What the corpus is called in messages.
    files (dict[str, str]): The file of each part.
    counts (dict[str, Counts]): What they hold: a reader that drops a token, or joins two posts because a file
        separates them by a lone TAB, would change every score without any error.
    """

    name: str
    files: dict[str, str]
    counts: dict[str, Counts]


WNUT17 = Published(
    "WNUT17",
    {"train": "wnut17train.conll", "dev": "emerging.dev.conll", "test": "emerging.test.annotated"},
    {"train": (3394, 62730, 1975), "dev": (1009, 15733, 836), "test": (1287, 23394, 1079)},
)
NCBI_DISEASE = Published(
    "NCBI disease",
    {"train": "train.tsv", "dev": "devel.tsv", "test": "test.tsv"},
    {"train": (5432, 136086, 5145), "dev": (923, 23969, 787), "test": (940, 24497, 960)},
)


# Where reference Docs hold `Post.incorrect`.
INCORRECT_KEY = "incorrect"


@dataclass(frozen=True)
class Post:
    """One post.

    words (tuple[str, ...]): The tokens.
    entities (tuple[tuple[int, int, str], ...]): Start token, end token (exclusive) and label of each entity.
    unknown (tuple[int, ...]): Tokens without annotation; all others that are in no entity are annotated as such.
    incorrect (tuple[tuple[int, int, str], ...]): Spans that are known to be no entities.
    """

    words: tuple[str, ...]
    entities: tuple[tuple[int, int, str], ...]
    unknown: tuple[int, ...] = ()
    incorrect: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True)
class Corpus:
    """The three parts, and the SHA-256 of what was read."""

    train: list[Post]
    dev: list[Post]
    test: list[Post]
    sha256: str


def read_corpus(folder: Path, limit: int | None = None, published: Published = WNUT17) -> Corpus:
    """Read the three files of a corpus.

    folder (Path): The folder that holds them.
    limit (int | None): Keep only the first so many posts of each part (for tests); None keeps all.
    published (Published): Which corpus it is.
    RETURNS (Corpus): The parts.
    RAISES (ValueError): If a whole part does not hold as many posts, tokens and entities as the published file.
    """
    digest = hashlib.sha256()
    parts: dict[str, list[Post]] = {}
    for part, name in published.files.items():
        data = (folder / name).read_bytes()
        digest.update(data)
        posts = list(_read_posts(data.decode("utf8")))
        counts = (len(posts), sum(len(p.words) for p in posts), sum(len(p.entities) for p in posts))
        if counts != published.counts[part]:
            raise ValueError(
                f"{name}: expected {published.counts[part]} posts, tokens and entities, found {counts}. "
                f"Check that the folder holds the published {published.name} files."
            )
        parts[part] = posts[:limit]
    return Corpus(parts["train"], parts["dev"], parts["test"], digest.hexdigest())


def make_examples(vocab: Vocab, posts: Sequence[Post]) -> list[Example]:
    """Pair an unannotated Doc of every post with its annotated one."""
    return [Example(Doc(vocab, words=post.words), _annotated(vocab, post)) for post in posts]


def save_part(posts: Sequence[Post], path: Path) -> Path:
    """Write posts in spaCy's format.

    posts (Sequence[Post]): The posts, annotated.
    path (Path): The file.
    RETURNS (Path): The same.
    """
    examples = make_examples(Vocab(), posts)
    DocBin(docs=[example.reference for example in examples]).to_disk(path)
    return path


def _annotated(vocab: Vocab, post: Post) -> Doc:
    doc = Doc(vocab, words=post.words)
    doc.set_ents(
        [Span(doc, start, end, label=label) for start, end, label in post.entities],
        missing=[doc[i : i + 1] for i in post.unknown],
        default="outside",
    )
    if post.incorrect:
        doc.spans[INCORRECT_KEY] = [
            Span(doc, start, end, label=label) for start, end, label in post.incorrect
        ]
    return doc


def _read_posts(text: str) -> Iterator[Post]:
    words: list[str] = []
    tags: list[str] = []
    # Not splitlines(): a token may hold a character that it takes for the end of a line.
    for line in [*text.split("\n"), ""]:
        line = line.rstrip("\r")
        if line.strip():
            word, tag = line.split("\t")
            words.append(word)
            tags.append(tag)
        elif words:
            yield Post(tuple(words), tuple(_entities(tags)))
            words, tags = [], []


def _entities(tags: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    start = 0
    label = ""
    for i, tag in enumerate([*tags, "O"]):
        if label and tag != f"I-{label}":
            yield start, i, label
            label = ""
        if tag.startswith("B-"):
            start, label = i, tag[2:]
        elif tag != "O" and not label:
            raise ValueError(f"Token {i}: tag {tag!r} continues no entity; expected IOB2 tags.")
