"""The sequence of training batches, the same for every system."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from .corpus import Post

# Documents that are sorted together. A pool smaller than the corpus keeps the batches of an epoch different from those
# of the last.
POOL_DOCS = 1024

_RUNS = re.compile(r"[^\W\d_]+|\d+|[^\w]|_")
_KNOWN_FROM = 5  # occurrences from which a run of letters counts as a word of a usual vocabulary
_LETTERS_PER_PIECE = 3
_DIGITS_PER_PIECE = 2


def estimate_pieces(posts: Sequence[Post]) -> list[float]:
    """Estimate the word pieces of each post, from the corpus alone.

    The transformer pads all posts of a batch to the one of most word pieces. Sorted by words, MiniLM computes 1.82
    positions per word piece of WNUT17, hardly fewer than without any sorting (1.87): a single address of a web page
    makes thirty pieces. Sorted by this estimate it computes 1.27. Counting the encoder's own pieces would make it
    1.07, but the batches would be others with another encoder.

    posts (Sequence[Post]): The corpus.
    RETURNS (list[float]): One estimate a post, correlating 0.97 with MiniLM's word pieces.
    """
    runs = [[run for word in post.words for run in _RUNS.findall(word.lower())] for post in posts]
    counts = Counter(run for post_runs in runs for run in post_runs)
    return [sum(_pieces(run, counts[run]) for run in post_runs) for post_runs in runs]


def _pieces(run: str, count: int) -> float:
    if run[0].isdigit():
        return max(1.0, len(run) / _DIGITS_PER_PIECE)
    if run[0].isalpha() and count < _KNOWN_FROM:
        return max(1.0, len(run) / _LETTERS_PER_PIECE)
    return 1.0


def batch_stream(
    posts: Sequence[Post], max_words: int, seed: int, pieces: Sequence[float] | None = None
) -> Iterator[list[int]]:
    """Yield batches for ever. The sequence depends on nothing but the arguments.

    Each epoch shuffles the posts, sorts them by estimated word pieces within pools, cuts the pools into batches of
    nearly equal word counts, and shuffles the batches.

    posts (Sequence[Post]): The corpus.
    max_words (int): Most words of a batch; only a single longer post may pass it.
    seed (int): Seed of its own generator: what the systems draw from the global one does not change the batches.
    pieces (Sequence[float] | None): The word pieces of each post, if they are known; estimated if None.
    YIELDS (list[int]): Indices of the posts of a batch.
    """
    generator = random.Random(seed)
    lengths = [len(post.words) for post in posts]
    pieces = estimate_pieces(posts) if pieces is None else pieces
    order = list(range(len(posts)))
    while True:
        generator.shuffle(order)
        batches: list[list[int]] = []
        for start in range(0, len(order), POOL_DOCS):
            pool = sorted(order[start : start + POOL_DOCS], key=lambda i: pieces[i])
            batches.extend(_cut(pool, lengths, max_words))
        generator.shuffle(batches)
        yield from batches


def _cut(pool: list[int], lengths: Sequence[int], max_words: int) -> list[list[int]]:
    """Cut a pool into as few batches as possible, all about as large: a rest of a few words would count as much as
    any other batch in the training.
    """
    total = sum(lengths[i] for i in pool)
    for n_batches in range(max(1, -(-total // max_words)), len(pool) + 1):
        batches = _cut_into(pool, lengths, total, n_batches)
        if all(len(batch) == 1 or sum(lengths[i] for i in batch) <= max_words for batch in batches):
            return batches
    return [[i] for i in pool]


def _cut_into(pool: list[int], lengths: Sequence[int], total: int, n_batches: int) -> list[list[int]]:
    batches: list[list[int]] = [[] for _ in range(n_batches)]
    before = 0
    for i in pool:
        middle = before + lengths[i] / 2
        batches[min(int(middle / total * n_batches), n_batches - 1)].append(i)
        before += lengths[i]
    return [batch for batch in batches if batch]
