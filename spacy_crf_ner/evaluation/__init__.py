"""How good a pipeline's probabilities are, and how they become better."""

from .calibration import Calibration, Reliability, calibrate, measure
from .components import find_component
from .held_out import UNTEMPERED, HeldOut, Predictions, Temperatures, Truth, gather
from .reliability import (
    ReliabilityBin,
    brier_score,
    calibration_error,
    precision_recall_area,
    reliability_bins,
    span_log_loss,
)

__all__ = [
    "UNTEMPERED",
    "Calibration",
    "HeldOut",
    "Predictions",
    "Reliability",
    "ReliabilityBin",
    "Temperatures",
    "Truth",
    "brier_score",
    "calibrate",
    "calibration_error",
    "find_component",
    "gather",
    "measure",
    "precision_recall_area",
    "reliability_bins",
    "span_log_loss",
]
