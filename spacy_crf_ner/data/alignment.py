"""From Records to Docs: characters to tokens, and the mentions that cannot be entities as they stand."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import NamedTuple

from spacy.tokens import Doc, Span
from spacy.util import DummyTokenizer

from ..errors import DataError, Errors
from .drafts import is_encodable
from .records import Mention, Problem, Record

# What can be done with a mention whose bounds are not those of tokens.
MODES = ("warn", "expand", "contract")
# Characters of a text that are shown.
SHOWN = 60
# The rules of spaCy's tokenizer take time with the square of a word's length: for so many characters, or so many marks
# in a row, which are cut off one by one, seconds, and for ten times as many minutes.
MAX_WORD, MAX_MARKS = 50_000, 10_000
_MARKS = re.compile(r"[^\w\s]+")


class Finding(NamedTuple):
    """A Problem and what was done about it: a line of the report.

    problem (Problem): Where and what it is.
    done (str): What was done.
    lost (bool): Whether an annotation of the file is not in the Docs because of it.
    misaligned (bool): Whether it is a mention whose bounds are not those of tokens.
    """

    problem: Problem
    done: str
    lost: bool
    misaligned: bool = False


class Alignment(NamedTuple):
    """What became of a Record.

    doc (Doc | None): The Doc; None of a text that no Doc can be made of, or without tokens.
    findings (list[Finding]): What did not become an entity as it stands, or not at all. At most one of a mention is
        `lost`.
    """

    doc: Doc | None
    findings: list[Finding]


class _Placed(NamedTuple):
    """A mention on tokens: the first one, the one after the last, and its place in the file."""

    start: int
    end: int
    order: int
    mention: Mention


def align(
    tokenizer: Callable[[str], Doc],
    record: Record,
    *,
    on_misaligned: str = "warn",
    spans_key: str | None = None,
) -> Alignment:
    """Make a Doc of a Record, with its mentions as entities.

    Of mentions that overlap the longest in tokens becomes an entity, of equals the first in the text, then the first in
    the file. Tokens of mentions that are not written are left without annotation ("missing"): they are not said to be
    outside of entities. So are the `unknown` parts of the Record.

    tokenizer (Callable[[str], Doc]): What divides the text, unless the Record has tokens; its vocab becomes the Doc's.
    record (Record): A text with mentions, in characters.
    on_misaligned (str): What becomes of mentions whose bounds are not those of tokens: "warn" (not written), "expand"
        (to all tokens that they touch) or "contract" (to the tokens that they hold wholly).
    spans_key (str | None): Key in `doc.spans` that all mentions are put under, those that overlap, too.
    RETURNS (Alignment): The Doc, and a Finding for all that is not written as it stands.
    RAISES (DataError): `on_misaligned` is none of these, or the tokens do not spell the text.
    """
    if on_misaligned not in MODES:
        raise DataError(
            Errors.D200.format(name="on-misaligned", expected=", ".join(MODES), got=on_misaligned)
        )
    reason = _unusable(record) or _endless(tokenizer, record)
    doc = None if reason else _make_doc(tokenizer, record)
    if doc is None or not len(doc):
        return Alignment(None, _nothing_written(record, reason or "the text has no tokens"))
    placement = _Placement(doc, record, on_misaligned)
    for order, mention in enumerate(record.mentions):
        placement.place(order, mention)
    kept = placement.keep_longest(listed=spans_key is None)
    covered = {token for placed in kept for token in range(placed.start, placed.end)}
    missing = sorted(placement.unknown - covered)
    doc.set_ents(
        [_span(doc, placed) for placed in kept], missing=[doc[token : token + 1] for token in missing]
    )
    if spans_key is not None:
        doc.spans[spans_key] = [_span(doc, placed) for placed in sorted(placement.placed)]
    return Alignment(doc, placement.findings)


def quoted(text: str) -> str:
    """A text as messages quote it: on one line, and cut after 60 characters."""
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")


class _Placement:
    """The search for tokens of mentions: `placed` are found, `unknown` are tokens of which nothing is known."""

    def __init__(self, doc: Doc, record: Record, on_misaligned: str) -> None:
        self.doc = doc
        self.record = record
        self.on_misaligned = on_misaligned
        self.starts = [token.idx for token in doc]
        self.ends = [token.idx + len(token) for token in doc]
        self.placed: list[_Placed] = []
        self.findings: list[Finding] = []
        self.unknown: set[int] = set()
        for start, end in record.unknown:
            self.unknown.update(range(*self._touched(start, end)))

    def place(self, order: int, mention: Mention) -> None:
        """Find the tokens of a mention, or say why it has none."""
        reason = _impossible(self.record.text, mention)
        if reason:
            if mention.start < mention.end:
                self.unknown.update(range(*self._touched(max(mention.start, 0), mention.end)))
            self._find(mention, reason, "not written", lost=True)
            return
        trimmed = _trim(self.record.text, mention)
        if trimmed != mention:
            self._find(mention, "it begins or ends with whitespace", f"trimmed to {self._quote(trimmed)}")
        bounds = self._tokens(mention, trimmed)
        if bounds is None:
            return
        twins = [one for one in self.placed if (one.start, one.end) == bounds]
        if any(one.mention.label == mention.label for one in twins):
            self._find(mention, "the same tokens have this label already", "written once", lost=True)
        else:
            self.placed.append(_Placed(*bounds, order, trimmed))

    def keep_longest(self, *, listed: bool) -> list[_Placed]:
        """Choose the mentions that become entities: no two of them overlap.

        listed (bool): Whether the others are Findings.
        RETURNS (list[_Placed]): In the order of the text.
        """
        kept: list[_Placed] = []
        owners: dict[int, _Placed] = {}
        for placed in sorted(self.placed, key=lambda one: (one.start - one.end, one.start, one.order)):
            tokens = range(placed.start, placed.end)
            rival = next((owners[token] for token in tokens if token in owners), None)
            if rival is None:
                kept.append(placed)
                owners.update(dict.fromkeys(tokens, placed))
                continue
            self.unknown.update(tokens)
            if listed:
                self._find(placed.mention, self._overlap(placed, rival), "not written to doc.ents", lost=True)
        return sorted(kept)

    def _tokens(self, original: Mention, mention: Mention) -> tuple[int, int] | None:
        """First token of a mention and the one after the last; None if it is not written."""
        touched = start, end = self._touched(mention.start, mention.end)
        if (self.starts[start], self.ends[end - 1]) == (mention.start, mention.end):
            return touched
        tokens = quoted(self.doc[start:end].text)
        reason = f"it does not begin and end where tokens do: the tokens are {tokens}"
        if self.on_misaligned == "contract":
            start = bisect_left(self.starts, mention.start)
            end = bisect_right(self.ends, mention.end)
        # What was cut off may leave whitespace at the beginning or the end, which no entity may have there.
        inside = [token for token in range(start, end) if not self.doc[token].is_space]
        if self.on_misaligned == "warn" or not inside:
            self.unknown.update(range(*touched))
            done = "not written; its tokens are left without annotation"
            self._find(original, reason, done, lost=True, misaligned=True)
            return None
        start, end = inside[0], inside[-1] + 1
        self._find(original, reason, f"moved to {quoted(self.doc[start:end].text)}", misaligned=True)
        return start, end

    def _touched(self, start: int, end: int) -> tuple[int, int]:
        """First token that has characters in common with a part of the text, and the one after the last."""
        return bisect_right(self.ends, start), bisect_left(self.starts, end)

    def _overlap(self, placed: _Placed, rival: _Placed) -> str:
        name = f"{self._quote(rival.mention)} ({rival.mention.label})"
        if (placed.start, placed.end) == (rival.start, rival.end):
            return f"the same tokens are annotated as {name}, which comes first"
        if rival.start <= placed.start and placed.end <= rival.end:
            return f"it is inside of {name}, which is longer"
        longer = placed.end - placed.start < rival.end - rival.start
        return f"it overlaps {name}, which {'is longer' if longer else 'comes first'}"

    def _quote(self, mention: Mention) -> str:
        return quoted(self.record.text[mention.start : mention.end])

    def _find(
        self, mention: Mention, reason: str, done: str, *, lost: bool = False, misaligned: bool = False
    ) -> None:
        problem = _problem(self.record, mention, reason)
        self.findings.append(Finding(problem, done, lost, misaligned))


def _make_doc(tokenizer: Callable[[str], Doc], record: Record) -> Doc:
    doc = tokenizer(record.text if record.words is None else "")
    if record.words is not None:
        spaces = None if record.spaces is None else list(record.spaces)
        doc = Doc(doc.vocab, words=list(record.words), spaces=spaces)
    # spaCy may put a space after the last token, which the text need not have.
    if doc.text.rstrip(" ") != record.text.rstrip(" "):
        raise DataError(
            Errors.D201.format(
                path=record.path, line=record.line, text=quoted(record.text), got=quoted(doc.text)
            )
        )
    return doc


def _unusable(record: Record) -> str:
    """Why no Doc can be made of a text; empty if one can."""
    if not is_encodable("".join((record.text, *(record.words or ())))):
        return "the text holds half of a surrogate pair, which is no character"
    return "" if record.text else "the text is empty"


def _endless(tokenizer: Callable[[str], Doc], record: Record) -> str:
    """Why a text would keep the tokenizer busy for minutes or hours; empty if it would not."""
    text = record.text
    # Tokenizers without rules, as of Chinese, are spaCy's "dummies".
    if record.words is not None or len(text) <= MAX_MARKS or isinstance(tokenizer, DummyTokenizer):
        return ""
    if any(len(word) > MAX_WORD for word in text.split()):
        return (
            f"the text has more than {MAX_WORD:,} characters without whitespace, too many for the tokenizer"
        )
    if any(found.end() - found.start() > MAX_MARKS for found in _MARKS.finditer(text)):
        return f"the text has more than {MAX_MARKS:,} marks in a row, too many for the tokenizer"
    return ""


def _nothing_written(record: Record, reason: str) -> list[Finding]:
    problems = [_problem(record, mention, reason) for mention in record.mentions]
    findings = [Finding(problem, "not written", lost=True) for problem in problems]
    # A reader leaves out a text by making it empty, and says why.
    if record.problems and not record.text:
        return findings
    whole = Problem(record.path, record.line, record.text, "", reason)
    return [Finding(whole, "the text is left out", lost=False), *findings]


def _impossible(text: str, mention: Mention) -> str:
    """Why a mention cannot become an entity, whatever the tokens are; empty if it can."""
    if not 0 <= mention.start < mention.end <= len(text):
        return f"its bounds, {mention.start} and {mention.end}, do not fit the text of {len(text)} characters"
    if text[mention.start : mention.end].isspace():
        return "it holds nothing but whitespace, which cannot be an entity"
    if not is_encodable(mention.label):
        return "its label holds half of a surrogate pair, which is no character"
    return "" if mention.label.strip() else "it has no label"


def _trim(text: str, mention: Mention) -> Mention:
    inside = text[mention.start : mention.end]
    start = mention.start + len(inside) - len(inside.lstrip())
    return mention._replace(start=start, end=start + len(inside.strip()))


def _problem(record: Record, mention: Mention, reason: str) -> Problem:
    text = record.text[max(mention.start, 0) : max(mention.end, 0)]
    return Problem(record.path, mention.line, text, mention.label, reason)


def _span(doc: Doc, placed: _Placed) -> Span:
    return Span(doc, placed.start, placed.end, label=placed.mention.label)
