"""Finding the scheme of a file from its tags."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DataError, Errors
from .tag_schemes import BARE, OUTSIDE, SCHEMES, UNKNOWN_TAGS, Tagging, scheme_named, split_tag
from .token_lines import shown

# More different labels than any annotation has: such a column holds lemmas, or text.
MAX_BARE_LABELS = 200
# A scheme, and the letters that no other one has; the first that fits.
_TELLING = (("BILOU", "LU"), ("BMEWO", "W"), ("BMES", "M"), ("BIOES", "ES"))
# The scheme of a file without entities, which is read alike in all schemes.
_WITHOUT_ENTITIES = Tagging("IOB2", "prefix")


@dataclass
class TagSurvey:
    """Which tags a file has, and in which order: what is needed to find its scheme, sentence by sentence.

    moves (Counter[tuple[str, str]]): How often a tag follows another one; "" stands before the first of a sentence.
    lines (dict[str, int]): The line where each tag is for the first time, counted from 1; in the order of the file.
    """

    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    lines: dict[str, int] = field(default_factory=dict)

    def add(self, tags: Sequence[str], lines: Sequence[int]) -> None:
        """Take a sentence into account.

        tags (Sequence[str]): Its tags.
        lines (Sequence[int]): Their lines.
        """
        self.moves.update(zip(("", *tags[:-1]), tags, strict=True))
        for tag, line in zip(tags, lines, strict=True):
            self.lines.setdefault(tag, line)

    @property
    def counts(self) -> dict[str, int]:
        """Number of tokens with each tag, in the order of the file."""
        found = dict.fromkeys(self.lines, 0)
        for (_, tag), count in self.moves.items():
            found[tag] += count
        return found

    @property
    def entity_tags(self) -> list[str]:
        """The tags of entities, in the order of the file."""
        return [tag for tag in self.lines if tag != OUTSIDE and tag not in UNKNOWN_TAGS]


def find_tagging(path: Path, survey: TagSurvey, scheme: str | None = None) -> Tagging:
    """The scheme of a file's tags, and how they are written.

    What the letters B and I alone can mean is decided by what they do: without B it is IO; it is IOB1 if more entities
    begin with an I than with a B that does not separate neighbours of one label; otherwise IOB2. Entities are the same
    in all three: what depends on it is only what counts as invalid.

    Tags in which no letter can be found are labels ("BARE"). Letters behind the label count only if there is both a B
    and an I of one label. A file in which some tags have a letter B or I and others none is not guessed at.

    path (Path): The file, for messages.
    survey (TagSurvey): Its tags.
    scheme (str | None): The scheme that it is said to have; None to find it.
    RETURNS (Tagging): The scheme and the notation.
    RAISES (DataError): Tags of no scheme, of several, or outside of the given one.
    """
    for tag in survey.entity_tags:
        if tag.startswith("(") or tag in ("*", "*)"):
            raise DataError(Errors.D009.format(path=path, line=survey.lines[tag], tag=shown(tag)))
    if scheme is not None:
        return _as_told(path, survey, scheme_named(scheme))
    if not survey.entity_tags:
        return _WITHOUT_ENTITIES
    notation = _notation(path, survey)
    if notation == "bare":
        if len(survey.entity_tags) > MAX_BARE_LABELS:
            raise DataError(Errors.D010.format(path=path, count=len(survey.entity_tags)))
        return Tagging(BARE, notation)
    return Tagging(_scheme(path, survey, notation), notation)


def _as_told(path: Path, survey: TagSurvey, scheme: str) -> Tagging:
    if scheme == BARE:
        return Tagging(BARE, "bare")
    notations = ("prefix", "letter", "suffix")
    # The one that fits most tags: those that it does not fit are the ones to be named.
    notation = max(notations, key=lambda one: len(_letters(survey, one)))
    letters = _letters(survey, notation)
    for tag in survey.entity_tags:
        if letters.get(tag, "?") not in SCHEMES[scheme].letters:
            raise DataError(
                Errors.D007.format(path=path, scheme=scheme, line=survey.lines[tag], tag=shown(tag))
            )
    return Tagging(scheme, notation)


def _letters(survey: TagSurvey, notation: str) -> dict[str, str]:
    """The letter of each tag that can be read in this notation."""
    split = ((tag, split_tag(tag, notation)) for tag in survey.entity_tags)
    return {tag: parts[0] for tag, parts in split if parts is not None}


def _notation(path: Path, survey: TagSurvey) -> str:
    tags = survey.entity_tags
    prefixed = _letters(survey, "prefix")
    if len(prefixed) == len(tags):
        return "prefix"
    if len(_letters(survey, "letter")) == len(tags) and not {"B", "I"}.isdisjoint(tags):
        return "letter"
    if _is_suffixed(tags):
        return "suffix"
    # Labels such as "E-mail" have what looks like a prefix, but among prefixes there is a B or an I.
    telling = [tag for tag, letter in prefixed.items() if letter in "BI"]
    if not telling:
        return "bare"
    other = next(tag for tag in tags if tag not in prefixed)
    raise _mixture(path, survey, telling[0], other)


def _is_suffixed(tags: Sequence[str]) -> bool:
    parts = [split_tag(tag, "suffix") for tag in tags]
    return None not in parts and any(part and part[0] == "B" and ("I", part[1]) in parts for part in parts)


def _scheme(path: Path, survey: TagSurvey, notation: str) -> str:
    letters = _letters(survey, notation)
    found = set(letters.values())
    telling = (scheme for scheme, own in _TELLING if not found.isdisjoint(own))
    scheme = next(telling, None)
    if scheme is None:
        return _by_moves(survey, notation) if "B" in found else "IO"
    strange = [tag for tag, letter in letters.items() if letter not in SCHEMES[scheme].letters]
    if strange:
        own = dict(_TELLING)[scheme]
        reason = next(tag for tag, letter in letters.items() if letter in own)
        raise _mixture(path, survey, reason, strange[0])
    return scheme


def _by_moves(survey: TagSurvey, notation: str) -> str:
    """IOB1 or IOB2, whatever is contradicted by fewer tokens; IOB2 if both are by as many."""
    against_iob1 = against_iob2 = 0
    for (previous, tag), count in survey.moves.items():
        if tag == OUTSIDE or tag in UNKNOWN_TAGS:
            continue
        letter, label = split_tag(tag, notation) or ("", "")
        before = split_tag(previous, notation)
        continues = before is not None and before[1] == label
        if letter == "I" and not continues:
            against_iob2 += count
        elif letter == "B" and not continues:
            against_iob1 += count
    return "IOB1" if against_iob2 > against_iob1 else "IOB2"


def _mixture(path: Path, survey: TagSurvey, tag: str, other: str) -> DataError:
    lines = survey.lines
    return DataError(
        Errors.D008.format(
            path=path, tag=shown(tag), line=lines[tag], other=shown(other), other_line=lines[other]
        )
    )
