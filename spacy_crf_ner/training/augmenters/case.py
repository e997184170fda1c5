"""Random case: texts, or words of texts, in lower case, upper case or capitalized."""

from collections.abc import Callable, Sequence
from random import Random

from spacy.language import Language
from spacy.training import Example

from .augmenter import Augmenter, ChanceAugmenter, Rewriter, check_share, some_of, wrong_setting
from .rewriting import Rewriting

NAME = "spacy-crf-ner.random_case.v1"
STYLES: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    # Not `str.title`, which makes "Don'T" of "don't".
    "title": lambda word: word[:1].upper() + word[1:].lower(),
}


class RandomCase(Rewriter):
    """Writes texts or words in another case.

    whole_text (float): The probability that all words of a text get the same style, 0 to 1.
    per_token (float): In other texts, the probability of a word to get a style drawn for it alone, 0 to 1; one at least
        gets one.
    styles (Sequence[str]): The styles to draw from: "lower", "upper", "title".
    RAISES (TrainingError): Settings out of range.
    """

    def __init__(self, whole_text: float, per_token: float, styles: Sequence[str]) -> None:
        check_share(NAME, "whole_text", whole_text)
        check_share(NAME, "per_token", per_token)
        if not styles or not STYLES.keys() >= set(styles):
            expected = f"a list with one or more of {', '.join(STYLES)}"
            raise wrong_setting(NAME, "styles", expected, styles)
        self.whole_text = whole_text
        self.per_token = per_token
        self.styles = list(styles)

    def rewrite(self, nlp: Language, example: Example, random: Random) -> Example | None:
        """The Example in another case; None if it is the same in all cases that were drawn."""
        rewriting = Rewriting(example.reference)
        words = list(rewriting.words)
        if random.random() < self.whole_text:
            style = STYLES[random.choice(self.styles)]
            words = [style(word) for word in words]
        else:
            cased = [place for place, word in enumerate(words) if word.lower() != word.upper()]
            for place in some_of(cased, self.per_token, random):
                words[place] = STYLES[random.choice(self.styles)](words[place])
        if words == rewriting.words:
            return None
        rewriting.words = words
        return rewriting.example(nlp)


def build_random_case_v1(
    level: float = 0.1,
    whole_text: float = 0.5,
    per_token: float = 0.3,
    styles: list[str] = ["lower", "upper", "title"],  # noqa: B006
    versions: int = 1,
    keep_original: bool = True,
    seed: int = 0,
) -> Augmenter:
    """An augmenter that writes texts or single words in another case. All annotation stays.

    level (float): Share of the Examples that get other versions, 0 to 1.
    whole_text (float): The probability that all words of a version get the same style, 0 to 1.
    per_token (float): Otherwise, the probability of a word to get a style drawn for it alone, 0 to 1; one at least gets
        one.
    styles (list[str]): The styles to draw from: "lower", "upper", "title" (the first letter upper, the rest lower).
    versions (int): Number of other versions.
    keep_original (bool): Yield the original, too.
    seed (int): Start of the augmenter's own random generator.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    RAISES (TrainingError): Settings out of range.
    """
    rewriter = RandomCase(whole_text, per_token, styles)
    return ChanceAugmenter(
        NAME, rewriter, level=level, versions=versions, keep_original=keep_original, seed=seed
    )
