"""What a check says: a verdict, what to do about it, and where to look."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nlargest
from typing import Literal, NamedTuple

Level = Literal["good", "info", "warn", "fail"]
# Examples that a verdict shows.
N_SHOWN = 5
# Characters of a text that are shown.
MAX_SHOWN = 60


class Finding(NamedTuple):
    """A verdict of a check.

    level (Level): "good"; "info": to be known; "warn": probably a mistake; "fail": training or scores will be wrong.
    name (str): What was checked, for programs: the same for every level.
    message (str): What was found.
    advice (str): What to do about it; empty if there is nothing to do.
    examples (tuple[str, ...]): Some places where it was found.
    """

    level: Level
    name: str
    message: str
    advice: str = ""
    examples: tuple[str, ...] = ()


class Cases:
    """How often something was found, and the examples that are worth most; the others are not kept."""

    def __init__(self) -> None:
        self.n = 0
        self._kept: list[tuple[int, int, str]] = []

    def add(self, example: str, worth: int = 0) -> None:
        """Count one.

        example (str): What and where it is.
        worth (int): The higher, the sooner it is shown; of equals the first.
        """
        self.n += 1
        self._kept.append((worth, -self.n, example))
        if len(self._kept) > N_SHOWN:
            self._kept.remove(min(self._kept))

    @property
    def examples(self) -> tuple[str, ...]:
        """At most `N_SHOWN` examples, the worthiest first."""
        return tuple(example for _, _, example in sorted(self._kept, reverse=True))


def shown(text: str) -> str:
    """A text as messages show it: quoted, on one line, cut, and without characters that a terminal would obey.

    text (str): The text, which is not ours.
    RETURNS (str): What is shown.
    """
    return repr(text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}...")


def printable(text: str) -> str:
    """A name of somebody else's, such as a label, without characters that a terminal would obey.

    text (str): The name.
    RETURNS (str): The same, if there are none.
    """
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def count(n: int, what: str, many: str = "") -> str:
    """A number with its noun.

    n (int): The number.
    what (str): One of them.
    many (str): Several of them; by default with an s.
    RETURNS (str): Such as "1 Doc" or "1,200 Docs".
    """
    return f"{n:,} {what if n == 1 else many or f'{what}s'}"


def percent(n: int, of: int) -> str:
    """A share.

    n (int): The part.
    of (int): The whole, above 0.
    RETURNS (str): In percent: with a decimal below 10, and not 0 unless it is.
    """
    share = 100 * n / of
    if 0 < share < 0.1:
        return "< 0.1 %"
    return f"{share:.0f} %" if share >= 10 or n == 0 else f"{share:.1f} %"


def listed(names: Iterable[str], n_shown: int = 10) -> str:
    """Names in a sentence.

    names (Iterable[str]): The names.
    n_shown (int): How many of them are shown.
    RETURNS (str): With commas, and the number of those that are not shown.
    """
    names = [printable(name) for name in names]
    more = f" and {len(names) - n_shown} more" if len(names) > n_shown else ""
    return ", ".join(names[:n_shown]) + more


def most_frequent(counts: Iterable[tuple[str, int]], n_shown: int = N_SHOWN) -> tuple[str, ...]:
    """Examples with their numbers.

    counts (Iterable[tuple[str, int]]): Examples, and how often each was found.
    n_shown (int): How many of them are shown.
    RETURNS (tuple[str, ...]): The most frequent first.
    """
    return tuple(
        f"{text}: {n:,}" if n > 1 else text for text, n in nlargest(n_shown, counts, key=lambda one: one[1])
    )
