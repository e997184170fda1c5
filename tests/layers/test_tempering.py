"""Tempered scores against the definition, path by path."""

import itertools
from dataclasses import fields

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_crf_ner.errors import SpacyCrfNerError, TagError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.kernels import viterbi
from spacy_crf_ner.layers import TemperedSpans, tempered
from spacy_crf_ner.tags import TagSet, TagSpan, tags_to_spans
from tests.functional import oracle
from tests.functional.cases import as_dtype, random_scores, replaced
from tests.tags.sequences import SCHEMES, allowed_sequences

LENGTHS = (3, 0, 2, 1)
LABELS = ("A", "B")


def batch(scheme: str, seed: int = 0, packed: bool = False) -> Potentials:
    """Random scores with the scheme's masks."""
    tagset = TagSet(scheme, LABELS)
    potentials = Potentials(
        **random_scores(torch.Generator().manual_seed(seed), LENGTHS, tagset.n_tags),
        allowed_transitions=torch.tensor(tagset.allowed_transitions),
        allowed_start=torch.tensor(tagset.allowed_start),
        allowed_end=torch.tensor(tagset.allowed_end),
    )
    return potentials.packed() if packed else potentials


def score_by_definition(
    problem: oracle.Problem, path: tuple[int, ...], tagset: TagSet, temperature: float, own: dict[str, float]
) -> float:
    """Score of a path, term by term."""
    total = 0.0
    for token, tag in enumerate(path):
        outside = problem.emissions[token, 0]
        divisor = own.get(tagset.parts(tag)[1], temperature)
        total += outside / temperature + (problem.emissions[token, tag] - outside) / divisor
    if path:
        total += (problem.start[path[0]] + problem.end[path[-1]]) / temperature
    return total + sum(
        float(problem.transitions[before, after]) / temperature for before, after in itertools.pairwise(path)
    )


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("temperature", "own"), [(2.5, {}), (0.4, {"B": 1.7}), (1.0, {"A": 3.0, "B": 0.5}), (3.0, {"A": 3.0})]
)
def test_every_path_has_the_score_of_the_definition(
    scheme: str, packed: bool, temperature: float, own: dict[str, float]
) -> None:
    tagset, before = TagSet(scheme, LABELS), batch(scheme, packed=packed)
    after = tempered(before, tagset, temperature, own)
    assert after.is_packed is packed
    for old, new in zip(oracle.problems_of(before), oracle.problems_of(after), strict=True):
        for path in allowed_sequences(tagset, old.length):
            expected = score_by_definition(old, path, tagset, temperature, own)
            assert oracle.score(new, path) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("temperature", [0.3, 2.0])
def test_one_temperature_raises_probabilities_to_a_power_and_renormalises(
    scheme: str, temperature: float
) -> None:
    before = batch(scheme)
    after = tempered(before, TagSet(scheme, LABELS), temperature)
    for old, new in zip(oracle.problems_of(before), oracle.problems_of(after), strict=True):
        powers = oracle.probabilities(old)[1] ** (1 / temperature)
        np.testing.assert_allclose(oracle.probabilities(new)[1], powers / powers.sum(), atol=1e-12)


def probability_by_enumeration(potentials: Potentials, tagset: TagSet, sequence: int, span: TagSpan) -> float:
    """Summed probability of all paths that spell the span."""
    paths, probabilities = oracle.probabilities(oracle.problems_of(potentials)[sequence])
    possible = probabilities > 0
    spelled = [span in tags_to_spans(tagset, path) for path in paths[possible]]
    return float(probabilities[possible][spelled].sum())


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("own", [None, {"A": 2.0, "B": 0.6}])
def test_span_probabilities_are_exact_for_the_tempered_model(
    scheme: str, own: dict[str, float] | None
) -> None:
    tagset, potentials = TagSet(scheme, LABELS), batch(scheme)
    asked = [
        (index, TagSpan(start, end, label))
        for index, length in enumerate(LENGTHS)
        for start, end in itertools.combinations(range(length + 1), 2)
        for label in LABELS
    ]
    spans = TemperedSpans(potentials, tagset, asked)
    # At other temperatures in between: nothing of one call may stay for the next.
    spans.probabilities(0.3)
    after = tempered(potentials, tagset, 1.6, own)
    expected = [probability_by_enumeration(after, tagset, *one) for one in asked]
    np.testing.assert_allclose(spans.probabilities(1.6, own), expected, atol=1e-9)
    assert min(expected) < 0.1 < 0.5 < max(expected)


def test_no_spans_have_no_probabilities() -> None:
    assert TemperedSpans(batch("BIO"), TagSet("BIO", LABELS), []).probabilities(2.0).shape == (0,)


@pytest.mark.parametrize("temperature", [0.2, 5.0])
def test_one_temperature_leaves_the_best_path(temperature: float) -> None:
    before = batch("BILUO", seed=4)
    after = tempered(before, TagSet("BILUO", LABELS), temperature)
    assert torch.equal(viterbi(after)[0], viterbi(before)[0])


@given(
    constant=st.floats(-50, 50),
    temperature=st.floats(0.1, 10),
    own=st.dictionaries(st.sampled_from(LABELS), st.floats(0.1, 10)),
)
def test_a_constant_that_is_added_to_a_token_changes_no_probability(
    constant: float, temperature: float, own: dict[str, float]
) -> None:
    tagset, before = TagSet("BIO", LABELS), batch("BIO", packed=True)
    shifted = before.emissions.clone()
    shifted[1] += constant
    results = [
        oracle.token_marginals(oracle.problems_of(tempered(one, tagset, temperature, own))[0])
        for one in (before, replaced(before, emissions=shifted))
    ]
    np.testing.assert_allclose(results[0], results[1], atol=1e-9)


@pytest.mark.parametrize("own", [None, {}, {"A": 1.0}, {"A": 1.0, "B": 1.0}])
def test_nothing_to_change_is_nothing_done(own: dict[str, float] | None) -> None:
    before = batch("BIO")
    assert tempered(before, TagSet("BIO", LABELS), 1.0, own) is before


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_masks_lengths_and_precision_stay(dtype: torch.dtype) -> None:
    tagset, before = TagSet("BIO", LABELS), as_dtype(batch("BIO", packed=True), dtype)
    before = replaced(before, allowed_tags=torch.ones(before.emissions.shape, dtype=torch.bool))
    after = tempered(before, tagset, 2.0, {"A": 0.5})
    changed = {"emissions", "transitions", "start", "end"}
    for field in fields(Potentials):
        old, new = getattr(before, field.name), getattr(after, field.name)
        assert new.dtype == old.dtype
        assert torch.equal(new, old) is (field.name not in changed)


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("inf"), float("nan")])
def test_a_temperature_that_is_none_is_an_error(wrong: float) -> None:
    tagset, potentials = TagSet("BIO", LABELS), batch("BIO")
    with pytest.raises(
        SpacyCrfNerError, match=r"Expected `temperature` to be a finite number above 0, but got"
    ):
        tempered(potentials, tagset, wrong)
    with pytest.raises(SpacyCrfNerError, match=r"Expected `label_temperatures\['B'\]` to be a finite"):
        tempered(potentials, tagset, 1.0, {"A": 1.0, "B": wrong})


def test_an_unknown_label_is_an_error() -> None:
    with pytest.raises(TagError, match="Unknown label 'C': the known labels are A, B"):
        tempered(batch("BIO"), TagSet("BIO", LABELS), 1.0, {"C": 2.0})
