"""Tag schemes: how labels become tags, and which tags may follow one another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import Errors, TagError

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

OUTSIDE = 0
OUTSIDE_NAME = "O"


@dataclass(frozen=True)
class Scheme:
    """What each prefix of a scheme says about a token, as strings of prefixes.

    prefixes (str): All prefixes, in the order of the tag ids of one label.
    begins (str): Prefixes that may be an entity's first token.
    ends (str): Prefixes that may be an entity's last token.
    continues (dict[str, str]): For each prefix, those that may follow it within the same entity.
    bounded (bool): Whether two neighbouring entities of one label are told apart from one long entity.
    """

    prefixes: str
    begins: str
    ends: str
    continues: dict[str, str] = field(hash=False)
    bounded: bool = True


SCHEMES = {
    "BILUO": Scheme("BILU", begins="BU", ends="LU", continues={"B": "IL", "I": "IL", "L": "", "U": ""}),
    "BIO": Scheme("BI", begins="B", ends="BI", continues={"B": "I", "I": "I"}),
    "IO": Scheme("I", begins="I", ends="I", continues={"I": "I"}, bounded=False),
}


@dataclass(frozen=True)
class TagSet:
    """The tags that a scheme makes of some labels, numbered, with the moves that are allowed between them.

    Tag 0 is "O"; then come the tags of the first label, prefix by prefix in the order of the scheme's name, then
    those of the second. Tags are never parsed from their names, so a label may hold dashes, spaces and any Unicode. A
    label that is appended leaves all earlier tag ids as they were.

    scheme (str): "BILUO", "BIO" or "IO" (Ratinov and Roth 2009, https://aclanthology.org/W09-1119/, compare them).
    labels (Sequence[str]): The labels, in order; kept as a tuple.
    RAISES (TagError): An unknown scheme; a label that is empty, repeated, or not a string.
    """

    scheme: str
    labels: tuple[str, ...]

    def __init__(self, scheme: str, labels: Iterable[str]) -> None:
        if scheme not in SCHEMES:
            raise TagError(Errors.T001.format(expected=", ".join(SCHEMES), got=scheme))
        if isinstance(labels, str):
            # A string is a sequence of strings, too: its letters would become labels.
            raise TagError(Errors.T011.format(got=labels))
        labels = tuple(labels)
        for label in labels:
            if not isinstance(label, str) or not label:
                raise TagError(Errors.T002.format(got=label))
        repeated = sorted({label for label in labels if labels.count(label) > 1})
        if repeated:
            raise TagError(Errors.T003.format(got=", ".join(repeated)))
        object.__setattr__(self, "scheme", scheme)
        object.__setattr__(self, "labels", labels)

    @property
    def rules(self) -> Scheme:
        """The scheme's rules."""
        return SCHEMES[self.scheme]

    @property
    def n_tags(self) -> int:
        """Number of tags, "O" included."""
        return 1 + len(self.labels) * len(self.rules.prefixes)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """Names of the tags in the order of their ids, for people to read: "O", "B-PER", ..."""
        named = (f"{prefix}-{label}" for label in self.labels for prefix in self.rules.prefixes)
        return (OUTSIDE_NAME, *named)

    def tag_id(self, prefix: str, label: str) -> int:
        """RETURNS (int): The id of a tag.

        prefix (str): One of the scheme's prefixes.
        label (str): One of the labels.
        RAISES (TagError): An unknown prefix or label.
        """
        if prefix not in self.rules.prefixes or len(prefix) != 1:
            expected = ", ".join(self.rules.prefixes)
            raise TagError(Errors.T009.format(scheme=self.scheme, prefix=prefix, expected=expected))
        return 1 + self.label_id(label) * len(self.rules.prefixes) + self.rules.prefixes.index(prefix)

    def label_id(self, label: str) -> int:
        """RETURNS (int): The position of a label among the labels.

        label (str): The label.
        RAISES (TagError): An unknown label.
        """
        found = self._label_ids.get(label)
        if found is None:
            raise TagError(Errors.T004.format(label=label, known=", ".join(self.labels) or "none"))
        return found

    def parts(self, tag: int) -> tuple[str, str]:
        """RETURNS (tuple[str, str]): Prefix and label of a tag id; ("O", "") for the outside tag.

        tag (int): A tag id, 0 <= tag < n_tags.
        """
        if tag == OUTSIDE:
            return OUTSIDE_NAME, ""
        label, prefix = divmod(tag - 1, len(self.rules.prefixes))
        return self.rules.prefixes[prefix], self.labels[label]

    def with_prefix(self, prefixes: str) -> BoolArray:
        """RETURNS (BoolArray): True for every tag whose prefix is among these. *Shape:* (n_tags,).

        prefixes (str): Prefixes, one character each.
        """
        chosen = [prefix in prefixes for prefix in self.rules.prefixes]
        return np.array([False] + chosen * len(self.labels), dtype=bool)

    @cached_property
    def allowed_start(self) -> BoolArray:
        """Tags that a sequence may begin with. *Shape:* (n_tags,)."""
        return _read_only(self.with_prefix(self.rules.begins) | self._outside)

    @cached_property
    def allowed_end(self) -> BoolArray:
        """Tags that a sequence may end with. *Shape:* (n_tags,)."""
        return _read_only(self.with_prefix(self.rules.ends) | self._outside)

    @cached_property
    def allowed_transitions(self) -> BoolArray:
        """Moves [from, to] that the scheme allows. *Shape:* (n_tags, n_tags)."""
        return _read_only(np.outer(self.allowed_end, self.allowed_start) | self.continues)

    @cached_property
    def continues(self) -> BoolArray:
        """Moves [from, to] that stay within one entity. *Shape:* (n_tags, n_tags)."""
        within = np.zeros((self.n_tags, self.n_tags), dtype=bool)
        for label in self.labels:
            for prefix, following in self.rules.continues.items():
                for onward in following:
                    within[self.tag_id(prefix, label), self.tag_id(onward, label)] = True
        return _read_only(within)

    @cached_property
    def _outside(self) -> BoolArray:
        return np.array([tag == OUTSIDE for tag in range(self.n_tags)], dtype=bool)

    @cached_property
    def _label_ids(self) -> dict[str, int]:
        return {label: index for index, label in enumerate(self.labels)}


def extend(tagset: TagSet, labels: Sequence[str]) -> TagSet:
    """Append labels that the tag set does not have yet.

    tagset (TagSet): The tag set.
    labels (Sequence[str]): Labels, known ones included.
    RETURNS (TagSet): A tag set in which all earlier tag ids mean what they meant.
    RAISES (TagError): A label that is empty or not a string.
    """
    new = [label for label in dict.fromkeys(labels) if label not in tagset.labels]
    return TagSet(tagset.scheme, (*tagset.labels, *new))


def _read_only(array: BoolArray) -> BoolArray:
    # Cached arrays are handed out many times: nobody may change them for all others.
    array.setflags(write=False)
    return array
