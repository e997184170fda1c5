"""What a Doc says about its entities before prediction is kept, whatever the scores."""

from typing import Any

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc, Span

from tests.pipeline.scripted import component, random_scores, wishes
from tests.tags.sequences import SCHEMES
from tests.tiny import entities

VOCAB = spacy.blank("en").vocab
LABELS = ("A", "B")
WORDS = ["a", "b", "c", "d", "e"]


def doc_of(words: list[str] = WORDS) -> Doc:
    return Doc(VOCAB, words=words)


def described(span: Span) -> tuple[Any, ...]:
    """All that a Doc stores of an entity."""
    return span.start, span.end, span.label_, span.kb_id_, span.id_


def test_without_constraints_the_best_path_is_taken() -> None:
    doc = component(VOCAB, wishes((0, 2, "A"), (3, 4, "B")), LABELS)(doc_of())
    assert entities(doc) == [(0, 2, "A"), (3, 4, "B")]


def test_entities_that_are_there_are_kept_with_all_their_ids() -> None:
    doc = doc_of()
    preset = Span(doc, 1, 3, "B", kb_id="Q1", span_id="identity")
    doc.set_ents([preset])
    doc = component(VOCAB, wishes((0, 2, "A"), (3, 4, "B")), LABELS)(doc)
    assert [described(ent) for ent in doc.ents] == [
        (1, 3, "B", "Q1", "identity"),
        (3, 4, "B", "", ""),
    ]


@pytest.mark.parametrize("label", ["A", "UNKNOWN"])
def test_the_rest_is_decoded_around_them(label: str) -> None:
    doc = doc_of()
    doc.set_ents([Span(doc, 1, 2, label)])
    doc = component(VOCAB, wishes((0, 5, "A")), LABELS)(doc)
    assert (1, 2, label) in entities(doc)
    others = [entity for entity in entities(doc) if entity != (1, 2, label)]
    assert others
    assert all(end <= 1 or start >= 2 for start, end, _ in others)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_an_entity_of_an_unknown_label_is_kept(scheme: str, length: int) -> None:
    doc = doc_of()
    doc.set_ents([Span(doc, 0, length, "UNKNOWN")])
    doc = component(VOCAB, wishes((0, 5, "A")), LABELS, scheme)(doc)
    assert (0, length, "UNKNOWN") in entities(doc)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_kept_entity_is_not_carried_on_by_its_neighbours(scheme: str) -> None:
    doc = doc_of()
    doc.set_ents([Span(doc, 2, 3, "A")])
    doc = component(VOCAB, wishes((0, 5, "A")), LABELS, scheme)(doc)
    assert (2, 3, "A") in entities(doc)


def test_kept_entities_have_no_probability_of_ours() -> None:
    doc = doc_of()
    doc.set_ents([Span(doc, 2, 3, "A")])
    doc = component(VOCAB, wishes((0, 1, "A"), (2, 3, "B")), LABELS)(doc)
    assert [ent._.crf_prob is None for ent in doc.ents] == [False, True]


def test_kept_entities_change_the_probabilities_of_others() -> None:
    crf_ner = component(VOCAB, random_scores(0), LABELS, seed=0)
    free = crf_ner(doc_of())
    first = free.ents[0]
    doc = doc_of()
    doc.set_ents([Span(doc, ent.start, ent.end, ent.label_) for ent in free.ents[1:]])
    doc = crf_ner(doc)
    assert entities(doc) == entities(free)
    assert len(free.ents) > 1
    assert doc.ents[0]._.crf_prob > first._.crf_prob


def test_blocked_tokens_stay_blocked_and_out_of_entities() -> None:
    doc = doc_of()
    doc.set_ents([], blocked=[doc[1:2]], default="unmodified")
    doc = component(VOCAB, wishes((0, 3, "A"), (4, 5, "B")), LABELS)(doc)
    assert (doc[1].ent_iob, doc[1].ent_type) == (3, 0)
    assert (4, 5, "B") in entities(doc)
    assert all(not start <= 1 < end for start, end, _ in entities(doc))


def test_tokens_outside_of_entities_may_still_be_found_in_some() -> None:
    doc = doc_of()
    doc.set_ents([], default="outside")
    assert entities(component(VOCAB, wishes((0, 2, "A")), LABELS)(doc)) == [(0, 2, "A")]


def test_overwriting_replaces_what_was_there() -> None:
    doc = doc_of()
    doc.set_ents([Span(doc, 1, 3, "B", kb_id="Q1")], blocked=[doc[0:1]], default="outside")
    doc = component(VOCAB, wishes((0, 2, "A")), LABELS, overwrite=True)(doc)
    assert [described(ent) for ent in doc.ents] == [(0, 2, "A", "", "")]


def test_overwriting_may_leave_nothing() -> None:
    doc = doc_of()
    doc.set_ents([Span(doc, 1, 3, "B")])
    doc = component(VOCAB, wishes(), LABELS, overwrite=True)(doc)
    assert doc.ents == ()
    assert [token.ent_iob_ for token in doc] == ["O"] * 5


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_entity_begins_or_ends_with_whitespace(scheme: str) -> None:
    words = [" ", "b", "\n", "d", " "]
    doc = component(VOCAB, wishes((0, 5, "A")), LABELS, scheme)(doc_of(words))
    assert entities(doc) == [(1, 4, "A")]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("words", [[" "], ["\n", " "], ["\t"] * 3])
def test_whitespace_alone_is_no_entity(scheme: str, words: list[str]) -> None:
    doc = component(VOCAB, wishes((0, len(words), "A")), LABELS, scheme)(doc_of(words))
    assert doc.ents == ()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_entity_that_is_there_may_have_whitespace_at_its_edges(scheme: str) -> None:
    doc = doc_of([" ", "b", " ", "d"])
    doc.set_ents([Span(doc, 0, 3, "A")])
    assert entities(component(VOCAB, wishes(), LABELS, scheme)(doc)) == [(0, 3, "A")]


def test_an_entity_ruler_before_the_component_has_the_last_word(overfitted: Language) -> None:
    ruler = overfitted.add_pipe("entity_ruler", before="crf_ner")
    ruler.add_patterns([{"label": "CITY", "pattern": "London", "id": "city"}])
    doc = overfitted("I like London and Berlin.")
    assert [(ent.text, ent.label_, ent.ent_id_) for ent in doc.ents] == [
        ("London", "CITY", "city"),
        ("Berlin", "LOC", ""),
    ]


@st.composite
def annotated_docs(draw: st.DrawFn) -> Doc:
    """Docs with words and whitespace, sentences, entities of known and unknown labels, and blocked tokens."""
    words = draw(st.lists(st.sampled_from(["a", "b", "\n", " "]), max_size=8))
    starts = draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    doc = Doc(VOCAB, words=words, sent_starts=starts)
    spans, blocked, position = [], [], 0
    while position < len(words):
        kind = draw(st.sampled_from(["free", "free", "entity", "blocked"]))
        end = min(len(words), position + draw(st.integers(1, 3))) if kind == "entity" else position + 1
        if kind == "entity":
            label = draw(st.sampled_from(["A", "B", "UNKNOWN"]))
            spans.append(Span(doc, position, end, label, kb_id=draw(st.sampled_from(["", "Q1"]))))
        elif kind == "blocked":
            blocked.append(doc[position:end])
        position = end
    doc.set_ents(spans, blocked=blocked, default=draw(st.sampled_from(["outside", "missing"])))
    return doc


def settings_of_all_kinds() -> st.SearchStrategy[dict[str, Any]]:
    """Every setting that has a say in prediction but `overwrite`."""
    probability = st.floats(0, 1)
    options: dict[str, st.SearchStrategy[Any]] = {
        "scheme": st.sampled_from(SCHEMES),
        "decoding": st.sampled_from(["viterbi", "posterior", "argmax"]),
        "segments": st.sampled_from(["doc", "sents"]),
        "threshold": st.none() | st.sampled_from([0.0, 1.0]) | probability,
        "probabilities": st.booleans(),
        "k_best": st.sampled_from([1, 2, 5]),
        "entropy": st.booleans(),
        "temperature": st.sampled_from([1.0, 0.1, 10.0]),
        "label_temperatures": st.none() | st.just({"B": 3.0}),
    }
    return st.fixed_dictionaries(options)


@settings(max_examples=80, deadline=None)
@given(doc=annotated_docs(), seed=st.integers(0, 2**16), choice=settings_of_all_kinds())
def test_no_scores_and_no_settings_alter_what_is_there(doc: Doc, seed: int, choice: dict[str, Any]) -> None:
    before = [described(ent) for ent in doc.ents]
    blocked = [token.i for token in doc if token.ent_iob == 3 and token.ent_type == 0]
    doc = component(VOCAB, random_scores(seed), LABELS, seed=seed, **choice)(doc)
    after = [described(ent) for ent in doc.ents]
    assert set(before) <= set(after)
    assert [token.i for token in doc if token.ent_iob == 3 and token.ent_type == 0] == blocked
    for ent in doc.ents:
        if described(ent) not in before:
            assert ent.label_ in LABELS
            assert not ent[0].is_space
            assert not ent[-1].is_space
            assert not set(blocked) & set(range(ent.start, ent.end))
            assert (ent._.crf_prob is not None) == choice["probabilities"]
            assert ent._.crf_prob is None or 0 <= ent._.crf_prob <= 1
            if choice["segments"] == "sents":
                assert not any(token.is_sent_start for token in ent[1:])
    assert (doc._.crf_log_prob is not None) == choice["probabilities"]


@settings(max_examples=30, deadline=None)
@given(doc=annotated_docs(), seed=st.integers(0, 2**16), scheme=st.sampled_from(["BILUO", "BIO"]))
def test_a_second_run_finds_nothing_new_and_keeps_the_probabilities(doc: Doc, seed: int, scheme: str) -> None:
    crf_ner = component(VOCAB, random_scores(seed), LABELS, scheme, seed=seed)
    doc = crf_ner(doc)
    first = [(described(ent), ent._.crf_prob) for ent in doc.ents]
    doc = crf_ner(doc)
    assert [(described(ent), ent._.crf_prob) for ent in doc.ents] == first
