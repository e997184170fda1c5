"""What has been seen so far of a corpus, to draw from it."""

from collections.abc import Hashable, Iterator
from pathlib import Path
from random import Random
from typing import Generic, TypeVar

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ...errors import Errors, TrainingError
from ...files import read_docbin
from .augmenter import Rewriter

Value = TypeVar("Value")

# Different items kept for each key: corpora can be endless, and memory is not.
LIMIT = 10_000


class Reservoir(Generic[Value]):
    """Different items by key, such as mentions by label, each of which is drawn as often as any other.

    limit (int): How many are kept for a key. After that a new one takes the place of one drawn by chance, with a
        probability that falls with the number offered (Vitter 1985, https://doi.org/10.1145/3147.3165, algorithm R).
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._items: dict[Hashable, list[tuple[Hashable, Value]]] = {}
        self._places: dict[Hashable, dict[Hashable, int]] = {}
        self._offered: dict[Hashable, int] = {}

    def add(self, key: Hashable, item: Hashable, value: Value, random: Random) -> None:
        """Offer an item; one that is there already stays as it is.

        key (Hashable): What it can stand in for.
        item (Hashable): What it is equal by.
        value (Value): What `draw` returns.
        random (Random): The generator, used once the key is full.
        """
        items, places = self._items.setdefault(key, []), self._places.setdefault(key, {})
        if item in places:
            return
        self._offered[key] = self._offered.get(key, 0) + 1
        if len(items) < self.limit:
            places[item] = len(items)
            items.append((item, value))
            return
        place = random.randrange(self._offered[key])
        if place < self.limit:
            del places[items[place][0]]
            places[item] = place
            items[place] = (item, value)

    def draw(self, key: Hashable, item: Hashable, random: Random) -> Value | None:
        """Draw another item of the same key.

        key (Hashable): The key.
        item (Hashable): The item that it takes the place of.
        random (Random): The generator.
        RETURNS (Value | None): Its value; None if no other is known.
        """
        items = self._items.get(key, [])
        own = self._places.get(key, {}).get(item)
        others = len(items) - (own is not None)
        if not others:
            return None
        place = random.randrange(others)
        if own is not None and place >= own:
            place += 1
        return items[place][1]


class RememberingRewriter(Rewriter):
    """A rewriter that draws from what it has seen of the corpus, and of a file.

    name (str): The registered name of the augmenter, for messages.
    path (Path | None): A .spacy file, or a folder of such files, to be read before the first Example.
    """

    def __init__(self, name: str, path: str | Path | None) -> None:
        self.name = name
        self.path = None if path is None else Path(path)

    def see(self, nlp: Language, example: Example, random: Random) -> None:
        """Remember an Example, and once before that the file."""
        if self.path is not None:
            for doc in read_docs(self.name, self.path, nlp):
                self.remember(doc, random)
            self.path = None
        self.remember(example.reference, random)

    def remember(self, doc: Doc, random: Random) -> None:
        """Remember an annotated Doc.

        doc (Doc): The Doc, which is not changed.
        random (Random): The augmenter's generator.
        """
        raise NotImplementedError


def read_docs(name: str, path: Path, nlp: Language) -> Iterator[Doc]:
    """Read the Docs of a file or folder.

    name (str): The registered name of the augmenter, for the message.
    path (Path): A .spacy file, or a folder of such files.
    nlp (Language): The pipeline whose vocabulary the Docs share.
    YIELDS (Doc): The Docs.
    RAISES (TrainingError): Nothing to read there.
    RAISES (DataError): A file that is not in spaCy's format.
    """
    files = [path] if path.is_file() else sorted(path.rglob("*.spacy"))
    if not files:
        raise TrainingError(Errors.R201.format(name=name, path=path))
    for file in files:
        yield from read_docbin(file, nlp.vocab)
