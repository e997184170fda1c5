"""What holds for any Doc and any augmenter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_crf_ner.training.augmenters import (
    Augmenter,
    build_mention_replacement_v1,
    build_random_case_v1,
    build_shuffle_within_segments_v1,
    build_token_replacement_v1,
    build_typos_v1,
)
from tests.training.augmenters.annotated import (
    contents,
    example_of,
    group,
    iob_of,
    make_nlp,
    starts_of,
    words_of,
)

WORDS = ["Anna", "in", "New", "York", "Straße", "北京", "的", ".", "'s", "\n", "24", "ﬁn", "İx"]
KINDS = ["O", "O", "O", "", "blocked", "B-PER", "B-LOC", "I"]
SAME_TOKENS = [
    build_random_case_v1,
    build_token_replacement_v1,
    build_typos_v1,
    build_shuffle_within_segments_v1,
]
Builder = Callable[..., Augmenter]
quickly = settings(
    max_examples=20,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def make_doc(tokens: list[tuple[str, bool, str, bool]], spans: list[tuple[int, int]]) -> Doc:
    """A Doc of words, spaces, kinds of annotation and sentence starts; spans as places, to be brought within it."""
    words, spaces, kinds, starts = ([token[i] for token in tokens] for i in range(4))
    doc = Doc(make_nlp().vocab, words=words, spaces=spaces, sent_starts=starts)
    entities: list[list[Any]] = []
    for place, kind in enumerate(kinds):
        if kind.startswith("B-"):
            entities.append([place, place + 1, kind[2:]])
        elif kind == "I" and entities and entities[-1][1] == place:
            entities[-1][1] = place + 1
    doc.set_ents(
        [Span(doc, *entity) for entity in entities],
        missing=[doc[i : i + 1] for i, kind in enumerate(kinds) if kind == ""],
        blocked=[doc[i : i + 1] for i, kind in enumerate(kinds) if kind == "blocked"],
    )
    if words:
        places = [(start % len(doc), 1 + end % len(doc)) for start, end in spans]
        group(doc, "spans", *((start, end, "X") for start, end in places if start < end))
    return doc


docs = st.builds(
    make_doc,
    st.lists(
        st.tuples(st.sampled_from(WORDS), st.booleans(), st.sampled_from(KINDS), st.booleans()), max_size=9
    ),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=2),
)


def versions(build: Builder, corpus: list[Doc], seed: int) -> list[tuple[Doc, Any]]:
    """Each Doc with every other version that is made of it; nothing else changes."""
    augmenter, nlp = build(level=1.0, versions=3, keep_original=False, seed=seed), make_nlp()
    found = []
    for doc in corpus:
        example = example_of(doc)
        before = contents(example)
        found += [(doc, other) for other in augmenter(nlp, example) if other is not example]
        assert contents(example) == before
    return found


@pytest.mark.parametrize("build", [*SAME_TOKENS, build_mention_replacement_v1])
@quickly
@given(corpus=st.lists(docs, max_size=4), seed=st.integers(0, 99))
def test_entities_stay_aligned_and_a_seed_is_a_seed(build: Builder, corpus: list[Doc], seed: int) -> None:
    found = versions(build, corpus, seed)
    for doc, other in found:
        assert [entity.label_ for entity in other.reference.ents] == [entity.label_ for entity in doc.ents]
        assert words_of(other.predicted) == words_of(other.reference)
        assert other.predicted.text == other.reference.text
        # Of the new tokens, as many are without annotation as of the old ones.
        before, after = example_of(doc).get_aligned_ner(), other.get_aligned_ner()
        assert after.count(None) == before.count(None)
        assert len(starts_of(other.reference)) == len(starts_of(doc))
        assert len(other.reference.spans.get("spans", [])) == len(doc.spans.get("spans", []))
        assert words_of(other.reference) != words_of(doc)
    again = versions(build, corpus, seed)
    assert [contents(other) for _, other in again] == [contents(other) for _, other in found]


@pytest.mark.parametrize("build", SAME_TOKENS)
@quickly
@given(corpus=st.lists(docs, max_size=3))
def test_augmenters_of_tokens_leave_all_places_as_they_are(build: Builder, corpus: list[Doc]) -> None:
    for doc, other in versions(build, corpus, 0):
        assert iob_of(other.reference) == iob_of(doc)
        assert starts_of(other.reference) == starts_of(doc)
        assert [(s.start, s.end) for s in other.reference.spans.get("spans", [])] == [
            (s.start, s.end) for s in doc.spans.get("spans", [])
        ]


@quickly
@given(corpus=st.lists(docs, max_size=4))
def test_mentions_come_from_the_corpus_and_other_tokens_stay(corpus: list[Doc]) -> None:
    known = {(tuple(words_of(entity)), entity.label_) for doc in corpus for entity in doc.ents}
    for doc, other in versions(build_mention_replacement_v1, corpus, 0):
        assert {(tuple(words_of(entity)), entity.label_) for entity in other.reference.ents} <= known
        rest = [
            [(token.text, token.ent_iob_, token.sent_start) for token in one if not token.ent_type]
            for one in (doc, other.reference)
        ]
        assert rest[0] == rest[1]


@quickly
@given(corpus=st.lists(docs, max_size=3))
def test_shuffling_keeps_the_words_of_every_entity_and_span(corpus: list[Doc]) -> None:
    for doc, other in versions(build_shuffle_within_segments_v1, corpus, 0):
        new = other.reference
        for old, span in zip(
            [*doc.ents, *doc.spans.get("spans", [])], [*new.ents, *new.spans.get("spans", [])], strict=True
        ):
            assert sorted(words_of(old)) == sorted(words_of(span))
        assert sorted(words_of(new)) == sorted(words_of(doc))


@quickly
@given(corpus=st.lists(docs, max_size=3))
def test_case_is_all_that_another_case_changes(corpus: list[Doc]) -> None:
    for doc, other in versions(build_random_case_v1, corpus, 0):
        for old, new in zip(words_of(doc), words_of(other.reference), strict=True):
            assert new in {old, old.lower(), old.upper(), old[:1].upper() + old[1:].lower()}
