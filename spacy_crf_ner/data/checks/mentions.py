"""The texts of entities: which have several labels, and which train does not have."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from spacy.tokens import Doc

from .findings import Finding, Level, count, percent, shown
from .labels import TRAIN

# Texts with several labels that are listed.
N_LISTED = 10
# Share of entities with another label than most of their text, from which it looks like a mistake of annotation.
INCONSISTENT = 0.05
# Share of entities that train does not have, below which a part measures what was learned by heart.
FEW_UNSEEN = 0.1


@dataclass
class MentionCounts:
    """Entities by text and label; whitespace is one space each."""

    mentions: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, doc: Doc) -> None:
        """Count the entities of a Doc."""
        self.mentions.update((" ".join(ent.text.split()), ent.label_) for ent in doc.ents)


def check_consistency(parts: Mapping[str, MentionCounts]) -> list[Finding]:
    """Texts that are entities of several labels.

    parts (Mapping[str, MentionCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "consistent-labels"; nothing without entities.
    """
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for counts in parts.values():
        for (text, label), n in counts.mentions.items():
            labels[text][label] += n
    n_entities = sum(counts.total() for counts in labels.values())
    if not n_entities:
        return []
    several = {text: counts for text, counts in labels.items() if len(counts) > 1}
    if not several:
        return [Finding("good", "consistent-labels", "No text is an entity of several labels")]
    others = {text: counts.total() - max(counts.values()) for text, counts in several.items()}
    n_others = sum(others.values())
    message = (
        f"{count(len(several), 'text')} with several labels; {count(n_others, 'entity', 'entities')} "
        f"({percent(n_others, n_entities)}) have another one than most of their text"
    )
    advice = "Some texts mean several things. Look through these for mistakes."
    order = sorted(several, key=lambda text: (-others[text], -several[text].total(), text))
    examples = tuple(
        f"{shown(text)}: " + ", ".join(f"{label} {n:,}" for label, n in several[text].most_common())
        for text in order[:N_LISTED]
    )
    level: Level = "warn" if n_others >= INCONSISTENT * n_entities else "info"
    return [Finding(level, "consistent-labels", message, advice, examples)]


def check_unseen_entities(parts: Mapping[str, MentionCounts]) -> list[Finding]:
    """Entities whose text train never has as an entity; upper and lower case are the same.

    parts (Mapping[str, MentionCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "unseen-entities", for each other part than train with entities.
    """
    if TRAIN not in parts or not parts[TRAIN].mentions:
        return []
    known = {text.casefold() for text, _ in parts[TRAIN].mentions}
    return [
        _check_part(part, counts.mentions.items(), known)
        for part, counts in parts.items()
        if part != TRAIN and counts.mentions
    ]


def _check_part(part: str, mentions: Iterable[tuple[tuple[str, str], int]], known: set[str]) -> Finding:
    n_unseen = n_entities = 0
    for (text, _), n in mentions:
        n_entities += n
        n_unseen += n * (text.casefold() not in known)
    message = (
        f"{percent(n_unseen, n_entities)} of the entities of {part} have a text that no entity of train has"
    )
    if n_unseen < FEW_UNSEEN * n_entities:
        advice = "Scores there tell little of names that are new. If you expect new ones, split by document or by time."
        return Finding("info", "unseen-entities", message, advice)
    return Finding("info", "unseen-entities", message)
