"""Label-wise token replacement: a word gives its place to another that was annotated in the same way."""

from collections.abc import Hashable
from itertools import count
from pathlib import Path
from random import Random

from spacy.language import Language
from spacy.tokens import Doc, Token
from spacy.training import Example

from .augmenter import Augmenter, ChanceAugmenter, check_share, some_of
from .reservoir import RememberingRewriter, Reservoir
from .rewriting import LINKS, Rewriting, grouped_spans, soft_tokens

NAME = "spacy-crf-ner.token_replacement.v1"


class TokenReplacement(RememberingRewriter):
    """Replaces words by others with the same annotation, of those that it has seen.

    per_token (float): The probability of a word to be replaced, 0 to 1; one at least is drawn.
    outside (bool): Replace words that are in no entity, too.
    path (str | Path | None): A .spacy file, or a folder of such files, with more words, read before the first Example.
    RAISES (TrainingError): A probability out of range.
    """

    def __init__(self, per_token: float = 0.1, outside: bool = True, path: str | Path | None = None) -> None:
        super().__init__(NAME, path)
        check_share(NAME, "per_token", per_token)
        self.per_token = per_token
        self.outside = outside
        self.reservoir: Reservoir[tuple[str, str]] = Reservoir()
        # Every occurrence is an item of its own: frequent words are drawn often.
        self._occurrence = count()

    def remember(self, doc: Doc, random: Random) -> None:
        """Remember the words of a Doc."""
        for token in doc:
            if is_word(token) and (self.outside or token.ent_type):
                value = token.text, token.lemma_
                self.reservoir.add(annotation_of(token), next(self._occurrence), value, random)

    def rewrite(self, nlp: Language, example: Example, random: Random) -> Example | None:
        """The Example with other words; None if no word can be replaced, or the same ones were drawn."""
        rewriting = Rewriting(example.reference)
        for token in some_of(self._replaceable(example.reference), self.per_token, random):
            drawn = self.reservoir.draw(annotation_of(token), None, random)
            if drawn is not None and drawn[0] != token.text:
                rewriting.words[token.i], rewriting.lemmas[token.i] = drawn
                rewriting.replaced.add(token.i)
        if not rewriting.replaced:
            return None
        for entity in example.reference.ents:
            # Another name is no link to the same thing.
            if not rewriting.replaced.isdisjoint(range(entity.start, entity.end)):
                rewriting.places[entity.start : entity.end, LINKS] = 0
        rewriting.topic = False
        return rewriting.example(nlp)

    def _replaceable(self, doc: Doc) -> list[Token]:
        """Words of which nothing else is said but what others are found by."""
        special = soft_tokens(doc).union(*(range(*span) for span in grouped_spans(doc)))
        return [
            token
            for token in doc
            if is_word(token) and (self.outside or token.ent_type) and token.i not in special
        ]


def is_word(token: Token) -> bool:
    """RETURNS (bool): Whether a token is one to replace: no punctuation, no whitespace, its entity annotated.

    token (Token): A token of a reference Doc.
    """
    blocked = token.ent_iob_ == "B" and not token.ent_type
    return bool(token.ent_iob_) and not blocked and not token.is_punct and not token.is_space


def annotation_of(token: Token) -> Hashable:
    """RETURNS (Hashable): What two words must have in common: entity, tags, relation, and whether they are numbers.

    token (Token): A token of a reference Doc.
    """
    entity = token.ent_iob_, token.ent_type_
    return (*entity, token.tag_, token.pos_, str(token.morph), token.dep_, token.like_num)


def build_token_replacement_v1(
    level: float = 0.5,
    per_token: float = 0.1,
    outside: bool = True,
    path: str | Path | None = None,
    versions: int = 1,
    keep_original: bool = True,
    seed: int = 0,
) -> Augmenter:
    """An augmenter that replaces words by others with the same annotation (Dai and Adel 2020, label-wise token
    replacement, https://arxiv.org/abs/2010.11683).

    The same annotation is: beginning or inside of an entity of the same label, or in no entity; and the same tag, part
    of speech, morphology and dependency label, where the corpus has these. The words are those of the Examples that it
    has been called with so far, and those of a file, each as often as it occurs there.

    level (float): Share of the Examples that get other versions, 0 to 1.
    per_token (float): The probability of a word in them to be replaced, 0 to 1; one at least is drawn.
    outside (bool): Replace words that are in no entity, too.
    path (str | Path | None): A .spacy file, or a folder of such files, whose words are known from the beginning. It is
        read at the first call.
    versions (int): Number of other versions.
    keep_original (bool): Yield the original, too.
    seed (int): Start of the augmenter's own random generator.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    RAISES (TrainingError): Settings out of range.
    """
    rewriter = TokenReplacement(per_token, outside, path)
    return ChanceAugmenter(
        NAME, rewriter, level=level, versions=versions, keep_original=keep_original, seed=seed
    )
