"""Several augmenters, one after the other."""

from collections.abc import Iterator

from spacy.language import Language
from spacy.training import Example

from ...errors import Errors, TrainingError
from .augmenter import Augmenter

NAME = "spacy-crf-ner.combined.v1"


class CombinedAugmenter:
    """Calls each augmenter on every Example that the one before yields.

    augmenters (tuple[Callable, ...]): The augmenters, in order.
    RAISES (TrainingError): There are none.
    """

    def __init__(self, augmenters: tuple[Augmenter, ...]) -> None:
        if not augmenters:
            raise TrainingError(Errors.R202.format(name=NAME))
        self.augmenters = augmenters

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        """Yield what the last augmenter yields.

        nlp (Language): The pipeline.
        example (Example): The Example, which is not changed.
        YIELDS (Example): Examples.
        """
        yield from self._after(len(self.augmenters), nlp, example)

    def _after(self, number: int, nlp: Language, example: Example) -> Iterator[Example]:
        """What comes out of the first augmenters, as many as `number`."""
        if not number:
            yield example
            return
        for earlier in self._after(number - 1, nlp, example):
            yield from self.augmenters[number - 1](nlp, earlier)


def build_combined_v1(*augmenters: Augmenter) -> Augmenter:
    """An augmenter that calls others in turn, each on every Example that the one before yields.

    augmenters (Callable[[Language, Example], Iterator[Example]]): The others, in sections `*.name` of the config.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    RAISES (TrainingError): There are none.
    """
    return CombinedAugmenter(augmenters)
