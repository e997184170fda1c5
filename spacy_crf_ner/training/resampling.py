"""Examples with rare labels more than once in an epoch."""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from spacy.language import Language
from spacy.training import Example

from ..errors import Errors, TrainingError

Reader = Callable[[Language], Iterable[Example]]
Batcher = Callable[[Iterable[Example]], Iterable[list[Example]]]


def repeat_factors(examples: Sequence[Example], threshold: float, max_repeats: float) -> list[float]:
    """How often each example should be seen in an epoch.

    With f the share of the examples that hold an entity of a label, the label asks for sqrt(threshold / f) times, at
    least once and at most `max_repeats` times; an example is seen as often as its rarest label asks for (Gupta et al.
    2019, https://arxiv.org/abs/1908.03195, "repeat factor sampling", for images). Labels with a share of
    `threshold` or more are not repeated for their own sake.

    examples (Sequence[Example]): All examples of the epoch. The entities are those of their reference Docs.
    threshold (float): 0, excluded, to 1.
    max_repeats (float): At least 1.
    RETURNS (list[float]): A number from 1 for each example.
    """
    labels = [{entity.label for entity in example.reference.ents} for example in examples]
    found = Counter(label for own in labels for label in own)
    factors = {
        label: min(max_repeats, max(1.0, math.sqrt(threshold * len(examples) / count)))
        for label, count in found.items()
    }
    return [max((factors[label] for label in own), default=1.0) for own in labels]


class Resampler:
    """Draws epochs in which examples with rare labels stand more than once; see `repeat_factors`.

    A factor between two numbers is rounded at random to one of them, so that its mean over the epochs is exact.

    threshold (float): The share of examples that a label should have.
    max_repeats (float): The highest factor.
    seed (int): For the drawing; each epoch goes on from the state after the last.
    RAISES (TrainingError): Settings out of range.
    """

    def __init__(self, threshold: float, max_repeats: float, seed: int) -> None:
        # Written so that NaN is refused, too.
        if not 0.0 < threshold <= 1.0:
            raise _refused("threshold", "a share of the examples, above 0 and at most 1", threshold)
        if not 1.0 <= max_repeats < math.inf:
            raise _refused("max_repeats", "a finite number of at least 1", max_repeats)
        self.threshold = threshold
        self.max_repeats = max_repeats
        self._random = random.Random(seed)

    def __call__(self, examples: Iterable[Example]) -> list[Example]:
        """Draw an epoch.

        examples (Iterable[Example]): The examples, each once.
        RETURNS (list[Example]): The same in random order, each at least once. Those that come more than once are the
            same object: `nlp.update` works on copies.
        """
        examples = list(examples)
        drawn = []
        for example, factor in zip(
            examples, repeat_factors(examples, self.threshold, self.max_repeats), strict=True
        ):
            whole = math.floor(factor)
            drawn += [example] * (whole + (self._random.random() < factor - whole))
        self._random.shuffle(drawn)
        return drawn


def build_batch_resampled_v1(
    batcher: Batcher, threshold: float = 0.1, max_repeats: float = 10.0, seed: int = 0
) -> Batcher:
    """A batcher that lets another one make batches of an epoch in which examples with rare labels are repeated.

    spaCy calls a batcher once in an epoch, so that each has a draw of its own. Only training has a batcher: evaluation
    and initialization see the corpus as it is. All examples of an epoch are held in memory, as spaCy does by itself
    unless `max_epochs` is -1.

    batcher (Callable[[Iterable[Example]], Iterable[list[Example]]]): The other batcher.
    threshold (float): Labels in a smaller share of the examples than this are repeated, above 0 and at most 1.
    max_repeats (float): How often an example may be seen in an epoch in the mean, at least 1.
    seed (int): For the draws.
    RETURNS (Callable[[Iterable[Example]], Iterable[list[Example]]]): The batcher.
    RAISES (TrainingError): Settings out of range.
    """
    draw = Resampler(threshold, max_repeats, seed)

    def batches(examples: Iterable[Example]) -> Iterable[list[Example]]:
        return batcher(draw(examples))

    return batches


def build_resampled_corpus_v1(
    corpus: Reader, threshold: float = 0.1, max_repeats: float = 10.0, seed: int = 0
) -> Reader:
    """A reader of another corpus in which examples with rare labels are repeated.

    Each reading is a new draw. spaCy reads a corpus anew for each epoch only if `max_epochs` is -1; otherwise once for
    the initialization, which counts labels after the repetition then, and once for all epochs, which have the same draw
    then: `spacy-crf-ner.batch_resampled.v1` draws for each. All examples are held in memory.

    corpus (Callable[[Language], Iterable[Example]]): The other reader, with its augmenter, if any.
    threshold (float): Labels in a smaller share of the examples than this are repeated, above 0 and at most 1.
    max_repeats (float): How often an example may be seen in an epoch in the mean, at least 1.
    seed (int): For the draws.
    RETURNS (Callable[[Language], Iterable[Example]]): The reader.
    RAISES (TrainingError): Settings out of range.
    """
    draw = Resampler(threshold, max_repeats, seed)

    def read(nlp: Language) -> Iterable[Example]:
        return draw(corpus(nlp))

    return read


def _refused(setting: str, expected: str, got: object) -> TrainingError:
    return TrainingError(Errors.R220.format(setting=setting, expected=expected, got=got))
