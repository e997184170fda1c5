"""The report of `crf-ner evaluate` as a page."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .evaluation_figures import Points, precision_recall_plot, reliability_plot, threshold_plot, training_plot
from .evaluation_tables import confusion_map, confusion_pairs, transition_map, transition_pairs
from .highlighting import Piece, highlight, label_hues
from .rendering import render

MEASURES = {
    "strict": "Tokens and label",
    "exact": "Tokens, any label",
    "partial": "Common tokens count half, any label",
    "type": "Some common token, and the label",
}
ACCURACIES = {
    "docs": "Texts without an error",
    "sentences": "Sentences without an error",
    "tokens": "Tokens with the right tag",
    "tokens_in_entities": "… of those in entities",
}
# Scores of the training log that are drawn beside the one which chooses the best pipeline.
LOGGED_SCORES = ("ents_f", "ents_p", "ents_r")
# What is said of an entity without an error.
CORRECT = "correct"
# Characters from which on a text scrolls in a box of its own.
LONG_TEXT = 2000


class FaultyText(NamedTuple):
    """A text in the error browser.

    number (int): Which one of the data.
    errors (str): Kind and number of the label of each error, as filters compare them.
    is_long (bool): Whether it scrolls.
    gold (list[list[Piece]]): Lines with the annotated entities.
    predicted (list[list[Piece]]): Lines with the predicted entities.
    """

    number: int
    errors: str
    is_long: bool
    gold: list[list[Piece]]
    predicted: list[list[Piece]]


def evaluation_page(data: Mapping[str, Any]) -> str:
    """Show an evaluation: scores, confusions, what probabilities are worth, and all errors in their texts.

    data (Mapping[str, Any]): What `crf-ner evaluate --json` saves.
    RETURNS (str): The page: one HTML document that needs nothing else.
    RAISES (SpacyCrfNerError): matplotlib is absent, and there are plots to be drawn.
    """
    labels = {entity["label"] for doc in data["documents"] for entity in doc["entities"]}
    hues = label_hues(labels.union(data["labels"]))
    faulty = sorted({label for doc in data["documents"] for _, label in _errors(doc)})
    return render(
        "evaluation.html.j2",
        styles=("evaluation.css",),
        scripts=("errors.js",),
        title=f"Entities of {data['model']}",
        sections=list(_sections(data)),
        report=data,
        hues=hues,
        confusion=confusion_map(data["confusion"]),
        confusion_pairs=confusion_pairs(data["confusion"]),
        plots=_probability_plots(data["probabilities"]),
        transitions=[
            (table["component"], transition_map(table), transition_pairs(table))
            for table in data["transitions"] or ()
        ],
        training=_training(data["training_log"]),
        n_errors=Counter(error["kind"] for error in data["errors"]),
        measures=MEASURES,
        accuracies=ACCURACIES,
        faulty_labels=faulty,
        # One by one: there may be many.
        faulty_texts=(_faulty_text(doc, hues, faulty) for doc in data["documents"]),
        left_out=list(_left_out(data)),
    )


def _sections(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "scores", "Scores"
    if data["comparison"]:
        yield "comparison", "Comparison"
    yield "labels", "Labels"
    yield "confusions", "Confusions"
    if data["probabilities"]:
        yield "probabilities", "Probabilities"
    yield "near", "Nearly right"
    yield "groups", "Breakdowns"
    if data["transitions"]:
        yield "transitions", "Transitions"
    if data["training_log"]:
        yield "training", "Training"
    yield "errors", "Errors"
    if any(_left_out(data)):
        yield "left-out", "Left out"


def _left_out(data: Mapping[str, Any]) -> Iterator[str]:
    """What the page does not show, and why."""
    if not data["probabilities"]:
        yield (
            "Probabilities: no predicted entity has one. A component crf_ner with probabilities = true gives them, "
            "and other components do not."
        )
    if not data["transitions"]:
        yield "Transition scores: no component of the pipeline has a linear-chain CRF."
    if not data["seen"]:
        yield "Entities that are seen or unseen: the training data was not given, as --train."
    if not data["accuracy"]["sentences"]:
        yield "Sentences without an error: the annotation does not tell where sentences begin."
    if not data["comparison"]:
        yield "A comparison: no second pipeline was given, as --against."
    if not data["training_log"]:
        yield "How training went: no training log was given, as --log."


def _probability_plots(measured: Mapping[str, Any] | None) -> dict[str, Any]:
    if not measured:
        return {}
    points = measured["precision_recall"]
    return {
        "precision_recall": precision_recall_plot(points),
        "threshold": threshold_plot(points),
        "best": max(points, key=lambda point: point["f1"]),
        "reliability": reliability_plot(measured["reliability"]),
    }


def _training(log: Mapping[str, Any] | None) -> dict[str, Any]:
    if not log:
        return {}
    rows = log["rows"]
    scores = {"score": [row["score"] for row in rows]}
    for name in LOGGED_SCORES:
        values = [row["scores"].get(name) for row in rows]
        # Most often the score is one of these.
        if values != scores["score"]:
            scores[name] = values
    components = sorted({name for row in rows for name in row["losses"]})
    losses = {name: [row["losses"].get(name) for row in rows] for name in components}
    score_series, loss_series = _series(rows, scores), _series(rows, losses)
    title = f"at {len(rows)} evaluations during training."
    return {
        "score_names": list(score_series),
        "scores": training_plot("scores-plot", f"Scores {title}", score_series, "%", shares=True),
        "components": list(loss_series),
        "losses": training_plot("losses-plot", f"Losses {title}", loss_series, "Loss", shares=False),
    }


def _series(rows: Sequence[Any], values: Mapping[str, Sequence[float | None]]) -> dict[str, Points]:
    """Updates and numbers of each name that has any."""
    found = {
        name: [(row["step"], number) for row, number in zip(rows, numbers, strict=True) if number is not None]
        for name, numbers in values.items()
    }
    return {name: points for name, points in found.items() if points}


def _errors(doc: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and label of each error of a Doc."""
    for entity in doc["entities"]:
        if entity["kind"] != CORRECT:
            yield entity["kind"], entity["label"]


def _faulty_text(doc: Mapping[str, Any], hues: Mapping[str, int], labels: Sequence[str]) -> FaultyText:
    text = doc["text"]
    places = {label: place for place, label in enumerate(labels)}
    errors = sorted({f"{kind}:{places[label]}" for kind, label in _errors(doc)})
    gold, predicted = (
        highlight(text, [entity for entity in doc["entities"] if entity["side"] == side], hues)
        for side in ("gold", "predicted")
    )
    return FaultyText(doc["number"], " ".join(errors), len(text) > LONG_TEXT, gold, predicted)
