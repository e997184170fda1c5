"""How long entities and Docs are, in tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from spacy.tokens import Doc

from .findings import Cases, Finding, count, shown
from .labels import TRAIN

# Tokens from which an entity looks like a clause, and from which a Doc needs much memory.
LONG_ENTITY, LONG_DOC = 20, 2000
# Above it spaCy takes no text, unless `nlp.max_length` is changed.
MAX_CHARACTERS = 1_000_000
# How much longer the median Doc of a part may be than that of another.
RATIO = 3.0


@dataclass
class LengthCounts:
    """Docs and entities by tokens, and Docs with more characters than spaCy takes."""

    docs: Counter[int] = field(default_factory=Counter)
    entities: Counter[int] = field(default_factory=Counter)
    long_entities: Cases = field(default_factory=Cases)
    refused: Cases = field(default_factory=Cases)

    def add(self, number: int, doc: Doc) -> None:
        """Count a Doc and its entities.

        number (int): Its number in the part, counted from 1.
        doc (Doc): The Doc.
        """
        if len(doc):
            self.docs[len(doc)] += 1
        # Texts of tokens without spaces are not divided again.
        if not doc.has_unknown_spaces and len(doc.text) > MAX_CHARACTERS:
            self.refused.add(f"{len(doc.text):,} characters: {shown(doc.text)}, Doc {number}")
        for ent in doc.ents:
            self.entities[len(ent)] += 1
            if len(ent) > LONG_ENTITY:
                example = f"{len(ent)} tokens: {shown(ent.text)} ({ent.label_}), Doc {number}"
                self.long_entities.add(example, worth=len(ent))


def quantile(counts: Counter[int], share: float) -> int:
    """The smallest value that at least this share of all values do not exceed.

    counts (Counter[int]): How often each value occurs; not empty.
    share (float): 0 to 1.
    RETURNS (int): The value.
    """
    total, so_far = counts.total(), 0
    for value in sorted(counts):
        so_far += counts[value]
        if so_far >= share * total:
            return value
    return max(counts)


def check_entity_lengths(parts: Mapping[str, LengthCounts]) -> list[Finding]:
    """Very long entities.

    parts (Mapping[str, LengthCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "long-entities"; nothing without entities.
    """
    found = []
    for part, counts in parts.items():
        if counts.long_entities.n:
            n_entities = count(counts.long_entities.n, "entity", "entities")
            message = f"{n_entities} of {part} with more than {LONG_ENTITY} tokens"
            advice = "The CRF can learn them, but one wrong token makes all of it wrong. Are they meant?"
            found.append(Finding("warn", "long-entities", message, advice, counts.long_entities.examples))
    longest = max((length for counts in parts.values() for length in counts.entities), default=0)
    if longest and not found:
        found.append(Finding("good", "long-entities", f"The longest entity has {count(longest, 'token')}"))
    return found


def check_doc_lengths(parts: Mapping[str, LengthCounts]) -> list[Finding]:
    """Very long Docs.

    parts (Mapping[str, LengthCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "long-docs", for each part with very long Docs.
    """
    found = []
    for part, counts in parts.items():
        if counts.refused.n:
            message = (
                f"{count(counts.refused.n, 'Doc')} of {part} with more than {MAX_CHARACTERS:,} characters"
            )
            advice = "spaCy stops at such a text in training. Cut it into sections."
            found.append(Finding("fail", "long-docs", message, advice, counts.refused.examples))
        n_long = sum(n for length, n in counts.docs.items() if length > LONG_DOC)
        if n_long:
            message = (
                f"{count(n_long, 'Doc')} of {part} with more than {LONG_DOC:,} tokens; the longest has "
                f"{max(counts.docs):,}"
            )
            advice = (
                "They are read whole, and memory grows with them. If it is short, give sentences or sections as Docs, "
                "or set sentence starts and `corpora.train.max_length`."
            )
            found.append(Finding("info", "long-docs", message, advice))
    return found


def check_length_drift(parts: Mapping[str, LengthCounts]) -> list[Finding]:
    """Docs that are much longer or shorter than those of train.

    parts (Mapping[str, LengthCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "length-drift", for each other part than train with Docs.
    """
    if TRAIN not in parts or not parts[TRAIN].docs:
        return []
    usual = quantile(parts[TRAIN].docs, 0.5)
    found = []
    for part, counts in parts.items():
        if part == TRAIN or not counts.docs:
            continue
        median = quantile(counts.docs, 0.5)
        message = (
            f"Half of the Docs of {part} have at most {count(median, 'token')}, 95 % at most "
            f"{quantile(counts.docs, 0.95):,}; in train {usual:,} and {quantile(parts[TRAIN].docs, 0.95):,}"
        )
        if max(median, usual) > RATIO * min(median, usual):
            advice = "Sentences here and documents there? Cut both in the same way, and as texts will be cut in use."
            found.append(Finding("warn", "length-drift", message, advice))
        else:
            found.append(Finding("good", "length-drift", message))
    return found
