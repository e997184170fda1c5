"""`doc._.crf_log_prob` and `doc._.crf_entropy`: what they mean, and when they are written and forgotten."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span

from tests.pipeline.cases import LABELS, VOCAB, doc_of
from tests.pipeline.pipelines import TEXTS, crf_ner
from tests.pipeline.scripted import (
    component,
    conditional,
    covered,
    distribution,
    edged_with_words,
    entropy,
    log_prob,
    random_scores,
    span_probability,
    wishes,
)
from tests.tags.sequences import SCHEMES
from tests.tiny import entities

NAMES = ("crf_log_prob", "crf_entropy")


def written(doc: Doc) -> list[Any]:
    """The attributes of the Doc that are in its user data."""
    return [key[1] for key in doc.user_data if key[1] in NAMES]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(4))
def test_the_log_probability_is_that_of_exactly_these_entities(scheme: str, seed: int) -> None:
    crf = component(VOCAB, random_scores(seed, scale=1.5), LABELS, scheme, seed=seed)
    doc = crf(doc_of())
    expected = log_prob(distribution(crf, doc_of()), entities(doc))
    assert -5 < expected < -0.01
    assert doc._.crf_log_prob == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_was_on_the_doc_is_given(scheme: str) -> None:
    crf = component(VOCAB, random_scores(1, scale=1.0), LABELS, scheme, seed=1)
    doc = doc_of()
    doc.set_ents([Span(doc, 1, 2, "B")], blocked=[doc[3:4]], default="outside")
    doc = crf(doc)
    sets = conditional(
        distribution(crf, doc_of()), lambda spans: (1, 2, "B") in spans and 3 not in covered(spans)
    )
    assert doc._.crf_log_prob == pytest.approx(log_prob(sets, entities(doc)), abs=1e-5)
    assert doc._.crf_log_prob < -0.01


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_entity_of_an_unknown_label_only_takes_its_tokens(scheme: str) -> None:
    crf = component(VOCAB, random_scores(2, scale=1.0), LABELS, scheme, seed=2)
    doc = doc_of()
    doc.set_ents([Span(doc, 1, 3, "UNKNOWN")])
    doc = crf(doc)
    sets = conditional(distribution(crf, doc_of()), lambda spans: not covered(spans) & {1, 2})
    others = [entity for entity in entities(doc) if entity[2] != "UNKNOWN"]
    assert doc._.crf_log_prob == pytest.approx(log_prob(sets, others), abs=1e-5)


def test_an_annotation_that_was_complete_is_certain() -> None:
    doc = doc_of()
    doc.set_ents([Span(doc, 0, 4, "A")])
    doc = component(VOCAB, random_scores(0), LABELS, seed=0)(doc)
    assert doc._.crf_log_prob == pytest.approx(0, abs=1e-5)


def test_neighbours_that_io_cannot_tell_apart_are_certain_if_they_were_there() -> None:
    doc = doc_of()
    doc.set_ents([Span(doc, 0, 1, "A"), Span(doc, 1, 4, "A")])
    doc = component(VOCAB, random_scores(0), LABELS, "IO", seed=0)(doc)
    assert entities(doc) == [(0, 1, "A"), (1, 4, "A")]
    assert doc._.crf_log_prob == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_entities_that_the_threshold_drops_are_no_part_of_it(scheme: str) -> None:
    emit = wishes((0, 1, "A"), (2, 3, "B"), strength=2.0)
    reference = component(VOCAB, emit, LABELS, scheme, seed=1)(doc_of())
    low, high = sorted(ent._.crf_prob for ent in reference.ents)
    crf = component(VOCAB, emit, LABELS, scheme, seed=1, threshold=(low + high) / 2)
    doc = crf(doc_of())
    assert len(doc.ents) == 1
    expected = log_prob(distribution(crf, doc_of()), entities(doc))
    assert doc._.crf_log_prob == pytest.approx(expected, abs=1e-5)
    assert doc._.crf_log_prob < reference._.crf_log_prob


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("words", [["\n", "b", "\n", "d"], ["a", "\n", "\n", "d"], ["a", "b", "\n", " "]])
@pytest.mark.parametrize("seed", range(3))
def test_probabilities_are_those_of_the_entities_without_whitespace_at_their_ends(
    scheme: str, words: list[str], seed: int
) -> None:
    crf = component(VOCAB, random_scores(seed, scale=1.0), LABELS, scheme, seed=seed)
    sets = edged_with_words(distribution(crf, doc_of(words)), scheme, words)
    doc = crf(doc_of(words))
    assert doc._.crf_log_prob == pytest.approx(log_prob(sets, entities(doc)), abs=1e-5)
    for ent in doc.ents:
        expected = span_probability(sets, (ent.start, ent.end, ent.label_))
        assert ent._.crf_prob == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("scheme", ["BIO", "IO"])
def test_an_entity_that_loses_whitespace_gets_the_probability_of_what_is_left(scheme: str) -> None:
    words = ["a", "\n", "c"]
    crf = component(VOCAB, wishes((0, 2, "A"), strength=1.5), LABELS, scheme)
    doc = crf(doc_of(words))
    assert entities(doc) == [(0, 1, "A")]
    sets = edged_with_words(distribution(crf, doc_of(words)), scheme, words)
    whole, rest = span_probability(sets, (0, 2, "A")), span_probability(sets, (0, 1, "A"))
    assert doc.ents[0]._.crf_prob == pytest.approx(rest, abs=1e-6)
    assert rest < whole - 0.1
    # The threshold is about what is written.
    strict = component(VOCAB, wishes((0, 2, "A"), strength=1.5), LABELS, scheme, threshold=(whole + rest) / 2)
    assert strict(doc_of(words)).ents == ()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_entropy_is_that_of_all_sets_of_entities(scheme: str) -> None:
    crf = component(VOCAB, random_scores(0, scale=1.0), LABELS, scheme, seed=0, entropy=True)
    doc = crf(doc_of())
    assert doc._.crf_entropy == pytest.approx(entropy(distribution(crf, doc_of())), abs=1e-5)
    assert doc._.crf_entropy > 0.5


def test_the_entropy_knows_what_was_on_the_doc() -> None:
    crf = component(VOCAB, random_scores(0, scale=1.0), LABELS, seed=0, entropy=True)
    doc = doc_of()
    doc.set_ents([Span(doc, 1, 2, "B")])
    sets = conditional(distribution(crf, doc_of()), lambda spans: (1, 2, "B") in spans)
    assert crf(doc)._.crf_entropy == pytest.approx(entropy(sets), abs=1e-5)


def test_the_entropy_is_written_on_request_and_without_probabilities_too() -> None:
    emit = random_scores(0, scale=1.0)
    assert written(component(VOCAB, emit, LABELS)(doc_of())) == ["crf_log_prob"]
    doc = component(VOCAB, emit, LABELS, probabilities=False, entropy=True)(doc_of())
    assert written(doc) == ["crf_entropy"]
    assert doc._.crf_log_prob is None


def test_nothing_is_written_where_nothing_is_wanted() -> None:
    doc = component(VOCAB, wishes((1, 2, "A")), LABELS, probabilities=False)(doc_of())
    assert entities(doc) == [(1, 2, "A")]
    assert doc.user_data == {}
    assert (doc._.crf_log_prob, doc._.crf_entropy) == (None, None)


def test_what_an_earlier_run_wrote_is_forgotten() -> None:
    emit = random_scores(0, scale=1.0)
    doc = component(VOCAB, emit, LABELS, entropy=True)(doc_of())
    assert sorted(written(doc)) == ["crf_entropy", "crf_log_prob"]
    doc = component(VOCAB, emit, LABELS, probabilities=False, overwrite=True)(doc)
    assert written(doc) == []


def test_docs_without_tokens_have_one_annotation_only() -> None:
    crf = component(VOCAB, random_scores(0), LABELS, entropy=True)
    for docs in ([doc_of([])], [doc_of([]), doc_of()]):
        doc = next(iter(crf.pipe(docs)))
        assert (doc._.crf_log_prob, doc._.crf_entropy) == (0.0, 0.0)
    assert component(VOCAB, random_scores(0), LABELS, probabilities=False)(doc_of([])).user_data == {}


def through_bytes(doc: Doc) -> Doc:
    return Doc(doc.vocab).from_bytes(doc.to_bytes())


def through_a_file(doc: Doc) -> Doc:
    content = DocBin(docs=[doc], store_user_data=True).to_bytes()
    return next(iter(DocBin().from_bytes(content).get_docs(doc.vocab)))


@pytest.mark.parametrize("trip", [through_bytes, through_a_file, Doc.copy])
def test_docs_keep_them(overfitted: Language, trip: Callable[[Doc], Doc]) -> None:
    crf_ner(overfitted).cfg["entropy"] = True
    doc = overfitted(TEXTS[0])
    assert -1 < doc._.crf_log_prob < 0 < doc._.crf_entropy
    restored = trip(doc)
    assert restored is not doc
    assert restored._.crf_log_prob == doc._.crf_log_prob
    assert restored._.crf_entropy == doc._.crf_entropy


def test_the_log_probability_is_no_more_than_that_of_any_entity(overfitted: Language) -> None:
    for doc in overfitted.pipe(TEXTS):
        assert all(doc._.crf_log_prob <= math.log(ent._.crf_prob) + 1e-6 for ent in doc.ents)


@pytest.mark.parametrize("decoding", ["viterbi", "posterior", "argmax"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_decoding_says_how_probable_its_annotation_is(scheme: str, decoding: str) -> None:
    for seed in range(4):
        crf = component(VOCAB, random_scores(seed, scale=1.5), LABELS, scheme, seed=seed, decoding=decoding)
        doc = crf(doc_of())
        expected = log_prob(distribution(crf, doc_of()), entities(doc))
        assert doc._.crf_log_prob == pytest.approx(expected, abs=1e-5)


def test_neighbours_that_no_path_of_io_has_are_impossible_together() -> None:
    settings = {"decoding": "posterior", "threshold": 0.1}
    crf = component(VOCAB, wishes(strength=0.0), LABELS[:1], "IO", **settings)
    # In IO "a b" is one entity or two tokens of which one is: all of the same probability.
    doc = crf(doc_of(["a", "b"]))
    assert entities(doc) == [(0, 1, "A"), (1, 2, "A")]
    assert [ent._.crf_prob for ent in doc.ents] == pytest.approx([0.25, 0.25])
    assert doc._.crf_log_prob == -math.inf
