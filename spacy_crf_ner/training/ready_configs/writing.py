"""The text of a config: comments that say how it was made, then every setting."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import srsly
from thinc.api import Config

from ...about import __version__
from ...errors import Errors, TrainingError
from ...files import write_text
from .files import find_ready_configs
from .making import MadeConfig

WIDTH = 118
RATE = "training.optimizer.learn_rate.initial_rate"
UPDATES = "training.max_steps and training.optimizer.learn_rate.total_steps"
FIRST = {
    UPDATES: "number of updates, the same for both: the learning rate ends at 0",
    "training.patience": "updates without a better score on dev after which training stops",
}
# What is worth a change before all else, with a transformer and without.
FIRST_OF_TRANSFORMERS = {
    "paths.encoder": "another one of Hugging Face, pretrained on texts like yours",
    RATE: "lower if the loss jumps, higher for encoders smaller than BERT-base",
    **FIRST,
    "training.accumulate_gradient": "higher if memory is short: each batch is worked off in this many parts",
}
FIRST_OF_NETWORKS = {
    "paths.vectors": "a pipeline with word vectors; see the settings of vectors in [components.tok2vec.model]",
    RATE: "lower if the loss jumps",
    **FIRST,
}


def write_config(made: MadeConfig, command: Sequence[str], path: str) -> str:
    """The text of a config file.

    made (MadeConfig): The config.
    command (Sequence[str]): The arguments of the command that made it, for a comment.
    path (str): How the command that trains names the file.
    RETURNS (str): Comments and settings, which give the config again.
    RAISES (TrainingError): The command holds a value that cannot stand in a config.
    """
    lines = [
        *_paragraph(f"{find_ready_configs()[made.base]}."),
        "",
        *_paragraph(f"Made by spacy-crf-ner {__version__} of its ready config {made.base}, with"),
        "",
        f"  {shlex.join(command)}",
        "",
        *_decisions(made),
        "",
        "Train with",
        "",
        *(f"  pip install {package}" for package in made.packages),
        f"  {train_command(made, path)}",
        "",
        "What one changes first, here or as an argument of `spacy train`, such as --training.max_steps 5000:",
        "",
        *_first(made.config),
        "",
        "Every setting is here; `spacy init fill-config` adds nothing, but it would drop these comments.",
    ]
    for line in lines:
        if not line.isprintable():
            raise TrainingError(Errors.I006.format(option="the command", got=line))
    head = "\n".join(f"# {line}".rstrip() for line in lines)
    return f"{head}\n\n{made.config.to_str(interpolate=False)}\n"


def train_command(made: MadeConfig, path: str) -> str:
    """The command that trains with a config.

    made (MadeConfig): The config.
    path (str): Its file.
    RETURNS (str): The command, quoted for a shell, with the data where the config has none.
    """
    parts = ["python", "-m", "spacy", "train", path, "--output", "training"]
    for corpus in ("train", "dev"):
        if made.config["paths"][corpus] is None:
            parts += [f"--paths.{corpus}", f"{corpus}.spacy"]
    if made.gpu:
        parts += ["--gpu-id", "0"]
    return shlex.join(parts)


def check_new(path: Path, force: bool = False) -> None:
    """Refuse a file that exists.

    path (Path): The file.
    force (bool): Whether it may be replaced.
    RAISES (TrainingError): It exists, and may not.
    """
    if path.exists() and not force:
        raise TrainingError(Errors.I008.format(path=path))


def save_text(text: str, path: Path) -> None:
    """Write a file whole or not at all; the folders above it are made.

    text (str): What to write, in UTF-8.
    path (Path): The file; one that is there is replaced.
    RAISES (TrainingError): The file cannot be written.
    """
    try:
        write_text(path, text)
    except OSError as error:
        raise TrainingError(Errors.I009.format(path=path, reason=error.strerror or error)) from error


def _decisions(made: MadeConfig) -> Iterator[str]:
    for decision in made.decisions:
        yield from _paragraph(f"- {decision.reason}", indent="  ")
        for name, value in decision.settings.items():
            yield from (f"    {line}" for line in _settings(name, value))


def _settings(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _settings(f"{name}.{key}", one)
    else:
        yield f"{name} = {srsly.json_dumps(value)}"


def _first(config: Config) -> Iterator[str]:
    names = FIRST_OF_TRANSFORMERS if "encoder" in config["paths"] else FIRST_OF_NETWORKS
    for name, text in names.items():
        yield f"  {name}"
        yield f"      {text}"


def _paragraph(text: str, indent: str = "") -> list[str]:
    return wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
