"""What `crf-ner evaluate` prints."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from wasabi import msg

from .printing import MAX_COLUMN, percent, printable, probability

if TYPE_CHECKING:
    from ..evaluation import (
        Comparison,
        Confidence,
        Confusion,
        Counts,
        EntityError,
        EntityReport,
        Interval,
        TrainingStep,
    )

SCORES = ("Precision, %", "Recall, %", "F1, %")
# A confusion matrix of more is not to be read in a terminal.
MOST_LABELS = 15
MEASURES = {
    "strict": "Tokens and label",
    "exact": "Tokens, any label",
    "partial": "Common tokens count half, any label",
    "type": "Some common token, and the label",
}
KINDS = {
    "missed": "Missed",
    "spurious": "Spurious",
    "label": "Wrong label",
    "boundary": "Wrong boundary",
    "label_and_boundary": "Wrong label and boundary",
}


def print_report(name: str, report: EntityReport) -> None:
    """Print the measures of a pipeline.

    name (str): What it is called.
    report (EntityReport): The measures.
    """
    msg.divider(printable(f"Entities of '{name}' in {report.docs} Docs"))
    _print_labels(report)
    if report.unjudged:
        msg.warn(f"{report.unjudged} predicted entities on tokens without annotation are left out.")
    rows = [
        (MEASURES[measure], *_percents(counts.precision, counts.recall, counts.f1))
        for measure, counts in report.matches.items()
    ]
    _table("An entity is right by", SCORES, rows)
    _print_accuracy(report)
    if report.seen is not None:
        _print_groups("Training data", report.seen)
    _print_groups("Tokens of the entity", report.entity_lengths)
    _print_groups("Tokens of the Doc", report.text_lengths)
    counts = Counter(error.kind for error in report.errors)
    _table("Errors", ("Entities",), [(title, str(counts[kind])) for kind, title in KINDS.items()])
    if report.confusion.mistaken and len(report.confusion.labels) <= MOST_LABELS:
        _print_confusion(report.confusion)
    if report.confidence is not None:
        _print_confidence(report.confidence)


def print_errors(errors: Iterable[EntityError], limit: int) -> None:
    """Print the first errors of each kind, with what stands around them.

    errors (Iterable[EntityError]): All errors.
    limit (int): How many are shown.
    """
    errors = list(errors)
    header = ("Doc", "Text", "Annotated", "Predicted", "Probability")
    for kind, title in KINDS.items():
        of_kind = [error for error in errors if error.kind == kind]
        if not of_kind:
            continue
        shown = of_kind[:limit]
        msg.divider(f"{title}: {len(shown)} of {len(of_kind)}")
        rows = [
            (
                str(error.doc),
                printable(f"{error.before}[{error.text}]{error.after}"),
                _entity(error.gold_text, error.gold_label),
                _entity(error.predicted_text, error.predicted_label),
                probability(error.probability),
            )
            for error in shown
        ]
        aligns = ("r", "l", "l", "l", "r")
        msg.table(rows, header=header, aligns=aligns, divider=True, max_col=MAX_COLUMN)


def print_comparison(
    names: tuple[str, str], reports: tuple[EntityReport, EntityReport], comparison: Comparison
) -> None:
    """Print two pipelines side by side.

    names (tuple[str, str]): What they are called.
    reports (tuple[EntityReport, EntityReport]): Their measures.
    comparison (Comparison): How they differ.
    """
    msg.divider("Comparison on the same Docs")
    rows = [
        (printable(name), *_percents(counts.precision, counts.recall, counts.f1), _interval(interval))
        for name, counts, interval in zip(
            names,
            (report.micro for report in reports),
            (report.intervals.f1 for report in reports),
            strict=True,
        )
    ]
    difference = f"{100 * comparison.difference:+.2f}"
    rows.append(("Difference", "", "", difference, _interval(comparison.interval, sign="+")))
    _table("", (*SCORES, "95 % interval of F1"), rows)
    msg.info(
        f"p = {comparison.p_value:.4g}: so often pipelines that are equally good differ as much "
        f"({comparison.samples} samples)"
    )


def print_log(steps: Sequence[TrainingStep]) -> None:
    """Print in a line how the training went.

    steps (Sequence[TrainingStep]): Its log, with at least one evaluation.
    """
    scored = [(step.score, step.step) for step in steps if step.score is not None]
    if not scored:
        msg.info(f"Training: {len(steps)} evaluations without a score")
        return
    # Of equal scores the last, as spaCy keeps it.
    score, step = max(scored)
    msg.info(f"Training: best score {percent(score)} % at step {step}, of {len(steps)} evaluations")


def _print_labels(report: EntityReport) -> None:
    rows = [
        (printable(label), *_counts(counts), _interval(report.intervals.labels[label]))
        for label, counts in report.labels.items()
    ]
    rows.append(("All labels", *_counts(report.micro), _interval(report.intervals.f1)))
    average = _percents(*report.macro)
    rows.append(("Mean of labels", "", "", *average, _interval(report.intervals.macro_f1)))
    _table("", ("Annotated", "Predicted", *SCORES, "95 % interval of F1"), rows)


def _print_accuracy(report: EntityReport) -> None:
    shares = {
        "Docs without an error": report.doc_accuracy,
        "Sentences without an error": report.sentence_accuracy,
        "Tokens with the right tag": report.token_accuracy,
        "... of those in entities": report.inside_accuracy,
    }
    rows = [
        (title, str(share.right), str(share.all), percent(share.share))
        for title, share in shares.items()
        if share is not None
    ]
    _table("", ("Right", "All", "%"), rows)


def _print_groups(title: str, groups: Mapping[str, Counts]) -> None:
    rows = [(name, *_counts(counts)) for name, counts in groups.items()]
    _table(title, ("Annotated", "Predicted", *SCORES), rows)


def _print_confusion(confusion: Confusion) -> None:
    names = [*map(printable, confusion.labels), "nothing"]
    rows = [
        (name, *(str(count) if count else "." for count in counts))
        for name, counts in zip(names, confusion.matrix.tolist(), strict=True)
    ]
    _table("Annotated, and predicted as", names, rows)
    if confusion.boundary.any():
        n_wrong = int(confusion.boundary.sum())
        msg.text(f"Of those with the right label, {n_wrong} have a wrong boundary.")


def _print_confidence(confidence: Confidence) -> None:
    area = confidence.area
    rows = [
        ("Area under precision and recall", "-" if math.isnan(area) else f"{area:.4f}"),
        ("Calibration error", f"{confidence.calibration_error:.4f}"),
        ("Brier score", f"{confidence.brier_score:.4f}"),
    ]
    _table(f"Probabilities of {confidence.entities} entities", ("0 to 1",), rows)


def _table(title: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    aligns = ("l", *("r" for _ in columns))
    msg.table(rows, header=(title, *columns), aligns=aligns, divider=True, max_col=MAX_COLUMN)


def _counts(counts: Counts) -> tuple[str, ...]:
    # Of nothing there is no share, though files have 0 there, as spaCy's have.
    scores = (
        counts.precision if counts.predicted else None,
        counts.recall if counts.annotated else None,
        counts.f1 if any(counts) else None,
    )
    return str(counts.annotated), str(counts.predicted), *_percents(*scores)


def _percents(*shares: float | None) -> tuple[str, ...]:
    return tuple(percent(share) for share in shares)


def _interval(interval: Interval | None, sign: str = "") -> str:
    if interval is None:
        return "-"
    return " to ".join(format(100 * bound, f"{sign}.2f") for bound in interval)


def _entity(text: str | None, label: str | None) -> str:
    return "-" if text is None or label is None else printable(f"{text} ({label})")
