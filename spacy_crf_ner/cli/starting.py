"""What commands begin with, each with an error that is no traceback: overrides, the user's code, device, outputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from wasabi import msg

NO_GPU = (
    "`--gpu-id {use_gpu}` asks for a GPU, but it cannot be used ({reason}). Compute on the CPU with `--gpu-id -1`, or "
    "install CuPy for your version of CUDA, such as `pip install 'spacy[cuda12x]'`."
)


def parse_overrides(arguments: Sequence[str]) -> dict[str, Any]:
    """Settings of the config that the command line changes.

    arguments (Sequence[str]): What is left of the command line, such as `--training.max_steps 10`.
    RETURNS (dict[str, Any]): Values by the dotted names of their settings.
    RAISES (BadParameter): An option without a dot, which is no setting.
    """
    from spacy.cli._util import parse_config_overrides

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
        msg.fail(NO_GPU.format(use_gpu=use_gpu, reason=" ".join(str(error).split())))
        raise typer.Exit(1) from error


def require_outputs(folder: Path | None, json_path: Path | None) -> None:
    """Raise, before anything takes long, if something cannot be written.

    folder (Path | None): A folder that files go to.
    json_path (Path | None): A file.
    RAISES (DataError): A folder in place of the file, or a place that cannot be written to.
    """
    from ..files import require_writable

    if folder is not None:
        # Of a name that no file in it has.
        require_writable(folder / ".new")
    if json_path is not None:
        require_writable(json_path)
