"""Names for the quickstart's corpus, made from the lists in gazetteers/. Standard library only."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

SPLITS = ("train", "dev", "test")
# How the names of a list are shared out. Dev and test get enough of each list for their names not to repeat much.
SPLIT_SHARES = (0.6, 0.2, 0.2)
# What stands before it in a list or pattern belongs to the sentence, not to the name: "the + Danube".
ARTICLE_MARK = " + "
SLOT = re.compile(r"\{([\w.]+)(-?)\}")

Sections = dict[str, list[str]]


class Kind(NamedTuple):
    """What a name is used as: an entity label and, below it, the kinds that templates tell apart (EVENT.storm)."""

    label: str
    subtype: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Kind":
        """Read LABEL or LABEL.subtype."""
        label, _, subtype = text.partition(".")
        return cls(label, subtype or None)

    def fits(self, slot: "Kind") -> bool:
        """Whether a name of this kind may stand in a slot of that kind."""
        return self.label == slot.label and (
            None in (self.subtype, slot.subtype) or self.subtype == slot.subtype
        )


class Name(NamedTuple):
    """An entity's text, and the words before it that the sentence needs ("the ") but the entity leaves out."""

    text: str
    article: str = ""


class AmbiguousUse(NamedTuple):
    """One reading of a name that several labels share."""

    name: Name
    kind: Kind


def read_lines(path: Path) -> list[str]:
    """Lines of a file without comments and empty lines."""
    lines = (line.strip() for line in path.read_text(encoding="utf8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def read_sections(path: Path) -> Sections:
    """Lines of a file by the [section] that they stand in.

    RAISES (ValueError): If a line stands before the first section.
    """
    sections: Sections = {}
    current: list[str] | None = None
    for line in read_lines(path):
        if re.fullmatch(r"\[[\w.]+\]", line):
            current = sections.setdefault(line[1:-1], [])
        elif current is None:
            raise ValueError(f"{path}: expected a [section] before the first line, found {line!r}")
        else:
            current.append(line)
    return sections


def split_gazetteers(folder: Path, rng: random.Random) -> dict[str, Sections]:
    """Give every name of every list in a folder to exactly one split.

    folder (Path): Holds one list a file, one name a line.
    rng (random.Random): Decides which name goes where.
    RETURNS (dict[str, Sections]): For each split, its part of each list by the file's stem.
    RAISES (ValueError): If a list holds a name twice.
    """
    parts: dict[str, Sections] = {split: {} for split in SPLITS}
    for path in sorted(folder.glob("*.txt")):
        names = sorted(read_lines(path))
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ValueError(f"{path}: expected every name once, found again: {', '.join(sorted(repeated))}")
        rng.shuffle(names)
        start = 0
        for split, share in zip(SPLITS, SPLIT_SHARES, strict=True):
            end = len(names) if split == SPLITS[-1] else start + round(share * len(names))
            parts[split][path.stem] = names[start:end]
            start = end
    return parts


def read_ambiguous(path: Path) -> dict[str, list[AmbiguousUse]]:
    """The names with several labels, by the split that they belong to, one use for each label.

    RAISES (ValueError): If a name has fewer than two labels or two splits.
    """
    uses: dict[str, list[AmbiguousUse]] = {split: [] for split in SPLITS}
    seen: set[str] = set()
    for line in read_lines(path):
        split, text, *kinds = line.split()
        if len(kinds) < 2 or text in seen:
            raise ValueError(f"{path}: expected one line a name, with two or more labels, found {line!r}")
        seen.add(text)
        for kind in kinds:
            article, _, kind = kind.rpartition("+")
            uses[split].append(AmbiguousUse(Name(text, f"{article} " if article else ""), Kind.parse(kind)))
    return uses


@dataclass(frozen=True)
class NameMaker:
    """Makes names of one split from patterns.

    rng (random.Random): Source of every choice.
    words (Sections): Lists that {word} in a pattern draws from.
    patterns (Sections): Patterns by LABEL or LABEL.subtype.
    """

    rng: random.Random
    words: Sections
    patterns: Sections

    def make(self, kind: Kind) -> Name:
        """Make one name of a kind.

        RAISES (KeyError): If no pattern makes that kind.
        """
        options = [key for key in self.patterns if Kind.parse(key).fits(kind)]
        if not options:
            raise KeyError(f"no pattern for names of {kind}, known: {', '.join(self.patterns)}")
        pattern = self.rng.choice(self.patterns[self.rng.choice(options)])
        article, _, text = SLOT.sub(self._fill, pattern).rpartition(ARTICLE_MARK)
        return Name(text, f"{article} " if article else "")

    def word(self, key: str) -> str:
        """Draw a word from a list, with its article if it has one.

        RAISES (KeyError): If there is no such list.
        """
        if key not in self.words:
            raise KeyError(f"no list of words called {key!r}, known: {', '.join(self.words)}")
        return self.rng.choice(self.words[key])

    def _fill(self, slot: re.Match[str]) -> str:
        key = slot.group(1)
        if key[0].islower():
            return self._inner_word(key, slot)
        name = self.make(Kind.parse(key))
        return f"{name.article}{name.text}"

    def _inner_word(self, key: str, slot: re.Match[str]) -> str:
        word = self.word(key)
        # A pattern that is the word alone passes its article on; inside a longer name it becomes plain text.
        return word if slot.group(0) == slot.string else word.replace(ARTICLE_MARK, " ")


def name_makers(folder: Path, seed: int) -> Iterator[tuple[str, NameMaker]]:
    """One maker of names for each split, whose names share no list entry with another split's.

    folder (Path): The project's gazetteers.
    seed (int): Same seed, same names.
    YIELDS (tuple[str, NameMaker]): The split and its maker.
    """
    parts = split_gazetteers(folder / "split", random.Random(f"{seed}/gazetteers"))
    fillers, patterns = read_sections(folder / "fillers.txt"), read_sections(folder / "names.txt")
    for split in SPLITS:
        yield split, NameMaker(random.Random(f"{seed}/{split}"), {**fillers, **parts[split]}, patterns)
