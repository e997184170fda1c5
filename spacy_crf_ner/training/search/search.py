"""Hyperparameter search with optuna: settings of a config are tried, each time with spaCy's training loop."""

from __future__ import annotations

import importlib.util
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.training.loop import DIR_MODEL_BEST
from thinc.api import Config

from ...errors import Errors, LossError, TrainingError
from .report import ERROR, write_best_config, write_plots, write_trials
from .space import Dimension, with_values
from .trial import run_trial

STUDY_FILE = "study.db"
TRIALS_FOLDER = "trials"
SAMPLERS = ("tpe", "random")
PRUNERS = ("median", "none")
QUESTION = "question"
# spaCy evaluates after the first update, too. What that says of a trial is no reason to stop it.
FIRST_PRUNED_STEP = 1


@dataclass(frozen=True)
class SearchSettings:
    """How to search.

    trials (int): Trials in all, those of earlier runs of the same search included.
    timeout (float | None): Seconds after which no new trial begins.
    sampler (str): "tpe", which learns from the trials before (Bergstra et al. 2011,
        https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization), or "random".
    pruner (str): "median", which stops trials whose best score is below the median of the others at the same number
        of updates (Golovin et al. 2017, https://doi.org/10.1145/3097983.3098043), or "none".
    startup (int): Trials before the sampler stops being random, and before any trial is stopped.
    seed (int): Of the values that are tried. That of training is in the config.
    keep_model (bool): Whether to keep the pipeline of the best trial.
    RAISES (TrainingError): A value that makes no sense; the message names the setting.
    """

    trials: int
    timeout: float | None = None
    sampler: str = "tpe"
    pruner: str = "median"
    startup: int = 5
    seed: int = 0
    keep_model: bool = True

    def __post_init__(self) -> None:
        for name, holds, expected in (
            ("trials", self.trials >= 1, "at least 1"),
            ("timeout", self.timeout is None or self.timeout > 0, "a number of seconds above 0"),
            ("sampler", self.sampler in SAMPLERS, "one of " + ", ".join(SAMPLERS)),
            ("pruner", self.pruner in PRUNERS, "one of " + ", ".join(PRUNERS)),
            ("startup", self.startup >= 1, "at least 1"),
            ("seed", 0 <= self.seed < 2**31, "between 0 and 2**31 - 1"),
        ):
            if not holds:
                raise TrainingError(
                    Errors.R500.format(option=f"--{name}", expected=expected, got=getattr(self, name))
                )


class Search:
    """A search in a folder, new or to be gone on with.

    config (Config): Complete, not interpolated.
    dimensions (list[Dimension]): What to try, compared with the config.
    output (Path): Folder of everything that the search writes.
    settings (SearchSettings): How to search.
    use_gpu (int): Number of the GPU, or -1.
    RAISES (TrainingError): The folder holds another search; a package is missing.
    """

    def __init__(
        self,
        config: Config,
        dimensions: list[Dimension],
        output: Path,
        settings: SearchSettings,
        *,
        use_gpu: int = -1,
    ) -> None:
        for package in ("optuna", "plotly"):
            if importlib.util.find_spec(package) is None:
                raise TrainingError(Errors.R506.format(package=package))
        self.config = config
        self.dimensions = dimensions
        self.output = output
        self.settings = settings
        self.use_gpu = use_gpu
        self.study = self._open()
        self._replace_interrupted()
        self._tidy()

    @property
    def n_done(self) -> int:
        """Trials that have come to an end: completed, stopped by the pruner, or failed by themselves."""
        return sum(
            trial.state.name in ("COMPLETE", "PRUNED") or ERROR in trial.user_attrs
            for trial in self.study.trials
        )

    @property
    def ranking(self) -> list[Any]:
        """Completed trials (FrozenTrial), the best one first."""
        complete = [trial for trial in self.study.trials if trial.state.name == "COMPLETE"]
        return sorted(complete, key=lambda trial: (-trial.value, trial.number))

    def values(self, trial: Any) -> dict[str, Any]:
        """What a trial tried, by the dotted names of the settings."""
        return {
            one.key: one.value(trial.params[one.key]) for one in self.dimensions if one.key in trial.params
        }

    def __call__(
        self, on_trial: Callable[[Any], None], on_score: Callable[[int, int, float], None] | None = None
    ) -> None:
        """Run the trials that are still to be run, and write what came of all.

        on_trial (Callable[[FrozenTrial], None]): Called after each trial.
        on_score (Callable[[int, int, float], None] | None): Called at each evaluation with the number of the trial,
            the number of updates and the score.
        RAISES (TrainingError): No trial was completed.
        """
        deadline = None if self.settings.timeout is None else time.monotonic() + self.settings.timeout
        while self.n_done < self.settings.trials and (deadline is None or time.monotonic() < deadline):
            on_trial(self._run_trial(on_score))
            write_trials(self.study, self.dimensions, self.output)
            self._tidy()
        if not self.ranking:
            raise TrainingError(Errors.R508.format(count=self.n_done))
        write_best_config(self.config, self.values(self.ranking[0]), self.output)
        write_plots(self.study, f"Search in {self.output.name}", self.output)

    def _run_trial(self, on_score: Callable[[int, int, float], None] | None) -> Any:
        from optuna import TrialPruned  # noqa: PLC0415
        from optuna.trial import TrialState  # noqa: PLC0415

        # By what is done, and not one for the whole run: a search that goes on tries what it would have tried.
        self.study.sampler = self._sampler(self.settings.seed + self.n_done)
        trial = self.study.ask()
        values = {one.key: one.suggest(trial) for one in self.dimensions}

        reported: list[int] = []

        def report(step: int, score: float) -> None:
            trial.report(score, step)
            reported.append(step)
            if on_score is not None:
                on_score(trial.number, step, score)
            if trial.should_prune():
                raise TrialPruned

        folder = self.output / TRIALS_FOLDER / str(trial.number) if self.settings.keep_model else None
        try:
            score = run_trial(with_values(self.config, values), folder, report, use_gpu=self.use_gpu)
        except TrialPruned:
            return self.study.tell(trial, state=TrialState.PRUNED)
        except LossError as error:
            # A learning rate that is too high is a result, from which the sampler learns as from any bad one.
            trial.set_user_attr(ERROR, str(error))
            return self.study.tell(trial, state=TrialState.PRUNED if reported else TrialState.FAIL)
        return self.study.tell(trial, score)

    def _sampler(self, seed: int) -> Any:
        from optuna.samplers import RandomSampler, TPESampler  # noqa: PLC0415

        if self.settings.sampler == "random":
            return RandomSampler(seed=seed)
        return TPESampler(seed=seed, n_startup_trials=self.settings.startup)

    def _open(self) -> Any:
        """The study of the folder: new, or that of the same config and space."""
        import optuna  # noqa: PLC0415

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        pruner: Any = optuna.pruners.NopPruner()
        if self.settings.pruner == "median":
            pruner = optuna.pruners.MedianPruner(self.settings.startup, n_warmup_steps=FIRST_PRUNED_STEP)
        self.output.mkdir(parents=True, exist_ok=True)
        study = optuna.create_study(
            storage=f"sqlite:///{self.output.absolute() / STUDY_FILE}",
            study_name="search",
            direction="maximize",
            pruner=pruner,
            load_if_exists=True,
        )
        space = {one.key: repr(one) for one in self.dimensions}
        question = json.dumps({"config": self.config.to_str(), "space": space, "seed": self.settings.seed})
        if study.user_attrs.setdefault(QUESTION, question) != question:
            raise TrainingError(Errors.R507.format(output=self.output))
        study.set_user_attr(QUESTION, question)
        return study

    def _replace_interrupted(self) -> None:
        """Have what a killed process was trying tried again."""
        from optuna.trial import TrialState  # noqa: PLC0415

        for trial in self.study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
            self.study.tell(trial.number, state=TrialState.FAIL)
            self.study.enqueue_trial(trial.params)

    def _tidy(self) -> None:
        """Move the pipeline of the best trial to its place, and delete those of others that are not running."""
        best = self.ranking[0].number if self.ranking else None
        target = self.output / DIR_MODEL_BEST
        folders = self.output / TRIALS_FOLDER
        for folder in folders.glob("*"):
            if folder.name == str(best) and (folder / DIR_MODEL_BEST).is_dir():
                old = target.with_name(target.name + ".old")
                shutil.rmtree(old, ignore_errors=True)
                if target.exists():
                    target.rename(old)
                (folder / DIR_MODEL_BEST).rename(target)
                shutil.rmtree(old, ignore_errors=True)
            shutil.rmtree(folder)
        shutil.rmtree(folders, ignore_errors=True)
