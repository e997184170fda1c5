"""What augmenters are, and what those share that draw by chance which Examples they rewrite."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, TypeVar

from spacy.language import Language
from spacy.training import Example

from ...errors import Errors, TrainingError

Augmenter = Callable[[Language, Example], Iterator[Example]]
Item = TypeVar("Item")


class Rewriter:
    """Makes other versions of Examples."""

    def see(self, nlp: Language, example: Example, random: Random) -> None:
        """Take note of an Example of the corpus, be it to be rewritten or not. By default nothing is noted.

        nlp (Language): The pipeline.
        example (Example): The Example, which is not changed.
        random (Random): The augmenter's generator.
        """

    def rewrite(self, nlp: Language, example: Example, random: Random) -> Example | None:
        """RETURNS (Example | None): Another version of an Example; None where there is nothing to rewrite.

        nlp (Language): The pipeline.
        example (Example): The Example, which is not changed.
        random (Random): The augmenter's generator.
        """
        raise NotImplementedError


class ChanceAugmenter:
    """Yields Examples, and of some of them a rewritten version.

    Its generator is its own: neither spaCy's seed nor other augmenters have to do with what it draws. Its state goes on
    from epoch to epoch, each of which gets other versions.
    """

    def __init__(
        self, name: str, rewriter: Rewriter, *, level: float, versions: int, keep_original: bool, seed: int
    ) -> None:
        """Create an augmenter.

        name (str): Its registered name, for messages.
        rewriter (Rewriter): Makes the other versions.
        level (float): Share of the Examples to rewrite, 0 to 1.
        versions (int): How many other versions each of them gets, at most: a rewriter may find nothing to rewrite.
        keep_original (bool): Yield the original, too, before its other versions.
        seed (int): Where the generator starts.
        RAISES (TrainingError): A setting out of range.
        """
        check_share(name, "level", level)
        if versions < 1:
            raise wrong_setting(name, "versions", "a number of at least 1", versions)
        self.rewriter = rewriter
        self.level = level
        self.versions = versions
        self.keep_original = keep_original
        # With the name: two augmenters with the same seed do not choose the same Examples.
        self.random = Random(f"{name} {seed}")

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        """Yield the Example, other versions of it, or both.

        nlp (Language): The pipeline.
        example (Example): The Example, which is not changed.
        YIELDS (Example): Examples; always one at least.
        """
        self.rewriter.see(nlp, example, self.random)
        versions = self.versions if self.random.random() < self.level else 0
        drawn = [self.rewriter.rewrite(nlp, example, self.random) for _ in range(versions)]
        rewritten = [one for one in drawn if one is not None]
        if self.keep_original or not rewritten:
            yield example
        yield from rewritten


def some_of(items: list[Item], share: float, random: Random) -> list[Item]:
    """Draw each item with the same probability, but one at least, unless there are none.

    items (list[Item]): What there is.
    share (float): The probability.
    random (Random): The generator.
    RETURNS (list[Item]): In the order of `items`.
    """
    chosen = [item for item in items if random.random() < share]
    return chosen or ([random.choice(items)] if items else [])


def check_share(name: str, setting: str, value: float) -> None:
    """Raise unless a setting is between 0 and 1.

    name (str): The registered name of the augmenter.
    setting (str): The setting.
    value (float): Its value.
    RAISES (TrainingError): It is not.
    """
    if not 0.0 <= value <= 1.0:
        raise wrong_setting(name, setting, "a number from 0 to 1", value)


def wrong_setting(name: str, setting: str, expected: str, got: Any) -> TrainingError:
    """RETURNS (TrainingError): The error to raise for a setting of an augmenter.

    name (str): The registered name of the augmenter.
    setting (str): The setting.
    expected (str): What it should be.
    got (Any): What it is.
    """
    return TrainingError(Errors.R200.format(name=name, setting=setting, expected=expected, got=got))
