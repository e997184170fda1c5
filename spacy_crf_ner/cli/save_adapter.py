"""`python -m spacy crf-ner save-adapter`: the adapters of a trained pipeline by themselves, in peft's format."""

from __future__ import annotations

from pathlib import Path

import typer
from wasabi import msg

from ..errors import SpacyCrfNerError
from .loading import load_pipeline
from .saving import check_outputs
from .starting import start


def save_adapter(
    model: str = typer.Argument(..., help="Name or path of the trained pipeline"),
    output: Path = typer.Argument(
        ..., file_okay=False, help="Folder for the adapters, made if it is not there"
    ),
    component: str | None = typer.Option(
        None, "--component", help="Name of the component with adapters, if there are several"
    ),
    code_path: Path | None = typer.Option(
        None, "--code", "-c", help="Python file with registered functions that the pipeline needs"
    ),
    use_gpu: int = typer.Option(-1, "--gpu-id", "-g", help="GPU ID or -1 for CPU"),
) -> None:
    """Save the adapters of a pipeline by themselves.

    Writes adapter_config.json and adapter_model.safetensors, which the library peft and other tools read, and which the
    setting `adapter` of spacy-crf-ner.PeftTransformerModel.v1 takes as a start. Adapters that were merged into the
    encoder when the pipeline was saved are no longer there: train with `merge = false`.
    """
    from ..models.adapters import choose_adapters, write_adapter

    try:
        check_outputs([], folder=output)
        start(code_path, use_gpu)
        name, found = choose_adapters(load_pipeline(model, {}), component)
        write_adapter(found.dump_adapter(), output)
    except (SpacyCrfNerError, OSError) as error:
        msg.fail(str(error), exits=1)
    trained, _ = found.count_parameters()
    msg.good(f"Saved the adapters of '{name}' ({found.shim.method.name}, {trained} parameters) to {output}")
