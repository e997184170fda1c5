"""Typing errors: letters that are swapped, left out, doubled or hit beside."""

from collections.abc import Callable, Sequence
from random import Random

from spacy.language import Language
from spacy.training import Example

from .augmenter import Augmenter, ChanceAugmenter, Rewriter, check_share, some_of, wrong_setting
from .rewriting import Rewriting

NAME = "spacy-crf-ner.typos.v1"
# The letters of a keyboard, each row half a key to the right of the one above it.
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _neighbours() -> dict[str, str]:
    """The keys around each key."""
    found: dict[str, str] = {}
    for number, row in enumerate(ROWS):
        above = ROWS[number - 1] if number else ""
        below = ROWS[number + 1] if number + 1 < len(ROWS) else ""
        for place, key in enumerate(row):
            sides = row[max(0, place - 1) : place] + row[place + 1 : place + 2]
            found[key] = sides + above[place : place + 2] + below[max(0, place - 1) : place + 1]
    return found


NEIGHBOURS = _neighbours()


def swap(word: str, place: int, random: Random) -> str:
    """RETURNS (str): The word with a letter and the one after it in each other's place; the last one with that before.

    word (str): A word of two letters or more.
    place (int): The letter.
    random (Random): Not used.
    """
    place = min(place, len(word) - 2)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def drop(word: str, place: int, random: Random) -> str:
    """RETURNS (str): The word without a letter.

    word (str): A word of two letters or more.
    place (int): The letter.
    random (Random): Not used.
    """
    return word[:place] + word[place + 1 :]


def insert(word: str, place: int, random: Random) -> str:
    """RETURNS (str): The word with a neighbouring key hit as well as the right one, or with the letter twice.

    word (str): The word.
    place (int): The letter.
    random (Random): The generator.
    """
    return word[: place + 1] + beside(word[place], random) + word[place + 1 :]


def replace(word: str, place: int, random: Random) -> str:
    """RETURNS (str): The word with a neighbouring key hit instead of the right one; the same if none is known.

    word (str): The word.
    place (int): The letter.
    random (Random): The generator.
    """
    return word[:place] + beside(word[place], random) + word[place + 1 :]


def beside(letter: str, random: Random) -> str:
    """RETURNS (str): A letter that is beside another one on the keyboard, in the same case; itself if it is on none.

    letter (str): The letter.
    random (Random): The generator.
    """
    keys = NEIGHBOURS.get(letter.lower())
    if keys is None:
        return letter
    key = random.choice(keys)
    return key.upper() if letter.isupper() else key


OPERATIONS: dict[str, Callable[[str, int, Random], str]] = {
    "swap": swap,
    "drop": drop,
    "insert": insert,
    "replace": replace,
}


class Typos(Rewriter):
    """Puts typing errors into words, one in each.

    per_token (float): The probability of a word to get one, 0 to 1; one at least gets one.
    operations (Sequence[str]): The kinds of errors to draw from: "swap", "drop", "insert", "replace".
    min_length (int): Shorter words stay as they are.
    RAISES (TrainingError): Settings out of range.
    """

    def __init__(self, per_token: float, operations: Sequence[str], min_length: int) -> None:
        check_share(NAME, "per_token", per_token)
        if not operations or not OPERATIONS.keys() >= set(operations):
            expected = f"a list with one or more of {', '.join(OPERATIONS)}"
            raise wrong_setting(NAME, "operations", expected, operations)
        if min_length < 2:
            raise wrong_setting(NAME, "min_length", "a number of at least 2", min_length)
        self.per_token = per_token
        self.operations = list(operations)
        self.min_length = min_length

    def rewrite(self, nlp: Language, example: Example, random: Random) -> Example | None:
        """The Example with errors; None if all of its words stay as they are."""
        rewriting = Rewriting(example.reference)
        words = list(rewriting.words)
        # Numbers, addresses and the like mean something else with an error in them.
        places = [i for i, word in enumerate(words) if word.isalpha() and len(word) >= self.min_length]
        for i in some_of(places, self.per_token, random):
            operation = OPERATIONS[random.choice(self.operations)]
            words[i] = operation(words[i], random.randrange(len(words[i])), random)
        if words == rewriting.words:
            return None
        rewriting.words = words
        return rewriting.example(nlp)


def build_typos_v1(
    level: float = 0.1,
    per_token: float = 0.1,
    operations: list[str] = ["swap", "drop", "insert", "replace"],  # noqa: B006
    min_length: int = 4,
    versions: int = 1,
    keep_original: bool = True,
    seed: int = 0,
) -> Augmenter:
    """An augmenter that puts typing errors into words of letters. All annotation stays.

    level (float): Share of the Examples that get other versions, 0 to 1.
    per_token (float): The probability of a word in them to get an error, 0 to 1; one at least gets one.
    operations (list[str]): The kinds of errors to draw from: "swap" (two letters), "drop", "insert" (a neighbouring
        key, or the letter twice), "replace" (by a neighbouring key). Keys are those of the US layout.
    min_length (int): Words of fewer letters stay as they are; at least 2.
    versions (int): Number of other versions.
    keep_original (bool): Yield the original, too.
    seed (int): Start of the augmenter's own random generator.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    RAISES (TrainingError): Settings out of range.
    """
    rewriter = Typos(per_token, operations, min_length)
    return ChanceAugmenter(
        NAME, rewriter, level=level, versions=versions, keep_original=keep_original, seed=seed
    )
