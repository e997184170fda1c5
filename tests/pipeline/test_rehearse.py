"""Rehearsal: new examples do not drive out what an earlier model knew."""

import copy

import numpy as np
import pytest
from spacy.language import Language
from spacy.training import Example
from thinc.api import Optimizer

from spacy_crf_ner.errors import ComponentError, LossError
from tests.pipeline.pipelines import TEXTS, TRAIN, crf_ner, examples_of
from tests.tiny import entities

# The opposite of what the old model knows.
CONTRARY = [(text, ()) for text, _ in TRAIN]


def raw(nlp: Language) -> list[Example]:
    """Examples without annotation; upstream components have run."""
    examples = [Example.from_dict(nlp.make_doc(text), {}) for text in (*TEXTS, "")]
    with nlp.select_pipes(disable=["crf_ner"]):
        for example in examples:
            example.predicted = nlp(example.predicted)
    return examples


def resumed(nlp: Language, learn_rate: float = 0.02) -> Optimizer:
    optimizer = nlp.resume_training()
    optimizer.learn_rate = learn_rate
    return optimizer


def divergence(nlp: Language) -> float:
    """Distance to the old model in nats; nothing is learned."""
    component = copy.deepcopy(crf_ner(nlp))
    return component.rehearse(raw(nlp))["crf_ner"]


@pytest.mark.parametrize("fixture", ["overfitted", "listening"])
def test_rehearsal_brings_back_what_contrary_examples_drove_out(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    nlp = request.getfixturevalue(fixture)
    optimizer = resumed(nlp)
    expected = [entities(nlp(text)) for text in TEXTS]
    assert divergence(nlp) == pytest.approx(0, abs=1e-3)
    # The old model hears the same vectors: a changed encoder would be news to it, too.
    encoder = nlp.pipe_names[:-1]
    for _ in range(8):
        nlp.update(examples_of(nlp, CONTRARY), sgd=optimizer, exclude=encoder, annotates=encoder)
    first = divergence(nlp)
    assert first > 1
    assert [entities(nlp(text)) for text in TEXTS] != expected
    for _ in range(40):
        crf_ner(nlp).rehearse(raw(nlp), sgd=optimizer)
    assert divergence(nlp) < 0.05 * first
    assert [entities(nlp(text)) for text in TEXTS] == expected


def test_the_language_object_rehearses(overfitted: Language) -> None:
    optimizer = resumed(overfitted)
    for _ in range(3):
        overfitted.update(examples_of(overfitted, CONTRARY), sgd=optimizer)
    first = overfitted.rehearse(raw(overfitted), sgd=optimizer)["crf_ner"]
    for _ in range(20):
        last = overfitted.rehearse(raw(overfitted), sgd=optimizer)["crf_ner"]
    assert last < 0.2 * first


def test_a_label_added_after_the_old_model_is_rehearsed_away(overfitted: Language) -> None:
    optimizer = resumed(overfitted)
    component = crf_ner(overfitted)
    component.add_label("NEW")
    for _ in range(3):
        overfitted.update(examples_of(overfitted, [(TRAIN[0][0], ((7, 17, "NEW"),))]), sgd=optimizer)
    first = divergence(overfitted)
    assert first > 1
    for _ in range(25):
        component.rehearse(raw(overfitted), sgd=optimizer)
    assert divergence(overfitted) < 0.1 * first
    assert [ent.label_ for ent in overfitted(TRAIN[0][0]).ents] == ["PERSON"]


def test_without_an_old_model_there_is_nothing_to_rehearse(overfitted: Language) -> None:
    component, before = crf_ner(overfitted), crf_ner(overfitted).model.to_bytes()
    losses = {"crf_ner": 1.0}
    assert component.rehearse(raw(overfitted), sgd=overfitted.create_optimizer(), losses=losses) is losses
    assert losses == {"crf_ner": 1.0}
    assert component.model.to_bytes() == before


def test_docs_without_tokens_are_nothing_to_rehearse(overfitted: Language) -> None:
    resumed(overfitted)
    doc = overfitted.make_doc("")
    assert crf_ner(overfitted).rehearse([Example(doc, doc.copy())]) == {"crf_ner": 0.0}


def test_annotation_is_not_used(overfitted: Language) -> None:
    optimizer = resumed(overfitted)
    overfitted.update(examples_of(overfitted, CONTRARY), sgd=optimizer)
    component = crf_ner(overfitted)
    bare = [Example.from_dict(overfitted.make_doc(text), {}) for text, _ in TRAIN]
    expected = component.rehearse(bare)["crf_ner"]
    assert expected > 0.1
    unknown = [(text, ((0, len(text), "UNKNOWN"),)) for text, _ in TRAIN]
    for data in (TRAIN, CONTRARY, unknown):
        assert component.rehearse(examples_of(overfitted, data))["crf_ner"] == expected


def test_without_an_optimizer_gradients_are_collected_and_weights_stay(overfitted: Language) -> None:
    overfitted.update(examples_of(overfitted, CONTRARY), sgd=resumed(overfitted))
    component = crf_ner(overfitted)
    before, crf = component.model.to_bytes(), component.model.get_ref("crf")
    losses = component.rehearse(raw(overfitted))
    assert np.abs(crf.get_grad("transitions")).max() > 1e-3
    assert component.model.to_bytes() == before
    once = losses["crf_ner"]
    component.rehearse(raw(overfitted), losses=losses)
    assert losses["crf_ner"] == pytest.approx(2 * once)


def test_dropout_is_that_of_the_call(overfitted: Language) -> None:
    resumed(overfitted)
    component = crf_ner(overfitted)
    exact = component.rehearse(raw(overfitted))["crf_ner"]
    assert exact == pytest.approx(0, abs=1e-3)
    assert component.rehearse(raw(overfitted), drop=0.5)["crf_ner"] > 0.1
    assert component.rehearse(raw(overfitted))["crf_ner"] == exact


def test_a_listener_that_hears_nothing_is_an_error(listening: Language) -> None:
    resumed(listening)
    bare = [Example.from_dict(listening.make_doc(TEXTS[0]), {})]
    with pytest.raises(
        ComponentError, match="upstream component that has not run on this Doc: 'I like London"
    ):
        crf_ner(listening).rehearse(bare)


def test_rehearsal_between_updates_hears_its_own_docs(listening: Language) -> None:
    optimizer = resumed(listening)
    component = crf_ner(listening)
    listening.update(examples_of(listening, TRAIN[1:]), sgd=optimizer)
    encoder = listening.get_pipe("tok2vec").model
    # spaCy leaves the gradient of the update to the update after.
    encoder.finish_update(optimizer)
    # Other Docs than those of the update, of which the listener still holds the vectors, then the same Docs.
    for examples in (raw(listening), raw(listening)[:1]):
        assert component.rehearse(examples, sgd=optimizer)["crf_ner"] > 0
    assert not any(node.get_grad(name).any() for node in encoder.walk() for name in node.grad_names)
    listening.update(examples_of(listening, TRAIN[1:]), sgd=optimizer)
    assert any(node.get_grad(name).any() for node in encoder.walk() for name in node.grad_names)


def test_weights_that_are_not_numbers_are_an_error(overfitted: Language) -> None:
    resumed(overfitted)
    component = crf_ner(overfitted)
    component.model.get_ref("output_layer").get_param("b").fill(np.nan)
    with pytest.raises(LossError, match=r"'crf_ner': the loss is not finite.*learn_rate"):
        component.rehearse(raw(overfitted))
