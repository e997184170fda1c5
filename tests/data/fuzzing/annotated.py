"""What generated files hold: texts of words with entities, and the files of an input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

# Of one kind of script and of two widths in UTF-16; spaCy's tokenizer for any language keeps such words whole.
LETTERS = ("abcxyz", "ABCXYZ", "äßżé", "ЖдЯ", "北京日本", "सदय")
EMOJI = ("😀", "🎲", "🚀")
# Words only of files that have tokens: whitespace and marks that some readers take for something else.
ODD_WORDS = (
    "#",
    "-DOCSTART",
    "a\u00a0b",
    "a\u2028b",
    "\u200b",
    "\ufeffx",
    "''",
    '"',
    "{",
    "[",
    "1",
    "x=1",
    "-",
    "O",
    "B-PER",
    "e\u0301",
)
LABELS = ("PER", "LOC", "Work_of_Art", "人名", "per")
MAX_WORDS, MAX_SENTENCES = 6, 4


@dataclass(frozen=True)
class Sentence:
    """Words with entities.

    words (tuple[str, ...]): The words.
    entities (tuple[tuple[int, int, str], ...]): First word, the one after the last, and label; none overlap.
    """

    words: tuple[str, ...]
    entities: tuple[tuple[int, int, str], ...]

    @property
    def text(self) -> str:
        """The words, with a space between them."""
        return " ".join(self.words)

    @property
    def mentions(self) -> list[tuple[int, int, str]]:
        """The entities in characters of the text."""
        starts = [len(" ".join(self.words[:index])) + (index > 0) for index in range(len(self.words))]
        return [
            (starts[start], starts[end - 1] + len(self.words[end - 1]), label)
            for start, end, label in self.entities
        ]


@dataclass(frozen=True)
class Given:
    """What a conversion is given.

    format (str): The format that was generated.
    files (dict[str, bytes]): The files by their names in a folder.
    named (str): Which of them is named to the command; the folder, if it is empty.
    options (dict[str, Any]): Options of the command.
    sentences (tuple[Sentence, ...]): What is in the files.
    """

    format: str
    files: dict[str, bytes]
    named: str
    options: dict[str, Any] = field(default_factory=dict)
    sentences: tuple[Sentence, ...] = ()

    @property
    def expected(self) -> Counter[tuple[str, tuple[tuple[int, int, str], ...]]]:
        """How often each text is there with each annotation."""
        return Counter((one.text, tuple(sorted(one.mentions))) for one in self.sentences)


def make_sentences(random: Random, *, odd: bool = False, apart: bool = False) -> tuple[Sentence, ...]:
    """Some sentences.

    random (Random): What chooses.
    odd (bool): Whether there are words that a tokenizer would divide, or that look like something else.
    apart (bool): Whether a word that is in no entity stands between two of one label.
    RETURNS (tuple[Sentence, ...]): At least one.
    """
    return tuple(_sentence(random, odd, apart) for _ in range(random.randint(1, MAX_SENTENCES)))


def _sentence(random: Random, odd: bool, apart: bool) -> Sentence:
    words = tuple(_word(random, odd) for _ in range(random.randint(1, MAX_WORDS)))
    return Sentence(words, tuple(_entities(random, len(words), apart)))


def _word(random: Random, odd: bool) -> str:
    kind = random.randint(0, 9)
    if kind == 0:
        return random.choice(EMOJI)
    if kind == 1 and odd:
        return random.choice(ODD_WORDS)
    letters = random.choice(LETTERS)
    return "".join(random.choice(letters) for _ in range(random.randint(1, 4)))


def _entities(random: Random, n_words: int, apart: bool) -> Iterator[tuple[int, int, str]]:
    position, before = 0, ""
    while position < n_words:
        if random.randint(0, 1):
            position += 1
            before = ""
            continue
        label = random.choice([one for one in LABELS if not (apart and one == before)])
        end = random.randint(position + 1, min(position + 3, n_words))
        yield position, end, label
        position, before = end, label
