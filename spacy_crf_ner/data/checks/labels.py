"""Labels: how many entities each has, and in which parts of the corpus."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from spacy.tokens import Doc

from .findings import Finding, count, listed, percent

TRAIN = "train"
# Entities of a label in train below which it will hardly be learned, and below which it may be learned badly.
FEW, SOME = 10, 50


@dataclass
class LabelCounts:
    """Entities by label."""

    entities: Counter[str] = field(default_factory=Counter)

    def add(self, doc: Doc) -> None:
        """Count the entities of a Doc."""
        self.entities.update(ent.label_ for ent in doc.ents)


def check_entities(parts: Mapping[str, LabelCounts]) -> list[Finding]:
    """Whether there are entities at all.

    parts (Mapping[str, LabelCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "entities".
    """
    found = []
    for part, counts in parts.items():
        if not counts.entities:
            what = "nothing can be learned" if part == TRAIN else "nothing can be measured"
            advice = "Look into `doc.ents` of the file: entities in `doc.spans` are not used."
            found.append(Finding("fail", "entities", f"{part} has no entities: {what}", advice))
    return found or [Finding("good", "entities", "All parts have entities")]


def check_frequencies(parts: Mapping[str, LabelCounts]) -> list[Finding]:
    """Labels with few entities in train.

    parts (Mapping[str, LabelCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "label-frequencies".
    """
    counts = parts[TRAIN].entities if TRAIN in parts else Counter()
    if not counts:
        return []
    few = [f"{label} ({n})" for label, n in sorted(counts.items()) if n < FEW]
    some = [f"{label} ({n})" for label, n in sorted(counts.items()) if FEW <= n < SOME]
    found = []
    if few:
        message = f"{count(len(few), 'label')} of train with less than {FEW} entities: {listed(few)}"
        advice = (
            "Annotate more of them, join labels (`crf-ner convert --label-map`), or see docs/rare_labels.md."
        )
        found.append(Finding("warn", "label-frequencies", message, advice))
    if some:
        message = f"{count(len(some), 'label')} of train with less than {SOME} entities: {listed(some)}"
        found.append(Finding("info", "label-frequencies", message, "docs/rare_labels.md has what helps."))
    if not found:
        message = f"Every label of train has at least {SOME} entities"
        found.append(Finding("good", "label-frequencies", message))
    return found


def check_agreement(parts: Mapping[str, LabelCounts]) -> list[Finding]:
    """Labels that some parts have and others have not.

    parts (Mapping[str, LabelCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "labels-of-parts"; nothing of a single part, or without entities in train.
    """
    if TRAIN not in parts or len(parts) < 2 or not parts[TRAIN].entities:
        return []
    known = parts[TRAIN].entities
    found = []
    for part, counts in parts.items():
        unknown = sorted(set(counts.entities) - set(known))
        absent = sorted(set(known) - set(counts.entities))
        if unknown:
            n_lost = sum(counts.entities[label] for label in unknown)
            message = (
                f"{count(len(unknown), 'label')} of {part} that train does not have: {listed(unknown)}. They can never "
                f"be predicted: {percent(n_lost, counts.entities.total())} of its entities count as missed"
            )
            advice = "Correct them if they are other spellings; else move Docs with them to train, or leave them out."
            found.append(Finding("fail", "labels-of-parts", message, advice))
        if absent and counts.entities:
            message = f"{count(len(absent), 'label')} of train that {part} does not measure: {listed(absent)}"
            found.append(Finding("info", "labels-of-parts", message))
    return found or [Finding("good", "labels-of-parts", "All parts have the same labels")]


def check_spellings(parts: Mapping[str, LabelCounts]) -> list[Finding]:
    """Labels that differ in nothing but case or whitespace.

    parts (Mapping[str, LabelCounts]): Counts of each part of the corpus.
    RETURNS (list[Finding]): "label-spellings"; nothing if there are none.
    """
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for counts in parts.values():
        for label, n in counts.entities.items():
            spellings["".join(label.split()).casefold()][label] += n
    alike = [counts for counts in spellings.values() if len(counts) > 1]
    if not alike:
        return []
    examples = tuple(", ".join(f"{label!r} ({n:,})" for label, n in counts.most_common()) for counts in alike)
    message = f"{count(len(alike), 'label')} written in several ways, which are learned as different labels"
    return [
        Finding("warn", "label-spellings", message, "Make them one: `crf-ner convert --label-map`.", examples)
    ]
