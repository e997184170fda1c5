"""`python -m spacy crf-ner init`: a config to train with, made for a language, an encoder, an aim and a machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from wasabi import msg

from ..errors import SpacyCrfNerError

if TYPE_CHECKING:
    from ..training.ready_configs import Choices, MadeConfig

STDOUT = "-"


def _list_presets(value: bool) -> None:
    if not value:
        return
    from ..training.ready_configs import find_ready_configs

    try:
        presets = find_ready_configs()
    except SpacyCrfNerError as error:
        msg.fail(str(error), exits=1)
    for name, summary in presets.items():
        print(f"{name:<22}  {summary}")
    raise typer.Exit


def init_config(
    output: Path = typer.Argument(
        ..., dir_okay=False, allow_dash=True, help="File to save the config to, or - for standard output"
    ),
    lang: str = typer.Option("en", "--lang", "-l", help="Code of the language, such as de; xx for several"),
    encoder: str | None = typer.Option(
        None,
        "--encoder",
        "-e",
        help="Transformer: name at Hugging Face or a folder; or a small network: cnn, bilstm, idcnn. "
        "By default a transformer with --gpu or few-labels, else cnn",
    ),
    optimize: str | None = typer.Option(
        None, "--optimize", "-o", help="accuracy (default), efficiency, or few-labels (few annotated texts)"
    ),
    gpu: bool | None = typer.Option(
        None,
        "--gpu/--no-gpu",
        "-G",
        help="Whether it is trained on a GPU; by default only a named transformer",
    ),
    train: str | None = typer.Option(None, "--train", "-t", help=".spacy file to train on"),
    dev: str | None = typer.Option(None, "--dev", help=".spacy file to evaluate on"),
    scheme: str | None = typer.Option(None, "--scheme", help="Tag scheme: BILUO (default), BIO or IO"),
    preset: str | None = typer.Option(
        None, "--preset", help="Begin with this ready config, see --list, instead of the one that fits"
    ),
    list_presets: bool = typer.Option(
        False, "--list", callback=_list_presets, is_eager=True, help="Show the ready configs, and end"
    ),
    force: bool = typer.Option(False, "--force", "-F", help="Replace the file if it exists"),
) -> None:
    """Make a config to train with.

    It is one of the ready configs with the settings changed that your language, encoder, aim and machine ask for.
    It is complete, and safe for pretrained transformers. Comments at its head say what was decided, and what one
    changes first.
    """
    options = {"encoder": encoder, "optimize": optimize, "scheme": scheme, "train": train, "dev": dev}
    try:
        _make(output, force, {**options, "lang": lang, "gpu": gpu, "preset": preset})
    except SpacyCrfNerError as error:
        msg.fail(str(error), exits=1)


def _make(output: Path, force: bool, options: dict[str, Any]) -> None:
    """Make the config, and print it, or save it and print what it is.

    RAISES (SpacyCrfNerError): Choices that do not fit, or a file that cannot be written.
    """
    from ..training.ready_configs import Choices, check_new, make_config, save_text, write_config

    choices = Choices(**options)
    if str(output) == STDOUT:
        sys.stdout.write(write_config(make_config(choices), _command(output, choices), "config.cfg"))
        return
    # Before an encoder is looked for, which may take its time.
    check_new(output, force)
    made = make_config(choices)
    save_text(write_config(made, _command(output, choices), str(output)), output)
    _print(made, choices, output)


def _command(output: Path, choices: Choices) -> list[str]:
    command = ["python", "-m", "spacy", "crf-ner", "init", str(output), "--lang", choices.lang]
    for name in ("encoder", "optimize", "scheme", "train", "dev", "preset"):
        value = getattr(choices, name)
        if value is not None:
            command += [f"--{name}", value]
    if choices.gpu is not None:
        command.append("--gpu" if choices.gpu else "--no-gpu")
    return command


def _print(made: MadeConfig, choices: Choices, output: Path) -> None:
    from ..training.ready_configs import train_command

    msg.info(f"Made of the ready config {made.base}")
    for decision in made.decisions:
        msg.text(f"- {decision.reason}")
    msg.good(f"Saved config to {output}")
    for path in choices.missing:
        msg.warn(f"{path} does not exist yet: `python -m spacy crf-ner convert` makes .spacy files")
    if made.packages:
        msg.text("It needs, if they are not installed:")
        for package in made.packages:
            print(f"pip install {package}")
    msg.text("You can now train your pipeline:")
    print(train_command(made, str(output)))
