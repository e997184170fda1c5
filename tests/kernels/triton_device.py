"""Where the Triton programs run in tests: on a CUDA device if there is one, else on the CPU in Triton's interpreter."""

from contextlib import suppress
from functools import cache
from importlib import import_module, util
from typing import Any

import pytest
import torch

from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.kernels.cuda import forward_backward, recursions, toolchain
from tests.functional.cases import fields_of


@cache
def unavailable() -> str | None:
    """Why the programs cannot run in this process; None if they can, from now on until it ends."""
    if torch.cuda.is_available():
        return toolchain.unavailable()
    if util.find_spec("triton") is None:
        return "triton is not installed"
    # tests/conftest.py turns it on before anything imports Triton, which looks at it then and not again.
    if not toolchain.interpreted():
        return "Triton's interpreter is not turned on: set TRITON_INTERPRET=1"
    toolchain.programs()
    # The first launch imports it.
    with suppress(ImportError):
        import_module("triton.experimental.gluon")
    return None


def device() -> torch.device:
    """Of the tensors for the programs."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def on_device(potentials: Potentials) -> Potentials:
    """The same batch where the programs run, its lengths on the CPU."""
    fields = {
        name: value if value is None or name == "lengths" else value.to(device())
        for name, value in fields_of(potentials).items()
    }
    return Potentials(**fields)


Launches = list[tuple[str, tuple[Any, ...]]]


def skip_unless_available() -> None:
    """For fixtures of modules that need the programs."""
    reason = unavailable()
    if reason:
        pytest.skip(reason)


def record_launches(monkeypatch: pytest.MonkeyPatch) -> Launches:
    """A list that gets name and arguments of every program that is started from now on."""
    started: Launches = []

    def record(
        name: str, grid: tuple[int, ...], where: torch.device, warps: int, *args: Any, **sizes: Any
    ) -> None:
        started.append((name, args))
        toolchain.launch(name, grid, where, warps, *args, **sizes)

    for module in (forward_backward, recursions):
        monkeypatch.setattr(module, "launch", record)
    return started
