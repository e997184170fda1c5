"""Pipelines to be shared: small ones that take no training, as directories, package folders and wheels."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import spacy
from spacy.cli.package import package

from tests import tiny

# What a wheel holds beside the package, as far as pip reads it.
WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"


def save_pipeline(path: Path, labels: tuple[str, ...] = tiny.TINY_LABELS, **meta: Any) -> Path:
    """Save a pipeline with a `crf_ner` that was initialized, and is not trained.

    path (Path): Its directory.
    labels (tuple[str, ...]): Its labels.
    meta (Any): What meta.json has beside what spaCy writes.
    RETURNS (Path): The same path.
    """
    nlp = spacy.blank("en")
    component = nlp.add_pipe("crf_ner", name="ner")
    for label in labels:
        component.add_label(label)
    nlp.initialize()
    nlp.meta.update({"name": "tiny", "version": "1.2.3", **meta})
    nlp.to_disk(path)
    return path


def change_json(file: Path, **changes: Any) -> None:
    """Change a file of JSON."""
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf8")), **changes}), encoding="utf8")


def make_package(pipeline: Path, folder: Path) -> Path:
    """RETURNS (Path): The folder that `spacy package` makes, with nothing built."""
    folder.mkdir(exist_ok=True)
    with warnings.catch_warnings():
        # spaCy's cli/package.py leaves it to the garbage collector to close what it writes.
        warnings.simplefilter("ignore", ResourceWarning)
        package(pipeline, folder, create_sdist=False, create_wheel=False, silent=True)
    return next(path for path in folder.iterdir() if path.is_dir())


def make_wheel(package: Path) -> Path:
    """Put a package into its dist/ as a wheel, as `spacy package --build wheel` does, which would have to download what
    builds it.

    RETURNS (Path): The wheel.
    """
    name, _, version = package.name.rpartition("-")
    wheel = package / "dist" / f"{package.name}-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in sorted((package / name).rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(package).as_posix())
        archive.writestr(f"{package.name}.dist-info/WHEEL", WHEEL)
        archive.writestr(f"{package.name}.dist-info/METADATA", METADATA.format(name=name, version=version))
        archive.writestr(f"{package.name}.dist-info/RECORD", "")
    return wheel
