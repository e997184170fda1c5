"""How good the entities of a pipeline and their probabilities are, and how the probabilities become better."""

from .accuracy import Share, doc_accuracy, sentence_accuracy, token_accuracy
from .breakdowns import (
    EntityTexts,
    count_by_entity_length,
    count_by_text_length,
    count_seen,
    entity_texts,
)
from .calibration import Calibration, Reliability, calibrate, measure
from .comparison import Comparison, compare
from .components import find_component
from .confidence import Confidence, CurvePoint, measure_confidence, precision_recall_curve
from .confusion import Confusion, count_confusions
from .entity_counts import Average, Counts, count_by_label, macro_average, total
from .entity_errors import ERROR_KINDS, EntityError, find_errors
from .entity_report import EntityReport, count_all, measure_entities
from .faulty_docs import FaultyDoc, ShownEntity, find_faulty_docs
from .held_out import UNTEMPERED, HeldOut, Predictions, Temperatures, Truth, gather
from .judged_docs import JudgedDoc, judge, judge_pipeline
from .pairing import Pair, pair_entities
from .partial_matches import MatchCounts, count_matches
from .reliability import (
    ReliabilityBin,
    brier_score,
    calibration_error,
    precision_recall_area,
    reliability_bins,
    span_log_loss,
)
from .resampling import Interval, Intervals, count_by_doc, find_intervals
from .training_log import TrainingStep, read_training_log
from .transitions import TransitionTable, find_transitions

__all__ = [
    "ERROR_KINDS",
    "UNTEMPERED",
    "Average",
    "Calibration",
    "Comparison",
    "Confidence",
    "Confusion",
    "Counts",
    "CurvePoint",
    "EntityError",
    "EntityReport",
    "EntityTexts",
    "FaultyDoc",
    "HeldOut",
    "Interval",
    "Intervals",
    "JudgedDoc",
    "MatchCounts",
    "Pair",
    "Predictions",
    "Reliability",
    "ReliabilityBin",
    "Share",
    "ShownEntity",
    "Temperatures",
    "TrainingStep",
    "TransitionTable",
    "Truth",
    "brier_score",
    "calibrate",
    "calibration_error",
    "compare",
    "count_all",
    "count_by_doc",
    "count_by_entity_length",
    "count_by_label",
    "count_by_text_length",
    "count_confusions",
    "count_matches",
    "count_seen",
    "doc_accuracy",
    "entity_texts",
    "find_component",
    "find_errors",
    "find_faulty_docs",
    "find_intervals",
    "find_transitions",
    "gather",
    "judge",
    "judge_pipeline",
    "macro_average",
    "measure",
    "measure_confidence",
    "measure_entities",
    "pair_entities",
    "precision_recall_area",
    "precision_recall_curve",
    "read_training_log",
    "reliability_bins",
    "sentence_accuracy",
    "span_log_loss",
    "token_accuracy",
    "total",
]
