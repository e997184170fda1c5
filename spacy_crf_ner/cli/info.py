"""`python -m spacy crf-ner info`: versions, and which kernels run."""

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import typer
from wasabi import msg

from ..about import __title__, __version__, kernels
from ..errors import SpacyCrfNerError

# Read from the metadata, for which nothing is imported.
LIBRARIES = {"spacy": "spaCy", "thinc": "Thinc", "torch": "torch"}


def print_info(
    as_json: bool = typer.Option(False, "--json", "-j", help="Print JSON instead of a table"),
) -> None:
    """Print the versions of spacy-crf-ner and of what it is built on, and which kernels compute the CRF here."""
    try:
        data = collect_info()
    except SpacyCrfNerError as error:
        msg.fail(str(error), exits=1)
    if as_json:
        print(json.dumps(data, indent=2))
        return
    rows = {
        f"{__title__} version": data["version"],
        **{f"{title} version": data[f"{name}_version"] for name, title in LIBRARIES.items()},
        "Python version": data["python_version"],
        "Platform": data["platform"],
        "Location": data["location"],
        "CPU kernels": data["kernels"]["cpu"],
        "CUDA kernels": data["kernels"]["cuda"],
    }
    msg.table(rows, title=f"Info about {__title__}")


def collect_info() -> dict[str, Any]:
    """What `info --json` prints.

    RETURNS (dict[str, Any]): Texts by name; `kernels` is a dict itself, with a text for `cpu` and one for `cuda`.
    RAISES (SpacyCrfNerError): If SPACY_CRF_NER_KERNELS asks for kernels that are not installed.
    """
    return {
        "version": __version__,
        **{f"{name}_version": _installed_version(name) for name in LIBRARIES},
        "python_version": platform.python_version(),
        "platform": platform.platform(),
        "location": str(Path(__file__).parent.parent),
        "kernels": kernels()._asdict(),
    }


def _installed_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
