"""The CRF's recursions as fused Triton programs: a constant number of launches for any batch, and no waiting."""

from .recursions import TRITON, TritonRecursions
from .toolchain import unavailable

__all__ = ["TRITON", "TritonRecursions", "unavailable"]
