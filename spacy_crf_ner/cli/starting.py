"""What commands begin with, each with an error that is no traceback: overrides, the user's code, device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from wasabi import msg

from ..errors import Errors


def parse_overrides(arguments: Sequence[str]) -> dict[str, Any]:
    """Settings of the config that the command line changes.

    arguments (Sequence[str]): What is left of the command line, such as `--training.max_steps 10`.
    RETURNS (dict[str, Any]): Values by the dotted names of their settings.
    RAISES (BadParameter): An argument too many, or an option without a dot, which is no setting.
    """
    from spacy.cli._util import parse_config_overrides

    if arguments and not arguments[0].startswith("--"):
        hint = "a text of several words needs quotes, and settings of the config begin with --"
        raise typer.BadParameter(f"unexpected argument: {arguments[0]} ({hint})")
    for argument in arguments:
        # What spaCy raises here typer does not know, and shows as a traceback.
        if argument.startswith("--") and "." not in argument.split("=")[0]:
            raise typer.BadParameter(f"no such option; settings of the config have a dot: {argument}")
    found: dict[str, Any] = parse_config_overrides(list(arguments))
    return found


def start(code_path: Path | None, use_gpu: int = -1, *, silent: bool = False) -> None:
    """Run the user's code, and choose the device; end the command if that fails.

    code_path (Path | None): Python file with registered functions.
    use_gpu (int): ID of the GPU, or -1 for the CPU.
    silent (bool): Whether not to say which device it is.
    """
    from spacy.cli._util import import_code, setup_gpu

    import_code(code_path)
    try:
        setup_gpu(use_gpu, silent=silent)
    # No GPU, no CuPy, or a driver that does not fit: said by errors of several kinds.
    except (ValueError, RuntimeError, ImportError) as error:
        msg.fail(Errors.O003.format(use_gpu=use_gpu, reason=" ".join(str(error).split())))
        raise typer.Exit(1) from error
