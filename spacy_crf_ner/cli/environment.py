"""What is installed here, whether it goes together, and what there is to compute with."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import Any

from ..about import __title__

# Read from the metadata, for which nothing is imported.
LIBRARIES = {
    "spacy": "spaCy",
    "thinc": "Thinc",
    "torch": "torch",
    "spacy-transformers": "spacy-transformers",
    "transformers": "transformers",
    "tokenizers": "tokenizers",
    "numpy": "NumPy",
}
# One library under several names, of which a machine needs one at most.
CUPY = ("cupy", "cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x", "cupy-rocm-5-0", "cupy-rocm-7-0")
# For those who work on this project.
DEVELOPMENT = ("dev", "bench")
MISSING = "not installed"
GIB = 2**30


def library_versions() -> dict[str, str]:
    """Versions of what the CRF is built on.

    RETURNS (dict[str, str]): By name; CuPy only if it is there.
    """
    found = {name: installed_version(name) for name in LIBRARIES}
    cupy = {name: installed_version(name) for name in CUPY}
    return {**found, **{name: number for name, number in cupy.items() if number != MISSING}}


def installed_version(name: str) -> str:
    """The version of a distribution.

    name (str): Its name.
    RETURNS (str): The version, or that it is not installed.
    """
    try:
        return version(name)
    except PackageNotFoundError:
        return MISSING


def find_conflicts() -> list[str]:
    """What is installed in another version than this package asks for, or not at all.

    RETURNS (list[str]): A sentence for each.
    """
    found = [f"{name} {wanted} is required, {got} is here" for name, wanted, got in _unmet("")]
    python = _own_metadata("Requires-Python")
    if python and not _fits(python, platform.python_version()):
        found.append(f"Python {python} is required, {platform.python_version()} is here")
    return found


def find_extras() -> dict[str, list[str]]:
    """The extras for users, and what each of them lacks.

    RETURNS (dict[str, list[str]]): Requirements that are not met, by the name of the extra.
    """
    extras = [one for one in _own_metadata("Provides-Extra").split("\n") if one and one not in DEVELOPMENT]
    return {
        extra: [
            f"{name}{wanted}" if got == MISSING else f"{name}{wanted} ({got})"
            for name, wanted, got in _unmet(extra)
        ]
        for extra in sorted(extras)
    }


def _own_metadata(field: str) -> str:
    try:
        return "\n".join(metadata(__title__).get_all(field) or [])
    # Run from the source alone, as in tests.
    except PackageNotFoundError:
        return ""


def _unmet(extra: str) -> Iterator[tuple[str, str, str]]:
    """Requirements of this package, or of an extra, that are not met: name, range and what is there."""
    from packaging.requirements import Requirement

    try:
        requirements = [Requirement(line) for line in requires(__title__) or []]
    except PackageNotFoundError:
        return
    for one in requirements:
        # What the core needs has no marker, or one that is true without an extra.
        in_core = one.marker is None or one.marker.evaluate({"extra": ""})
        in_extra = not in_core and one.marker is not None and one.marker.evaluate({"extra": extra})
        got = installed_version(one.name)
        if (in_extra if extra else in_core) and (got == MISSING or not _fits(str(one.specifier), got)):
            yield one.name, str(one.specifier), got


def _fits(wanted: str, got: str) -> bool:
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion

    try:
        return SpecifierSet(wanted).contains(got, prereleases=True)
    except InvalidVersion:
        return False


def find_devices() -> dict[str, Any]:
    """What there is to compute with. This imports torch, which spaCy has done before, if it is installed.

    RETURNS (dict[str, Any]): `cpu` (its name), `cores`, `threads` (those of torch), `cuda` (a list of dicts with `name`
        and `memory` in bytes) and `mps` (whether there is a GPU of Apple).
    """
    import torch

    gpus = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "cuda": [{"name": gpu.name, "memory": gpu.total_memory} for gpu in gpus],
        "mps": torch.backends.mps.is_available(),
    }


def describe_devices(devices: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The same for people.

    devices (dict[str, Any]): What `find_devices` found.
    YIELDS (tuple[str, str]): What it is, and what is there.
    """
    yield (
        "CPU",
        f"{devices['cpu']}, {devices['cores']} cores, torch computes with {devices['threads']} of them",
    )
    for number, gpu in enumerate(devices["cuda"]):
        yield f"CUDA GPU {number}", f"{gpu['name']}, {gpu['memory'] / GIB:.1f} GiB"
    if devices["mps"]:
        yield "MPS", "available; the CRF is computed on CPU or CUDA"


def _cpu_name() -> str:
    """Its model, as Linux tells it; elsewhere what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()
