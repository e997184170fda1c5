"""Texts that are there twice: within a part of the corpus, and in two parts, where the second measures nothing new."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from spacy.tokens import Doc

from .findings import Cases, Finding, Level, count, percent, shown

# Tokens from which it is no accident that a text is there twice.
LONG = 5
# Share of a part's Docs that another part has, too, from which its scores are wrong.
LEAKED = 0.1


@dataclass
class Copies:
    """Docs whose text was there before, in the same or in an earlier part.

    docs (Cases): All of them.
    long (int): Those of at least `LONG` tokens.
    with_entities (int): Those with entities.
    """

    docs: Cases = field(default_factory=Cases)
    long: int = 0
    with_entities: int = 0


class TextIndex:
    """The texts of all parts, which are added one after the other; what is kept of each are numbers.

    Texts are the same if they differ in nothing but whitespace and case.
    """

    def __init__(self) -> None:
        self.docs: dict[str, int] = {}
        self.repeated: dict[str, Copies] = defaultdict(Copies)
        self.leaked: dict[tuple[str, str], Copies] = defaultdict(Copies)
        self.contradicted: dict[str, Cases] = defaultdict(Cases)
        # By part and text: number of the first Doc, and its annotation.
        self._first: dict[str, dict[int, tuple[int, int]]] = {}

    def add(self, part: str, number: int, doc: Doc) -> None:
        """Add a Doc.

        part (str): Its part of the corpus.
        number (int): Its number in the part, counted from 1.
        doc (Doc): The Doc. An empty one is no copy of another.
        """
        first = self._first.setdefault(part, {})
        self.docs[part] = self.docs.get(part, 0) + bool(len(doc))
        text = _plain(doc.text)
        if not text:
            return
        key, annotation = _digest(text), _annotation(doc)
        for earlier, known in self._first.items():
            if earlier != part and key in known:
                where = f"Doc {number} is Doc {known[key][0]} of {earlier}"
                _count(self.leaked[earlier, part], doc, where)
        if key not in first:
            first[key] = (number, annotation)
            return
        before, other = first[key]
        _count(self.repeated[part], doc, f"Docs {before} and {number}")
        if annotation != other and annotation and other:
            self.contradicted[part].add(f"{shown(doc.text)}, Docs {before} and {number}", worth=len(doc))


def check_repeated(texts: TextIndex) -> list[Finding]:
    """Texts that a part of the corpus has several times, and whether they are annotated in the same way.

    texts (TextIndex): The texts.
    RETURNS (list[Finding]): "repeated-texts" and "contradictions", for parts with such texts.
    """
    found = []
    for part, copies in texts.repeated.items():
        n_docs, share = count(copies.docs.n, "Doc"), percent(copies.docs.n, texts.docs[part])
        message = f"{n_docs} of {part} ({share}) with the text of an earlier Doc of {part}"
        advice = "They count twice. Take them out, unless such texts come as often in use."
        found.append(Finding("info", "repeated-texts", message, advice, copies.docs.examples))
    for part, cases in texts.contradicted.items():
        n_docs = count(cases.n, "Doc")
        message = f"{n_docs} of {part} annotated otherwise than an earlier Doc of {part} with the same text"
        advice = "The same text cannot be both: correct one of the two."
        found.append(Finding("warn", "contradictions", message, advice, cases.examples))
    return found or [Finding("good", "repeated-texts", "No part has a text twice")]


def check_leaks(texts: TextIndex) -> list[Finding]:
    """Texts that a part has in common with an earlier one.

    texts (TextIndex): The texts.
    RETURNS (list[Finding]): "leaks", for pairs of parts with such texts; nothing of a single part.
    """
    if len(texts.docs) < 2:
        return []
    found = [
        _leak(pair, copies, texts.docs)
        for pair, copies in sorted(texts.leaked.items(), key=lambda one: list(texts.docs).index(one[0][1]))
    ]
    return found or [Finding("good", "leaks", "No text is in two parts")]


def _leak(pair: tuple[str, str], copies: Copies, docs: Mapping[str, int]) -> Finding:
    earlier, part = pair
    n_docs, share = count(copies.docs.n, "Doc"), percent(copies.docs.n, docs[part])
    message = (
        f"{n_docs} of {part} ({share}) with the text of a Doc of {earlier}; "
        f"{copies.with_entities:,} with entities"
    )
    examples = copies.docs.examples
    if not copies.long and copies.docs.n < LEAKED * docs[part]:
        message += f"; none has {LONG} tokens"
        return Finding("info", "leaks", message, examples=examples)
    advice = (
        f"Scores on {part} are too high by what was learned by heart. Take these Docs out of one of the two."
    )
    level: Level = "fail" if copies.long >= LEAKED * docs[part] else "warn"
    return Finding(level, "leaks", message, advice, examples)


def _count(copies: Copies, doc: Doc, where: str) -> None:
    copies.docs.add(f"{shown(doc.text)}, {where}", worth=len(doc))
    copies.long += len(doc) >= LONG
    copies.with_entities += bool(doc.ents)


def _plain(text: str) -> str:
    # Docs from tokens do not know where their spaces were.
    return unicodedata.normalize("NFC", "".join(text.split())).casefold()


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf8", "surrogatepass"), digest_size=8).digest(), "big")


def _annotation(doc: Doc) -> int:
    """A number for the entities of a Doc; 0 of one without annotation."""
    if not doc.has_annotation("ENT_IOB"):
        return 0
    # By the text before them: the tokens may be others.
    entities = (
        f"{len(_plain(doc.text[: ent.start_char]))} {_plain(ent.text)}\t{ent.label_}" for ent in doc.ents
    )
    return _digest("\n".join(entities)) or 1
