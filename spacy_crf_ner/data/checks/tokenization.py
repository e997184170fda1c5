"""Whether the tokenizer divides texts as the Docs are divided: entities that cut its tokens are never predicted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from spacy.tokens import Doc

from .findings import Cases, Finding, Level, count, percent, shown

# Share of entities that do not align, from which it is more than a few odd names.
MANY = 0.05
BLIND = (
    "spaCy trains and evaluates on the tokens of such Docs, not on those of the tokenizer: on texts in use scores are "
    "lower where it divides them otherwise."
)


@dataclass
class TokenizationCounts:
    """Docs whose tokens are others than the tokenizer's, and entities that begin or end inside of one of its tokens.

    without_spaces (int): Docs that do not know where spaces are: spaCy trains and evaluates on their own tokens.
    """

    tokenizer: Callable[[str], Doc] | None = None
    docs: int = 0
    without_spaces: int = 0
    differing: int = 0
    entities: int = 0
    misaligned: Cases = field(default_factory=Cases)

    def add(self, number: int, doc: Doc) -> None:
        """Count a Doc.

        number (int): Its number in the part, counted from 1.
        doc (Doc): The Doc.
        """
        if not len(doc):
            return
        self.docs += 1
        self.entities += len(doc.ents)
        self.without_spaces += doc.has_unknown_spaces
        if self.tokenizer is None:
            return
        made = self.tokenizer(doc.text)
        starts, ends = _bounds(made)
        if (starts, ends) == _bounds(doc):
            return
        self.differing += 1
        for ent in doc.ents:
            if ent.start_char not in starts or ent.end_char not in ends:
                # The tokenizer's tokens that the entity touches.
                tokens = [
                    token.text
                    for token in made
                    if token.idx < ent.end_char and ent.start_char < token.idx + len(token)
                ]
                touched = shown(" ".join(tokens))
                self.misaligned.add(f"{shown(ent.text)} ({ent.label_}) is cut out of {touched}, Doc {number}")


def check_tokenization(parts: Mapping[str, TokenizationCounts]) -> list[Finding]:
    """Docs and entities against the tokenizer.

    parts (Mapping[str, TokenizationCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "unknown-spaces", "tokenization" and "misaligned-entities".
    """
    found = []
    blind = {part: counts.without_spaces for part, counts in parts.items() if counts.without_spaces}
    if blind:
        message = f"Docs that do not know where spaces are between their tokens: {_shares(blind, parts)}"
        found.append(Finding("info", "unknown-spaces", message, BLIND))
    compared = {
        part: counts for part, counts in parts.items() if counts.tokenizer is not None and counts.docs
    }
    if not compared:
        message = "The tokens were compared with those of no tokenizer"
        return [
            *found,
            Finding("info", "tokenization", message, "Give `--config` or `--lang`, and they are."),
        ]
    differing = {part: counts.differing for part, counts in compared.items() if counts.differing}
    if not differing:
        return [*found, Finding("good", "tokenization", "The tokenizer divides all Docs as they are")]
    message = f"Docs that the tokenizer divides otherwise: {_shares(differing, parts)}"
    found.append(Finding("info", "tokenization", message))
    lost = [_misaligned(part, counts) for part, counts in compared.items() if counts.misaligned.n]
    message = "All entities begin and end where tokens of the tokenizer do"
    return [*found, *(lost or [Finding("good", "misaligned-entities", message)])]


def _shares(numbers: Mapping[str, int], parts: Mapping[str, TokenizationCounts]) -> str:
    return ", ".join(f"{n:,} of {part} ({percent(n, parts[part].docs)})" for part, n in numbers.items())


def _misaligned(part: str, counts: TokenizationCounts) -> Finding:
    n_lost = counts.misaligned.n
    message = (
        f"{count(n_lost, 'entity', 'entities')} of {part} ({percent(n_lost, counts.entities)}) with a beginning or end "
        "inside of a token of the tokenizer: on such texts never predicted"
    )
    level: Level = "warn"
    advice = "Correct them, choose another `--lang`, or change the rules of the tokenizer ([nlp.tokenizer])."
    if counts.without_spaces == counts.docs:
        advice += " Training and evaluation use the tokens of the file, and do not show it."
    elif n_lost >= MANY * counts.entities:
        level = "fail"
    return Finding(level, "misaligned-entities", message, advice, counts.misaligned.examples)


def _bounds(doc: Doc) -> tuple[set[int], set[int]]:
    """Characters where tokens begin, and those after their ends. Whitespace is left out: it is no part of entities."""
    words = [token for token in doc if not token.is_space]
    return {token.idx for token in words}, {token.idx + len(token) for token in words}
