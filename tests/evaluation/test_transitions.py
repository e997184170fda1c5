"""Transition scores against those that prediction really uses."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import spacy
from spacy.language import Language

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.evaluation import find_transitions
from spacy_crf_ner.pipeline import CRFEntityRecognizer
from tests.evaluation import corpora
from tests.pipeline import scripted

EMIT = corpora.scores_by_text(1.0)


def check(nlp: Language, name: str = "crf_ner") -> None:
    """Compare the table of a component with the potentials of its prediction."""
    component = nlp.get_pipe(name)
    assert isinstance(component, CRFEntityRecognizer)
    scored = component.scored([nlp.make_doc("one two three")])
    assert scored is not None
    potentials = scored.potentials
    (table,) = [one for one in find_transitions(nlp) if one.component == name]
    assert table.tags == list(component.tagset.tags)
    assert table.scores == potentials.transitions.tolist()
    assert table.start == potentials.start.tolist()
    assert table.end == potentials.end.tolist()
    masks = (potentials.allowed_transitions, potentials.allowed_start, potentials.allowed_end)
    assert [table.allowed, table.allowed_start, table.allowed_end] == [
        mask.tolist() for mask in masks if mask is not None
    ]
    assert np.abs(table.scores).sum() > 1


@pytest.mark.parametrize("scheme", ["BILUO", "BIO", "IO"])
def test_the_table_is_what_prediction_uses(scheme: str) -> None:
    check(corpora.pipeline(EMIT, scheme=scheme, seed=3))


def test_rows_are_the_tag_before_and_columns_the_tag_after() -> None:
    nlp = corpora.pipeline(EMIT, labels=("PER",), scheme="BIO", seed=3)
    (table,) = find_transitions(nlp)
    assert table.tags == ["O", "B-PER", "I-PER"]
    assert table.allowed == [[True, True, False], [True, True, True], [True, True, True]]
    assert table.allowed_start == [True, True, False]
    assert table.allowed_end == [True, True, True]


def test_scores_are_divided_by_the_temperature() -> None:
    nlp = corpora.pipeline(EMIT, seed=3)
    (before,) = find_transitions(nlp)
    corpora.crf_ner(nlp).cfg.update(temperature=2.0, label_temperatures={"PER": 4.0})
    (after,) = find_transitions(nlp)
    assert after.scores == (np.array(before.scores) / 2).tolist()
    assert after.start == (np.array(before.start) / 2).tolist()
    assert after.end == (np.array(before.end) / 2).tolist()
    check(nlp)


def test_scores_are_parameters_times_the_factor_of_the_layer() -> None:
    nlp = corpora.pipeline(EMIT, seed=3)
    (before,) = find_transitions(nlp)
    corpora.crf_ner(nlp).model.get_ref("crf").attrs["learn_rate_scale"] = 8.0
    (after,) = find_transitions(nlp)
    assert after.scores == (8 * np.array(before.scores)).tolist()
    check(nlp)


def test_a_score_of_minus_infinity_forbids() -> None:
    nlp = corpora.pipeline(EMIT, labels=("PER",), scheme="BIO", seed=3)
    crf = corpora.crf_ner(nlp).model.get_ref("crf")
    transitions, start = crf.get_param("transitions").copy(), crf.get_param("start").copy()
    transitions[1, 1] = start[1] = -np.inf
    crf.set_param("transitions", transitions)
    crf.set_param("start", start)
    (table,) = find_transitions(nlp)
    assert (table.scores[1][1], table.allowed[1][1]) == (0.0, False)
    assert table.allowed_start == [True, False, False]
    json.dumps(asdict(table), allow_nan=False)


def test_each_component_that_is_in_use_has_a_table() -> None:
    nlp = corpora.pipeline(EMIT, seed=3)
    second = scripted.component(nlp.vocab, EMIT, ("ORG",), seed=4, name="second")
    corpora.add(nlp, second)
    nlp.add_pipe("sentencizer", first=True)
    assert [table.component for table in find_transitions(nlp)] == ["crf_ner", "second"]
    check(nlp, "crf_ner")
    check(nlp, "second")
    with nlp.select_pipes(disable="crf_ner"):
        assert [table.component for table in find_transitions(nlp)] == ["second"]
    assert find_transitions(spacy.blank("en")) == []


def test_a_component_without_weights_is_named() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("crf_ner").add_label("PER")
    with pytest.raises(ComponentError, match="crf_ner"):
        find_transitions(nlp)
