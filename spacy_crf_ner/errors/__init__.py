"""Every error and warning of the package: the exception tree, and the message templates.

A template says what was expected, what arrived, and what to do or which setting to change.
"""

from .command_messages import CommandErrors
from .config_messages import ConfigErrors
from .crf_messages import CrfErrors
from .data_messages import DataErrors
from .evaluation_messages import EvaluationErrors
from .exceptions import (
    ComponentError,
    DataError,
    EvaluationError,
    ImpossibleSequenceError,
    KernelError,
    LossError,
    PotentialsError,
    SharingError,
    SpacyCrfNerError,
    TagError,
    TrainingError,
)
from .file_messages import FileErrors
from .model_messages import ModelErrors
from .page_messages import PageErrors
from .pipeline_messages import PipelineErrors, Warnings
from .sharing_messages import SharingErrors
from .training_messages import TrainingErrors

__all__ = [
    "ComponentError",
    "DataError",
    "Errors",
    "EvaluationError",
    "ImpossibleSequenceError",
    "KernelError",
    "LossError",
    "PotentialsError",
    "SharingError",
    "SpacyCrfNerError",
    "TagError",
    "TrainingError",
    "Warnings",
]


class Errors(
    CrfErrors,
    ModelErrors,
    PipelineErrors,
    TrainingErrors,
    ConfigErrors,
    EvaluationErrors,
    DataErrors,
    FileErrors,
    SharingErrors,
    PageErrors,
    CommandErrors,
):
    """All templates for `str.format`; the letter names the room: P functional, T tags, K kernels, L layers, M models,
    C pipeline, R and I training, E evaluation, D data, F files, H sharing, V pages, O cli.
    """
