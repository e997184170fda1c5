"""How the tests here call spaCy's commands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
from spacy.cli import app
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import load_config
from thinc.api import Config
from typer.testing import CliRunner

from tests import tiny

# A text, the entities in it by first token, last token and label, and their probabilities.
# The encoder computes in float32, and the size of a batch changes the order of its sums.
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Probability:
    """A probability, equal to all that float32 cannot tell from it; None equals None."""

    value: float | None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Probability) or self.value is None or other.value is None:
            return isinstance(other, Probability) and self.value is other.value
        return math.isclose(self.value, other.value, rel_tol=0.0, abs_tol=TOLERANCE)

    __hash__ = None  # type: ignore[assignment]


Prediction = list[tuple[int, int, str, Probability]]


def run(*arguments: str | Path, fails: bool = False) -> str:
    """Run a spaCy command in this process.

    arguments (str | Path): Its name and arguments.
    fails (bool): Whether it has to end with an error.
    RETURNS (str): What it printed.
    """
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if not fails and result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert (result.exit_code != 0) is fails, result.output
    return " ".join(result.output.split())


def read_config(config_name: str) -> Config:
    """One of our configs, with its variables as they stand."""
    return load_config(tiny.CONFIGS / f"{config_name}.cfg", interpolate=False)


def predictions(nlp: Language, **options: Any) -> list[Prediction]:
    """What a pipeline finds in the tiny texts, as `nlp.pipe(..., **options)` gives it."""
    return [prediction(doc) for doc in nlp.pipe(tiny.TINY_TEXTS, **options)]


def prediction(doc: Doc) -> Prediction:
    """The entities of a Doc with their probabilities."""
    probabilities = (Probability(ent._.crf_prob) for ent in doc.ents)
    return [(*entity, value) for entity, value in zip(tiny.entities(doc), probabilities, strict=True)]


def load(path: Path, **config: Any) -> Language:
    """Load a pipeline with settings of the component `ner` changed."""
    return spacy.load(path, config={"components": {"ner": config}} if config else {})
