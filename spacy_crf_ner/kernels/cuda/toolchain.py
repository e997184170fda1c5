"""Triton, if it is there: it comes with the CUDA builds of torch, and is imported when the first program runs."""

import os
from contextlib import nullcontext
from functools import cache
from importlib import import_module, util
from typing import Any

import torch

from . import log_programs, path_programs, scaled_programs

MODULES = (scaled_programs, log_programs, path_programs)
# One stage: Triton's pipelining would load rows before the step that stores them. And multiply-adds in one
# instruction, which newer versions of Triton only make if told to.
OPTIONS = {"num_stages": 1, "enable_fp_fusion": True}


def unavailable() -> str | None:
    """RETURNS (str | None): Why the programs cannot run here; None if they can."""
    if util.find_spec("triton") is None:
        return "the package triton is not installed (it comes with the CUDA builds of torch)"
    if interpreted():
        return None
    if not torch.cuda.is_available():
        return "torch finds no CUDA device"
    if torch.version.hip is not None:
        return "untested on ROCm"
    return None


def interpreted() -> bool:
    """RETURNS (bool): Whether TRITON_INTERPRET asks Triton to run its programs in Python, on any device, slowly."""
    return os.environ.get("TRITON_INTERPRET", "0").lower() in ("1", "on", "true", "y", "yes")


@cache
def programs() -> dict[str, Any]:
    """RETURNS (dict[str, Any]): Every program by its name, as Triton's function objects."""
    triton = import_module("triton")
    language = import_module("triton.language")
    jitted: dict[str, Any] = {}
    for module in MODULES:
        # Triton looks up what a program uses among the globals of its module.
        names = vars(module)
        names.update(tl=language, tensor=language.tensor, constexpr=language.constexpr)
        names.update({name: triton.jit(names[name]) for name in module.PROGRAMS})
        jitted.update({name: names[name] for name in module.PROGRAMS})
    return jitted


def launch(
    name: str, grid: tuple[int, ...], device: torch.device, warps: int, *args: Any, **sizes: Any
) -> None:
    """Start one program on every cell of a grid, without waiting for it.

    name (str): One of `programs`.
    grid (tuple[int, ...]): Cells; the first dimension counts sequences.
    device (torch.device): Where the tensors are.
    warps (int): Groups of 32 threads that work on a cell.
    args (Any): Tensors and numbers, in the order of the program's parameters.
    sizes (Any): What the program is compiled for.
    """
    with torch.cuda.device(device) if device.type == "cuda" else nullcontext():
        programs()[name][grid](*args, **sizes, num_warps=warps, **OPTIONS)
