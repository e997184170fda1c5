"""Raw text: what a teacher annotates, and which of it is kept to compare the two."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from ...errors import Errors, TrainingError
from ..raw_texts import read_raw_texts

# Without annotated data, every tenth text and at most so many of them tell how near the student is to its teacher.
EVERY, MOST = 10, 1000


class RawText(NamedTuple):
    """What a file of texts holds.

    path (Path): The file.
    n_texts (int): Its texts.
    digest (str): Tells whether it has changed.
    """

    path: Path
    n_texts: int
    digest: str


def survey(path: Path) -> RawText:
    """Count the texts of a file.

    path (Path): The file.
    RETURNS (RawText): What is in it.
    RAISES (TrainingError): No text at all, or a line that is not what it should be.
    """
    digest = hashlib.blake2b(digest_size=16)
    n_texts = 0
    for text in read_raw_texts(path):
        n_texts += 1
        digest.update(text.encode("utf8", errors="surrogatepass") + b"\n")
    if not n_texts:
        raise TrainingError(Errors.R400.format(path=path))
    return RawText(path, n_texts, digest.hexdigest())


def is_held_out(index: int) -> bool:
    """RETURNS (bool): Whether a text is kept for the comparison, if there is no annotated data for it.

    index (int): Its place among the texts.
    """
    return index % EVERY == EVERY - 1 and index < EVERY * MOST


def held_out_texts(texts: Iterable[str]) -> Iterator[str]:
    """Those of the texts that are kept for the comparison.

    texts (Iterable[str]): All texts.
    YIELDS (str): Some of them.
    """
    for index, text in enumerate(texts):
        if index >= EVERY * MOST:
            break
        if is_held_out(index):
            yield text
