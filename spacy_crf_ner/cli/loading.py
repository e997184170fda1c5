"""What commands on a trained pipeline begin with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from wasabi import msg

from ..errors import ComponentError, Errors, SpacyCrfNerError

if TYPE_CHECKING:
    from spacy.language import Language
    from thinc.api import Config

    from ..pipeline import CRFEntityRecognizer

DOCS = ".spacy"


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
    except (OSError, ValueError, LookupError, ImportError, RuntimeError) as error:
        msg.fail(f"Cannot load the pipeline {name}", _with_hint(str(error), Path(name)))
        raise typer.Exit(1) from error


def _with_hint(reason: str, path: Path) -> str:
    """Why there is no pipeline, and what was meant, where that can be told."""
    best, hint = path / "model-best", None
    try:
        if path.is_file() and path.suffix == DOCS:
            hint = Errors.O012.format(path=path)
        elif path.is_file():
            hint = Errors.O013.format(path=path)
        elif (best / "meta.json").is_file():
            hint = Errors.O011.format(path=path, best=best)
    # Of names that no file can have, and in closed folders.
    except (OSError, ValueError):
        pass
    return reason if hint is None else f"{reason.rstrip('.')}. {hint}"


def require_pipeline(name: str) -> None:
    """End the command if there is nothing of this name, without the time and the memory that loading takes.

    name (str): Name of an installed pipeline, or path of one.
    """
    from spacy.util import is_package

    if not is_package(name) and not Path(name).exists():
        # Which fails, with spaCy's words.
        load_pipeline(name, {})


def read_config(path: Path, overrides: dict[str, Any], *, interpolate: bool = False) -> Config:
    """Read the config of a training, or end the command with what spaCy says about it.

    path (Path): The file.
    overrides (dict[str, Any]): Settings to change, by their dotted names.
    interpolate (bool): Whether to fill its variables in.
    RETURNS (Config): The config.
    RAISES (ComponentError): The file is no text.
    """
    from spacy.cli._util import show_validation_error
    from spacy.util import load_config

    try:
        with show_validation_error(path):
            return load_config(path, overrides=overrides, interpolate=interpolate)
    except UnicodeDecodeError as error:
        raise ComponentError(Errors.O014.format(path=path, reason=error)) from error


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
        raise ComponentError(Errors.O001.format(option=option, components=_listed(nlp)))
    return find_component(nlp, name)


def check_text(nlp: Language, text: str, source: str | None) -> None:
    """Raise if a text is longer than spaCy takes, or not of characters that it takes.

    nlp (Language): The pipeline.
    text (str): The text.
    source (str | None): Where it comes from, for the message; None if it is an argument.
    RAISES (ComponentError): It is.
    """
    where = source or "an argument"
    try:
        text.encode("utf8")
    except UnicodeEncodeError as error:
        raise ComponentError(Errors.O005.format(source=where, position=error.start + 1)) from error
    if len(text) > nlp.max_length:
        raise ComponentError(Errors.O002.format(limit=nlp.max_length, source=where, got=len(text)))


@contextmanager
def running(nlp: Language) -> Iterator[None]:
    """Say that it is a component of the pipeline that fails, and not the command: errors of others do not.

    nlp (Language): The pipeline.
    RETURNS (ContextManager): Around what runs it.
    RAISES (ComponentError): A component raises an error that is none of ours.
    """
    try:
        yield
    except SpacyCrfNerError:
        raise
    # What components without weights raise, for instance.
    except (ValueError, LookupError, RuntimeError) as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split()).rstrip('.')}"
        name = nlp.path or f"{nlp.lang}_{nlp.meta['name']}"
        message = Errors.O004.format(name=name, reason=reason, components=_listed(nlp))
        raise ComponentError(message) from error


def _listed(nlp: Language) -> str:
    return ", ".join(nlp.pipe_names) or "none"
