"""A record in the making: what is checked of every annotation by characters, whatever its format."""

from __future__ import annotations

import reprlib
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TypeGuard

from .records import Mention, Problem, Record

# Quotes of files that have a line each for an annotation, or of browsers, hold no line ends.
_LINE_ENDS = str.maketrans("\r\n", "  ")
_LAST_OF_TWO_BYTES = "\uffff"


class Draft:
    """A text whose annotation is being read.

    path (Path): The file.
    line (int): Line where the record begins, counted from 1.
    text (str): The text.
    place (str): Where the record is, if the line does not say it; every reason then ends with it.
    utf16 (bool): Whether offsets count units of UTF-16, as JavaScript does, where an emoji is two. Otherwise they count
        characters: Unicode code points.
    """

    def __init__(self, path: Path, line: int, text: str, *, place: str = "", utf16: bool = False) -> None:
        self.path = path
        self.line = line
        self.text = text
        self.utf16 = utf16
        self._place = f" ({place})" if place else ""
        self._mentions: dict[tuple[int, int, str], Mention] = {}
        self._problems: list[Problem] = []
        self._unknown: tuple[tuple[int, int], ...] = ()

    @property
    def fault(self) -> str:
        """Why the text cannot become a Doc; empty if it can."""
        if not self.text:
            return "the text is empty"
        return (
            ""
            if is_encodable(self.text)
            else "the text holds half of a surrogate pair, which is no character"
        )

    def add(self, start: object, end: object, label: object, *, quote: object = None, line: int = 0) -> None:
        """Add an annotation: as a mention, or as a problem if it cannot be one.

        start (object): First character.
        end (object): Character after the last one.
        label (object): Its label.
        quote (object): What the file says that the text is there; anything but a string that is not empty
            says nothing.
        line (int): Line that annotates it, counted from 1; by default that of the record.
        """
        name = label if isinstance(label, str) else ""
        if not (is_whole_number(start) and is_whole_number(end)):
            said = quote if isinstance(quote, str) else ""
            reason = f"expected whole numbers as start and end, got {shown(start)} and {shown(end)}"
            self.problem(reason, text=said, label=name, line=line)
            return
        first, last = self._characters(start, end)
        reason = self._reason(first, last, label, quote)
        if reason:
            text = self.text[max(first, 0) : max(last, 0)]
            self.problem(reason, text=text, label=name, line=line)
            if (first, last, name) not in self._mentions:
                self.leave_part_unknown(first, last)
        else:
            self._mentions[first, last, name] = Mention(first, last, name, line or self.line)

    def problem(self, reason: str, *, text: str = "", label: str = "", line: int = 0) -> None:
        """Note what cannot be a mention.

        reason (str): What is wrong, as a sentence without full stop.
        text (str): The text concerned.
        label (str): Its label.
        line (int): Its line, counted from 1; by default that of the record.
        """
        # Reports are UTF-8, and what JSON escapes need not be.
        parts = (_encodable(part) for part in (text, label, reason + self._place))
        self._problems.append(Problem(self.path, line or self.line, *parts))

    def count(self, what: str, number: int, *, line: int = 0) -> None:
        """Note parts of the file that are no mentions, if there are any.

        what (str): What they are.
        number (int): How many they are.
        line (int): Line of the first one, counted from 1; by default that of the record.
        """
        if number:
            self.problem(f"left out: {what} ({number})", line=line)

    def leave_part_unknown(self, start: int, end: int) -> None:
        """Note that the annotation of a part of the text is not known: a problem does not say that it has none.

        start (int): First character.
        end (int): Character after the last one; what is beyond the text does not count.
        """
        start, end = max(start, 0), min(end, len(self.text))
        if start < end:
            self._unknown += ((start, end),)

    def leave_unknown(self, reason: str) -> None:
        """Note that the annotation of the whole text is not known.

        reason (str): Why, as a sentence without full stop.
        """
        self.problem(f"{reason}, so its annotation is not known", text=self.text)
        if self.text:
            self._unknown = ((0, len(self.text)),)

    def record(
        self,
        *,
        words: tuple[str, ...] | None = None,
        spaces: tuple[bool, ...] | None = None,
        document: str = "",
    ) -> Record:
        """What was read.

        words (tuple[str, ...] | None): The tokens, if the file has tokens.
        spaces (tuple[bool, ...] | None): Whether a space follows each token.
        document (str): What the record is a part of.
        RETURNS (Record): The text with its mentions and problems; without text, if it cannot become a Doc.
        """
        if self.fault:
            return self.left_out(self.fault)
        return Record(
            self.path,
            self.line,
            self.text,
            tuple(self._mentions.values()),
            words,
            spaces,
            self._unknown,
            document,
            tuple(self._problems),
        )

    def left_out(self, reason: str) -> Record:
        """A record that is to become no Doc.

        reason (str): Why, as a sentence without full stop.
        RETURNS (Record): Without text, words and mentions, with all problems; one of them is the reason.
        """
        mentions = len(self._mentions)
        also = f", with its annotations ({mentions})" if mentions else ""
        self.problem(f"record left out{also}: {reason}", text=self.text)
        return Record(self.path, self.line, "", problems=tuple(self._problems))

    @cached_property
    def _by_unit(self) -> dict[int, int]:
        """The character that begins at each unit of UTF-16 at which one begins, and the end."""
        widths = (1 + (character > _LAST_OF_TWO_BYTES) for character in self.text)
        return {unit: index for index, unit in enumerate(accumulate(widths, initial=0))}

    def _characters(self, start: int, end: int) -> tuple[int, int]:
        if not self.utf16:
            return start, end
        # What is no bound of a character stays wrong: beyond the text.
        beyond = len(self.text) + 1
        return self._by_unit.get(start, beyond), self._by_unit.get(end, beyond)

    def _reason(self, start: int, end: int, label: object, quote: object) -> str:
        """Why an annotation cannot be a mention; empty if it can."""
        if start < 0 or end > len(self.text) or start > len(self.text):
            where = f"{self._where(start, end)}{self._hint(start, end, quote)}"
            return f"it is beyond the text, which has {len(self.text)} characters: {where}"
        if start >= end:
            return f"it has no characters: {self._where(start, end)}"
        if not _same(self.text[start:end], quote):
            return f"the file says that its text is {shown(quote)}{self._hint(start, end, quote)}"
        if not isinstance(label, str) or not label.strip() or not is_encodable(label):
            return f"expected a name as its label, got {shown(label)}"
        return "annotated twice" if (start, end, label) in self._mentions else ""

    def _where(self, start: int, end: int) -> str:
        if self.utf16:
            return "its start and end are no bounds of characters in UTF-16"
        return f"start {shown(start)}, end {shown(end)}"

    def _hint(self, start: int, end: int, quote: object) -> str:
        """What to try if a quote is not at its offsets, or offsets are beyond the text."""
        first, last = self._by_unit.get(start), self._by_unit.get(end)
        if self.utf16 or first is None or last is None:
            return ""
        if not _same(self.text[first:last], quote):
            return ""
        return "; it fits if offsets count units of UTF-16 (set --utf16)"


def is_whole_number(value: object) -> TypeGuard[int]:
    """Whether a value is a number of characters.

    value (object): What the file has.
    RETURNS (TypeGuard[int]): Whether it is an integer, and not a truth value.
    """
    return isinstance(value, int) and not isinstance(value, bool)


def is_encodable(text: str) -> bool:
    """Whether a text can be written as UTF-8: JSON can escape half of a surrogate pair.

    text (str): The text.
    RETURNS (bool): Whether all of it is characters.
    """
    return _encodable(text) == text


def shown(value: object) -> str:
    """A value for a message.

    value (object): Any value of a file.
    RETURNS (str): A short form of it.
    """
    return "nothing" if value is None else reprlib.repr(value)


def _same(text: str, quote: object) -> bool:
    """Whether a quote is that of a text; what is no quote contradicts none."""
    if not isinstance(quote, str) or not quote:
        return True
    return text.translate(_LINE_ENDS) == quote.translate(_LINE_ENDS)


def _encodable(text: str) -> str:
    return text.encode("utf8", errors="backslashreplace").decode("utf8")
