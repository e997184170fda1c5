"""The callback that gives new labels to a trained component."""

from __future__ import annotations

import pytest

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.labels import build_add_labels_v1
from tests.pipeline.pipelines import crf_ner, make_listening_nlp, make_nlp, train


def test_labels_are_added_after_those_that_are_known() -> None:
    nlp = make_nlp()
    train(nlp, steps=2)
    assert build_add_labels_v1("crf_ner", ["ORG", "LOC"])(nlp) is nlp
    assert crf_ner(nlp).labels == ("LOC", "PERSON", "ORG")
    assert crf_ner(nlp).model.get_ref("crf").get_dim("nO") == 13


@pytest.mark.parametrize("component", ["absent", "sentencizer"])
def test_a_component_that_takes_no_labels_is_an_error(component: str) -> None:
    nlp = make_listening_nlp("sentencizer")
    callback = build_add_labels_v1(component, ["ORG"])
    expected = rf"`component` to be a component .* takes labels, but got '{component}'.*tok2vec, sentencizer, crf_ner"
    with pytest.raises(TrainingError, match=expected):
        callback(nlp)
