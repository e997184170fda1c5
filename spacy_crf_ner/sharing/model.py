"""A pipeline as it lies on disk or in a wheel: read, not loaded, so that nothing of it runs."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator
from configparser import Error as ConfigParserError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.util import load_config_from_str

from ..errors import Errors, SharingError
from .markdown import one_line

CONFIG, META = "config.cfg", "meta.json"
WHEEL = ".whl"
# What is wrong with an archive is said by errors of several kinds, encryption by a RuntimeError.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)
# Names that would leave the folder that they are written to.
OUTWARD = ("..", "/", "\\", ":")


@dataclass(frozen=True)
class Model:
    """A pipeline and what describes it.

    path (Path): What was named.
    root (Path | zipfile.Path): Its directory, which may be inside of the wheel.
    wheel (Path | None): The wheel, if there is one.
    meta (dict[str, Any]): meta.json.
    config (dict[str, Any]): config.cfg, with all variables filled in.
    saved (dict[str, dict[str, Any]]): The settings that components with a file `cfg` saved, by their names.
    """

    path: Path
    root: Path | zipfile.Path
    wheel: Path | None
    meta: dict[str, Any]
    config: dict[str, Any]
    saved: dict[str, dict[str, Any]]

    @property
    def name(self) -> str:
        """The name of its package, such as en_places."""
        return one_line(f"{self.meta['lang']}_{self.meta['name']}")

    @property
    def version(self) -> str:
        """Its version."""
        return one_line(self.meta["version"])

    def files(self) -> Iterator[tuple[str, Path | zipfile.Path]]:
        """The files of the directory, hidden ones left out.

        YIELDS (tuple[str, Path | zipfile.Path]): Their names below it, with slashes, and where they are.
        RAISES (SharingError): A name that leads out of the directory.
        """
        yield from _walk(self.path, self.root, "")


def read_model(path: Path) -> Model:
    """Find a pipeline and read what describes it.

    path (Path): A wheel, the folder that `spacy package` made (of which the wheel in dist/ is taken, if there is one),
        or the directory of a pipeline.
    RETURNS (Model): The pipeline.
    RAISES (SharingError): There is none, or it is not as spaCy writes it.
    """
    wheel = _find_wheel(path)
    try:
        root = _root_in_wheel(wheel) if wheel is not None else _root_in_folder(path)
        meta = _read_meta(path, root)
        config = _read_config(path, root)
        return Model(path, root, wheel, meta, config, _read_saved(path, root, config))
    except DAMAGE as error:
        raise SharingError(
            Errors.H001.format(path=wheel or path, reason=f"it cannot be read: {error}")
        ) from error


def _find_wheel(path: Path) -> Path | None:
    if path.is_dir():
        # A package may be built several times: its folder is of one version.
        wheels = sorted(path.glob(f"dist/{path.resolve().name}-*{WHEEL}"))
        return wheels[0] if wheels else None
    if not path.is_file() or path.suffix != WHEEL:
        reason = "it is another file" if path.exists() else "there is nothing"
        raise SharingError(Errors.H001.format(path=path, reason=reason))
    return path


def _root_in_wheel(wheel: Path) -> zipfile.Path:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    # As `spacy package` lays it out: en_places/en_places-1.0.0/config.cfg.
    folders = [
        name.removesuffix(CONFIG) for name in names if name.count("/") == 2 and name.endswith(f"/{CONFIG}")
    ]
    if len(folders) != 1:
        raise SharingError(
            Errors.H001.format(path=wheel, reason="it is not a wheel that `spacy package` made")
        )
    return zipfile.Path(wheel, folders[0])


def _root_in_folder(path: Path) -> Path:
    if (path / CONFIG).is_file():
        return path
    folders = [file.parent for file in path.glob(f"*/{path.resolve().name}/{CONFIG}")]
    if len(folders) != 1:
        raise SharingError(Errors.H001.format(path=path, reason=f"there is no {CONFIG} in it"))
    return folders[0]


def _read_meta(path: Path, root: Path | zipfile.Path) -> dict[str, Any]:
    meta = _read_json(path, root, META)
    for key in ("lang", "name", "version"):
        if not isinstance(meta.get(key), str) or not meta[key]:
            raise SharingError(
                Errors.H002.format(file=META, path=path, reason=f"`{key}` is {meta.get(key)!r}")
            )
    return meta


def _read_config(path: Path, root: Path | zipfile.Path) -> dict[str, Any]:
    text = _read_text(path, root, CONFIG)
    try:
        return dict(load_config_from_str(text, interpolate=True))
    # What confection and its parser raise of what is no config.
    except (ValueError, LookupError, ConfigParserError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise SharingError(Errors.H002.format(file=CONFIG, path=path, reason=reason)) from error


def _read_saved(path: Path, root: Path | zipfile.Path, config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: _read_json(path, root, f"{name}/cfg")
        for name in config.get("components", {})
        if (root / name / "cfg").is_file()
    }


def _read_json(path: Path, root: Path | zipfile.Path, file: str) -> dict[str, Any]:
    text = _read_text(path, root, file)
    try:
        value = json.loads(text)
    # JSON may be nested deeper than Python can follow.
    except (ValueError, RecursionError) as error:
        reason = str(error).rstrip(".")
        raise SharingError(Errors.H002.format(file=file, path=path, reason=reason)) from error
    if not isinstance(value, dict):
        raise SharingError(Errors.H002.format(file=file, path=path, reason="it holds no object of JSON"))
    return value


def _read_text(path: Path, root: Path | zipfile.Path, file: str) -> str:
    try:
        return (root / file).read_text(encoding="utf8")
    except (OSError, KeyError, UnicodeDecodeError) as error:
        is_absent = isinstance(error, (FileNotFoundError, KeyError))
        reason = "it is not there" if is_absent else f"it cannot be read: {error}"
        raise SharingError(Errors.H002.format(file=file, path=path, reason=reason)) from error


def _walk(path: Path, folder: Path | zipfile.Path, above: str) -> Iterator[tuple[str, Path | zipfile.Path]]:
    entries: list[Path | zipfile.Path] = list(folder.iterdir())
    for entry in sorted(entries, key=lambda one: one.name):
        name = f"{above}{entry.name}"
        if any(part in entry.name for part in OUTWARD):
            reason = "its name leads out of the pipeline"
            raise SharingError(Errors.H002.format(file=name, path=path, reason=reason))
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(path, entry, f"{name}/")
        else:
            yield name, entry
