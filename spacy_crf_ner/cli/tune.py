"""`python -m spacy crf-ner tune`: search for the settings of a config with which training goes best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from wasabi import msg

from ..errors import SpacyCrfNerError
from .loading import read_config
from .printing import MAX_COLUMN
from .saving import check_outputs
from .starting import parse_overrides, start

if TYPE_CHECKING:
    from ..training.search import Search

SHOWN_TRIALS = 5


def tune_config(
    ctx: typer.Context,
    config_path: Path = typer.Argument(..., exists=True, dir_okay=False, help="Config to begin with"),
    space_path: Path = typer.Argument(
        ..., exists=True, dir_okay=False, help="YAML file: what to try, by the dotted names of settings"
    ),
    output: Path = typer.Option(..., "--output", "-o", file_okay=False, help="Folder of the results"),
    trials: int = typer.Option(20, "--trials", "-n", help="Trainings in all, those of earlier runs included"),
    timeout: float | None = typer.Option(
        None, "--timeout", help="Seconds after which no new training begins"
    ),
    sampler: str = typer.Option("tpe", "--sampler", help="tpe (learns from what was tried) or random"),
    pruner: str = typer.Option("median", "--pruner", help="median (stops bad trainings early) or none"),
    startup: int = typer.Option(
        5, "--startup", help="Random trainings at the beginning, none of which is stopped"
    ),
    seed: int = typer.Option(
        0, "--seed", help="Of the values that are tried; that of training is in the config"
    ),
    keep_model: bool = typer.Option(
        True, "--keep-model/--no-model", help="Keep the pipeline of the best training"
    ),
    code_path: Path | None = typer.Option(
        None, "--code", "-c", help="Python file with registered functions that the config needs"
    ),
    use_gpu: int = typer.Option(-1, "--gpu-id", "-g", help="GPU ID or -1 for CPU"),
) -> None:
    """Search for the best settings of a config.

    Trains with values from the space again and again, and judges by the main score on the dev corpus
    (`training.score_weights`). Writes best.cfg, trials.jsonl, plots.html and the best pipeline, model-best, to the
    output folder. The same command goes on where it was interrupted. Settings of the config can be overridden:
    --paths.train train.spacy.
    """
    from ..training.search import Search, SearchSettings, read_space

    overrides = parse_overrides(ctx.args)
    try:
        check_outputs([config_path, space_path], folder=output)
        start(code_path, use_gpu)
        settings = SearchSettings(
            trials=trials,
            timeout=timeout,
            sampler=sampler,
            pruner=pruner,
            startup=startup,
            seed=seed,
            keep_model=keep_model,
        )
        config = read_config(config_path, overrides)
        dimensions = read_space(space_path, config)
        search = Search(config, dimensions, output, settings, use_gpu=use_gpu)
        _search(search)
    except (SpacyCrfNerError, OSError) as error:
        msg.fail(str(error), exits=1)
    _print(search, output)


def _search(search: Search) -> None:
    from tqdm import tqdm

    n_done, n_trials = search.n_done, search.settings.trials
    msg.divider("Search")
    msg.info(f"{len(search.dimensions)} settings, {n_trials} trials")
    if n_done:
        msg.info(f"Going on after {n_done} trials")
    with tqdm(total=max(n_done, n_trials), initial=n_done, desc="Searching", unit="trials") as bar:

        def on_trial(trial: Any) -> None:
            if search.ranking:
                bar.set_postfix(best=f"{search.ranking[0].value:.4f}", refresh=False)
            bar.update()

        def on_score(number: int, step: int, score: float) -> None:
            bar.set_description(f"Trial {number}, update {step}: {score:.4f}")

        search(on_trial, on_score)


def _print(search: Search, output: Path) -> None:
    states = [trial.state.name for trial in search.study.trials]
    msg.divider("Best trials")
    best = search.ranking[:SHOWN_TRIALS]
    rows = [("Score", *(f"{trial.value:.4f}" for trial in best))]
    for dimension in search.dimensions:
        shown = [search.values(trial).get(dimension.key, "-") for trial in best]
        rows.append((dimension.key, *(f"{one:.4g}" if isinstance(one, float) else str(one) for one in shown)))
    header = ("Trial", *(str(trial.number) for trial in best))
    msg.table(rows, header=header, aligns=("l", *("r" for _ in best)), max_col=MAX_COLUMN, divider=True)
    failed = sum("error" in trial.user_attrs for trial in search.study.trials)
    msg.text(
        f"{states.count('COMPLETE')} trials completed, {states.count('PRUNED')} stopped early, "
        f"{failed} of them for a loss that was not finite"
    )
    msg.good(f"Saved best.cfg, trials.jsonl and plots.html to {output}")
