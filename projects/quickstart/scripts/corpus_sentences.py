"""Sentences for the quickstart's corpus: templates filled with names. Standard library only."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from corpus_names import (
    SLOT,
    SPLITS,
    AmbiguousUse,
    Kind,
    Name,
    NameMaker,
    name_makers,
    read_ambiguous,
    read_sections,
)

OPTIONS = re.compile(r"\(([^()|]*(?:\|[^()|]*)+)\)")
# How many sentences of each sort a split gets, in parts of the whole. A fifth has no entity at all: a model that has
# never seen one finds names everywhere.
SECTION_SHARES = {"entities": 0.70, "plain": 0.21, "headlines": 0.04, "chat": 0.05}
# Readers of headlines and chats do not always get capitals where they expect them, and a model should not rely on them.
UPPERCASE_SHARE = 0.35
LOWERCASE_SHARE = 0.6
# How often each reading of an ambiguous name is used. Training needs more than one example of each.
AMBIGUOUS_USES = {"train": 3, "dev": 1, "test": 1}
MAX_TRIES = 200


class Entity(NamedTuple):
    """Where a name stands in a sentence, in characters, and its label."""

    start: int
    end: int
    label: str


class Sentence(NamedTuple):
    """A finished sentence with its entities in order."""

    text: str
    entities: tuple[Entity, ...]


@dataclass
class Draft:
    """A template on its way to a sentence: literal text between slots, and what stands in each slot.

    section (str): The section of the template.
    literals (list[str]): One more than there are slots.
    slots (list[Kind]): What each slot asks for.
    bare (list[bool]): Slots whose name stands without its article.
    names (list[Name | None]): Names of the slots that are filled already.
    """

    section: str
    literals: list[str]
    slots: list[Kind]
    bare: list[bool]
    names: list[Name | None] = field(default_factory=list)


def draft(template: str, section: str, maker: NameMaker) -> Draft:
    """Settle everything in a template except for its names.

    template (str): Text with (options|of|words), {fillers} and {LABEL.kind} slots; {LABEL-} wants no article.
    section (str): The section of the template.
    maker (NameMaker): Gives the fillers.
    RETURNS (Draft): With empty slots.
    """
    text = OPTIONS.sub(lambda match: maker.rng.choice(match.group(1).split("|")), template)
    text = SLOT.sub(
        lambda slot: maker.word(slot.group(1)) if slot.group(1)[0].islower() else slot.group(0), text
    )
    found = list(SLOT.finditer(text))
    edges = [0, *(edge for slot in found for edge in slot.span()), len(text)]
    literals = [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    bare = [bool(slot.group(2)) or section == "headlines" for slot in found]
    return Draft(section, literals, [Kind.parse(slot.group(1)) for slot in found], bare, [None] * len(found))


def place_ambiguous(drafts: list[Draft], uses: list[AmbiguousUse], rng: random.Random) -> None:
    """Put every use of an ambiguous name into a free slot that fits, at most one for each sentence.

    drafts (list[Draft]): Changed in place.
    uses (list[AmbiguousUse]): What to place.
    rng (random.Random): Decides where.
    RAISES (ValueError): If there are too few slots of some kind.
    """
    order = list(drafts)
    seen: set[tuple[str, str]] = set()
    for use in uses:
        rng.shuffle(order)
        for plan in order:
            fitting = [index for index, slot in enumerate(plan.slots) if use.kind.fits(slot)]
            # The same name in the same words again would teach nothing, and could not become a new sentence.
            key = (use.name.text, "".join(plan.literals))
            if fitting and not any(plan.names) and key not in seen:
                seen.add(key)
                plan.names[rng.choice(fitting)] = use.name
                break
        else:
            raise ValueError(
                f"no slot left for {use.name.text!r} as {use.kind}: add templates with such a slot"
            )


def finish(plan: Draft, maker: NameMaker) -> Sentence:
    """Fill the free slots of a draft and join its text. The draft stays as it is, so this can be tried again."""
    names: list[Name] = []
    for kind, name in zip(plan.slots, plan.names, strict=True):
        taken = {used.text for used in names}
        while name is None or name.text in taken:
            name = maker.make(kind)
        names.append(name)
    text, entities = plan.literals[0], []
    for name, kind, bare, literal in zip(names, plan.slots, plan.bare, plan.literals[1:], strict=True):
        text += "" if bare else name.article
        entities.append(Entity(len(text), len(text) + len(name.text), kind.label))
        # "... bought by Larkspur Inc." ends with one full stop.
        text += name.text + (literal[1:] if name.text.endswith(".") and literal.startswith(".") else literal)
    return Sentence(_with_case(text, plan.section, maker.rng), tuple(entities))


def _with_case(text: str, section: str, rng: random.Random) -> str:
    # Never changes the length: the entities' offsets are counted already.
    if section == "chat":
        return text.lower() if rng.random() < LOWERCASE_SHARE else text
    if section == "headlines" and rng.random() < UPPERCASE_SHARE:
        return text.upper()
    return text[0].upper() + text[1:]


def drafts_of_split(templates: dict[str, list[str]], maker: NameMaker, n_sentences: int) -> list[Draft]:
    """Drafts for a split, every template of a section used about equally often."""
    drafts = []
    for section, share in SECTION_SHARES.items():
        deck: list[str] = []
        for _ in range(round(share * n_sentences)):
            if not deck:
                deck = list(templates[section])
                maker.rng.shuffle(deck)
            drafts.append(draft(deck.pop(), section, maker))
    return drafts


def make_split(
    templates: dict[str, list[str]], maker: NameMaker, ambiguous: list[AmbiguousUse], n_sentences: int
) -> list[Sentence]:
    """All sentences of one split, none twice, in random order.

    templates (dict[str, list[str]]): Templates by section.
    maker (NameMaker): The split's names and fillers.
    ambiguous (list[AmbiguousUse]): Names with several labels, to be used as often as listed.
    n_sentences (int): How many sentences, about.
    RETURNS (list[Sentence]): The sentences.
    RAISES (ValueError): If the templates are too few for so many different sentences.
    """
    drafts = drafts_of_split(templates, maker, n_sentences)
    place_ambiguous(drafts, ambiguous, maker.rng)
    sentences: dict[str, Sentence] = {}
    for plan in drafts:
        for _ in range(MAX_TRIES):
            sentence = finish(plan, maker)
            if sentence.text not in sentences:
                break
            if not plan.slots:
                plan = draft(maker.rng.choice(templates[plan.section]), plan.section, maker)
        else:
            raise ValueError(
                f"no new sentence from {''.join(plan.literals)!r}: add templates to [{plan.section}]"
            )
        sentences[sentence.text] = sentence
    shuffled = list(sentences.values())
    maker.rng.shuffle(shuffled)
    return shuffled


def make_corpus(folder: Path, sizes: dict[str, int], seed: int) -> dict[str, list[Sentence]]:
    """The whole corpus. The same seed gives the same sentences in the same order.

    folder (Path): Holds gazetteers/ and templates/.
    sizes (dict[str, int]): About how many sentences each split gets.
    seed (int): Seed of every random choice.
    RETURNS (dict[str, list[Sentence]]): Sentences by split.
    RAISES (ValueError): If two splits share the surface form of an entity, whatever its case.
    """
    ambiguous = read_ambiguous(folder / "gazetteers" / "ambiguous.txt")
    corpus = {}
    for split, maker in name_makers(folder / "gazetteers", seed):
        templates = read_sections(folder / "templates" / f"{split}.txt")
        uses = ambiguous[split] * AMBIGUOUS_USES[split]
        corpus[split] = make_split(templates, maker, uses, sizes[split])
    for one, other in ((SPLITS[0], SPLITS[1]), (SPLITS[0], SPLITS[2]), (SPLITS[1], SPLITS[2])):
        shared = surface_forms(corpus[one]).keys() & surface_forms(corpus[other]).keys()
        if shared:
            raise ValueError(
                f"{one} and {other} share the names {', '.join(sorted(shared))}: keep each in one list"
            )
    return corpus


def surfaces(sentences: list[Sentence]) -> Iterator[tuple[str, str]]:
    """Every entity as its text in lower case and its label."""
    for sentence in sentences:
        for entity in sentence.entities:
            yield sentence.text[entity.start : entity.end].lower(), entity.label


def surface_forms(sentences: list[Sentence]) -> dict[str, Counter[str]]:
    """For each entity text in lower case, how often it has which label."""
    forms: dict[str, Counter[str]] = {}
    for text, label in surfaces(sentences):
        forms.setdefault(text, Counter())[label] += 1
    return forms
