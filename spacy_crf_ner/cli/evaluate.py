"""`python -m spacy crf-ner evaluate`: how good the entities of a pipeline are, and whether another one is better."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from wasabi import msg

from ..errors import SpacyCrfNerError
from .evaluation_run import Evaluated, Sources, as_dict, run_pipelines
from .evaluation_tables import print_comparison, print_errors, print_log, print_report
from .printing import printable
from .saving import STDOUT, check_outputs, save_outputs
from .starting import start

if TYPE_CHECKING:
    from ..evaluation import TrainingStep


def evaluate_pipeline(
    model: str = typer.Argument(..., help="Name or path of the trained pipeline"),
    data_path: Path = typer.Argument(
        ..., exists=True, help="Annotated Docs that it was not trained on, in .spacy format"
    ),
    against: str | None = typer.Option(
        None, "--against", "-a", help="Name or path of a second pipeline, to compare it with on the same Docs"
    ),
    train_path: Path | None = typer.Option(
        None, "--train", "-t", exists=True, help="Docs that it was trained on: tells unseen entities apart"
    ),
    log_path: Path | None = typer.Option(
        None,
        "--log",
        exists=True,
        dir_okay=False,
        help="Log of its training, of spacy.ConsoleLogger.v3",
    ),
    html_path: Path | None = typer.Option(
        None, "--html", "-H", dir_okay=False, help="Save a page to this file, with all errors in their texts"
    ),
    json_path: Path | None = typer.Option(
        None, "--json", "-j", dir_okay=False, help="Save everything to this file; -: print that instead"
    ),
    show_errors: int = typer.Option(0, "--show-errors", min=0, help="Show so many errors of each kind"),
    samples: int = typer.Option(1000, "--samples", "-n", min=1, help="Samples for intervals and p-value"),
    seed: int = typer.Option(0, "--seed", min=0, help="Seed of their random numbers"),
    code_path: Path | None = typer.Option(
        None, "--code", "-c", help="Python file with registered functions that the pipelines need"
    ),
    use_gpu: int = typer.Option(-1, "--gpu-id", "-g", help="GPU ID or -1 for CPU"),
) -> None:
    """Measure the entities of any pipeline.

    Precision, recall and F1, over all labels and of each, are those of `spacy evaluate`. Further: their intervals,
    entities that are nearly right, labels that are taken for one another, what probabilities are worth, texts without
    an error, entities that the training data does not have, short and long ones, errors with their context; and with
    --against, whether one pipeline is better than another by more than chance.
    """
    sources = Sources(data_path, train_path, log_path)
    try:
        _check_outputs(sources, json_path, html_path)
        quiet = json_path == STDOUT
        start(code_path, use_gpu, silent=quiet)
        steps = None if log_path is None else _read_log(log_path)
        found = run_pipelines(model, against, sources, samples=samples, seed=seed, quiet=quiet)
        if not quiet:
            _print(found, steps, show_errors)
        if json_path is not None or html_path is not None:
            save_outputs(as_dict(found, sources, steps), json_path, html_path, _make_page)
    except (SpacyCrfNerError, OSError) as error:
        msg.fail(str(error), exits=1)


def _check_outputs(sources: Sources, json_path: Path | None, html_path: Path | None) -> None:
    """Raise before pipelines run, which may take long, if what is found could not be written.

    RAISES (SpacyCrfNerError): A file that cannot be written, or no package for the figures of the page.
    """
    check_outputs([path for path in sources if path is not None], json_path, html_path)
    if html_path is not None:
        from ..pages import require_plots

        require_plots()


def _read_log(path: Path) -> list[TrainingStep]:
    from ..evaluation import read_training_log

    return read_training_log(path)


def _print(found: Evaluated, steps: list[TrainingStep] | None, show_errors: int) -> None:
    print_report(found.model, found.report)
    if found.unannotated:
        msg.warn(f"{found.unannotated} Docs without any annotation of entities are left out.")
    for one in (found, found.second):
        if one is not None and not one.report.micro.predicted:
            components = ", ".join(one.components) or "none"
            msg.warn(printable(f"'{one.model}' predicts no entity. Its components: {components}."))
    if show_errors:
        print_errors(found.report.errors, show_errors)
    if found.second is not None and found.comparison is not None:
        names = (found.model, found.second.model)
        print_comparison(names, (found.report, found.second.report), found.comparison)
    if steps is not None:
        print_log(steps)


def _make_page(data: dict[str, Any]) -> str:
    from ..pages import evaluation_page

    return evaluation_page(data)
