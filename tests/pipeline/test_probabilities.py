"""`span._.crf_prob`: what it means, when it is written and forgotten, and the threshold on it."""

from typing import Any

import pytest
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.tags import TagSpan
from tests.pipeline.cases import LABELS, VOCAB, doc_of
from tests.pipeline.pipelines import TEXTS, crf_ner, outcome
from tests.pipeline.scripted import component, distribution, random_scores, wishes
from tests.tags.sequences import SCHEMES
from tests.tiny import entities

KEY = "crf_prob"


def remembered(doc: Doc) -> list[Any]:
    """What the Doc stores of probabilities, entities or not."""
    return [key[2:4] for key in doc.user_data if key[:2] == ("._.", KEY)]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(6))
def test_the_probability_is_that_of_all_sets_of_entities_with_this_one(scheme: str, seed: int) -> None:
    crf = component(VOCAB, random_scores(seed, scale=1.5), LABELS, scheme, seed=seed)
    doc = crf(doc_of())
    sets = distribution(crf, doc_of())
    assert sum(sets.values()) == pytest.approx(1)
    for ent in doc.ents:
        span = TagSpan(ent.start, ent.end, ent.label_)
        expected = sum(probability for spans, probability in sets.items() if span in spans)
        assert ent._.crf_prob == pytest.approx(expected, abs=1e-6)
        assert 0 < ent._.crf_prob < 1


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_entities_are_the_most_probable_set(scheme: str) -> None:
    sizes = []
    for seed in range(10):
        crf = component(VOCAB, random_scores(seed), LABELS, scheme, seed=seed)
        sets = distribution(crf, doc_of())
        best = max(sets, key=sets.__getitem__)
        assert entities(crf(doc_of())) == list(best)
        sizes.append(len(best))
    assert max(sizes) > 1


def test_spans_that_are_no_entities_of_ours_have_none() -> None:
    doc = component(VOCAB, wishes((1, 2, "A")), LABELS)(doc_of())
    assert doc[0:2]._.crf_prob is None
    assert doc[1:2]._.crf_prob == doc.ents[0]._.crf_prob


def test_none_is_written_where_none_is_wanted() -> None:
    doc = component(VOCAB, wishes((1, 2, "A")), LABELS, probabilities=False)(doc_of())
    assert entities(doc) == [(1, 2, "A")]
    assert doc.ents[0]._.crf_prob is None
    assert not remembered(doc)


def test_the_threshold_works_without_writing_probabilities() -> None:
    emit = wishes((0, 1, "A"), (2, 3, "B"), strength=2.0)
    reference = component(VOCAB, emit, LABELS, seed=1)(doc_of())
    low, high = sorted(ent._.crf_prob for ent in reference.ents)
    middle = (low + high) / 2
    doc = component(VOCAB, emit, LABELS, seed=1, probabilities=False, threshold=middle)(doc_of())
    assert len(doc.ents) == 1
    assert not remembered(doc)


@pytest.mark.parametrize(("threshold", "kept"), [(None, 2), (0.0, 2), ("lower", 2), ("between", 1), (1.0, 0)])
def test_entities_below_the_threshold_are_dropped(threshold: Any, kept: int) -> None:
    emit = wishes((0, 1, "A"), (2, 3, "B"), strength=2.0)
    reference = component(VOCAB, emit, LABELS, seed=1)(doc_of())
    low, high = sorted(ent._.crf_prob for ent in reference.ents)
    assert 0 < low < high < 1
    # An entity exactly at the threshold is kept.
    value = {"lower": low, "between": (low + high) / 2}.get(threshold, threshold)
    doc = component(VOCAB, emit, LABELS, seed=1, threshold=value)(doc_of())
    expected = [one for one in outcome(reference) if value is None or one[3] >= value]
    assert outcome(doc) == expected
    assert len(expected) == kept


def test_what_was_on_the_doc_is_not_subject_to_the_threshold() -> None:
    doc = doc_of()
    doc.set_ents([Span(doc, 0, 1, "B")])
    doc = component(VOCAB, wishes((2, 3, "A"), strength=1.0), LABELS, threshold=1.0)(doc)
    assert entities(doc) == [(0, 1, "B")]


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_that_is_no_probability_is_an_error(threshold: float) -> None:
    expected = "expected `threshold` to be a probability between 0 and 1, or null, but got"
    with pytest.raises(ComponentError, match=expected):
        component(VOCAB, wishes(), LABELS, threshold=threshold)


def test_a_threshold_set_later_is_checked_when_it_is_used(overfitted: Language) -> None:
    crf_ner(overfitted).cfg["threshold"] = 2
    with pytest.raises(ComponentError, match="`threshold`"):
        overfitted(TEXTS[0])
    crf_ner(overfitted).cfg["threshold"] = 1
    assert overfitted(TEXTS[0]).ents == ()


def test_probabilities_of_entities_that_made_way_are_forgotten() -> None:
    doc = component(VOCAB, wishes((0, 2, "A"), (3, 4, "B")), LABELS)(doc_of())
    assert len(remembered(doc)) == 2
    doc = component(VOCAB, wishes((3, 4, "A")), LABELS, overwrite=True)(doc)
    assert remembered(doc) == [(6, 7)]
    assert doc[0:2]._.crf_prob is None


def test_probabilities_of_entities_that_someone_took_away_are_forgotten() -> None:
    doc = component(VOCAB, wishes((0, 2, "A"), (3, 4, "B")), LABELS)(doc_of())
    doc.set_ents([doc.ents[1]])
    kept = doc.ents[0]._.crf_prob
    doc = component(VOCAB, wishes((3, 4, "B")), LABELS)(doc)
    assert remembered(doc) == [(6, 7)]
    assert doc.ents[0]._.crf_prob == kept


def test_other_custom_attributes_are_left_alone() -> None:
    doc = doc_of()
    doc.user_data["mine"] = 1
    doc.user_data["._.", "other", 0, 3] = 2
    doc = component(VOCAB, wishes((0, 2, "A")), LABELS, overwrite=True)(doc)
    assert doc.user_data["mine"] == 1
    assert doc.user_data["._.", "other", 0, 3] == 2


def test_an_attribute_that_someone_else_defined_is_not_redefined() -> None:
    from spacy_crf_ner.pipeline.annotations import register_extensions

    before = Span.get_extension(KEY)
    register_extensions()
    assert Span.get_extension(KEY) == before


def test_docs_keep_the_probabilities_in_a_file(overfitted: Language) -> None:
    docs = list(overfitted.pipe(TEXTS))
    content = DocBin(docs=docs, store_user_data=True).to_bytes()
    restored = list(DocBin().from_bytes(content).get_docs(overfitted.vocab))
    assert [outcome(doc) for doc in restored] == [outcome(doc) for doc in docs]
    assert restored[0].ents[0]._.crf_prob > 0.5


def test_docs_keep_the_probabilities_in_bytes_and_copies(overfitted: Language) -> None:
    doc = overfitted(TEXTS[0])
    assert outcome(Doc(overfitted.vocab).from_bytes(doc.to_bytes())) == outcome(doc)
    assert outcome(doc.copy()) == outcome(doc)
