"""Errors name the component and the setting to change, and leave Docs and weights as they were."""

from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_crf_ner.errors import ComponentError, LossError
from spacy_crf_ner.pipeline import CRFEntityRecognizer
from tests.pipeline.pipelines import CNN, TEXTS, crf_ner, examples_of, make_nlp, model_of

BROKEN = [
    ("output_layer", "b"),
    ("output_layer", "W"),
    ("crf", "transitions"),
    ("crf", "start"),
    ("crf", "end"),
]
REMEDIES = (
    "`training.optimizer.learn_rate`",
    "warm-up",
    "`training.optimizer.grad_clip`",
    "`mixed_precision`",
)


def spoil(component: CRFEntityRecognizer, layer: str, name: str, value: float) -> None:
    component.model.get_ref(layer).get_param(name).fill(value)


def state(doc: Doc) -> tuple[Any, ...]:
    """All that the component could change."""
    return doc.to_array(["ENT_IOB", "ENT_TYPE", "ENT_KB_ID"]).tolist(), dict(doc.user_data)


@pytest.mark.parametrize(("layer", "name"), BROKEN)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_numbers_are_an_error_in_prediction(
    overfitted: Language, layer: str, name: str, value: float
) -> None:
    spoil(crf_ner(overfitted), layer, name, value)
    with pytest.raises(LossError, match="'crf_ner': the score of a token is not finite") as caught:
        overfitted(TEXTS[0])
    assert all(remedy in str(caught.value) for remedy in REMEDIES)


@pytest.mark.parametrize(("layer", "name"), BROKEN)
def test_weights_that_are_not_numbers_are_an_error_in_training(
    overfitted: Language, layer: str, name: str
) -> None:
    component = crf_ner(overfitted)
    spoil(component, layer, name, float("nan"))
    before, losses = component.model.to_bytes(), {"crf_ner": 1.0}
    with pytest.raises(LossError, match="'crf_ner': the loss is not finite") as caught:
        overfitted.update(examples_of(overfitted), sgd=overfitted.create_optimizer(), losses=losses)
    assert all(remedy in str(caught.value) for remedy in REMEDIES)
    assert component.model.to_bytes() == before
    assert losses == {"crf_ner": 1.0}


def test_scores_of_minus_infinity_for_all_tags_are_not_blamed_on_the_constraints(
    overfitted: Language,
) -> None:
    component = crf_ner(overfitted)
    spoil(component, "output_layer", "b", -float("inf"))
    with pytest.raises(LossError, match="not finite"):
        overfitted(TEXTS[0])
    with pytest.raises(LossError, match="not finite"):
        overfitted.update(examples_of(overfitted))


def test_a_loss_too_large_for_a_float_is_an_error(
    overfitted: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    component = crf_ner(overfitted)
    path = "spacy_crf_ner.pipeline.crf_ner.loss_and_gradient"
    monkeypatch.setattr(path, lambda *_: (float("inf"), None))
    with pytest.raises(LossError, match=r"the loss is not finite \(inf\)"):
        component.update(examples_of(overfitted))


def test_a_failed_prediction_leaves_the_docs_as_they_were(overfitted: Language) -> None:
    component = crf_ner(overfitted)
    docs = [overfitted(TEXTS[0]), overfitted.make_doc(TEXTS[2])]
    docs[1].set_ents([Span(docs[1], 0, 1, "MINE", kb_id="Q1")])
    docs[1].user_data["mine"] = 1
    before = [state(doc) for doc in docs]
    spoil(component, "output_layer", "b", float("nan"))
    with pytest.raises(LossError, match="not finite"):
        list(component.pipe(docs))
    assert [state(doc) for doc in docs] == before


def test_prediction_alone_leaves_the_docs_as_they_were(overfitted: Language) -> None:
    docs = [overfitted.make_doc(text) for text in TEXTS]
    before = [state(doc) for doc in docs]
    assert any(prediction.added for prediction in crf_ner(overfitted).predict(docs))
    assert [state(doc) for doc in docs] == before


def test_an_error_handler_lets_the_other_batches_pass(listening: Language) -> None:
    failed: list[tuple[str, int, str]] = []
    component = crf_ner(listening)
    component.set_error_handler(
        lambda name, _, docs, error: failed.append((name, len(docs), type(error).__name__))
    )
    # The second has not been seen by the encoder.
    docs = [listening(TEXTS[0]), listening.make_doc(TEXTS[2]), listening(TEXTS[3])]
    passed = list(component.pipe(docs, batch_size=1))
    assert passed == [docs[0], docs[2]]
    assert failed == [("crf_ner", 1, "ComponentError")]


def test_a_component_without_weights_says_how_to_get_them() -> None:
    nlp = make_nlp()
    crf_ner(nlp).add_label("LOC")
    with pytest.raises(ComponentError, match=r"'crf_ner' is not initialized. Call `nlp.initialize\(\)`"):
        nlp("London")


def test_an_unknown_scheme_is_an_error_that_names_the_setting() -> None:
    expected = (
        "Component 'crf_ner': expected `scheme` to be one of BILUO, BIO, IO, but got 'IOB2'. "
        r"Change `\[components.crf_ner\] scheme`"
    )
    with pytest.raises(ComponentError, match=expected):
        make_nlp(scheme="IOB2")


def test_errors_name_the_component_as_the_pipeline_does() -> None:
    nlp = spacy.blank("xx")
    with pytest.raises(ComponentError, match=r"Component 'people'.*`\[components.people\] scheme`"):
        nlp.add_pipe("crf_ner", name="people", config={"scheme": "X"})


@pytest.mark.parametrize("examples", [[], [1]])
def test_initialization_needs_examples(examples: list[Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=r"E930|E978"):
        crf_ner(make_nlp()).initialize(lambda: examples)


def test_rehearsal_and_updates_take_examples_only(overfitted: Language) -> None:
    doc: Any = overfitted.make_doc("London")
    for method in (crf_ner(overfitted).update, crf_ner(overfitted).rehearse):
        with pytest.raises(TypeError, match="E978"):
            method([doc])


def test_a_wrong_learn_rate_scale_in_the_config_is_an_error() -> None:
    with pytest.raises(ValueError, match="`learn_rate_scale` above 0, but got -1"):
        make_nlp(model=model_of(CNN, learn_rate_scale=-1.0))
