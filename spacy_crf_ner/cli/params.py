"""`python -m spacy crf-ner params`: every parameter with its group and learning rate, and whether it learns."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from wasabi import msg

from ..errors import SpacyCrfNerError
from .loading import load_pipeline, read_config
from .saving import print_json
from .starting import parse_overrides, start

if TYPE_CHECKING:
    from spacy.language import Language

    from ..training.parameter_table import ParameterRow

# Names of adapters in encoders are long.
MAX_COLUMN = 120
START = {"step": 0, "epoch": 0}


def print_params(
    ctx: typer.Context,
    source: str = typer.Argument(
        ..., help="Config file of a training, or name or path of a trained pipeline"
    ),
    as_json: bool = typer.Option(False, "--json", "-j", help="Print JSON instead of tables"),
    code_path: Path | None = typer.Option(
        None, "--code", "-c", help="Python file with registered functions that the config needs"
    ),
    use_gpu: int = typer.Option(-1, "--gpu-id", "-g", help="GPU ID or -1 for CPU"),
) -> None:
    """Print the parameters of a pipeline, and what learns.

    Each has its group, learning rate and weight decay. A config is initialized as `spacy train` does it, and the
    gradients of a few texts show what learns in the first update. Settings can be overridden as for `spacy train`, e.g.
    --paths.train ./train.spacy. Nothing is saved.
    """
    overrides = parse_overrides(ctx.args)
    start(code_path, use_gpu, silent=True)
    try:
        found = _inspect(source, overrides, use_gpu)
    # Those of spaCy, too: a corpus that is not there, an encoder that is not.
    except (ValueError, OSError) as error:
        msg.fail(str(error), exits=1)
    if as_json:
        print_json(_as_dict(found))
        raise typer.Exit(found.problem is not None)
    _print(found)
    if found.problem is not None:
        msg.fail(found.problem, exits=1)


class Inspection(NamedTuple):
    """What is printed.

    rows (list[ParameterRow]): The parameters.
    peak (float): The optimizer's highest learning rate.
    problem (str | None): Why the optimizer does not fit the encoder, if so.
    """

    rows: list[ParameterRow]
    peak: float
    problem: str | None


def _inspect(source: str, overrides: dict[str, Any], use_gpu: int) -> Inspection:
    """Make the pipeline and bring it to where its first update begins.

    RAISES (SpacyCrfNerError): Settings of ours that do not fit.
    """
    from spacy.cli._util import show_validation_error
    from spacy.schemas import ConfigSchemaTraining
    from spacy.util import registry

    from ..training.parameter_table import add_rates, check_optimizer, list_parameters, peak_rate

    is_config = Path(source).is_file()
    with show_validation_error(source if is_config else None):
        nlp = _initialize(source, overrides, use_gpu) if is_config else load_pipeline(source, overrides)
        settings = registry.resolve(nlp.config.interpolate()["training"], schema=ConfigSchemaTraining)
    if not is_config:
        _freeze_as_initialized(nlp)
    if settings["before_update"]:
        settings["before_update"](nlp, dict(START))
    if is_config:
        _probe(nlp, settings)
    optimizer = settings["optimizer"]
    rows = list_parameters(nlp, settings["frozen_components"], probed=is_config)
    peak = peak_rate(optimizer, settings["max_steps"])
    try:
        check_optimizer(nlp, rows, optimizer)
    except SpacyCrfNerError as error:
        return Inspection(add_rates(rows, optimizer, peak), peak, str(error))
    return Inspection(add_rates(rows, optimizer, peak), peak, None)


def _initialize(path: str, overrides: dict[str, Any], use_gpu: int) -> Language:
    from spacy.training.initialize import init_nlp

    return init_nlp(read_config(Path(path), overrides), use_gpu=use_gpu)


def _freeze_as_initialized(nlp: Language) -> None:
    """Saved pipelines are not frozen, and nothing is initialized here."""
    from spacy.util import registry

    from ..training.freezing import Freeze

    block = nlp.config.interpolate()["initialize"].get("after_init")
    callback = registry.resolve({"after_init": block})["after_init"] if block else None
    if isinstance(callback, Freeze):
        callback(nlp)


def _probe(nlp: Language, settings: dict[str, Any]) -> None:
    from spacy.util import resolve_dot_names

    from ..training.parameter_table import probe

    (corpus,) = resolve_dot_names(nlp.config.interpolate(), [settings["train_corpus"]])
    probe(nlp, corpus(nlp), settings["frozen_components"], settings["annotating_components"])


def _print(found: Inspection) -> None:
    from ..training.parameter_table import group_totals

    msg.table(
        [
            (
                row.component,
                row.name if row.is_torch else f"{row.name} ({row.module})",
                " x ".join(map(str, row.shape)),
                row.group,
                _shown(row.factor),
                _shown(row.rate),
                "yes" if row.decays else "no",
                row.hindrance or "yes",
            )
            for row in found.rows
        ],
        header=("Component", "Parameter", "Shape", "Group", "Factor", "Rate", "Decays", "Learns"),
        divider=True,
        max_col=MAX_COLUMN,
    )
    totals = group_totals(found.rows)
    msg.table(
        [
            (
                total.group,
                f"{total.size:,}",
                f"{total.learning:,}",
                " to ".join(dict.fromkeys(_shown(rate) for rate in (total.rates[:1] + total.rates[-1:])))
                or "-",
            )
            for total in totals
        ],
        header=("Group", "Parameters", "Learn", "Rate"),
        aligns=("l", "r", "r", "l"),
        divider=True,
    )
    size, learning = sum(total.size for total in totals), sum(total.learning for total in totals)
    share = f" ({100 * learning / size:.2f} %)" if size else ""
    msg.info(f"{learning:,} of {size:,} parameters learn{share}; highest learning rate: {_shown(found.peak)}")


def _as_dict(found: Inspection) -> dict[str, Any]:
    from ..training.parameter_table import group_totals

    return {
        "parameters": [{**asdict(row), "size": row.size, "learns": row.learns} for row in found.rows],
        "groups": [asdict(total) for total in group_totals(found.rows)],
        "size": sum(row.size for row in found.rows),
        "learning": sum(row.size for row in found.rows if row.learns),
        "peak_rate": found.peak,
        "problem": found.problem,
    }


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
