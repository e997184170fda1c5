"""What commands on a trained pipeline begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from wasabi import msg

from ..errors import ComponentError

if TYPE_CHECKING:
    from spacy.language import Language

    from ..pipeline import CRFEntityRecognizer

NO_CRF = (
    "Expected a pipeline with a component of the factory `crf_ner`, which alone can answer {option}, but its "
    "components are: {components}. Name another pipeline, or train such a component; one that is disabled has to be "
    "enabled first."
)
TOO_LONG = (
    "Expected texts of at most {limit} characters, which is spaCy's `nlp.max_length`, but {source} has {got}. Cut it "
    "into shorter texts: files are read line by line without `--whole-files`."
)


def load_pipeline(name: str, overrides: dict[str, Any]) -> Language:
    """Load a pipeline, or end the command with what spaCy says about it.

    name (str): Name of an installed pipeline, or path of one.
    overrides (dict[str, Any]): Settings to change, by their dotted names.
    RETURNS (Language): The pipeline.
    """
    from spacy.cli._util import show_validation_error
    from spacy.util import load_model

    try:
        with show_validation_error(hint_fill=False):
            return load_model(name, config=overrides)
    # Nothing of that name, functions that are not registered, files that are damaged.
    except (OSError, ValueError, LookupError, ImportError) as error:
        msg.fail(f"Cannot load the pipeline {name}", str(error))
        raise typer.Exit(1) from error


def component_for(nlp: Language, name: str | None, option: str) -> CRFEntityRecognizer:
    """The `crf_ner` component that is asked.

    nlp (Language): The pipeline.
    name (str | None): Its name; may be left out if there is only one.
    option (str): What asks it, for the message.
    RETURNS (CRFEntityRecognizer): The component.
    RAISES (ComponentError): There is none.
    RAISES (EvaluationError): None of that name, or several.
    """
    from ..evaluation import find_component
    from ..pipeline import CRFEntityRecognizer

    if not any(isinstance(pipe, CRFEntityRecognizer) for _, pipe in nlp.pipeline):
        components = ", ".join(nlp.pipe_names) or "none"
        raise ComponentError(NO_CRF.format(option=option, components=components))
    return find_component(nlp, name)


def check_length(nlp: Language, text: str, source: str | None) -> None:
    """Raise if a text is longer than spaCy takes.

    nlp (Language): The pipeline.
    text (str): The text.
    source (str | None): Where it comes from, for the message; None if it is an argument.
    RAISES (ComponentError): It is.
    """
    if len(text) > nlp.max_length:
        where = source or "an argument"
        raise ComponentError(TOO_LONG.format(limit=nlp.max_length, source=where, got=len(text)))
