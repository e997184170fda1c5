"""What `crf-ner explain` prints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wasabi import msg

from .printing import MAX_COLUMN, printable, probability

if TYPE_CHECKING:
    from ..pipeline.explanation import ExplainedAnnotation, ExplainedEntity, Explanation
    from ..tags import TagSpan

# Marks of a tag.
CHOSEN, FORBIDDEN = "*", "x"
# A tag that is less probable is shown only if it is chosen, or forbidden though it looked better.
LEAST_SHOWN = 0.005
# Entities of an annotation that are listed: of a long text there may be thousands.
MAX_LISTED = 10
STATES = {
    "given": "on the Doc before",
    "predicted": "predicted",
    "threshold": "left out: below the threshold",
    "whitespace": "left out: whitespace at its edges",
    "entity": "left out: in the way of an entity on the Doc",
}


def print_explanation(explanation: Explanation, top: int) -> None:
    """Print why a component annotates a text as it does.

    explanation (Explanation): Why.
    top (int): How many tags of each token are shown.
    """
    msg.divider(printable(f"How '{explanation.component}' annotates"))
    print(f"{printable(explanation.text)}\n")
    if not explanation.tokens:
        msg.warn("The text has no tokens.")
        return
    print(f"Tags: {explanation.scheme}. Scores are in nats; {CHOSEN} is chosen, {FORBIDDEN} forbidden.")
    print("P: with all constraints; free: without any. Transition: from the tag chosen before.")
    header = ("Token", "", "Tag", "P", "Free", "Emission", "Transition")
    aligns = ("l", "l", "l", "r", "r", "r", "r")
    rows = [
        row for position in range(len(explanation.tokens)) for row in _tag_rows(explanation, position, top)
    ]
    msg.table(rows, header=header, aligns=aligns, divider=True, max_col=MAX_COLUMN)
    sentences = [token.forbidden[0].sentence for token in explanation.tokens if token.forbidden]
    if sentences:
        msg.divider("Forbidden, though it looked better")
        print("\n".join(map(printable, sentences)))
    _print_entities(explanation)
    _print_runner_up(explanation)


def _tag_rows(explanation: Explanation, position: int, top: int) -> list[tuple[str, ...]]:
    token = explanation.tokens[position]
    name = repr(token.text) if token.text.isspace() else token.text
    marginals = explanation.marginals[position]
    best = (-marginals).argsort(kind="stable")[:top].tolist()
    shown = {tag for tag in best if marginals[tag] >= LEAST_SHOWN} | {token.chosen}
    forbidden = {one.tag for one in token.forbidden}
    shown.update(one.tag for one in token.forbidden[:1])
    ordered = sorted(shown, key=lambda tag: (tag != token.chosen, tag in forbidden, -marginals[tag]))
    rows: list[tuple[str, ...]] = []
    for tag in ordered:
        mark = CHOSEN if tag == token.chosen else FORBIDDEN if tag in forbidden else ""
        moves = explanation.incoming_allowed[position, tag]
        rows.append(
            (
                printable(name) if tag == token.chosen else "",
                mark,
                printable(explanation.tags[tag]),
                f"{marginals[tag]:.3f}",
                f"{explanation.free_marginals[position, tag]:.3f}",
                f"{explanation.emissions[position, tag]:.2f}",
                f"{explanation.incoming[position, tag]:.2f}" if moves else "forbidden",
            )
        )
    return rows


def _print_entities(explanation: Explanation) -> None:
    if explanation.entities:
        msg.divider("Entities")
        header = ("Entity", "Label", "Probability", "")
        rows = [_entity_row(explanation, one) for one in explanation.entities]
        msg.table(rows, header=header, aligns=("l", "l", "r", "l"), divider=True, max_col=MAX_COLUMN)


def _entity_row(explanation: Explanation, entity: ExplainedEntity) -> tuple[str, str, str, str]:
    text, label = printable(_text(explanation, entity.span)), printable(entity.span.label)
    return text, label, probability(entity.probability), STATES[entity.state]


def _print_runner_up(explanation: Explanation) -> None:
    """The two annotations side by side, and where they differ."""
    chosen, other = explanation.chosen, explanation.runner_up
    msg.divider(f"The annotation ({explanation.decoding}) and the best other one")
    header = ("", "Probability", "Log-probability", "Emissions", "Transitions", "Entities")
    rows = [_annotation_row(explanation, "chosen", chosen)]
    if other is not None:
        rows.append(_annotation_row(explanation, "runner-up", other))
        parts = [
            first - second
            for first, second in (
                (chosen.log_prob, other.log_prob),
                (chosen.emissions, other.emissions),
                (chosen.transitions, other.transitions),
            )
        ]
        rows.append(("difference", "", *(f"{part:+.2f}" for part in parts), ""))
    msg.table(rows, header=header, aligns=("l", "r", "r", "r", "r", "l"), divider=True, max_col=MAX_COLUMN)
    if other is None:
        print("There is no other annotation.")
        return
    pairs = zip(explanation.tokens, chosen.tags, other.tags, strict=True)
    changed = [
        f'"{token.text}" {explanation.tags[tag]} -> {explanation.tags[instead]}'
        for token, tag, instead in pairs
        if tag != instead
    ]
    print(printable("Runner-up: " + ", ".join(changed)))


def _annotation_row(explanation: Explanation, name: str, annotation: ExplainedAnnotation) -> tuple[str, ...]:
    return (
        name,
        f"{math.exp(annotation.log_prob):.3f}",
        f"{annotation.log_prob:.2f}",
        f"{annotation.emissions:.2f}",
        f"{annotation.transitions:.2f}",
        _listed(explanation, annotation.spans),
    )


def _listed(explanation: Explanation, spans: Sequence[TagSpan]) -> str:
    shown = [printable(f"{_text(explanation, span)} ({span.label})") for span in spans[:MAX_LISTED]]
    more = f" and {len(spans) - MAX_LISTED} more" if len(spans) > MAX_LISTED else ""
    return ", ".join(shown) + more if shown else "none"


def _text(explanation: Explanation, span: TagSpan) -> str:
    first, last = explanation.tokens[span.start], explanation.tokens[span.end - 1]
    return explanation.text[first.start : last.end]
