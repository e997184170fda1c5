"""The component's main job: learn entities, and find them in every kind of Doc."""

import numpy as np
import pytest
import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import require_cpu, require_gpu

from tests.pipeline.pipelines import (
    TEXTS,
    TRAIN,
    crf_ner,
    example_of,
    examples_of,
    initialize,
    make_listening_nlp,
    make_nlp,
    outcome,
    outcomes,
    train,
    update,
)
from tests.tiny import entities

SCHEMES = ("BILUO", "BIO", "IO")


def found(nlp: Language, text: str) -> list[tuple[str, str]]:
    """The entities of a text, as texts."""
    return [(ent.text, ent.label_) for ent in nlp(text).ents]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_two_examples_are_learned_by_heart(scheme: str) -> None:
    nlp = make_nlp(scheme=scheme)
    losses = train(nlp)
    assert losses[0] > 5
    assert losses[-1] < 0.01
    assert found(nlp, TRAIN[0][0]) == [("Shaka Khan", "PERSON")]
    assert found(nlp, TRAIN[1][0]) == [("London", "LOC"), ("Berlin", "LOC")]


def test_what_is_learned_is_used_on_other_texts(overfitted: Language) -> None:
    assert found(overfitted, "Who likes London?") == [("London", "LOC")]


def test_the_default_config_learns() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("crf_ner")
    examples = examples_of(nlp)
    losses = update(nlp, examples, initialize(nlp, examples, learn_rate=0.001), steps=20)
    assert losses[-1] < 0.01 * losses[0]
    assert found(nlp, TRAIN[0][0]) == [("Shaka Khan", "PERSON")]


def test_the_scores_are_those_of_entities(overfitted: Language) -> None:
    scores = overfitted.evaluate(examples_of(overfitted))
    assert (scores["ents_p"], scores["ents_r"], scores["ents_f"]) == (1, 1, 1)
    assert set(scores["ents_per_type"]) == {"LOC", "PERSON"}


def test_tokens_outside_of_entities_are_marked_as_such(overfitted: Language) -> None:
    doc = overfitted("I like London and")
    assert [token.ent_iob_ for token in doc] == ["O", "O", "B", "O"]
    assert doc.has_annotation("ENT_IOB")


def test_pipe_gives_what_single_calls_give(overfitted: Language) -> None:
    singly = [outcome(overfitted(text)) for text in TEXTS]
    assert sum(map(len, singly)) >= 4
    for size in (1, 2, 5, 100):
        batched = outcomes(overfitted, batch_size=size)
        for one, other in zip(batched, singly, strict=True):
            assert [entity[:3] for entity in one] == [entity[:3] for entity in other]
            np.testing.assert_allclose(
                [entity[3] for entity in one], [entity[3] for entity in other], rtol=1e-5
            )


def test_prediction_is_repeatable(overfitted: Language) -> None:
    assert outcomes(overfitted) == outcomes(overfitted)


def test_worker_processes_give_what_one_process_gives(overfitted: Language) -> None:
    assert outcomes(overfitted, n_process=2, batch_size=2) == outcomes(overfitted, batch_size=2)


def test_an_empty_doc_stays_empty(overfitted: Language) -> None:
    doc = overfitted("")
    assert len(doc) == 0
    assert doc.ents == ()


def test_docs_of_one_token_are_trained_on_and_predicted() -> None:
    nlp = make_nlp()
    losses = train(nlp, examples_of(nlp, [("London", ((0, 6, "LOC"),)), ("Nobody", ())]))
    assert losses[-1] < 0.1
    assert found(nlp, "London") == [("London", "LOC")]
    assert found(nlp, "Nobody") == []


@pytest.mark.parametrize("texts", [[""], ["", ""], []])
def test_a_batch_without_tokens_is_predicted_and_trained_on(overfitted: Language, texts: list[str]) -> None:
    component = crf_ner(overfitted)
    docs = [overfitted.make_doc(text) for text in texts]
    predicted = component.predict(docs)
    assert [prediction.added for prediction in predicted] == [[] for _ in texts]
    component.set_annotations(docs, predicted)
    before = component.model.to_bytes()
    losses = component.update([Example(doc, doc.copy()) for doc in docs], sgd=overfitted.create_optimizer())
    assert losses == {"crf_ner": 0.0}
    assert component.model.to_bytes() == before


def test_an_untrained_component_lets_docs_without_tokens_pass() -> None:
    nlp = make_nlp()
    assert [len(doc) for doc in nlp.pipe(["", ""])] == [0, 0]


def test_a_batch_may_hold_an_empty_doc(overfitted: Language) -> None:
    docs = list(overfitted.pipe([TEXTS[0], "", TEXTS[2], ""]))
    assert [len(doc.ents) for doc in docs] == [2, 0, 1, 0]


@pytest.mark.parametrize("make", [make_nlp, make_listening_nlp])
def test_empty_docs_in_a_training_batch_change_nothing(make: type) -> None:
    plain, mixed = make(), make()
    data = [("", ()), TRAIN[0], ("", ()), TRAIN[1]]
    expected = train(plain, steps=4)
    losses = train(mixed, examples_of(mixed, data), steps=4)
    assert losses == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("words", [["Abu"], ["Abu", "Dhabi"], ["United", "Arab", "Emirates", "Union", "."]])
def test_an_entity_may_cover_the_whole_doc(scheme: str, words: list[str]) -> None:
    nlp = make_nlp(scheme=scheme)
    tags = ["U-LOC"] if len(words) == 1 else ["B-LOC", *["I-LOC"] * (len(words) - 2), "L-LOC"]
    losses = train(nlp, [example_of(nlp, words, tags)], steps=10)
    assert losses[-1] < 0.1
    assert entities(nlp(Doc(nlp.vocab, words=words))) == [(0, len(words), "LOC")]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_neighbouring_entities_of_different_labels_are_told_apart(scheme: str) -> None:
    nlp = make_nlp(scheme=scheme)
    words = ["Anna", "Schmidt", "Berlin", "Paris"]
    train(nlp, [example_of(nlp, words, ["B-PER", "L-PER", "U-LOC", "U-PER"])])
    assert entities(nlp(Doc(nlp.vocab, words=words))) == [(0, 2, "PER"), (2, 3, "LOC"), (3, 4, "PER")]


@pytest.mark.parametrize(("scheme", "expected"), [("BILUO", 2), ("BIO", 2), ("IO", 1)])
def test_neighbouring_entities_of_one_label_are_told_apart_but_in_io(scheme: str, expected: int) -> None:
    nlp = make_nlp(scheme=scheme)
    words = ["Anna", "Schmidt", "Boris"]
    train(nlp, [example_of(nlp, words, ["B-PER", "L-PER", "U-PER"])])
    assert len(nlp(Doc(nlp.vocab, words=words)).ents) == expected


def test_long_docs_are_ordinary(overfitted: Language) -> None:
    doc = overfitted(" ".join([TRAIN[1][0]] * 300))
    assert len(doc) == 1800
    assert len(doc.ents) == 600
    assert all(ent._.crf_prob > 0.5 for ent in doc.ents)


def test_labels_may_hold_any_text() -> None:
    labels = ["B-PER-SON", "two words", "人名", "-"]
    nlp = make_nlp()
    words = ["Anna", "sees", "Berlin", "and", "北京", "Khan", "."]
    doc = Doc(nlp.vocab, words=words)
    gold = doc.copy()
    gold.set_ents(
        [spacy.tokens.Span(gold, i, i + 1, label) for i, label in zip((0, 2, 4, 5), labels, strict=True)]
    )
    train(nlp, [Example(doc, gold)], steps=20)
    assert sorted(crf_ner(nlp).labels) == sorted(labels)
    assert [ent.label_ for ent in nlp(doc.copy()).ents] == labels


def test_every_new_language_object_gets_the_components_metadata() -> None:
    nlp = make_nlp()
    meta = nlp.get_pipe_meta("crf_ner")
    assert set(meta.assigns) == {"doc.ents", "token.ent_iob", "token.ent_type"}
    assert not nlp.analyze_pipes()["problems"]["crf_ner"]
    assert meta.default_score_weights["ents_f"] == 1.0


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_two_examples_are_learned_by_heart_on_a_gpu() -> None:
    require_gpu()
    try:
        nlp = make_nlp()
        assert train(nlp)[-1] < 0.01
        assert found(nlp, TRAIN[0][0]) == [("Shaka Khan", "PERSON")]
    finally:
        require_cpu()
