"""Sentences with a tag for each token, as Records."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from .records import Mention, Problem, Record
from .tag_schemes import ROLES, Tagging

READ_SO = "read as conlleval does"


class Entity(NamedTuple):
    """What some tags say.

    start (int): First token.
    end (int): Token after the last one.
    label (str): Its label.
    fault (str): What is invalid in its tags; empty if they are as the scheme wants.
    """

    start: int
    end: int
    label: str
    fault: str


class Word(NamedTuple):
    """A token of a sentence.

    text (str): What it is.
    gap (str): The whitespace that follows it.
    line (int): Its line in the file, counted from 1.
    unknown (bool): Whether nothing is known about it.
    """

    text: str
    gap: str
    line: int
    unknown: bool


def read_entities(tags: Sequence[str], tagging: Tagging) -> Iterator[Entity]:
    """The entities of a sentence.

    Invalid sequences are read as conlleval and seqeval do (Tjong Kim Sang and Buchholz 2000,
    https://aclanthology.org/W00-0726/): an entity goes on over tags of its label until one of them begins an entity, or
    the one before ended it; so none is lost.

    tags (Sequence[str]): The tags.
    tagging (Tagging): What they mean.
    YIELDS (Entity): The entities from left to right.
    """
    parts = [tagging.parts(tag) for tag in tags]
    start = 0
    for position, part in enumerate(parts):
        if part is None:
            continue
        if position == 0 or _is_new(parts[position - 1], part):
            start = position
        following = parts[position + 1] if position + 1 < len(parts) else None
        if following is None or _is_new(part, following):
            fault = _fault(tags, parts, start, position, tagging)
            yield Entity(start, position + 1, part[1], fault)


def _is_new(before: tuple[str, str] | None, part: tuple[str, str]) -> bool:
    if before is None or before[1] != part[1]:
        return True
    return ROLES[before[0]] in "ES" or ROLES[part[0]] in "BS"


def _fault(
    tags: Sequence[str], parts: Sequence[tuple[str, str] | None], first: int, last: int, tagging: Tagging
) -> str:
    rules = tagging.rules
    letter, label = parts[first] or ("", "")
    before = parts[first - 1] if first else None
    separates = before is not None and before[1] == label
    faults = []
    if letter not in rules.begins and not (separates and letter in rules.separates):
        faults.append(f"begin with {tags[first]} here")
    if (parts[last] or ("", ""))[0] not in rules.ends:
        faults.append(f"end with {tags[last]}")
    return f"in {tagging.scheme} an entity does not {', and not '.join(faults)}" if faults else ""


def make_record(
    path: Path,
    words: Sequence[Word],
    entities: Iterable[Entity],
    *,
    document: str = "",
    problems: Iterable[Problem] = (),
    repaired: Iterable[Problem] = (),
) -> Record:
    """The Record of a sentence.

    Whitespace between tokens that is not a single space becomes a token, as it does in spaCy's Docs, so that the tokens
    and spaces make up the text.

    path (Path): The file.
    words (Sequence[Word]): The tokens, one or more; the gap of the last one is left out.
    entities (Iterable[Entity]): The entities, counted in these tokens.
    document (str): As in Record.
    problems (Iterable[Problem]): As in Record.
    repaired (Iterable[Problem]): As in Record; entities with a fault are added.
    RETURNS (Record): The Record.
    """
    last = words[-1]
    words = [*words[:-1], last._replace(gap="")]
    text = "".join(word.text + word.gap for word in words)
    bounds = list(_bounds(words))
    mentions, faults = [], []
    for entity in entities:
        start, end = bounds[entity.start][0], bounds[entity.end - 1][1]
        line = words[entity.start].line
        mentions.append(Mention(start, end, entity.label, line))
        if entity.fault:
            reason = f"{entity.fault}; {READ_SO}"
            faults.append(Problem(path, line, text[start:end], entity.label, reason))
    tokens = list(_tokens(words))
    return Record(
        path=path,
        line=words[0].line,
        text=text,
        mentions=tuple(mentions),
        words=tuple(token for token, _ in tokens),
        spaces=tuple(space for _, space in tokens),
        unknown=tuple(_unknown(words, bounds)),
        document=document,
        problems=tuple(problems),
        repaired=(*repaired, *faults),
    )


def _bounds(words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """First character and character after the last one of each."""
    start = 0
    for word in words:
        end = start + len(word.text)
        yield start, end
        start = end + len(word.gap)


def _tokens(words: Sequence[Word]) -> Iterator[tuple[str, bool]]:
    for word in words:
        space = word.gap.startswith(" ")
        yield word.text, space
        rest = word.gap[1:] if space else word.gap
        if rest:
            yield rest, False


def _unknown(words: Sequence[Word], bounds: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for unknown, group in groupby(range(len(words)), key=lambda position: words[position].unknown):
        if unknown:
            positions = list(group)
            yield bounds[positions[0]][0], bounds[positions[-1]][1]
