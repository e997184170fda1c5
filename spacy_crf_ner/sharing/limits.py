"""What a model cannot do, as far as its config and its scores tell."""

from __future__ import annotations

from collections.abc import Iterator

from .facts import CrfFacts, Facts
from .markdown import code
from .scores import Score, Scores

# Annotated entities below which one more or less moves recall by over three percentage points.
FEW_ENTITIES = 30
# Tokens of a label in the training data below which it has been seen in few contexts.
FEW_TOKENS = 100
# Recall below which more is missed than some other model might be expected to find.
LOW_RECALL = 0.6


def find_limits(facts: Facts, scores: Scores | None) -> list[str]:
    """Sentences on what to expect of a model, and what not.

    facts (Facts): What was found out.
    scores (Scores | None): How good it is.
    RETURNS (list[str]): Sentences in Markdown.
    """
    return [
        *_of_reading(facts),
        *(line for one in facts.crf for line in _of_component(one)),
        *_of_scores(scores),
    ]


def _of_reading(facts: Facts) -> Iterator[str]:
    for window, stride in dict.fromkeys(facts.windows):
        yield (
            f"The transformer reads at most {window} tokens at once, in windows that begin {stride} tokens apart: it "
            "sees nothing of the text beyond."
        )
    if facts.max_length:
        yield (
            f"It was trained on texts of at most {facts.max_length} tokens; longer ones were cut into sentences, or "
            "left out."
        )


def _of_component(one: CrfFacts) -> Iterator[str]:
    yield f"Entities of {code(one.name)} do not overlap, and are not nested."
    if one.segments == "sents":
        yield "No entity crosses the boundary of a sentence: what finds sentences matters."
    if one.threshold is not None:
        yield f"Entities with a probability below {one.threshold:g} are left out."
    if one.probabilities:
        yield (
            "Probabilities were calibrated on annotated texts; on texts of another kind they may be off."
            if one.calibrated
            else "Probabilities are not calibrated: they may be too high or too low."
        )
    rare = [f"{code(label)} ({count})" for label, count in one.label_counts.items() if count < FEW_TOKENS]
    if rare:
        yield f"Labels with fewer than {FEW_TOKENS} tokens in the training data: {', '.join(rare)}."


def _of_scores(scores: Scores | None) -> Iterator[str]:
    if scores is None:
        yield "How good it is was not measured, or is not known here."
        return
    if scores.data is None:
        yield (
            "The scores are those of the development data, by which the best state of training was chosen: expect "
            "lower ones on new texts."
        )
    known = {label: score for label, score in scores.labels.items() if score.annotated is not None}
    few = [
        f"{code(label)} ({one.annotated})"
        for label, one in known.items()
        if (one.annotated or 0) < FEW_ENTITIES
    ]
    if few:
        yield f"Labels with so few annotated entities that their scores say little: {', '.join(few)}."
    low = [f"{code(label)} ({_percent(one)})" for label, one in scores.labels.items() if _is_low(one)]
    if low:
        yield f"Labels of which it finds less than {LOW_RECALL:.0%}: {', '.join(low)}."


def _is_low(score: Score) -> bool:
    return score.recall is not None and score.recall < LOW_RECALL


def _percent(score: Score) -> str:
    return f"{score.recall or 0.0:.0%}"
