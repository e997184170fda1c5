"""What spaCy's reader leaves out of .spacy files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spacy.tokens import Doc

from .findings import Finding, count


@dataclass
class ReadingCounts:
    """What spaCy's reader does with long Docs.

    max_length (int): Tokens from which a Doc is cut into sentences (`corpora.train.max_length`); 0: never.
    left_out (int): Docs from which nothing is left: long, and without sentence boundaries.
    cut (int): Docs that are cut into sentences.
    lost (int): Sentences of them that are as long themselves, and are left out.
    """

    max_length: int = 0
    left_out: int = 0
    cut: int = 0
    lost: int = 0

    def add(self, doc: Doc) -> None:
        """Count a Doc."""
        if not self.max_length or len(doc) < self.max_length:
            return
        if not doc.has_annotation("SENT_START"):
            self.left_out += 1
            return
        self.cut += 1
        self.lost += sum(len(sentence) >= self.max_length for sentence in doc.sents)


def check_reading(parts: Mapping[str, ReadingCounts]) -> list[Finding]:
    """Docs that spaCy's reader leaves out because they are too long.

    parts (Mapping[str, ReadingCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "max-length", for each part that is read with a maximal length.
    """
    found = []
    for part, counts in parts.items():
        if not counts.max_length:
            continue
        setting = f"`corpora.{part}.max_length = {counts.max_length}`"
        if counts.left_out or counts.lost:
            message = (
                f"{setting} leaves out {count(counts.left_out, 'Doc')} without sentence boundaries, and "
                f"{count(counts.lost, 'sentence')} of the {count(counts.cut, 'Doc')} that are cut"
            )
            advice = "spaCy does so in silence. Set it to 0, set sentence starts in the Docs, or cut them yourself."
            found.append(Finding("warn", "max-length", message, advice))
        else:
            message = (
                f"{setting} cuts {count(counts.cut, 'Doc')} of {part} into sentences, and leaves out nothing"
            )
            found.append(Finding("good", "max-length", message))
    return found
