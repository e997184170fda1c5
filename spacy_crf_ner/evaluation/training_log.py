"""How a pipeline came to be what it is: the log that spaCy's `ConsoleLogger` writes during training."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import Errors, EvaluationError

# The score that spaCy logs as it is, in words per second; it logs all others in percent.
SPEED = "speed"


class TrainingStep(NamedTuple):
    """What was logged at one evaluation during training.

    epoch (int): Passes over the training data before it.
    step (int): Updates before it.
    score (float | None): The weighted score by which spaCy chose the best pipeline, 0 to 1.
    losses (dict[str, float]): Losses of the components since the evaluation before.
    scores (dict[str, float]): Scores by spaCy's names, 0 to 1; "speed" in words per second.
    """

    epoch: int
    step: int
    score: float | None
    losses: dict[str, float]
    scores: dict[str, float]


def read_training_log(path: Path) -> list[TrainingStep]:
    """Read what `spacy.ConsoleLogger.v3`, or `.v2`, has written to its `output_file`.

    path (Path): The file, with one JSON object a line.
    RETURNS (list[TrainingStep]): All evaluations, in their order.
    RAISES (EvaluationError): A file that cannot be read, that is empty, or a line that is none of such a log.
    """
    try:
        # Not `splitlines`: names may hold other line ends, as JSON may.
        lines = path.read_text(encoding="utf8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(Errors.E102.format(path=path, reason=error)) from error
    steps = [_read_step(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not steps:
        raise EvaluationError(Errors.E102.format(path=path, reason="it is empty"))
    return steps


def _read_step(path: Path, number: int, line: str) -> TrainingStep:
    try:
        row = json.loads(line)
    # A line may be nested deeper than Python can follow.
    except (ValueError, RecursionError) as error:
        raise _foreign(path, number, f"no valid JSON ({error})") from error
    if not isinstance(row, dict):
        raise _foreign(path, number, "no JSON object")
    try:
        score = row["score"]
        return TrainingStep(
            epoch=_whole(row, "epoch"),
            step=_whole(row, "step"),
            score=None if score is None else _number("score", score),
            losses=_numbers(row, "losses"),
            scores={
                name: value if name == SPEED else value / 100
                for name, value in _numbers(row, "scores").items()
            },
        )
    except KeyError as error:
        raise _foreign(path, number, f"no `{error.args[0]}`") from error
    # Whole numbers may be beyond what a float can hold.
    except (ValueError, OverflowError) as error:
        raise _foreign(path, number, str(error)) from error


def _whole(row: Mapping[str, Any], key: str) -> int:
    value = row[key]
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"`{key}` = {value!r}")
    return value


def _number(key: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"`{key}` = {value!r}")
    return float(value)


def _numbers(row: Mapping[str, Any], key: str) -> dict[str, float]:
    values = row[key]
    if not isinstance(values, dict):
        raise ValueError(f"`{key}` = {values!r}")
    return {name: _number(f"{key}.{name}", value) for name, value in values.items()}


def _foreign(path: Path, number: int, got: str) -> EvaluationError:
    return EvaluationError(Errors.E101.format(path=path, line=number, got=got))
