"""All spans above a probability, against the enumeration of all spans there are."""

import itertools

import numpy as np
import pytest
import torch

from spacy_crf_ner.errors import ImpossibleSequenceError, PotentialsError, SpacyCrfNerError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import DecodedSpan, candidate_spans
from spacy_crf_ner.layers.decoding import candidates
from spacy_crf_ner.tags import TagSet, TagSpan, allowed_tags
from tests.functional.cases import as_dtype, replaced
from tests.layers.decoding.batches import DTYPES, Case, batch, constrained, every_case, plain
from tests.tags.sequences import SCHEMES

# In float64 the digits of what is most improbable are right, too.
LEAST = {torch.float64: (1e-12, 1e-3, 0.05, 0.3, 0.9), torch.float32: (1e-4, 1e-3, 0.05, 0.3, 0.9)}
SCORES = ("emissions", "transitions", "start", "end")


def uniform(tagset: TagSet, length: int) -> Potentials:
    """One sequence in which all paths of the scheme are equally probable."""
    potentials = batch(tagset, (length,))
    return replaced(potentials, **{name: torch.zeros_like(getattr(potentials, name)) for name in SCORES})


@every_case
def test_candidates_are_all_spans_that_are_probable_enough(case: Case) -> None:
    for min_prob in LEAST[case.dtype]:
        found = candidate_spans(case.potentials, case.tagset, min_prob)
        for one, spans in zip(found, case.spans, strict=True):
            expected = {span: probability for span, probability in spans.items() if probability >= min_prob}
            # The enumeration is in order: by first token, end and label.
            assert list(plain(one)) == list(expected)
            probabilities = [decoded.probability for decoded in one]
            np.testing.assert_allclose(probabilities, list(expected.values()), rtol=case.tolerance)


@every_case
def test_the_layout_of_the_scores_does_not_matter(case: Case) -> None:
    packed = candidate_spans(case.potentials, case.tagset, 0.01)
    assert candidate_spans(case.potentials.padded(), case.tagset, 0.01) == packed


def test_neighbours_in_io_are_one_entity_and_no_two() -> None:
    # Of the 8 paths over O and I, each with probability 1/8, these hold the spans:
    holding = {(0, 1): 2, (0, 2): 1, (0, 3): 1, (1, 2): 1, (1, 3): 1, (2, 3): 2}
    tagset = TagSet("IO", ("A",))
    (found,) = candidate_spans(uniform(tagset, 3), tagset, 1e-6)
    assert {(one.span.start, one.span.end): one.probability for one in found} == {
        place: pytest.approx(paths / 8, abs=1e-12) for place, paths in holding.items()
    }


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_spans_that_masks_force_are_certain(scheme: str, dtype: torch.dtype) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    spans = [TagSpan(0, 2, "A"), TagSpan(3, 4, "B"), TagSpan(5, 8, "A")]
    masks = [np.ones((2, tagset.n_tags), dtype=bool), allowed_tags(tagset, 8, spans=spans)]
    for seed in range(5):
        potentials = constrained(as_dtype(batch(tagset, (2, 8), seed=seed), dtype), masks)
        nothing, forced = candidate_spans(potentials, tagset, 1.0)
        assert nothing == []
        assert forced == [DecodedSpan(span, 1.0) for span in spans]
        every = candidate_spans(potentials, tagset, 1e-6)[1]
        overlapping = [one for one in every if one.span.start < 2 or one.span.end > 5]
        assert overlapping == [forced[0], forced[2]]


def test_rounding_lifts_no_probability_over_1() -> None:
    """Entities of one token that could go on, but almost surely do not: all ways to leave them add up to almost 1."""
    tagset = TagSet("BIO", ("A", "B", "C"))
    potentials = batch(tagset, (2,) * 200)
    emissions = potentials.emissions.clone()
    emissions[0::2, tagset.tag_id("B", "A")] = 99.0
    emissions[1::2, tagset.tag_id("I", "A")] = -99.0
    found = candidate_spans(replaced(potentials, emissions=emissions), tagset, 0.9)
    assert all(0.99 < spans[0].probability <= 1.0 for spans in found if spans[0].probability is not None)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_spans_that_masks_forbid_are_no_candidates(scheme: str) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    mask = np.ones((5, tagset.n_tags), dtype=bool)
    mask[2] = np.arange(tagset.n_tags) == 0
    (found,) = candidate_spans(constrained(batch(tagset, (5,)), [mask]), tagset, 1e-9)
    assert plain(found) == tuple(
        TagSpan(start, end, label)
        for start, end in itertools.combinations(range(6), 2)
        for label in tagset.labels
        if end <= 2 or start > 2
    )


def followed(monkeypatch: pytest.MonkeyPatch, potentials: Potentials, tagset: TagSet, least: float) -> int:
    """How many entities were looked at, each at every token to which it was followed."""
    counts = []
    step = candidates._Chain.step

    def counted(
        chain: candidates._Chain, live: candidates._Live, min_prob: float
    ) -> tuple[candidates._Ended, candidates._Live]:
        assert (live.chances >= min_prob).all()
        counts.append(len(live.places))
        return step(chain, live, min_prob)

    monkeypatch.setattr(candidates._Chain, "step", counted)
    assert candidate_spans(potentials, tagset, least)[0]
    return sum(counts)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_work_grows_with_the_tokens_and_not_with_their_square(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagset, n, least = TagSet(scheme, ("A", "B")), 5000, 0.01
    # Long entities are probable, and so are many places for their ends.
    unsure = batch(tagset, (n,))
    unsure = replaced(unsure, emissions=0.2 * unsure.emissions, transitions=0.2 * unsure.transitions)
    monkeypatch.setattr(candidates, "by_sequence", lambda tagset, found, chances, n: [found])
    looked_at = followed(monkeypatch, as_dtype(unsure, torch.float32), tagset, least)
    assert n < looked_at <= n / least


def test_without_spans_that_are_probable_enough_there_are_no_candidates() -> None:
    tagset = TagSet("BIO", ("A",))
    assert candidate_spans(batch(tagset, ()), tagset, 0.1) == []
    assert candidate_spans(batch(tagset, (0, 0)), tagset, 0.1) == [[], []]
    assert candidate_spans(uniform(tagset, 3), tagset, 0.9) == [[]]


@pytest.mark.parametrize("min_prob", [0.0, -0.1, 1.5, float("nan")])
def test_a_least_probability_out_of_range_is_an_error(min_prob: float) -> None:
    tagset = TagSet("BIO", ("A",))
    with pytest.raises(SpacyCrfNerError, match=rf"`min_prob`.*above 0 and at most 1, but got {min_prob}"):
        candidate_spans(batch(tagset), tagset, min_prob)


def test_a_sequence_without_an_allowed_path_is_an_error() -> None:
    tagset = TagSet("BIO", ("A",))
    nothing = np.zeros((1, 3), dtype=bool)
    with pytest.raises(ImpossibleSequenceError, match="indices in the batch: 1"):
        candidate_spans(constrained(batch(tagset, (1, 1)), [~nothing, nothing]), tagset, 0.5)


def test_scores_that_are_not_numbers_are_an_error() -> None:
    tagset = TagSet("BIO", ("A",))
    broken = replaced(batch(tagset), start=torch.full((3,), float("nan"), dtype=torch.float64))
    with pytest.raises(PotentialsError, match="holds nan"):
        candidate_spans(broken, tagset, 0.5)
