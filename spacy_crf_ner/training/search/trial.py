"""One trial of a hyperparameter search: spaCy's training loop, watched at each evaluation."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.training.initialize import init_nlp
from spacy.training.loop import DIR_MODEL_BEST, DIR_MODEL_LAST, train
from spacy.util import registry
from thinc.api import Config

from .space import get_value, with_values

# Called after each evaluation with the number of updates, and the main score (`training.score_weights`).
OnScore = Callable[[int, float], None]

# Only for the time of a trial: it is no function for configs.
LOGGER = "spacy-crf-ner.search_trial"
_ON_SCORE: ContextVar[OnScore] = ContextVar("on_score")


def _make_logger() -> Callable[..., Any]:
    def set_up(
        nlp: Language, *streams: Any
    ) -> tuple[Callable[[dict[str, Any] | None], None], Callable[[], None]]:
        on_score = _ON_SCORE.get()

        def log_step(info: dict[str, Any] | None) -> None:
            if info is not None:
                on_score(info["step"], float(info["score"]))

        return log_step, lambda: None

    return set_up


def run_trial(config: Config, output: Path | None, on_score: OnScore, *, use_gpu: int = -1) -> float:
    """Train a pipeline, and return how good its best evaluation was.

    config (Config): Complete, not interpolated. Its `training.logger` gives way to ours.
    output (Path | None): Where spaCy saves `model-best`; None to save nothing.
    on_score (OnScore): May raise an error to stop the training.
    use_gpu (int): Number of the GPU, or -1.
    RETURNS (float): The highest main score on the dev corpus.
    """
    scores: list[float] = []

    def keep(step: int, score: float) -> None:
        scores.append(score)
        on_score(step, score)

    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
    registry.loggers.register(LOGGER, func=_make_logger)
    token = _ON_SCORE.set(keep)
    try:
        nlp = init_nlp(with_values(config, {"training.logger": {"@loggers": LOGGER}}), use_gpu=use_gpu)
        # Its messages are about one training, and the bar is about all of them.
        train(nlp, output, use_gpu=use_gpu, stdout=io.StringIO(), stderr=io.StringIO())
    finally:
        _ON_SCORE.reset(token)
    if output is not None:
        _restore_logger(output, get_value(config, "training.logger"))
    return max(scores)


def _restore_logger(output: Path, logger: Any) -> None:
    for name in (DIR_MODEL_BEST, DIR_MODEL_LAST):
        path = output / name / "config.cfg"
        saved = Config().from_disk(path, interpolate=False)
        with_values(saved, {"training.logger": logger}).to_disk(path)
