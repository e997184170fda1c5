"""Temperatures: probabilities of a model that is more or less sure of itself."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import srsly
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.tags import TagSet
from tests.pipeline.cases import LABELS, VOCAB, doc_of
from tests.pipeline.pipelines import TEXTS, crf_ner, make_nlp, outcomes, train
from tests.pipeline.scripted import (
    Sets,
    component,
    distribution,
    entropy,
    log_prob,
    random_scores,
    span_probability,
)
from tests.tags.sequences import SCHEMES
from tests.tiny import entities


def sharpened(sets: Sets, temperature: float) -> Sets:
    """P ** (1 / T), normalised."""
    powers = {spans: probability ** (1 / temperature) for spans, probability in sets.items()}
    total = sum(powers.values())
    return {spans: power / total for spans, power in powers.items()}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("temperature", [0.5, 2.0, 5])
def test_one_temperature_changes_probabilities_and_no_predictions(scheme: str, temperature: float) -> None:
    for seed in range(3):
        emit = random_scores(seed, scale=1.5)
        plain = component(VOCAB, emit, LABELS, scheme, seed=seed)
        settings = {"temperature": temperature, "entropy": True, "k_best": 3}
        doc = component(VOCAB, emit, LABELS, scheme, seed=seed, **settings)(doc_of())
        sets = sharpened(distribution(plain, doc_of()), temperature)
        assert entities(doc) == entities(plain(doc_of()))
        assert doc._.crf_log_prob == pytest.approx(log_prob(sets, entities(doc)), abs=1e-4)
        assert doc._.crf_entropy == pytest.approx(entropy(sets), abs=1e-4)
        for ent in doc.ents:
            expected = span_probability(sets, (ent.start, ent.end, ent.label_))
            assert ent._.crf_prob == pytest.approx(expected, abs=1e-4)
        group = doc.spans["crf_ner_candidates"]
        for span, score in zip(group, group.attrs["scores"], strict=True):
            expected = span_probability(sets, (span.start, span.end, span.label_))
            assert score == pytest.approx(expected, abs=1e-4)


def test_answers_are_those_of_the_tempered_model() -> None:
    crf = component(VOCAB, random_scores(1), LABELS, seed=1)
    sets = sharpened(distribution(crf, doc_of()), 4.0)
    crf.cfg["temperature"] = 4.0
    ((_, found),) = crf.rank([doc_of()], by="entropy")
    assert found == pytest.approx(entropy(sets), abs=1e-4)
    (candidates,) = crf.candidates([doc_of()], 0.05)
    assert len(candidates) > 3
    for one in candidates:
        assert one.probability == pytest.approx(span_probability(sets, one.span), abs=1e-4)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_label_has_a_temperature_of_its_own(scheme: str) -> None:
    own, shared = 3.0, 2.0

    def tempered(doc: Doc, tagset: TagSet) -> np.ndarray:
        scores = random_scores(1)(doc, tagset)
        outside = scores[:, :1]
        factors = np.array(
            [1 / own if tagset.parts(tag)[1] == "B" else 1 / shared for tag in range(tagset.n_tags)]
        )
        return outside / shared + (scores - outside) * factors

    settings = {"temperature": shared, "label_temperatures": {"B": own}}
    doc = component(VOCAB, random_scores(1), LABELS, scheme, **settings)(doc_of())
    sets = distribution(component(VOCAB, tempered, LABELS, scheme), doc_of())
    assert doc._.crf_log_prob == pytest.approx(log_prob(sets, entities(doc)), abs=1e-4)
    for ent in doc.ents:
        expected = span_probability(sets, (ent.start, ent.end, ent.label_))
        assert ent._.crf_prob == pytest.approx(expected, abs=1e-4)


def test_training_is_not_tempered() -> None:
    gold = doc_of()
    gold.set_ents([Span(gold, 0, 2, "A")], default="outside")
    losses = []
    for settings in ({}, {"temperature": 5.0, "label_temperatures": {"A": 2.0}}):
        crf = component(VOCAB, random_scores(0), LABELS, seed=0, **settings)
        losses.append(crf.get_loss([Example(doc_of(), gold)], crf.model.predict([gold]))[0])
    assert losses[0] == losses[1]


def test_temperatures_are_saved_and_loaded(overfitted: Language, tmp_path: Path) -> None:
    plain = outcomes(overfitted)
    crf_ner(overfitted).cfg.update(temperature=3.0, label_temperatures={"LOC": 2.0})
    expected = outcomes(overfitted)
    assert expected != plain
    overfitted.to_disk(tmp_path)
    restored = spacy.load(tmp_path)
    assert crf_ner(restored).cfg["label_temperatures"] == {"LOC": 2.0}
    assert outcomes(restored) == expected
    assert outcomes(make_nlp().from_bytes(overfitted.to_bytes())) == expected


def test_a_temperature_in_the_config_wins_over_a_saved_one(overfitted: Language, tmp_path: Path) -> None:
    crf_ner(overfitted).cfg["temperature"] = 3.0
    overfitted.to_disk(tmp_path)
    restored = spacy.load(tmp_path, config={"components.crf_ner.temperature": 0.5})
    assert crf_ner(restored).cfg["temperature"] == 0.5
    assert crf_ner(spacy.load(tmp_path)).cfg["temperature"] == 3.0


def test_temperatures_come_from_the_config() -> None:
    nlp = make_nlp(temperature=2, label_temperatures={"LOC": 1.5})
    train(nlp, steps=3)
    assert nlp(TEXTS[0])._.crf_log_prob < 0
    text = nlp.config.to_str()
    assert "[components.crf_ner.label_temperatures]" in text


@pytest.mark.parametrize("value", [0, -1.0, float("inf"), float("nan"), "hot", True, None])
def test_a_temperature_that_makes_no_sense_is_an_error(value: Any) -> None:
    expected = "expected `temperature` to be a finite number above 0, but got"
    with pytest.raises(ComponentError, match=expected):
        component(VOCAB, random_scores(0), LABELS, temperature=value)
    expected = "expected `label_temperatures` to be a finite number above 0 for each label, or null, but got"
    with pytest.raises(ComponentError, match=expected):
        component(VOCAB, random_scores(0), LABELS, label_temperatures={"A": value})


def test_a_temperature_for_a_label_that_there_is_not_is_an_error() -> None:
    crf = component(VOCAB, random_scores(0), LABELS, label_temperatures={"A": 2.0, "NEW": 2.0})
    expected = (
        r"Component 'crf_ner': expected `label_temperatures` to be numbers for labels of the component \(A, B\), "
        r"but got \['NEW'\]\. Change `\[components.crf_ner\] label_temperatures`"
    )
    for ask in (crf, lambda doc: crf.k_best([doc], 2)):
        with pytest.raises(ComponentError, match=expected):
            ask(doc_of())


def test_the_saved_file_is_plain_json(overfitted: Language, tmp_path: Path) -> None:
    crf_ner(overfitted).cfg["temperature"] = 3.0
    crf_ner(overfitted).to_disk(tmp_path)
    assert srsly.read_json(tmp_path / "cfg")["temperature"] == 3.0
