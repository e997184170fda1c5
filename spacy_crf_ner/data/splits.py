"""Training, development and test data from one corpus, by documents."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence

from ..errors import DataError, Errors
from .records import Record

NAMES = ("train", "dev", "test")


def parse_shares(split: str) -> dict[str, float]:
    """Read how large the parts of a split are to be.

    split (str): Two or three numbers above 0 with slashes between them, such as "80/10/10": train, dev and test.
    RETURNS (dict[str, float]): Share of each part, by its name; together 1.
    RAISES (DataError): It is not that.
    """
    try:
        numbers = [float(number) for number in split.split("/")]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3) or not all(0 < number < math.inf for number in numbers):
        raise DataError(Errors.D204.format(got=split))
    total = math.fsum(numbers)
    return {name: number / total for name, number in zip(NAMES, numbers, strict=False)}


class Documents:
    """Which document each Record of a corpus belongs to, in one pass, and the same in a second.

    sizes (list[int]): Records of each document, in the order of their first ones.
    """

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self._ids: dict[str, int] = {}

    def add(self, record: Record) -> int:
        """Count a Record.

        record (Record): The next one.
        RETURNS (int): Number of its document, from 0. A Record that names none is one by itself.
        """
        number = self._ids.get(record.document) if record.document else None
        if number is None:
            number = len(self.sizes)
            self.sizes.append(0)
            if record.document:
                self._ids[record.document] = number
        self.sizes[number] += 1
        return number


def assign_parts(sizes: Sequence[int], shares: dict[str, float], seed: int) -> list[str]:
    """Assign documents to the parts of a split, so that the parts' sizes are near to their shares.

    The order in which documents are assigned is that of SHA-256 of seed and number, from the largest to the smallest:
    it does not depend on machine or version of Python. Each goes where it fits best, so that every part gets large
    documents and small ones in proportion.

    sizes (Sequence[int]): Records of each document.
    shares (dict[str, float]): Share of each part, by its name; together 1.
    seed (int): Another one gives another split.
    RETURNS (list[str]): The part of each document.
    RAISES (DataError): A part would be empty.
    """
    total = sum(sizes)
    filled = dict.fromkeys(shares, 0)
    parts = [""] * len(sizes)
    for number in sorted(range(len(sizes)), key=lambda number: (-sizes[number], _draw(seed, number))):
        size = sizes[number]
        # Half of the document counts: as in rounding, and in elections by the method of Sainte-Lague.
        part = min(shares, key=lambda name: (filled[name] + size / 2) / (shares[name] * total))
        parts[number] = part
        filled[part] += size
    empty = [name for name, size in filled.items() if not size]
    if empty:
        raise nothing_left(shares, len(sizes), empty)
    return parts


def nothing_left(shares: dict[str, float], n_documents: int, empty: Iterable[str]) -> DataError:
    """The error of a split with parts that have no documents.

    shares (dict[str, float]): Share of each part, by its name.
    n_documents (int): Number of all documents.
    empty (Iterable[str]): Parts without any.
    RETURNS (DataError): To be raised.
    """
    numbers = "/".join(f"{100 * share:.4g}" for share in shares.values())
    return DataError(Errors.D205.format(split=numbers, n_documents=n_documents, empty=", ".join(empty)))


def _draw(seed: int, number: int) -> bytes:
    return hashlib.sha256(f"{seed}:{number}".encode()).digest()
