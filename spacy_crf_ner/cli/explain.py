"""`python -m spacy crf-ner explain`: why a pipeline annotates a text as it does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from wasabi import msg

from ..errors import SpacyCrfNerError
from .explanation_tables import print_explanation
from .given_texts import read_given
from .loading import check_text, component_for, load_pipeline, running
from .saving import STDOUT, check_outputs, save_outputs
from .starting import parse_overrides, start

if TYPE_CHECKING:
    from ..pipeline.explanation import Explanation


def explain_text(
    ctx: typer.Context,
    model: str = typer.Argument(..., help="Name or path of the pipeline"),
    text: str = typer.Argument(..., help="The text, best a single sentence; -: standard input"),
    component: str | None = typer.Option(
        None, "--component", help="Name of the crf_ner component, if there are several"
    ),
    top: int = typer.Option(3, "--top", "-n", min=1, help="Show so many tags of each token"),
    html_path: Path | None = typer.Option(
        None, "--html", "-H", dir_okay=False, help="Save a page with heat maps to this file"
    ),
    json_path: Path | None = typer.Option(
        None, "--json", "-j", dir_okay=False, help="Save everything to this file; -: print that instead"
    ),
    code_path: Path | None = typer.Option(
        None, "--code", "-c", help="Python file with registered functions that the pipeline needs"
    ),
    use_gpu: int = typer.Option(-1, "--gpu-id", "-g", help="GPU ID or -1 for CPU"),
) -> None:
    """Show why a text is annotated as it is.

    For each token: the best tags with their probability, emission and the transition into them, and which tags were
    forbidden though they looked better; then the annotation, the best other one, and what makes the difference. Config
    overrides may follow.
    """
    overrides = parse_overrides(ctx.args)
    try:
        check_outputs([], json_path, html_path)
        start(code_path, use_gpu, silent=json_path == STDOUT)
        explanation = _explain(model, overrides, text, component)
        if json_path != STDOUT:
            print_explanation(explanation, top)
        save_outputs({"model": model, **explanation.to_dict()}, json_path, html_path, _make_page)
    except SpacyCrfNerError as error:
        msg.fail(str(error), exits=1)


def _explain(model: str, overrides: dict[str, Any], text: str, name: str | None) -> Explanation:
    nlp = load_pipeline(model, overrides)
    component = component_for(nlp, name, "`explain`")
    (given,) = read_given([text], [], whole=True)
    check_text(nlp, given.text, given.source)
    # What later components add is no evidence for this one.
    later = nlp.pipe_names[nlp.pipe_names.index(component.name) :]
    with running(nlp):
        return component.explain(nlp(given.text, disable=later))


def _make_page(data: dict[str, Any]) -> str:
    from ..pages import explanation_page

    return explanation_page(data)
