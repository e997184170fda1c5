"""The space of a hyperparameter search: settings of a config, and the values that each may take."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import srsly
from spacy.schemas import ConfigSchemaTraining
from spacy.util import load_model_from_config, registry, resolve_dot_names
from thinc.api import Config

from ...errors import Errors, TrainingError

RANGE_FIELDS = frozenset({"low", "high", "log", "step", "type"})
# What optuna takes for a category; others are handed to it as JSON.
SCALARS = (str, int, float, bool, type(None))
# Of numbers that are tried: more do not tell settings apart, and a config does not keep them all.
DIGITS = 6


@dataclass(frozen=True)
class Dimension:
    """A setting and the values that it may take: choices, or a range of numbers.

    key (str): Dotted name in the config.
    choices (tuple[Any, ...]): Values of any type, also whole sections; empty for a range.
    low (float), high (float): Of a range, both included.
    log (bool): Whether the logarithm is spread evenly, and not the value.
    step (float | None): Distance of the values of a range.
    whole (bool): Whether the values of a range are integers.
    """

    key: str
    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    step: float | None = None
    whole: bool = False

    def suggest(self, trial: Any) -> Any:
        """The value for a trial of optuna."""
        if self.choices:
            return self.value(trial.suggest_categorical(self.key, self._labels))
        if self.whole:
            step = 1 if self.step is None else int(self.step)
            return trial.suggest_int(self.key, int(self.low), int(self.high), step=step, log=self.log)
        return self.value(trial.suggest_float(self.key, self.low, self.high, step=self.step, log=self.log))

    def value(self, parameter: Any) -> Any:
        """The value that a parameter of a trial, as optuna has stored it, stands for."""
        if self.choices:
            return self.choices[self._labels.index(parameter)]
        if self.whole:
            return parameter
        # What is trained with, and what is then read in a config, is the same number.
        return min(self.high, max(self.low, float(f"{parameter:.{DIGITS}g}")))

    @property
    def corners(self) -> tuple[Any, ...]:
        """Values with which it shows whether the config takes them: all choices, or both ends."""
        if self.choices:
            return self.choices
        return (int(self.low), int(self.high)) if self.whole else (self.low, self.high)

    @property
    def _labels(self) -> list[Any]:
        # Optuna compares with ==, which takes 1 and True for the same.
        plain = all(isinstance(one, SCALARS) for one in self.choices) and len(set(self.choices)) == len(
            self.choices
        )
        return list(self.choices) if plain else [json.dumps(one, sort_keys=True) for one in self.choices]


def read_space(path: Path, config: Config) -> list[Dimension]:
    """Read a space from a YAML file, and compare it with the config: nothing is trained before all of it makes sense.

    path (Path): By dotted names of settings either `choices`, or `low` and `high` and, as one likes, `log`, `step` and
        `type` (int or float).
    config (Config): Not interpolated.
    RETURNS (list[Dimension]): In their order in the file.
    RAISES (TrainingError): The message names the setting.
    """
    try:
        content = srsly.read_yaml(path)
    except (OSError, ValueError) as error:
        raise TrainingError(Errors.R501.format(path=path, reason=_first_line(error))) from error
    if not isinstance(content, dict) or not content:
        reason = f"it holds {type(content).__name__}, and no settings"
        raise TrainingError(Errors.R501.format(path=path, reason=reason))
    known = set(list_keys(config))
    dimensions = []
    for key, entry in content.items():
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=3, cutoff=0.4)
            raise TrainingError(Errors.R503.format(key=key, near=", ".join(near) or "none"))
        dimensions.append(_parse(key, entry, get_value(config, key)))
    check_values(dimensions, config)
    return dimensions


def _parse(key: str, entry: Any, current: Any) -> Dimension:
    _expect(isinstance(entry, dict), key, "`choices`, or `low` and `high`", entry)
    if "choices" in entry:
        return _parse_choices(key, entry)
    unknown = sorted(str(name) for name in entry.keys() - RANGE_FIELDS)
    _expect(not unknown, key, "no fields but " + ", ".join(sorted(RANGE_FIELDS)), unknown)
    low, high, step = entry.get("low"), entry.get("high"), entry.get("step")
    log, kind = entry.get("log", False), entry.get("type")
    _expect(_is_number(low) and _is_number(high) and low < high, key, "numbers `low` < `high`", entry)
    _expect(step is None or (_is_number(step) and step > 0), key, "a `step` above 0", step)
    _expect(isinstance(log, bool), key, "`log` to be true or false", log)
    _expect(not log or (low > 0 and step is None), key, "`low` above 0 and no `step` if `log` is true", entry)
    _expect(kind in (None, "int", "float"), key, "`type` to be int or float", kind)
    numbers = [one for one in (low, high, step) if one is not None]
    whole = all(float(one).is_integer() for one in numbers)
    _expect(kind != "int" or whole, key, "integers, as `type` is int", entry)
    # 0 to 1 for a dropout of 0.1 means all between them.
    if kind is None:
        kind = "float" if any(isinstance(one, float) for one in (*numbers, current)) else "int"
    step = None if step is None else float(step)
    return Dimension(key, low=float(low), high=float(high), log=log, step=step, whole=kind == "int")


def _parse_choices(key: str, entry: Mapping[str, Any]) -> Dimension:
    choices = entry["choices"]
    _expect(set(entry) == {"choices"}, key, "nothing beside `choices`", sorted(str(name) for name in entry))
    _expect(isinstance(choices, list) and len(choices) > 1, key, "a list of two or more `choices`", choices)
    written = [json.dumps(one, sort_keys=True) for one in choices]
    _expect(len(set(written)) == len(written), key, "`choices` that are all different", choices)
    return Dimension(key, tuple(choices))


def check_values(dimensions: Sequence[Dimension], config: Config) -> None:
    """Build the pipeline, without weights, with each choice and each end of a range.

    RAISES (TrainingError): A value that the config does not take, or a config that is wrong without any.
    """
    reason = _why_invalid(config)
    if reason is not None:
        raise TrainingError(Errors.R505.format(reason=reason))
    for dimension in dimensions:
        for value in dimension.corners:
            reason = _why_invalid(with_values(config, {dimension.key: value}))
            if reason is not None:
                raise TrainingError(Errors.R504.format(key=dimension.key, value=value, reason=reason))


def _why_invalid(config: Config) -> str | None:
    try:
        filled = load_model_from_config(config, auto_fill=True, validate=True).config.interpolate()
        training = registry.resolve(filled["training"], schema=ConfigSchemaTraining)
        resolve_dot_names(filled, [training["train_corpus"], training["dev_corpus"]])
    except (ValueError, TypeError, KeyError) as error:
        return " ".join(str(error).split()) or type(error).__name__
    return None


def with_values(config: Config, values: Mapping[str, Any]) -> Config:
    """A copy of a config with other values of some settings.

    values (Mapping[str, Any]): By the dotted names of settings that are there.
    """
    changed = config.copy()
    for key, value in values.items():
        *sections, name = key.split(".")
        section: Any = changed
        for part in sections:
            section = section[part]
        section[name] = value
    return changed


def get_value(config: Config, key: str) -> Any:
    """The value of a setting, or a section, by its dotted name."""
    value: Any = config
    for part in key.split("."):
        value = value[part]
    return value


def list_keys(section: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Dotted names of all settings and sections of a config."""
    keys = []
    for name, value in section.items():
        keys.append(prefix + name)
        if isinstance(value, Mapping):
            keys += list_keys(value, f"{prefix}{name}.")
    return keys


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _expect(holds: bool, key: str, expected: str, got: Any) -> None:
    if not holds:
        raise TrainingError(Errors.R502.format(key=key, expected=expected, got=got))


def _first_line(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0].rstrip(".:")
