"""`python -m spacy crf-ner info`: versions, kernels, devices and extras, or what is in a pipeline."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from wasabi import msg

from ..about import __title__, __version__, kernels
from ..errors import SpacyCrfNerError
from . import environment
from .loading import load_pipeline
from .printing import MAX_COLUMN, printable
from .saving import print_json
from .starting import start

if TYPE_CHECKING:
    from spacy.language import Language

    from ..sharing import CrfFacts


def print_info(
    model: str | None = typer.Argument(None, help="Name or path of a pipeline, to say what is in it"),
    as_json: bool = typer.Option(False, "--json", "-j", help="Print JSON instead of a table"),
    code_path: Path | None = typer.Option(
        None, "--code", "-c", help="Python file with registered functions that the pipeline needs"
    ),
) -> None:
    """Print what is installed, or what is in a pipeline.

    Without MODEL: versions, whether they go together, which kernels and devices compute the CRF here, and what the
    extras lack. With MODEL: components, labels, encoder, settings, parameters, calibration, and what it needs.
    """
    try:
        data = collect_info() if model is None else _load_and_describe(model, code_path)
    except SpacyCrfNerError as error:
        msg.fail(str(error), exits=1)
    if as_json:
        print_json(data)
    elif model is None:
        _print_environment(data)
    else:
        _print_pipeline(model, data)


def collect_info() -> dict[str, Any]:
    """What `info --json` prints.

    RETURNS (dict[str, Any]): Texts by name; `kernels` is a dict itself, with a text for `cpu` and one for `cuda`;
        `devices`, `conflicts` and `extras` are as in `environment`.
    RAISES (SpacyCrfNerError): If SPACY_CRF_NER_KERNELS asks for kernels that are not installed.
    """
    versions = environment.library_versions()
    return {
        "version": __version__,
        **{f"{name.replace('-', '_')}_version": number for name, number in versions.items()},
        "python_version": platform.python_version(),
        "platform": platform.platform(),
        "location": str(Path(__file__).parent.parent),
        "kernels": kernels()._asdict(),
        "devices": environment.find_devices(),
        "conflicts": environment.find_conflicts(),
        "extras": environment.find_extras(),
    }


def _print_environment(data: dict[str, Any]) -> None:
    titles = {**environment.LIBRARIES, **dict.fromkeys(environment.CUPY, "CuPy")}
    versions = {title: data.get(f"{name.replace('-', '_')}_version") for name, title in titles.items()}
    rows = {
        f"{__title__} version": data["version"],
        **{f"{title} version": number for title, number in versions.items() if number is not None},
        "Python version": data["python_version"],
        "Platform": data["platform"],
        "Location": data["location"],
        "CPU kernels": data["kernels"]["cpu"],
        "CUDA kernels": data["kernels"]["cuda"],
        **dict(environment.describe_devices(data["devices"])),
    }
    msg.table(rows, title=f"Info about {__title__}", max_col=MAX_COLUMN)
    extras = [
        (extra, ", ".join(missing) or "complete", f"pip install '{__title__}[{extra}]'" if missing else "")
        for extra, missing in data["extras"].items()
    ]
    if extras:
        msg.table(extras, header=("Extra", "Lacks", "Install"), divider=True, max_col=MAX_COLUMN)
    for conflict in data["conflicts"]:
        msg.warn(f"{conflict}. `pip install {__title__}` again brings what goes together.")


def _load_and_describe(model: str, code_path: Path | None) -> dict[str, Any]:
    start(code_path, silent=True)
    return describe_pipeline(load_pipeline(model, {}))


def describe_pipeline(nlp: Language) -> dict[str, Any]:
    """What `info MODEL --json` prints.

    nlp (Language): The pipeline.
    RETURNS (dict[str, Any]): `name`, `version`, `lang`, `needs`, `parameters` of all components, and `components`: for
        each `name`, `factory`, `labels`, `parameters`, whether it is `enabled`, and its `crf` settings if it has a CRF.
    """
    from ..sharing import find_facts
    from ..training.parameter_table import list_parameters

    saved = {name: dict(getattr(pipe, "cfg", None) or {}) for name, pipe in nlp.components}
    facts = find_facts(nlp.meta, nlp.config.interpolate(), saved)
    sizes: dict[str, int] = dict.fromkeys(facts.components, 0)
    for row in list_parameters(nlp, with_disabled=True):
        sizes[row.component] += row.size
    crf = {one.name: one for one in facts.crf}
    return {
        "name": f"{nlp.meta['lang']}_{nlp.meta['name']}",
        "version": nlp.meta["version"],
        "lang": nlp.meta["lang"],
        "needs": facts.needs,
        "windows": [{"window": window, "stride": stride} for window, stride in facts.windows],
        "parameters": sum(sizes.values()),
        "components": [
            {
                "name": name,
                "factory": factory,
                "labels": facts.labels.get(name, []),
                "parameters": sizes[name],
                "enabled": name in nlp.pipe_names,
                "crf": _settings(crf[name]) if name in crf else None,
            }
            for name, factory in facts.components.items()
        ],
    }


def _settings(one: CrfFacts) -> dict[str, Any]:
    return {
        "encoder": one.encoder,
        "scheme": one.scheme,
        "loss": one.loss,
        "decoding": one.decoding,
        "segments": one.segments,
        "probabilities": one.probabilities,
        "threshold": one.threshold,
        "calibrated": one.calibrated,
        "temperature": one.temperature,
        "label_temperatures": one.label_temperatures,
    }


def _print_pipeline(model: str, data: dict[str, Any]) -> None:
    msg.divider(printable(f"{data['name']} {data['version']} ({model})"))
    rows = [
        (
            printable(one["name"]),
            printable(one["factory"]),
            f"{one['parameters']:,}",
            ", ".join(map(printable, one["labels"])) or "-",
        )
        for one in data["components"]
    ]
    header = ("Component", "Factory", "Parameters", "Labels")
    msg.table(rows, header=header, aligns=("l", "l", "r", "l"), divider=True, max_col=MAX_COLUMN)
    for one in data["components"]:
        if one["crf"] is not None:
            _print_settings(one["name"], one["crf"])
    off = [one["name"] for one in data["components"] if not one["enabled"]]
    if off:
        msg.info(f"Disabled: {', '.join(map(printable, off))}")
    msg.table(
        {
            "Parameters": f"{data['parameters']:,}",
            "Needs": ", ".join(map(printable, data["needs"])),
        },
        max_col=MAX_COLUMN,
    )


def _print_settings(name: str, crf: dict[str, Any]) -> None:
    calibrated = f"yes, temperature {crf['temperature']:.4g}" if crf["calibrated"] else "no"
    if crf["label_temperatures"]:
        calibrated += f"; a temperature of its own: {', '.join(map(printable, crf['label_temperatures']))}"
    rows = {
        **{
            key.capitalize(): printable(crf[key])
            for key in ("encoder", "scheme", "loss", "decoding", "segments")
        },
        "Probabilities": "yes" if crf["probabilities"] else "no",
        "Threshold": "-" if crf["threshold"] is None else f"{crf['threshold']:g}",
        "Calibrated": calibrated,
    }
    msg.table(rows, title=printable(name), max_col=MAX_COLUMN)
