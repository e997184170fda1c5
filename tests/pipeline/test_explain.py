"""Explanations of annotations: all numbers by enumeration, and that what is called forbidden is."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from spacy.tokens import Doc

from spacy_crf_ner.errors import ComponentError
from spacy_crf_ner.functional import Potentials, path_scores
from spacy_crf_ner.pipeline import CRFEntityRecognizer
from spacy_crf_ner.tags import BoolArray, TagSet, TagSpan
from tests.functional import oracle
from tests.pipeline.cases import CASES, LABELS, VOCAB, Case, cut_doc, doc_of, scorer
from tests.pipeline.explained import only_outside
from tests.pipeline.scripted import (
    best,
    component,
    covered,
    distribution,
    log_prob,
    random_scores,
    span_probability,
    wishes,
)
from tests.tags.sequences import SCHEMES

every_case = pytest.mark.parametrize("case", CASES)
every_scheme = pytest.mark.parametrize("scheme", SCHEMES)
MASKS = ("allowed_transitions", "allowed_start", "allowed_end", "allowed_tags")


def potentials_of(crf: CRFEntityRecognizer, doc: Doc) -> Potentials:
    scored = crf.scored([doc], own=False)
    assert scored is not None
    return scored.potentials


def enumerated(potentials: Potentials) -> np.ndarray:
    return np.concatenate([oracle.token_marginals(problem) for problem in oracle.problems_of(potentials)])


def is_possible(potentials: Potentials, path: list[int]) -> bool:
    return bool(torch.isfinite(path_scores(potentials, torch.tensor(path))).all())


@every_case
@every_scheme
def test_marginals_with_and_without_constraints_are_those_of_the_enumeration(
    case: Callable[[str], Case], scheme: str
) -> None:
    crf, doc, _ = case(scheme)
    found = crf.explain(doc)
    potentials = potentials_of(crf, doc)
    free = replace(potentials, **dict.fromkeys(MASKS))
    assert found.marginals == pytest.approx(enumerated(potentials), abs=1e-6)
    assert found.free_marginals == pytest.approx(enumerated(free), abs=1e-6)
    assert found.marginals.sum(1) == pytest.approx(np.ones(len(doc)))
    assert found.free_marginals.sum(1) == pytest.approx(np.ones(len(doc)))
    assert not found.marginals[~found.allowed].any()
    assert found.emissions == pytest.approx(potentials.emissions.numpy())


@every_case
@every_scheme
def test_the_two_annotations_are_the_best_two_of_the_enumeration(
    case: Callable[[str], Case], scheme: str
) -> None:
    crf, doc, sets = case(scheme)
    found = crf.explain(doc)
    for annotation, (spans, probability) in zip((found.chosen, found.runner_up), best(sets, 2), strict=True):
        assert annotation is not None
        # Entities of labels that the component does not know are on the Doc, and in no annotation of its own.
        assert annotation.spans == tuple(span for span in spans if span.label in LABELS)
        assert annotation.log_prob == pytest.approx(math.log(probability), abs=1e-5)
    for entity in found.entities:
        assert (entity.state == "given") is (entity.probability is None)
        if entity.probability is not None:
            assert entity.probability == pytest.approx(span_probability(sets, entity.span), abs=1e-5)


@every_case
@every_scheme
def test_emissions_and_transitions_add_up_to_what_the_best_annotation_is_ahead(
    case: Callable[[str], Case], scheme: str
) -> None:
    crf, doc, _ = case(scheme)
    found = crf.explain(doc)
    chosen, other = found.chosen, found.runner_up
    assert other is not None
    ahead = chosen.emissions + chosen.transitions - other.emissions - other.transitions
    assert chosen.log_prob - other.log_prob == pytest.approx(ahead, abs=1e-6)
    rows = np.arange(len(doc))
    assert chosen.emissions == pytest.approx(found.emissions[rows, chosen.tags].sum())
    ends = sum(found.end[token.chosen] for token in found.tokens if token.closes)
    assert chosen.transitions == pytest.approx(found.incoming[rows, chosen.tags].sum() + ends)
    assert tuple(token.chosen for token in found.tokens) == chosen.tags


@every_case
@every_scheme
def test_exactly_those_tags_are_called_forbidden_that_look_better_and_make_the_annotation_impossible(
    case: Callable[[str], Case], scheme: str
) -> None:
    crf, doc, _ = case(scheme)
    n_forbidden = 0
    for seed in range(6):
        # Scores of other seeds, with the same constraints.
        other = scorer(scheme, seed=seed, **crf.cfg)
        found, potentials = other.explain(doc), potentials_of(other, doc)
        for position, token in enumerate(found.tokens):
            emissions, free = found.emissions[position], found.free_marginals[position]
            expected = set()
            for tag in range(len(found.tags)):
                path = list(found.chosen.tags)
                path[position] = tag
                looks_better = emissions[tag] > emissions[token.chosen] or free[tag] > free[token.chosen]
                if looks_better and not is_possible(potentials, path):
                    expected.add(tag)
            assert {one.tag for one in token.forbidden} == expected
            assert [one.tag for one in token.forbidden] == sorted(expected, key=lambda tag: -emissions[tag])
            n_forbidden += len(expected)
    # The IO scheme forbids nothing by itself.
    assert n_forbidden or scheme == "IO"


def test_entities_below_the_threshold_are_left_out() -> None:
    crf = component(VOCAB, wishes((0, 1, "A"), (2, 3, "B"), strength=3.0), LABELS, threshold=0.99)
    doc = doc_of()
    found = crf.explain(doc)
    assert found.chosen.spans == (TagSpan(0, 1, "A"), TagSpan(2, 3, "B"))
    sets = distribution(crf, doc)
    expected = [span_probability(sets, span) for span in found.chosen.spans]
    assert [one.state for one in found.entities] == ["threshold", "threshold"]
    assert [one.probability for one in found.entities] == pytest.approx(expected, abs=1e-5)
    assert not crf(doc).ents


def test_whitespace_at_the_edges_of_an_entity_is_left_out() -> None:
    crf = component(VOCAB, wishes((0, 2, "A")), LABELS, "BIO")
    found = crf.explain(doc_of(["a", "\n", "c"]))
    assert [(one.span, one.state) for one in found.entities] == [
        (TagSpan(0, 1, "A"), "predicted"),
        (TagSpan(0, 2, "A"), "whitespace"),
    ]


def test_posterior_decoding_may_choose_another_annotation_than_the_best() -> None:
    crf = component(VOCAB, wishes((0, 2, "A"), strength=2.0), LABELS, decoding="posterior", threshold=0.95)
    doc = doc_of()
    found = crf.explain(doc)
    sets = distribution(crf, doc)
    assert found.chosen.spans == ()
    assert found.chosen.log_prob == pytest.approx(log_prob(sets, ()), abs=1e-5)
    assert found.runner_up is not None
    assert found.runner_up.spans == best(sets)[0][0]
    assert found.runner_up.log_prob > found.chosen.log_prob


def test_argmax_may_choose_what_the_scheme_calls_impossible_and_json_has_no_infinity() -> None:
    def io_neighbours(doc: Doc, tagset: TagSet) -> np.ndarray:
        return 9.0 * np.eye(tagset.n_tags)[[1, 1, 0, 0][: len(doc)]]

    crf = component(VOCAB, io_neighbours, LABELS, "BILUO", decoding="argmax", constraint=no_last_token)
    found = crf.explain(doc_of())
    assert found.chosen.log_prob == -math.inf
    saved = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert saved["chosen"]["log_prob"] is None
    assert saved["runner_up"]["log_prob"] <= 0


def no_last_token(doc: Doc, tagset: TagSet) -> BoolArray:
    """A constraint that forbids "L" and "U", so that decoding without the scheme chooses tags that it forbids."""
    prefixes = [tagset.parts(tag)[0] for tag in range(tagset.n_tags)]
    return np.tile(np.array([prefix not in "LU" for prefix in prefixes]), (len(doc), 1))


def test_there_may_be_no_other_annotation_and_no_tokens() -> None:
    crf = component(VOCAB, random_scores(0), LABELS, constraint=only_outside(0, 1))
    found = crf.explain(doc_of(["a", "b"]))
    assert (found.chosen.spans, found.chosen.log_prob, found.runner_up) == ((), 0.0, None)
    empty = crf.explain(doc_of([])).to_dict()
    assert (empty["tokens"], empty["emissions"], empty["runner_up"]) == ([], [], None)
    assert empty["chosen"]["log_prob"] == 0.0
    assert empty["tags"] == list(crf.tagset.tags)


@pytest.mark.parametrize("segments", ["doc", "sents"])
def test_the_runner_up_changes_the_sentence_that_is_least_sure(segments: str) -> None:
    crf = scorer("BILUO", 3, segments=segments)
    found = crf.explain(cut_doc())
    sets = distribution(crf, cut_doc(), [2, 2] if segments == "sents" else None)
    assert found.runner_up is not None
    assert found.runner_up.spans == best(sets, 2)[1][0]
    differs = found.to_dict()["runner_up"]["differs"]
    pairs = enumerate(zip(found.chosen.tags, found.runner_up.tags, strict=True))
    assert differs == [position for position, (one, other) in pairs if one != other]
    if segments == "sents":
        assert {position // 2 for position in differs} in ({0}, {1})


def test_temperatures_soften_what_is_explained() -> None:
    sharp, soft = (scorer(temperature=value).explain(doc_of()) for value in (1.0, 2.0))
    assert soft.emissions == pytest.approx(sharp.emissions / 2, abs=1e-6)
    assert soft.chosen.log_prob < sharp.chosen.log_prob


def test_the_dict_has_names_characters_and_texts() -> None:
    crf = component(VOCAB, wishes((1, 3, "A")), LABELS)
    doc = Doc(VOCAB, words=["a", "bb", "c", "d"], spaces=[True, True, False, False])
    saved = json.loads(json.dumps(crf.explain(doc).to_dict(), allow_nan=False))
    assert saved["text"] == "a bb cd"
    (entity,) = saved["entities"]
    assert (entity.pop("probability") > 0.5, entity) == (
        True,
        {
            "start": 2,
            "end": 6,
            "start_token": 1,
            "end_token": 3,
            "label": "A",
            "text": "bb c",
            "state": "predicted",
        },
    )
    assert (
        saved["chosen"]["tags"] == [token["chosen"] for token in saved["tokens"]] == ["O", "B-A", "L-A", "O"]
    )
    assert [(token["start"], token["end"]) for token in saved["tokens"]] == [(0, 1), (2, 4), (5, 6), (6, 7)]
    assert len(saved["emissions"]) == 4
    assert len(saved["end"]) == len(saved["tags"]) == 9


def test_constraints_without_an_annotation_and_scores_that_are_no_numbers_are_errors() -> None:
    def nothing(doc: Doc, tagset: TagSet) -> BoolArray:
        return np.zeros((len(doc), tagset.n_tags), dtype=bool)

    crf = component(VOCAB, random_scores(0), LABELS, constraint=nothing)
    with pytest.raises(ComponentError, match="no annotation of this Doc satisfies all constraints"):
        crf.explain(doc_of())

    def not_numbers(doc: Doc, tagset: TagSet) -> Any:
        return np.full((len(doc), tagset.n_tags), np.nan)

    with pytest.raises(ComponentError, match="the score of a token is not finite"):
        component(VOCAB, not_numbers, LABELS).explain(doc_of())


def test_what_the_component_has_predicted_is_no_evidence_for_itself() -> None:
    crf = scorer()
    doc = crf(doc_of())
    assert covered(crf.explain(doc).chosen.spans)
    assert crf.explain(doc).to_dict() == crf.explain(doc_of()).to_dict()
