"""Schemes of the tags that files have, and the ways of writing a tag."""

import re
from dataclasses import dataclass

from ..errors import DataError, Errors

OUTSIDE = "O"
# Standing alone, in the place of a tag: nobody has said what the token is.
UNKNOWN_TAGS = frozenset({"-", "?", "_"})
# The label of tags that have none: B, I and O, in files with one type of entity.
UNNAMED = "ENTITY"
BARE = "BARE"

# What the letters of all schemes say of a token, in those of BIOES: it is the first, inner, last or single one.
ROLES = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S", "W": "S"}
_LETTERS = "".join(ROLES)
_PREFIXED = re.compile(rf"([{_LETTERS}])[-_](.+)", re.DOTALL | re.IGNORECASE)
_SUFFIXED = re.compile(rf"(.+)[-_]([{_LETTERS}])", re.DOTALL)


@dataclass(frozen=True)
class TagScheme:
    """Which letters a scheme has, and where.

    letters (str): All of them.
    begins (str): Those that an entity may begin with.
    ends (str): Those that an entity may end with.
    separates (str): Those that it may begin with only right after an entity of the same label.
    """

    letters: str
    begins: str
    ends: str
    separates: str = ""


SCHEMES = {
    BARE: TagScheme("I", begins="I", ends="I"),
    "IO": TagScheme("I", begins="I", ends="I"),
    "IOB1": TagScheme("BI", begins="I", ends="BI", separates="B"),
    "IOB2": TagScheme("BI", begins="B", ends="BI"),
    "BIOES": TagScheme("BIES", begins="BS", ends="ES"),
    "BILOU": TagScheme("BILU", begins="BU", ends="LU"),
    "BMES": TagScheme("BMES", begins="BS", ends="ES"),
    "BMEWO": TagScheme("BMEW", begins="BW", ends="EW"),
}
OTHER_NAMES = {"BIO": "IOB2", "IOBES": "BIOES", "BILUO": "BILOU", "BMEO": "BMES", "BMESO": "BMES"}


@dataclass(frozen=True)
class Tagging:
    """What the tags of a file mean.

    scheme (str): A name in SCHEMES. "BARE" tags are labels without letters, and mean what "IO" tags do: neighbours with
        one label are one entity.
    notation (str): How a tag is written: "prefix" (B-PER or B_PER), "suffix" (PER-B), "letter" (B alone; the label is
        UNNAMED), or "bare" (PER).
    """

    scheme: str
    notation: str

    @property
    def rules(self) -> TagScheme:
        """The scheme's rules."""
        return SCHEMES[self.scheme]

    def parts(self, tag: str) -> tuple[str, str] | None:
        """The letter and label of a tag; None for one that is outside of entities, or unknown.

        tag (str): A tag of the scheme in this notation.
        RETURNS (tuple[str, str] | None): The letter, in upper case, and the label.
        """
        return None if tag == OUTSIDE or tag in UNKNOWN_TAGS else split_tag(tag, self.notation)


def split_tag(tag: str, notation: str) -> tuple[str, str] | None:
    """The letter and label of a tag that is not O, if it can be read so.

    tag (str): The tag.
    notation (str): As in Tagging.
    RETURNS (tuple[str, str] | None): The letter, in upper case, and the label; None if the tag is not written so.
    """
    if notation == "prefix":
        found = _PREFIXED.fullmatch(tag)
        return (found[1].upper(), found[2]) if found else None
    if notation == "suffix":
        found = _SUFFIXED.fullmatch(tag)
        return (found[2], found[1]) if found else None
    if notation == "letter":
        return (tag, UNNAMED) if tag in ROLES else None
    return "I", tag


def scheme_named(name: str) -> str:
    """The name in SCHEMES of a scheme that may go by another name, in any case.

    name (str): Such as "IOB2", "bio" or "IOBES".
    RETURNS (str): A key of SCHEMES.
    RAISES (DataError): There is no such scheme; plain "IOB" is not known, since it may mean IOB1 or IOB2.
    """
    upper = name.upper()
    found = OTHER_NAMES.get(upper, upper)
    if found not in SCHEMES:
        known = ", ".join(sorted({*SCHEMES, *OTHER_NAMES}))
        raise DataError(Errors.D006.format(known=known, got=name))
    return found
