"""The recursions compiled for the CPU, in float32 without padding; an optional extension."""

from .compiled import Compiled, unavailable

__all__ = ["Compiled", "unavailable"]
