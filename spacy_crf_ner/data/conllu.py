"""Entities in CoNLL-U: in the column MISC, or in a column of their own.

Not read are the `Entity` of CorefUD, which are brackets around mentions of several sentences, and tags without a key.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DataError, Errors
from .conllu_files import N_COLUMNS, ConlluSentence, gaps_in_misc, gaps_in_text, misc_of, read_sentences
from .records import Problem, Record
from .tag_schemes import OUTSIDE, UNKNOWN_TAGS, Tagging
from .tag_survey import TagSurvey, find_tagging
from .tagged_sentences import Entity, Word, make_record, read_entities
from .token_lines import shown

# Keys for entities in MISC that are found; in UD treebanks, DaNE and the files of spaCy.
KEYS = ("NER", "NE", "name")
_UNKNOWN = "_"
_TAG = re.compile(r"O|-|_|\?|[BIESLUMW][-_].+", re.DOTALL)
# Keys that are shown if there is none for entities.
_SHOWN = 8


@dataclass(frozen=True)
class ConlluLayout:
    """What a CoNLL-U file looks like, as far as it was found or told.

    tag_from (str | int | None): The key in MISC, or the column, counted from 0, with the entities; None if there are
        none.
    tagging (Tagging): The scheme of their tags, and how they are written.
    absent (str): The tag of words without one: "O", if no word has that tag explicitly, and otherwise "_", for unknown.
    n_sentences (int): Number of sentences.
    tags (Mapping[str, int]): Number of syntactic words with each tag, in the order of the file.
    """

    tag_from: str | int | None
    tagging: Tagging
    absent: str
    n_sentences: int
    tags: Mapping[str, int]


def find_conllu_layout(
    path: Path, *, tag_from: str | int | None = None, scheme: str | None = None
) -> ConlluLayout:
    """Find out where a CoNLL-U file has its entities, and how they are written.

    path (Path): The file.
    tag_from (str | int | None): Where entities are: the name of a key in MISC, such as "NER" for `NER=B-PER`, or a
        column, counted from 0; None for the 11th column if there is one, or else for "NER", or another one of KEYS if
        all its values are tags.
    scheme (str | None): The scheme of the tags, as for columns; None to find it.
    RETURNS (ConlluLayout): What was found.
    RAISES (DataError): No CoNLL-U, no word with `tag_from`, or tags that are of no scheme.
    """
    source = _find_source(path) if tag_from is None else tag_from
    values: Counter[str] = Counter()
    keys: dict[str, None] = {}
    for sentence in read_sentences(path):
        values.update(tag for tag in _tags(path, sentence, source, "") if tag)
        keys.update((key, None) for word in sentence.words for key in misc_of(word.columns))
    if tag_from is not None and not values:
        there = ", ".join(shown(key) for key in list(keys)[:_SHOWN]) or "none"
        raise DataError(Errors.D012.format(path=path, key=tag_from, keys=there))
    absent = _UNKNOWN if source is None or OUTSIDE in values else OUTSIDE
    survey = TagSurvey()
    n_sentences = 0
    for sentence in read_sentences(path):
        survey.add(_tags(path, sentence, source, absent), [word.line for word in sentence.words])
        n_sentences += 1
    return ConlluLayout(source, find_tagging(path, survey, scheme), absent, n_sentences, survey.counts)


def read_conllu(
    path: Path, *, tag_from: str | int | None = None, scheme: str | None = None
) -> Iterator[Record]:
    """Read a CoNLL-U file: several times, to find out how it is to be read before a Record is made.

    path (Path): The file.
    tag_from (str | int | None): Where entities are, as for `find_conllu_layout`.
    scheme (str | None): The scheme of their tags.
    YIELDS (Record): A sentence each.
    RAISES (DataError): As `find_conllu_layout`.
    """
    yield from read_conllu_as(path, find_conllu_layout(path, tag_from=tag_from, scheme=scheme))


def read_conllu_as(path: Path, layout: ConlluLayout) -> Iterator[Record]:
    """Read a file of which the layout is known.

    The tokens are those of the text: a multiword token is one, and has the entities of its words. The text is that of
    the comment `# text`, if it consists of the tokens, and otherwise made of them, SpaceAfter and SpacesAfter.

    path (Path): The file.
    layout (ConlluLayout): Its layout.
    YIELDS (Record): A sentence each. Those of one document have the file's name and the document's id, or its number if
        it has none, as `document`. Without entities in the file, all is unknown. What was read in spite of a
        contradiction is in `repaired`: invalid sequences of tags, an entity that is only a part of a multiword token,
        and a `# text` that does not consist of the tokens.
    RAISES (DataError): The file is not as the layout says.
    """
    for sentence in read_sentences(path):
        tags = _tags(path, sentence, layout.tag_from, layout.absent)
        syntactic = list(read_entities(tags, layout.tagging))
        gaps = gaps_in_text(sentence)
        repaired = []
        if gaps is None:
            gaps = gaps_in_misc(sentence)
            if sentence.text is not None:
                reason = "the comment `# text` does not consist of the tokens; text made of the tokens"
                repaired.append(Problem(path, sentence.text_line, sentence.text, "", reason))
        yield make_record(
            path,
            _words(sentence, tags, syntactic, gaps),
            _on_surface(sentence, syntactic),
            document="" if sentence.document is None else f"{path.name}#{sentence.document}",
            problems=_tags_of_multiword_tokens(path, sentence, layout),
            repaired=repaired,
        )


def _find_source(path: Path) -> str | int | None:
    found: set[str] = set()
    no_tags: set[str] = set()
    for sentence in read_sentences(path):
        for word in sentence.words:
            if len(word.columns) > N_COLUMNS:
                return N_COLUMNS
            for key, value in misc_of(word.columns).items():
                if key in KEYS:
                    found.add(key)
                    # The other keys may stand for something else.
                    if key != KEYS[0] and not _TAG.fullmatch(value):
                        no_tags.add(key)
    return next((key for key in KEYS if key in found - no_tags), None)


def _tags(path: Path, sentence: ConlluSentence, source: str | int | None, absent: str) -> list[str]:
    """The tag of each syntactic word."""
    found = []
    for word in sentence.words:
        tag = _value(word.columns, source)
        if tag is None:
            reason = f"it has {len(word.columns)} columns, and none for the entities, number {source}"
            text = shown("\t".join(word.columns))
            raise DataError(Errors.D011.format(path=path, line=word.line, reason=reason, text=text))
        found.append(tag or absent)
    return found


def _value(columns: Sequence[str], source: str | int | None) -> str | None:
    """What is said about entities: empty if nothing is; None if there is no such column."""
    if isinstance(source, int):
        return columns[source].strip() if -len(columns) <= source < len(columns) else None
    return "" if source is None else misc_of(columns).get(source, "")


def _on_surface(sentence: ConlluSentence, entities: Sequence[Entity]) -> Iterator[Entity]:
    """Entities, counted in tokens of the text instead of in syntactic words."""
    place = [
        position for position, token in enumerate(sentence.tokens) for _ in range(token.first, token.last)
    ]
    for entity in entities:
        start, end = place[entity.start], place[entity.end - 1] + 1
        faults = [entity.fault] if entity.fault else []
        if sentence.tokens[start].first < entity.start or sentence.tokens[end - 1].last > entity.end:
            faults.append("it is only a part of a multiword token, and stretched to all of it")
        yield Entity(start, end, entity.label, "; ".join(faults))


def _words(
    sentence: ConlluSentence, tags: Sequence[str], entities: Sequence[Entity], gaps: Sequence[str]
) -> list[Word]:
    known = {position for entity in entities for position in range(entity.start, entity.end)}
    found = []
    for token, gap in zip(sentence.tokens, gaps, strict=True):
        words = range(token.first, token.last)
        unknown = known.isdisjoint(words) and any(tags[position] in UNKNOWN_TAGS for position in words)
        found.append(Word(token.form, gap, token.line, unknown))
    return found


def _tags_of_multiword_tokens(
    path: Path, sentence: ConlluSentence, layout: ConlluLayout
) -> Iterator[Problem]:
    for token in sentence.tokens:
        if "-" in token.columns[0]:
            tag = _value(token.columns, layout.tag_from)
            if tag and tag != OUTSIDE and tag not in UNKNOWN_TAGS:
                reason = "the tag is on the line of a multiword token, and not on those of its words"
                yield Problem(path, token.line, token.form, tag, reason)
