"""Where labels come from, and what becomes of the weights when more are added."""

from pathlib import Path

import numpy as np
import pytest
import srsly
from spacy.language import Language
from spacy.training import Example

from spacy_crf_ner.errors import ComponentError, TagError
from tests.pipeline.pipelines import (
    CNN,
    TEXTS,
    TRAIN,
    crf_ner,
    examples_of,
    initialize,
    make_nlp,
    model_of,
    train,
    update,
)
from tests.tiny import entities

MORE = [("Acme hired Anna.", ((0, 4, "ORG"),)), *TRAIN]


def without_entities(nlp: Language) -> list[Example]:
    return examples_of(nlp, [("Nobody is here.", ())])


def test_labels_are_inferred_in_alphabetical_order() -> None:
    nlp = make_nlp()
    initialize(nlp, examples_of(nlp, MORE))
    component = crf_ner(nlp)
    assert component.labels == component.label_data == ("LOC", "ORG", "PERSON")
    assert component.tagset.labels == component.labels
    assert component.model.get_ref("crf").get_dim("nO") == 13
    assert nlp.pipe_labels["crf_ner"] == ["LOC", "ORG", "PERSON"]


def test_labels_of_every_example_are_found() -> None:
    nlp = make_nlp()
    initialize(nlp, [*examples_of(nlp, TRAIN[:1]) * 30, *examples_of(nlp, TRAIN[1:])])
    assert crf_ner(nlp).labels == ("LOC", "PERSON")


def test_labels_added_before_come_first() -> None:
    nlp = make_nlp()
    assert crf_ner(nlp).add_label("PERSON") == 1
    assert crf_ner(nlp).add_label("EXTRA") == 1
    initialize(nlp, examples_of(nlp))
    assert crf_ner(nlp).labels == ("PERSON", "EXTRA", "LOC")


def test_labels_added_before_are_enough() -> None:
    nlp = make_nlp()
    crf_ner(nlp).add_label("LOC")
    nlp.initialize()
    assert crf_ner(nlp).labels == ("LOC",)
    nlp(TEXTS[0])


def test_given_labels_keep_their_order_and_no_others_are_inferred(tmp_path: Path) -> None:
    nlp = make_nlp()
    path = tmp_path / "crf_ner.json"
    srsly.write_json(path, ["PERSON", "UNSEEN", "LOC"])
    reader = {"@readers": "spacy.read_labels.v1", "path": str(path)}
    nlp.config["initialize"]["components"]["crf_ner"] = {"labels": reader}
    nlp.initialize(lambda: examples_of(nlp, MORE))
    assert crf_ner(nlp).labels == ("PERSON", "UNSEEN", "LOC")


def test_label_data_initializes_another_component_alike() -> None:
    nlp, other = make_nlp(), make_nlp()
    initialize(nlp, examples_of(nlp, MORE))
    crf_ner(other).initialize(lambda: without_entities(other), labels=list(crf_ner(nlp).label_data))
    assert crf_ner(other).tagset == crf_ner(nlp).tagset


def test_a_known_label_is_not_added_again(overfitted: Language) -> None:
    component, before = crf_ner(overfitted), crf_ner(overfitted).model.to_bytes()
    assert component.add_label("LOC") == 0
    assert component.labels == ("LOC", "PERSON")
    assert component.model.to_bytes() == before


@pytest.mark.parametrize("label", ["", 5, None])
def test_a_label_that_is_no_text_is_an_error(overfitted: Language, label: str) -> None:
    with pytest.raises(TagError, match=f"non-empty strings, but got {label!r}"):
        crf_ner(overfitted).add_label(label)
    assert crf_ner(overfitted).labels == ("LOC", "PERSON")


def test_a_label_is_added_to_the_vocabulary() -> None:
    nlp = make_nlp()
    assert "RARE_LABEL" not in nlp.vocab.strings
    crf_ner(nlp).add_label("RARE_LABEL")
    assert "RARE_LABEL" in nlp.vocab.strings


def test_known_labels_keep_their_scores_when_one_is_added_after_training(overfitted: Language) -> None:
    component = crf_ner(overfitted)
    docs = [overfitted.make_doc(text) for text, _ in TRAIN]
    before, found = component.model.predict(docs), [entities(overfitted(text)) for text, _ in TRAIN]
    assert component.add_label("NEW") == 1
    after = component.model.predict(docs)
    assert (before.n_tags, after.n_tags) == (9, 13)
    np.testing.assert_allclose(after.emissions[:, :9], before.emissions, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(after.transitions[:9, :9], before.transitions)
    np.testing.assert_array_equal(after.start[:9], before.start)
    np.testing.assert_array_equal(after.end[:9], before.end)
    assert [entities(overfitted(text)) for text, _ in TRAIN] == found


def test_a_label_added_after_training_is_learned_beside_the_old_ones() -> None:
    nlp = make_nlp()
    examples = examples_of(nlp)
    optimizer = initialize(nlp, examples)
    update(nlp, examples, optimizer, steps=5)
    crf_ner(nlp).add_label("ORG")
    # The optimizer is the same: what it remembers of the smaller arrays must not get in the way.
    losses = update(nlp, examples_of(nlp, MORE), optimizer, steps=20)
    assert losses[-1] < 0.05 * losses[0]
    assert [(ent.text, ent.label_) for ent in nlp(MORE[0][0]).ents] == [("Acme", "ORG")]
    assert [(ent.text, ent.label_) for ent in nlp(TRAIN[0][0]).ents] == [("Shaka Khan", "PERSON")]


def test_labels_can_be_added_because_the_output_can_grow(overfitted: Language) -> None:
    assert crf_ner(overfitted).is_resizable


def test_an_unknown_label_in_training_is_an_error_that_says_where_to_add_it(overfitted: Language) -> None:
    before = crf_ner(overfitted).model.to_bytes()
    data = [*MORE, ("Acme and Anna.", ((9, 13, "NAME"),))]
    expected = (
        r"Component 'crf_ner' does not know the label\(s\) NAME, ORG of the training examples: it knows LOC, PERSON"
        r".*`add_label`.*`\[initialize.components.crf_ner\] labels`"
    )
    with pytest.raises(ComponentError, match=expected):
        overfitted.update(examples_of(overfitted, data), sgd=overfitted.create_optimizer())
    assert crf_ner(overfitted).model.to_bytes() == before


def test_no_labels_at_all_is_an_error_that_says_how_to_give_them() -> None:
    nlp = make_nlp()
    expected = r"Component 'crf_ner' has no labels.*`add_label`.*`\[initialize.components.crf_ner\] labels`"
    with pytest.raises(ComponentError, match=expected):
        nlp.initialize(lambda: without_entities(nlp))
    with pytest.raises(ComponentError, match=expected):
        nlp("Anna")


@pytest.mark.parametrize(("n_tags", "scheme", "needed"), [(5, "BILUO", 9), (9, "BIO", 5)])
def test_a_number_of_tags_in_the_config_that_does_not_fit_is_an_error(
    n_tags: int, scheme: str, needed: int
) -> None:
    nlp = make_nlp(model=model_of(CNN, nO=n_tags), scheme=scheme)
    expected = (
        f"Component 'crf_ner': 2 labels make {needed} tags in the {scheme} scheme, but its model has nO={n_tags}. "
        r"Set `\[components.crf_ner.model\] nO = null`"
    )
    with pytest.raises(ComponentError, match=expected):
        nlp.initialize(lambda: examples_of(nlp))


def test_a_number_of_tags_in_the_config_that_fits_is_welcome() -> None:
    nlp = make_nlp(model=model_of(CNN, nO=9))
    losses = train(nlp, steps=3)
    assert losses[-1] < losses[0]


def test_hundreds_of_labels_are_ordinary() -> None:
    nlp = make_nlp()
    for number in range(100):
        crf_ner(nlp).add_label(f"LABEL{number}")
    losses = train(nlp, steps=2)
    assert losses[1] < losses[0]
    assert len(crf_ner(nlp).labels) == 102
