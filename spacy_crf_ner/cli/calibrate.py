"""`python -m spacy crf-ner calibrate`: fit the temperatures of a trained pipeline, and show what they change."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from wasabi import msg

from ..errors import SpacyCrfNerError
from .loading import load_pipeline, running
from .printing import DELAY, printable
from .saving import check_outputs, refuse_stdout, save_json
from .starting import start

if TYPE_CHECKING:
    from spacy.language import Language

    from ..evaluation import Calibration, HeldOut, Reliability, ReliabilityBin, Temperatures
    from ..pipeline import CRFEntityRecognizer

BAR_WIDTH = 25
# Heading and field of `Reliability`.
MEASURES = {
    "Expected calibration error": "calibration_error",
    "Brier score": "brier_score",
    "Log loss, nats per entity": "log_loss",
    "Log loss, nats per text": "annotation_loss",
    "Mean probability": "confidence",
    "Precision": "precision",
    "Predicted entities": "spans",
}
DOUBT = (
    "The data does not tell the temperature: all predicted entities (of a label) are right, or all are wrong. Give "
    "more Docs, and none that the pipeline was trained on."
)


def calibrate_pipeline(
    model: str = typer.Argument(..., help="Name or path of the trained pipeline"),
    data_path: Path = typer.Argument(
        ..., exists=True, help="Annotated Docs that it was not trained on, in .spacy format"
    ),
    component: str | None = typer.Option(
        None, "--component", help="Name of the crf_ner component, if there are several"
    ),
    per_label: bool = typer.Option(False, "--per-label", "-L", help="Fit a temperature for each label, too"),
    objective: str = typer.Option(
        "spans", "--objective", help="What is fitted: spans (entities being right or wrong) or sequences"
    ),
    bins: int = typer.Option(10, "--bins", min=1, help="Bins of the calibration error and of the diagram"),
    output: Path | None = typer.Option(
        None, "--output", "-o", file_okay=False, help="Save the pipeline here and leave MODEL as it is"
    ),
    json_path: Path | None = typer.Option(
        None, "--json", "-j", dir_okay=False, help="Save the measures to this file"
    ),
    code_path: Path | None = typer.Option(
        None, "--code", "-c", help="Python file with registered functions that the pipeline needs"
    ),
    use_gpu: int = typer.Option(-1, "--gpu-id", "-g", help="GPU ID or -1 for CPU"),
) -> None:
    """Make the probabilities of entities agree with reality.

    Of entities with a probability of 0.8, four of five should be right. Fits the temperature that the component's
    scores are divided by to annotated Docs that the pipeline was not trained on, shows calibration before and after,
    and saves the temperature with the pipeline: in place if MODEL is a directory, or the whole pipeline to --output.
    """
    target = _target(model, output)
    try:
        refuse_stdout(json_path)
        check_outputs([data_path], json_path, folder=target)
        start(code_path, use_gpu)
        nlp = load_pipeline(model, {})
        report = _calibrate(nlp, component, data_path, per_label=per_label, objective=objective, bins=bins)
        _save(nlp, report["component"], target, whole=output is not None)
        if json_path is not None:
            save_json(report, json_path, "the measures")
    except (SpacyCrfNerError, OSError) as error:
        msg.fail(str(error), exits=1)


def _target(model: str, output: Path | None) -> Path:
    """Where to save: found out before anything is computed."""
    from spacy.util import is_package

    if output is not None:
        return output
    # As spaCy does: an installed package comes before a directory of its name.
    if is_package(model) or not Path(model).is_dir():
        hint = f"{model!r} is no directory, and an installed package is not changed: say where to save it."
        raise typer.BadParameter(hint, param_hint="--output")
    return Path(model)


def _calibrate(
    nlp: Language, name: str | None, data_path: Path, *, per_label: bool, objective: str, bins: int
) -> dict[str, Any]:
    """Fit, print, and set the component's temperatures.

    RETURNS (dict[str, Any]): What `--json` saves.
    RAISES (SpacyCrfNerError): No component, or nothing to measure.
    """
    from ..evaluation import Temperatures, calibrate, find_component

    component = find_component(nlp, name)
    held_out = _read(nlp, component, data_path)
    current = Temperatures(component.cfg["temperature"], component.cfg["label_temperatures"])
    found = calibrate(held_out, objective=objective, per_label=per_label, bins=bins, current=current)
    _print(component.name, held_out, found, current)
    component.cfg["temperature"], component.cfg["label_temperatures"] = found.temperatures
    return {
        "component": component.name,
        "docs": len(held_out.truths),
        "objective": objective,
        "temperature": found.temperatures.shared,
        "label_temperatures": found.temperatures.by_label,
        "labels_without_their_own": found.rare,
        "before": _as_dict(found.before),
        "after": _as_dict(found.after),
    }


def _read(nlp: Language, component: CRFEntityRecognizer, data_path: Path) -> HeldOut:
    from spacy.training import Corpus
    from tqdm import tqdm

    from ..evaluation import gather
    from ..files import count_docs

    n_docs = count_docs(data_path)
    examples = Corpus(data_path)(nlp)
    with running(nlp):
        return gather(
            nlp, component, tqdm(examples, total=n_docs, desc="Predicting", unit="docs", delay=DELAY)
        )


def _save(nlp: Language, name: str, target: Path, *, whole: bool) -> None:
    from ..evaluation import find_component

    if whole:
        nlp.to_disk(target)
        msg.good(f"Saved the calibrated pipeline to {target}")
    else:
        find_component(nlp, name).to_disk(target / name, exclude=["vocab", "model"])
        msg.good(f"Saved the temperature to {target / name / 'cfg'}")


def _print(name: str, held_out: HeldOut, found: Calibration, current: Temperatures) -> None:
    msg.divider(f"Calibration of '{printable(name)}' on {len(held_out.truths)} Docs")
    rows = _temperature_rows(current, found.temperatures)
    rows += [
        (title, _shown(getattr(found.before, field)), _shown(getattr(found.after, field)))
        for title, field in MEASURES.items()
    ]
    msg.table(rows, header=("", "Before", "After"), aligns=("l", "r", "r"), divider=True)
    if found.after.left_out:
        msg.warn(f"{found.after.left_out} predicted entities on tokens without annotation are left out.")
    if found.rare:
        counts = ", ".join(f"{printable(label)} ({count})" for label, count in found.rare.items())
        msg.warn(f"Labels with too few predicted entities for a temperature of their own: {counts}")
    if found.is_doubtful:
        msg.warn(DOUBT)
    for title, measured in (("before", found.before), ("after", found.after)):
        _print_diagram(title, measured)


def _temperature_rows(before: Temperatures, after: Temperatures) -> list[tuple[str, str, str]]:
    """The shared temperature, and those of labels: what a label does not have it shares."""
    rows = [("Temperature", f"{before.shared:.4g}", f"{after.shared:.4g}")]
    old, new = before.by_label or {}, after.by_label or {}
    for label in {**old, **new}:
        first, second = old.get(label, before.shared), new.get(label, after.shared)
        rows.append((f"Temperature of {printable(label)}", f"{first:.4g}", f"{second:.4g}"))
    return rows


def _print_diagram(title: str, measured: Reliability) -> None:
    rows = [
        (
            f"{one.low:.2f} - {one.high:.2f}",
            one.size,
            _shown(one.confidence),
            _shown(one.accuracy),
            draw_bar(one),
        )
        for one in measured.bins
        if one.size
    ]
    header = ("Probability", "Entities", "Mean", "Right", f"#: right, |: mean probability ({title})")
    msg.table(rows, header=header, aligns=("l", "r", "r", "r", "l"), divider=True)


def draw_bar(one: ReliabilityBin) -> str:
    """A line of the reliability diagram, in ASCII: `#` up to the share that is right, `|` at the mean probability.

    one (ReliabilityBin): A bin that is not empty.
    RETURNS (str): Always of the same width. In a calibrated pipeline the last `#` is beside the `|`.
    """
    filled = round((one.accuracy or 0.0) * BAR_WIDTH)
    mark = min(BAR_WIDTH - 1, int((one.confidence or 0.0) * BAR_WIDTH))
    bar = ["#"] * filled + ["."] * (BAR_WIDTH - filled)
    bar[mark] = "|"
    return "".join(bar)


def _shown(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def _as_dict(measured: Reliability) -> dict[str, Any]:
    return {**asdict(measured), "bins": [one._asdict() for one in measured.bins]}
