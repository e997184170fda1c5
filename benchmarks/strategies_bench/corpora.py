"""The corpora, whole or in part, and the word pieces of their posts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.corpus import NCBI_DISEASE, Corpus, Post, read_corpus

TENTH = "-tenth"


def read_named(name: str, folder: Path, seed: int, limit: int | None = None) -> Corpus:
    """Read a corpus by its name.

    name (str): One of `CORPORA`.
    folder (Path): The folder of its published files.
    seed (int): What draws a part of it.
    limit (int | None): Keep only the first so many posts of each part (for small runs).
    RETURNS (Corpus): The parts. A tenth of the training part is another for each seed; dev and test stay whole.
    RAISES (ValueError): Files that are not the published ones.
    """
    if name.startswith("ncbi"):
        return read_corpus(folder, limit, NCBI_DISEASE)
    corpus = read_corpus(folder, limit)
    if not name.endswith(TENTH):
        return corpus
    drawn = random.Random(seed).sample(corpus.train, max(1, len(corpus.train) // 10))
    return replace(corpus, train=drawn)


def count_pieces(encoder: str, posts: Sequence[Post]) -> list[float]:
    """Count the word pieces of each post, which batches are sorted by.

    encoder (str): Folder or name of the transformer.
    posts (Sequence[Post]): The posts.
    RETURNS (list[float]): One number a post.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(encoder)
    encoded = tokenizer([list(post.words) for post in posts], is_split_into_words=True)
    return [float(len(pieces)) for pieces in encoded["input_ids"]]
