"""Every implementation of the recursions, for the suite that all of them pass."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch

from spacy_crf_ner.functional import LOG_SPACE, SCALED, Potentials, Recursions
from spacy_crf_ner.kernels.cpu import Compiled
from spacy_crf_ner.kernels.cpu import unavailable as cpu_unavailable
from spacy_crf_ner.kernels.cuda import TRITON
from tests.functional.cases import as_dtype, replaced
from tests.kernels import triton_device


@dataclass(frozen=True)
class Implementation:
    """An implementation with the type of scores that it is tested with.

    make (Callable): Creates it, or skips the test where it cannot run.
    """

    name: str
    make: Callable[[], Recursions]
    dtype: torch.dtype
    device: str = "cpu"

    def takes(self, potentials: Potentials) -> Potentials:
        """The same batch in its type and on its device."""
        converted = as_dtype(potentials, self.dtype)
        if self.device == "cpu":
            return converted
        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA device")
        fields = vars(converted)
        return replaced(converted, **{k: v.to(self.device) for k, v in fields.items() if v is not None})


def compiled(instructions: str) -> Callable[[], Recursions]:
    """The extension with an instruction set, if it is installed and the processor has it."""

    def make() -> Recursions:
        reason = cpu_unavailable()
        if reason:
            pytest.skip(reason)
        from spacy_crf_ner.kernels.cpu import _crf

        if instructions not in _crf.instruction_sets():
            pytest.skip(f"this processor has no {instructions}")
        return Compiled(instructions)

    return make


def triton() -> Recursions:
    """The Triton programs on a CUDA device, or in Triton's interpreter."""
    triton_device.skip_unless_available()
    return TRITON


LOG = Implementation("log space", lambda: LOG_SPACE, torch.float64)
# What the others are compared with is the first; only enumeration can say whether it is right itself.
OTHERS = (
    Implementation("scaled, float64", lambda: SCALED, torch.float64),
    Implementation("scaled, float32", lambda: SCALED, torch.float32),
    Implementation("compiled, generic", compiled("generic"), torch.float32),
    Implementation("compiled, avx2", compiled("avx2"), torch.float32),
    Implementation("compiled, avx512", compiled("avx512"), torch.float32),
)
CUDA = Implementation("scaled, float32 on CUDA", lambda: SCALED, torch.float32, "cuda")
INTERPRETED = Implementation("triton, float32", triton, torch.float32, triton_device.device().type)
MARKS = {
    CUDA.name: (pytest.mark.cuda,),
    # The interpreter takes a hundred times as long, and computes both sides of a choice.
    INTERPRETED.name: (pytest.mark.slow, pytest.mark.filterwarnings("ignore::RuntimeWarning")),
}


def _each(*implementations: Implementation) -> pytest.MarkDecorator:
    parameters = [pytest.param(one, marks=MARKS.get(one.name, ())) for one in implementations]
    return pytest.mark.parametrize("implementation", parameters, ids=lambda one: one.name)


every_implementation = _each(LOG, *OTHERS, CUDA, INTERPRETED)
every_other_implementation = _each(*OTHERS, CUDA, INTERPRETED)
# For what is too large for an interpreter: test_triton.py has sizes of its own.
every_fast_implementation = _each(*OTHERS, CUDA)
