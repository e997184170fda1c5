"""The setting `segments`: with "sents" every sentence is a sequence of its own."""

from typing import Any

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.pipeline import CRFEntityRecognizer
from spacy_crf_ner.tags import TagSpan
from tests.pipeline.pipelines import CNN, crf_ner, initialize, make_nlp, model_of
from tests.pipeline.scripted import (
    Sets,
    best,
    component,
    conditional,
    covered,
    distribution,
    entropy,
    log_prob,
    random_scores,
    span_probability,
    wishes,
)
from tests.tags.sequences import SCHEMES
from tests.tiny import entities

VOCAB = spacy.blank("en").vocab
LABELS = ("A", "B")
WORDS = ["a", "b", "c", "d", "e"]
LENGTHS = [2, 1, 2]

Ents = list[tuple[int, int, str]]


def doc_of(lengths: list[int] = LENGTHS, words: list[str] = WORDS) -> Doc:
    """A Doc with sentences of these lengths."""
    starts = set(np.cumsum([0, *lengths])[:-1].tolist())
    return Doc(VOCAB, words=words, sent_starts=[position in starts for position in range(len(words))])


def by_sentence(
    scheme: str = "BILUO", seed: int = 0, scale: float = 1.0, **settings: Any
) -> CRFEntityRecognizer:
    emit = random_scores(seed, scale=scale)
    return component(VOCAB, emit, LABELS, scheme, seed=seed, segments="sents", **settings)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("decoding", ["viterbi", "posterior", "argmax"])
def test_no_entity_crosses_a_boundary(scheme: str, decoding: str) -> None:
    settings = {"segments": "sents", "decoding": decoding}
    crf = component(VOCAB, wishes((0, 5, "A")), LABELS, scheme, **settings)
    doc = crf(doc_of())
    assert doc.ents
    starts = {sent.start for sent in doc.sents}
    assert not any(set(range(start + 1, end)) & starts for start, end, _ in entities(doc))


def test_sentences_are_told_apart_where_the_scheme_tells_nothing_apart() -> None:
    crf = component(VOCAB, wishes((0, 5, "A")), LABELS, "IO", segments="sents")
    assert entities(crf(doc_of())) == [(0, 2, "A"), (2, 3, "A"), (3, 5, "A")]
    whole = component(VOCAB, wishes((0, 5, "A")), LABELS, "IO")
    assert entities(whole(doc_of())) == [(0, 5, "A")]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(3))
def test_all_that_is_written_is_that_of_independent_sentences(scheme: str, seed: int) -> None:
    crf = by_sentence(scheme, seed, entropy=True, k_best=3)
    doc = crf(doc_of())
    sets = distribution(crf, doc_of(), LENGTHS)
    assert sum(sets.values()) == pytest.approx(1)
    assert entities(doc) == list(best(sets)[0][0])
    assert doc._.crf_log_prob == pytest.approx(log_prob(sets, entities(doc)), abs=1e-5)
    assert doc._.crf_entropy == pytest.approx(entropy(sets), abs=1e-5)
    for ent in doc.ents:
        expected = span_probability(sets, (ent.start, ent.end, ent.label_))
        assert ent._.crf_prob == pytest.approx(expected, abs=1e-5)
    group = doc.spans["crf_ner_candidates"]
    assert len(group) > 3
    for span, score in zip(group, group.attrs["scores"], strict=True):
        expected = span_probability(sets, (span.start, span.end, span.label_))
        assert score == pytest.approx(expected, abs=1e-5)


def test_batches_of_docs_with_different_sentences_are_not_mixed_up() -> None:
    crf = by_sentence(entropy=True)
    layouts = [[5], [1, 4], LENGTHS, [1, 1, 1, 1, 1]]
    empty = Doc(VOCAB, words=[])
    docs = list(crf.pipe([empty, *(doc_of(lengths) for lengths in layouts), empty.copy()]))
    assert entities(docs[0]) == entities(docs[-1]) == []
    for doc, lengths in zip(docs[1:-1], layouts, strict=True):
        sets = distribution(crf, doc_of(lengths), lengths)
        assert entities(doc) == list(best(sets)[0][0])
        assert doc._.crf_log_prob == pytest.approx(log_prob(sets, entities(doc)), abs=1e-5)
        assert doc._.crf_entropy == pytest.approx(entropy(sets), abs=1e-5)
    assert len({doc._.crf_entropy for doc in docs}) == 5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("label", ["A", "UNKNOWN"])
def test_an_entity_across_a_boundary_that_was_there_stays_whole(scheme: str, label: str) -> None:
    crf = by_sentence(scheme, scale=2.0)
    doc = doc_of()
    doc.set_ents([Span(doc, 1, 3, label)])
    doc = crf(doc)
    assert (1, 3, label) in entities(doc)

    def holds(spans: tuple[TagSpan, ...]) -> bool:
        return (1, 3, "A") in spans if label == "A" else not covered(spans) & {1, 2}

    # The first boundary is within the entity, and is none.
    sets = conditional(distribution(crf, doc_of(), [3, 2]), holds)
    known = [entity for entity in entities(doc) if entity[2] in LABELS]
    assert known == list(best(sets)[0][0])
    assert doc._.crf_log_prob == pytest.approx(log_prob(sets, known), abs=1e-5)


def test_io_neighbours_on_both_sides_of_a_boundary_are_two() -> None:
    doc = doc_of()
    doc.set_ents([Span(doc, 0, 1, "A"), Span(doc, 1, 2, "A"), Span(doc, 2, 3, "A")])
    doc = by_sentence("IO")(doc)
    assert entities(doc)[:3] == [(0, 1, "A"), (1, 2, "A"), (2, 3, "A")]
    assert -10 < doc._.crf_log_prob < 0


def test_a_doc_without_sentences_is_an_error_that_says_how_to_get_them() -> None:
    crf = by_sentence()
    expected = (
        "Component 'crf_ner' takes sentence by sentence, but this Doc has no sentences: 'a b c d e '.*`sentencizer`.*"
        r"`training.annotating_components`.*`\[components.crf_ner\] segments` to \"doc\""
    )
    bare = Doc(VOCAB, words=WORDS)
    for ask in (
        crf,
        lambda doc: crf.rank([doc]),
        lambda doc: crf.get_loss([Example(doc, doc)], crf.model.predict([doc])),
    ):
        with pytest.raises(ComponentError, match=expected):
            ask(bare)
    assert bare.user_data == {}


def test_docs_of_one_token_need_no_sentences() -> None:
    crf = component(VOCAB, wishes((0, 1, "A")), LABELS, segments="sents")
    assert entities(crf(Doc(VOCAB, words=["a"]))) == [(0, 1, "A")]
    assert entities(crf(Doc(VOCAB, words=[]))) == []


def agreeing(sets: Sets, ents: Ents, known: set[int]) -> float:
    """Probability of what agrees with entities and with the other known tokens."""

    def holds(spans: tuple[TagSpan, ...]) -> bool:
        others = [span for span in spans if tuple(span) not in ents]
        return {*ents} <= {tuple(span) for span in spans} and not covered(others) & known

    return sum(probability for spans, probability in sets.items() if holds(spans))


def gold(ents: Ents, *, predicted: bool, reference: bool, missing: tuple[int, ...] = ()) -> Example:
    """An Example whose Docs have sentences or not."""
    docs = [doc_of() if has else Doc(VOCAB, words=WORDS) for has in (predicted, reference)]
    unknown = [docs[1][position : position + 1] for position in missing]
    docs[1].set_ents([Span(docs[1], *ent) for ent in ents], missing=unknown, default="outside")
    return Example(*docs)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("has", [(True, False), (False, True)])
@pytest.mark.parametrize("missing", [(), (2, 4)])
def test_training_takes_the_sentences_of_either_doc(
    scheme: str, has: tuple[bool, bool], missing: tuple[int, ...]
) -> None:
    crf = by_sentence(scheme)
    ents = [(0, 2, "A"), (3, 4, "B")]
    example = gold(ents, predicted=has[0], reference=has[1], missing=missing)
    loss, gradient = crf.get_loss([example], crf.model.predict([example.predicted]))
    sets = distribution(crf, doc_of(), LENGTHS)
    expected = -np.log(agreeing(sets, ents, set(range(5)) - set(missing)))
    assert loss == pytest.approx(expected, abs=1e-4)
    assert gradient.emissions.shape == (5, crf.tagset.n_tags)


def test_sentences_of_the_reference_are_found_on_other_tokens() -> None:
    crf = component(VOCAB, random_scores(0, scale=1.0), LABELS, seed=0, segments="sents")
    spaces = [False] * 3
    reference = Doc(VOCAB, words=["ab", "c", "d"], spaces=spaces, sent_starts=[True, True, False])
    reference.set_ents([Span(reference, 0, 1, "A")])
    predicted = Doc(VOCAB, words=["a", "b", "c", "d"], spaces=[False] * 4)
    example = Example(predicted, reference)
    loss, _ = crf.get_loss([example], crf.model.predict([predicted]))
    sets = distribution(crf, predicted, [2, 2])
    assert loss == pytest.approx(-log_prob(sets, [(0, 2, "A")]), abs=1e-4)


def test_the_sentences_of_the_predicted_doc_go_first() -> None:
    crf = by_sentence()
    example = gold([], predicted=True, reference=False)
    example.reference[1].is_sent_start = True
    loss, _ = crf.get_loss([example], crf.model.predict([example.predicted]))
    assert loss == pytest.approx(-log_prob(distribution(crf, doc_of(), LENGTHS), []), abs=1e-4)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_gold_entity_across_a_boundary_is_learned_in_one_piece(scheme: str) -> None:
    crf = by_sentence(scheme)
    example = gold([(1, 4, "B")], predicted=True, reference=False)
    loss, _ = crf.get_loss([example], crf.model.predict([example.predicted]))
    # Both boundaries are within the entity.
    sets = distribution(crf, doc_of(), [5])
    assert loss == pytest.approx(-log_prob(sets, [(1, 4, "B")]), abs=1e-4)


def test_rehearsal_takes_the_sentences_of_either_doc() -> None:
    nlp = make_nlp(segments="sents")
    example = gold([(0, 2, "A")], predicted=False, reference=True)
    other = gold([(0, 2, "A")], predicted=True, reference=False)
    optimizer = initialize(nlp, [example])
    crf = crf_ner(nlp)
    nlp.resume_training()
    nlp.update([example], sgd=optimizer)
    first, second = (crf.rehearse([one])["crf_ner"] for one in (example, other))
    assert first == second > 0


def test_a_pipeline_learns_and_predicts_sentence_by_sentence() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("crf_ner", config={"model": model_of(CNN), "segments": "sents"})
    texts = {"I met Ada . Ada met me .": [(6, 9, "PER"), (12, 15, "PER")], "Nobody came .": []}
    examples = [Example.from_dict(nlp.make_doc(text), {"entities": ents}) for text, ents in texts.items()]
    optimizer = initialize(nlp, examples)
    for _ in range(15):
        losses = nlp.update(examples, sgd=optimizer, annotates=["sentencizer"])
    assert losses["crf_ner"] < 0.05
    doc = nlp("I met Ada . Ada met me .")
    assert [(ent.text, ent.start) for ent in doc.ents] == [("Ada", 2), ("Ada", 4)]


def test_a_model_learned_on_docs_may_be_used_on_sentences() -> None:
    crf = component(VOCAB, random_scores(0), LABELS)
    crf.cfg["segments"] = "sents"
    sets = distribution(crf, doc_of(), LENGTHS)
    assert entities(crf(doc_of())) == list(best(sets)[0][0])
