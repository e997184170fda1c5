"""The exception tree.

SpacyCrfNerError (ValueError)
  PotentialsError            scores, lengths or masks that do not fit together
    ImpossibleSequenceError  a sequence that no allowed path satisfies
  TagError                   labels, schemes, spans or tags that contradict each other
  ComponentError             settings, annotations or files a component cannot work with
    LossError                a loss or gradient that is not finite
  TrainingError              settings or data that training cannot go on with
  EvaluationError            data on which nothing can be measured
  SharingError               a model that cannot be described or published
  KernelError                an implementation that was asked for and is not there
"""

from collections.abc import Sequence

from .crf_messages import CrfErrors


class SpacyCrfNerError(ValueError):
    """Base of all errors that this package raises on purpose."""


class PotentialsError(SpacyCrfNerError):
    """Scores, lengths, masks or tags of a batch whose shapes, types or values do not fit together."""


class ImpossibleSequenceError(PotentialsError):
    """A sequence that no allowed path satisfies.

    indices (Sequence[int]): Positions in the batch of the sequences concerned.
    """

    def __init__(self, indices: Sequence[int]) -> None:
        self.indices = tuple(indices)
        super().__init__(CrfErrors.P007.format(indices=", ".join(str(index) for index in self.indices)))

    def __reduce__(self) -> tuple[type["ImpossibleSequenceError"], tuple[tuple[int, ...]]]:
        return type(self), (self.indices,)


class TagError(SpacyCrfNerError):
    """Labels, schemes, spans or tags that contradict each other."""


class ComponentError(SpacyCrfNerError):
    """Settings, annotations or files that a pipeline component cannot work with."""


class LossError(ComponentError):
    """A loss or a gradient that is not a finite number."""


class TrainingError(SpacyCrfNerError):
    """Settings, parameters or data with which training makes no sense."""


class DataError(SpacyCrfNerError):
    """Files of annotated texts that cannot be read, or do not hold what is said of them."""


class EvaluationError(SpacyCrfNerError):
    """Predictions or annotations on which nothing can be measured."""


class SharingError(SpacyCrfNerError):
    """A model that cannot be read, or a place that it cannot be published to."""


class KernelError(SpacyCrfNerError):
    """An implementation of the recursions that was asked for and is not there."""
