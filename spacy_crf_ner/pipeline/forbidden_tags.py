"""Which constraint forbids a tag in prediction."""

from dataclasses import dataclass

from spacy.tokens import Doc

from ..tags import BoolArray, TagSet, TagSpan, allowed_tags
from .explanation import (
    BLOCKED_SPAN,
    BLOCKED_TOKEN,
    CONSTRAINT,
    ENTITY,
    SCHEME,
    SEGMENTS,
    WHITESPACE,
)
from .presets import Preset

# What forbids a tag, and the same as the end of a sentence.
Reason = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Constraints:
    """All that restricts the tags of a Doc, beside an annotation whose neighbouring tags count.

    name (str): The component's name.
    doc (Doc): The Doc.
    preset (Preset): What is known of it.
    blocked_spans_key (str | None): The setting of that name.
    tagset (TagSet): The tags.
    known (BoolArray | None): Tags that the preset and whitespace leave to each token; None if they leave all.
        *Shape:* (n_tokens, n_tags).
    allowed (BoolArray): Those of them that the user's constraint leaves. *Shape:* (n_tokens, n_tags).
    opens (BoolArray): Tokens with which a sequence begins. *Shape:* (n_tokens,).
    closes (BoolArray): Tokens with which one ends. *Shape:* (n_tokens,).
    path (tuple[int, ...]): The tags of the annotation.
    """

    name: str
    doc: Doc
    preset: Preset
    blocked_spans_key: str | None
    tagset: TagSet
    known: BoolArray | None
    allowed: BoolArray
    opens: BoolArray
    closes: BoolArray
    path: tuple[int, ...]

    def reason(self, position: int, tag: int) -> Reason | None:
        """Why a token cannot have a tag, with the annotation's tags beside it.

        position (int): The token.
        tag (int): The tag.
        RETURNS (tuple[str, str] | None): What forbids it, as `ForbiddenTag.kind` has it, and in words; None if nothing
            does.
        """
        if not self.allowed[position, tag]:
            return self._by_token(position, tag)
        return self._after(position, tag) or self._before(position, tag)

    def quoted(self, position: int) -> str:
        """RETURNS (str): A token in quotes, with names for the characters of whitespace.

        position (int): The token.
        """
        text = self.doc[position].text
        return f'"{repr(text)[1:-1] if text.isspace() else text}"'

    def _by_token(self, position: int, tag: int) -> Reason:
        if self.known is None or self.known[position, tag]:
            return CONSTRAINT, f"`[components.{self.name}] constraint` forbids it for this token"
        for entity in self.preset.entities:
            if entity.start <= position < entity.end:
                return ENTITY, f"the Doc holds {self._entity(entity)} as {entity.label}"
        if position in self.preset.blocked:
            return BLOCKED_TOKEN, "the Doc says that this token is in no entity (`set_ents(blocked=...)`)"
        if position in self.preset.outside:
            key = self.blocked_spans_key
            return (
                BLOCKED_SPAN,
                f'this token is in a span of `doc.spans["{key}"]`, which says that it is in no entity',
            )
        space = self.doc[position].is_space
        if space and not allowed_tags(self.tagset, 1, is_space=[True])[0, tag]:
            return WHITESPACE, "no entity begins or ends with whitespace"
        return ENTITY, f"it would carry on {self._beside(position)}"

    def _beside(self, position: int) -> str:
        """The entity of the Doc next to a token in no other entity."""
        near = (one for one in self.preset.entities if position in (one.start - 1, one.end))
        return " or ".join(f"{self._entity(one)}, which the Doc holds as {one.label}" for one in near)

    def _after(self, position: int, tag: int) -> Reason | None:
        if self.opens[position]:
            if self.tagset.allowed_start[tag]:
                return None
            if position:
                return SEGMENTS, 'a sentence begins here, and no entity crosses that (`segments = "sents"`)'
            return SCHEME, f"the scheme {self.tagset.scheme} forbids {self._tag(tag)} as the first tag"
        before = self.path[position - 1]
        if self.tagset.allowed_transitions[before, tag]:
            return None
        return SCHEME, self._move(tag, "after", position - 1)

    def _before(self, position: int, tag: int) -> Reason | None:
        if self.closes[position]:
            if self.tagset.allowed_end[tag]:
                return None
            if position < len(self.doc) - 1:
                return SEGMENTS, 'the sentence ends here, and no entity crosses that (`segments = "sents"`)'
            return SCHEME, f"the scheme {self.tagset.scheme} forbids {self._tag(tag)} as the last tag"
        after = self.path[position + 1]
        if self.tagset.allowed_transitions[tag, after]:
            return None
        return SCHEME, self._move(tag, "before", position + 1)

    def _move(self, tag: int, place: str, neighbour: int) -> str:
        beside = self.path[neighbour]
        words = f"the scheme {self.tagset.scheme} forbids {self._tag(tag)} {place} {self._tag(beside)}"
        if self.allowed[neighbour].sum() == 1:
            words += f", the only tag that {self.quoted(neighbour)} may have"
        return words

    def _tag(self, tag: int) -> str:
        return self.tagset.tags[tag]

    def _entity(self, entity: TagSpan) -> str:
        return f'"{self.doc[entity.start : entity.end].text}"'
