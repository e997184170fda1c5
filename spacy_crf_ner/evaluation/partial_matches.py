"""Scores that give credit to entities that are nearly right, by the definitions of SemEval-2013."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from .judged_docs import JudgedDoc
from .pairing import BOTH, BOUNDARY, EXACT, LABEL, MISSED, SPURIOUS, pair_entities

CORRECT, INCORRECT, PARTIAL = "correct", "incorrect", "partial"
# What a pair of each kind counts as, by measure; entities without a counterpart are the same in all of them.
OUTCOMES = {
    "strict": {EXACT: CORRECT, LABEL: INCORRECT, BOUNDARY: INCORRECT, BOTH: INCORRECT},
    "exact": {EXACT: CORRECT, LABEL: CORRECT, BOUNDARY: INCORRECT, BOTH: INCORRECT},
    "partial": {EXACT: CORRECT, LABEL: CORRECT, BOUNDARY: PARTIAL, BOTH: PARTIAL},
    "type": {EXACT: CORRECT, LABEL: INCORRECT, BOUNDARY: CORRECT, BOTH: INCORRECT},
}


class MatchCounts(NamedTuple):
    """What became of all entities by one of the measures, and what follows from that.

    correct (int): Pairs that are right.
    incorrect (int): Pairs that are wrong.
    partial (int): Pairs that count half.
    missed (int): Annotated entities without a counterpart.
    spurious (int): Predicted entities without a counterpart.
    """

    correct: int = 0
    incorrect: int = 0
    partial: int = 0
    missed: int = 0
    spurious: int = 0

    @property
    def possible(self) -> int:
        """Annotated entities."""
        return self.correct + self.incorrect + self.partial + self.missed

    @property
    def actual(self) -> int:
        """Predicted entities."""
        return self.correct + self.incorrect + self.partial + self.spurious

    @property
    def precision(self) -> float:
        """Correct and half of the partial pairs by predicted entities; 0 without any."""
        return (self.correct + 0.5 * self.partial) / self.actual if self.actual else 0.0

    @property
    def recall(self) -> float:
        """Correct and half of the partial pairs by annotated entities; 0 without any."""
        return (self.correct + 0.5 * self.partial) / self.possible if self.possible else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 if both are."""
        both = self.precision + self.recall
        return 2 * (self.precision * self.recall / both) if both else 0.0


def count_matches(docs: Iterable[JudgedDoc]) -> dict[str, MatchCounts]:
    """Count matches by the four measures of SemEval-2013 task 9.1 (Segura-Bedmar et al. 2013,
    https://aclanthology.org/S13-2056/).

    "strict": tokens and label have to be right. "exact": the tokens have to be, whatever the label is. "partial": the
    same, and pairs that overlap count half. "type": the label has to be right and some token common. Each entity has at
    most one counterpart, by `pair_entities`; "strict" is therefore the usual precision and recall.

    docs (Iterable[JudgedDoc]): The Docs.
    RETURNS (dict[str, MatchCounts]): "strict", "exact", "partial" and "type".
    """
    kinds: Counter[str] = Counter()
    for doc in docs:
        kinds.update(pair.kind for pair in pair_entities(doc.gold, doc.predicted))
    return {measure: _counts(kinds, outcomes) for measure, outcomes in OUTCOMES.items()}


def _counts(kinds: Counter[str], outcomes: dict[str, str]) -> MatchCounts:
    found: Counter[str] = Counter()
    for kind, outcome in outcomes.items():
        found[outcome] += kinds[kind]
    return MatchCounts(
        correct=found[CORRECT],
        incorrect=found[INCORRECT],
        partial=found[PARTIAL],
        missed=kinds[MISSED],
        spurious=kinds[SPURIOUS],
    )
