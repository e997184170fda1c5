"""What a hyperparameter search leaves: a complete config, all trials, and plots."""

from __future__ import annotations

import html
import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy.util import get_sourced_components, load_model_from_config
from thinc.api import Config

from ...files import write_text
from .space import Dimension, with_values

TRIALS_FILE, PLOTS_FILE, BEST_CONFIG = "trials.jsonl", "plots.html", "best.cfg"
ERROR = "error"

PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
<h1>{title}</h1>
{plots}
</body>
</html>
"""


def write_trials(study: Any, dimensions: Sequence[Dimension], output: Path) -> None:
    """Write all trials that have ended to `trials.jsonl`, and the config with the best values to `best.cfg`."""
    lines = [
        json.dumps(describe(trial, dimensions)) + "\n" for trial in study.trials if trial.state.is_finished()
    ]
    write_text(output / TRIALS_FILE, "".join(lines))


def describe(trial: Any, dimensions: Sequence[Dimension]) -> dict[str, Any]:
    """A trial as JSON: what was tried, and what came of it."""
    by_key = {one.key: one for one in dimensions}
    return {
        "number": trial.number,
        "state": trial.state.name.lower(),
        "score": trial.value,
        "values": {key: by_key[key].value(parameter) for key, parameter in trial.params.items()},
        "scores": {str(step): score for step, score in sorted(trial.intermediate_values.items())},
        "seconds": trial.duration.total_seconds() if trial.duration else None,
        "error": trial.user_attrs.get(ERROR),
    }


def write_best_config(config: Config, values: dict[str, Any], output: Path) -> None:
    """Write a config with some values and all defaults; variables stay variables."""
    changed = with_values(config, values)
    filled = load_model_from_config(changed, auto_fill=True, validate=False).config
    filled["components"].update(get_sourced_components(changed))
    write_text(output / BEST_CONFIG, filled.to_str() + "\n")


def write_plots(study: Any, title: str, output: Path) -> None:
    """Draw the search into one HTML file that needs no network.

    study (Study): With at least one trial that was completed.
    title (str): Of the page.
    output (Path): Folder of `plots.html`.
    """
    parts: list[str] = []
    for heading, figure in _figures(study):
        script = not parts
        parts.append(f"<h2>{html.escape(heading)}</h2>")
        parts.append(figure.to_html(full_html=False, include_plotlyjs=script))
    write_text(output / PLOTS_FILE, PAGE.format(title=html.escape(title), plots="\n".join(parts)))


def _figures(study: Any) -> Iterator[tuple[str, Any]]:
    from optuna import visualization  # noqa: PLC0415
    from optuna.importance import PedAnovaImportanceEvaluator  # noqa: PLC0415

    complete = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    draw: list[tuple[str, Callable[..., Any]]] = [
        ("Optimization history", visualization.plot_optimization_history),
        ("Scores during training", visualization.plot_intermediate_values),
        ("Score by value", visualization.plot_slice),
        ("Parallel coordinates", visualization.plot_parallel_coordinate),
    ]
    for heading, function in draw:
        yield heading, function(study)
    # Of trials that are all equally good it cannot be said what makes them good.
    if len({trial.value for trial in complete}) > 1:
        with warnings.catch_warnings():
            # Versions of optuna before 5 call the evaluator experimental.
            warnings.simplefilter("ignore")
            evaluator = PedAnovaImportanceEvaluator()
            yield "Importance of settings", visualization.plot_param_importances(study, evaluator=evaluator)
