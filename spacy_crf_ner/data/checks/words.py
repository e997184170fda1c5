"""Words: which train does not have, and which are broken."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from spacy.tokens import Doc

from .findings import Finding, Level, count, most_frequent, percent, shown
from .labels import TRAIN

# Share of tokens that train does not have, from which a part looks like another language or another tokenization.
MANY_UNSEEN = 0.4
REPLACEMENT = "\ufffd"
# UTF-8 that was read as Latin-1 or Windows-1252: "é" becomes "Ã©", a curly quote "â€™".
MOJIBAKE = re.compile("[ÃÂ][\u0080-\u00bf]|â€|ï»¿")
HTML = re.compile(r"&(?:#\d+|#x[0-9a-f]+|amp|lt|gt|quot|apos|nbsp);", re.IGNORECASE)
# Marks that are not seen, and make a word another one; joiners are part of emoji, and of words in some scripts.
INVISIBLE = frozenset("\ufeff\u200b\u2060\u00ad")


@dataclass
class WordCounts:
    """Tokens by their text; `strings` are those of the Docs' vocab."""

    strings: Callable[[int], str]
    orths: Counter[int] = field(default_factory=Counter)

    def add(self, doc: Doc) -> None:
        """Count the tokens of a Doc."""
        self.orths.update(doc.to_array("ORTH").tolist())

    def search(self, find: Callable[[str], str]) -> Counter[str]:
        """Look for something in the words.

        find (Callable[[str], str]): What is found in a word; empty if there is nothing.
        RETURNS (Counter[str]): The tokens that each of it is in.
        """
        result: Counter[str] = Counter()
        for orth, n in self.orths.items():
            found = find(self.strings(orth))
            if found:
                result[found] += n
        return result


def check_unseen_words(parts: Mapping[str, WordCounts]) -> list[Finding]:
    """Tokens that train never has, in this very spelling.

    parts (Mapping[str, WordCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "unseen-tokens", for each other part than train with tokens.
    """
    if TRAIN not in parts or not parts[TRAIN].orths:
        return []
    known = parts[TRAIN].orths
    found = []
    for part, counts in parts.items():
        total = counts.orths.total()
        if part == TRAIN or not total:
            continue
        unseen = sum(n for orth, n in counts.orths.items() if orth not in known)
        message = f"{percent(unseen, total)} of the tokens of {part} are not in train"
        if unseen >= MANY_UNSEEN * total:
            advice = "Is it of another language or domain, or divided into tokens in another way?"
            found.append(Finding("warn", "unseen-tokens", message, advice))
        else:
            found.append(Finding("info", "unseen-tokens", message))
    return found


def check_characters(parts: Mapping[str, WordCounts]) -> list[Finding]:
    """Tokens with characters that only errors put there.

    parts (Mapping[str, WordCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "broken-characters", "invisible-characters" and "html".
    """
    found = [
        _describe(trouble, part, tokens)
        for trouble in TROUBLES
        for part, counts in parts.items()
        if (tokens := counts.search(trouble.find))
    ]
    if not any(finding.level == "warn" for finding in found):
        found.insert(0, Finding("good", "broken-characters", "No token has broken characters"))
    return found


def _describe(trouble: _Trouble, part: str, tokens: Counter[str]) -> Finding:
    message = f"{count(tokens.total(), 'token')} of {part} {trouble.what}"
    examples = most_frequent((shown(text), n) for text, n in tokens.items())
    return Finding(trouble.level, trouble.name, message, trouble.advice, examples)


def _find_broken(word: str) -> str:
    # Whitespace is among Unicode's control characters, too.
    broken = (
        REPLACEMENT in word
        or MOJIBAKE.search(word) is not None
        or any(unicodedata.category(char) == "Cc" and not char.isspace() for char in word)
    )
    return word if broken else ""


def _find_invisible(word: str) -> str:
    return "" if INVISIBLE.isdisjoint(word) else word


def _find_html(word: str) -> str:
    found = HTML.search(word)
    return found.group() if found else ""


class _Trouble(NamedTuple):
    """What can be wrong with a word."""

    level: Level
    name: str
    find: Callable[[str], str]
    what: str
    advice: str


TROUBLES = (
    _Trouble(
        "warn",
        "broken-characters",
        _find_broken,
        "with control characters, U+FFFD, or UTF-8 that was read as another encoding",
        "Convert the files again from their source, with its encoding: what was replaced is lost here.",
    ),
    _Trouble(
        "info",
        "invisible-characters",
        _find_invisible,
        "with characters that are not seen: zero-width spaces, byte order marks, soft hyphens",
        "They make a word another word. Take them out, here and of the texts in use.",
    ),
    _Trouble(
        "info",
        "html",
        _find_html,
        "with entities of HTML",
        "Unescape them (`html.unescape`), unless the texts in use have them, too.",
    ),
)
