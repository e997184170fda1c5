"""The one place that chooses an implementation: by device and type of the scores, and by what is installed.

The environment variable SPACY_CRF_NER_KERNELS is read when the first batch is computed.
"""

import functools
import logging
import os

import torch

from ..errors import Errors, KernelError
from ..functional import SCALED, Potentials, Recursions
from .cpu import Compiled
from .cpu import unavailable as cpu_unavailable
from .cuda import TRITON
from .cuda import unavailable as cuda_unavailable

VARIABLE = "SPACY_CRF_NER_KERNELS"
CHOICES = ("auto", "compiled", "torch")


def recursions_for(potentials: Potentials) -> Recursions:
    """The fastest implementation that can compute a batch.

    potentials (Potentials): The batch.
    RETURNS (Recursions): The compiled extension for float32 on the CPU, Triton for CUDA, torch otherwise.
    RAISES (KernelError): The environment variable SPACY_CRF_NER_KERNELS has another value than "auto", "compiled" or
        "torch", or asks for an extension that is not installed.
    """
    choice = _choice()
    compiled = _compiled(choice)
    if compiled is not None and compiled.accepts(potentials):
        return compiled
    if potentials.emissions.is_cuda and choice != "torch" and cuda_unavailable() is None:
        return TRITON
    return SCALED


@functools.cache
def _choice() -> str:
    """Read once: for small batches, looking at the environment is a good part of the work."""
    return os.environ.get(VARIABLE, CHOICES[0])


def describe() -> dict[str, str]:
    """What computes, for people: the compiled extension or torch on the CPU, and what there is for CUDA.

    RETURNS (dict[str, str]): Texts under "cpu" and "cuda".
    RAISES (KernelError): As `recursions_for`.
    """
    choice = _choice()
    compiled = _compiled(choice)
    count = torch.get_num_threads()
    threads = "1 thread" if count == 1 else f"{count} threads"
    if compiled is not None:
        cpu = f"{compiled.name}, {threads}"
    elif choice == "torch":
        cpu = f"torch, {threads}: {VARIABLE}=torch"
    else:
        cpu = f"torch, {threads}: {cpu_unavailable()}"
    return {"cpu": cpu, "cuda": _describe_cuda(choice)}


def _describe_cuda(choice: str) -> str:
    if not torch.cuda.is_available():
        return "not available: torch finds no CUDA device"
    if choice == "torch":
        return f"torch: {VARIABLE}=torch"
    reason = cuda_unavailable()
    return TRITON.name if reason is None else f"torch: {reason}"


@functools.cache
def _compiled(choice: str) -> Compiled | None:
    if choice not in CHOICES:
        raise KernelError(Errors.K001.format(variable=VARIABLE, expected=", ".join(CHOICES), got=choice))
    reason = cpu_unavailable()
    if choice == "compiled" and reason:
        raise KernelError(Errors.K002.format(variable=VARIABLE, reason=reason))
    if choice == "auto" and reason:
        # Said once in a process, to whoever listens: everything works, only more slowly.
        logging.getLogger(__name__).info("The CRF is computed by torch: %s", reason)
    return None if choice == "torch" or reason else Compiled()
