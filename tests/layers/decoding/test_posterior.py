"""The most expected correct entities, against all sets of spans that do not overlap."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_crf_ner.errors import ImpossibleSequenceError, PotentialsError, SpacyCrfNerError
from spacy_crf_ner.layers import Decoded, DecodedSpan, annotation_log_probs, decode_posterior
from spacy_crf_ner.layers.decoding import best_disjoint
from spacy_crf_ner.tags import TagSet, TagSpan, allowed_tags
from tests.functional.cases import replaced
from tests.layers.decoding.batches import LENGTHS, Case, batch, constrained, every_case, plain
from tests.tags.sequences import SCHEMES, span_sets

THRESHOLDS = (0.0, 1e-3, 0.05, 0.2, 0.35, 0.5, 0.7, 0.95, 1.0)
LEAST = 1e-3


def gain(decoded: list[DecodedSpan], threshold: float) -> float:
    """What a set of spans is worth."""
    return sum(one.probability - threshold for one in decoded if one.probability is not None)


@pytest.mark.parametrize("threshold", THRESHOLDS)
@every_case
def test_no_other_set_is_worth_more(case: Case, threshold: float) -> None:
    result = decode_posterior(case.potentials, case.tagset, threshold=threshold)
    for one, chances, length in zip(result, case.spans, LENGTHS, strict=True):
        worth = {span: chance - threshold for span, chance in chances.items() if chance >= LEAST}
        sets = [spans for spans in span_sets(case.tagset.labels, length) if worth.keys() >= set(spans)]
        totals = {spans: sum(worth[span] for span in spans) for spans in sets}
        best = max(totals.values())
        assert plain(one.spans) in totals
        assert totals[plain(one.spans)] == pytest.approx(best, abs=case.tolerance)
        assert gain(one.spans, threshold) == pytest.approx(best, abs=case.tolerance)


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.95])
@every_case
def test_from_one_half_on_it_is_all_spans_above(case: Case, threshold: float) -> None:
    result = decode_posterior(case.potentials, case.tagset, threshold=threshold)
    for one, chances in zip(result, case.spans, strict=True):
        assert plain(one.spans) == tuple(span for span, chance in chances.items() if chance > threshold)


@every_case
def test_a_lower_threshold_gives_more_entities_and_more_correct_ones(case: Case) -> None:
    found = [decode_posterior(case.potentials, case.tagset, threshold=one) for one in THRESHOLDS]
    for lower, higher in itertools.pairwise(found):
        for more, fewer in zip(lower, higher, strict=True):
            assert len(more.spans) >= len(fewer.spans)
            assert gain(more.spans, 0.0) >= gain(fewer.spans, 0.0) - case.tolerance
    assert sum(len(one.spans) for one in found[0]) > sum(len(one.spans) for one in found[-1])


@pytest.mark.parametrize("threshold", [0.05, 0.5])
@every_case
def test_probabilities_are_those_of_spans_and_annotations(case: Case, threshold: float) -> None:
    result = decode_posterior(case.potentials, case.tagset, threshold=threshold)
    for one, chances, sets in zip(result, case.spans, case.sets, strict=True):
        for decoded in one.spans:
            assert decoded.probability == pytest.approx(chances[decoded.span], abs=case.tolerance)
        assert one.log_prob is not None
        # In IO no set of the enumeration has neighbours of one label.
        expected = sets.get(plain(one.spans), 0.0)
        assert np.exp(one.log_prob) == pytest.approx(expected, abs=case.tolerance)


def test_the_best_entities_need_not_be_those_of_the_best_path() -> None:
    """Of two tokens: the best path says that they are one entity, but most of the others that the first is one."""
    tagset = TagSet("BIO", ("A",))
    chances = {"B I": 0.4, "B O": 0.3, "B B": 0.3}
    scores = {name: float(np.log(chance)) for name, chance in chances.items()}
    moves = torch.zeros((3, 3), dtype=torch.float64)
    moves[1] = torch.tensor([scores["B O"], scores["B B"], scores["B I"]])
    zeros = {name: torch.zeros(3, dtype=torch.float64) for name in ("start", "end")}
    potentials = replaced(
        batch(tagset, (2,)), emissions=torch.zeros((2, 3), dtype=torch.float64), transitions=moves, **zeros
    )
    begins = np.array([[False, True, False], [True, True, True]])
    (decoded,) = decode_posterior(constrained(potentials, [begins]), tagset)
    assert decoded.spans == [DecodedSpan(TagSpan(0, 1, "A"), pytest.approx(0.6))]
    assert decoded.log_prob == pytest.approx(np.log(0.3))


def test_neighbours_in_io_that_no_path_tells_apart_are_impossible_together() -> None:
    tagset = TagSet("IO", ("A",))
    moves = torch.tensor([[0.0, 0.0], [0.0, -9.0]], dtype=torch.float64)
    emissions = torch.tensor([[-9.0, 0.0]] * 2, dtype=torch.float64)
    zeros = torch.zeros(2, dtype=torch.float64)
    potentials = replaced(batch(tagset, (2,)), emissions=emissions, transitions=moves, start=zeros, end=zeros)
    (decoded,) = decode_posterior(potentials, tagset, threshold=0.2)
    assert plain(decoded.spans) == (TagSpan(0, 1, "A"), TagSpan(1, 2, "A"))
    assert decoded.log_prob == -np.inf


@pytest.mark.parametrize("threshold", [0.0, 0.4, 0.999])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_spans_that_masks_force_are_always_chosen(scheme: str, threshold: float) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    spans = [TagSpan(0, 2, "A"), TagSpan(2, 3, "B"), TagSpan(4, 5, "A")]
    mask = allowed_tags(tagset, 7, spans=spans, outside=[5])
    for seed in range(10):
        potentials = constrained(batch(tagset, (7,), seed=seed), [mask])
        (decoded,) = decode_posterior(potentials, tagset, threshold=threshold)
        chosen = plain(decoded.spans)
        assert {(span.start, span.end) for span in set(chosen).difference(spans)} <= {(3, 4), (6, 7)}
        assert set(spans) <= set(chosen)
        (log_prob,) = annotation_log_probs(potentials, tagset, [list(chosen)])
        assert decoded.log_prob == pytest.approx(log_prob)


percent = st.integers(0, 100)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3), st.sampled_from("AB"), percent), max_size=7),
    percent,
)
def test_no_disjoint_choice_is_worth_more(
    rows: list[tuple[int, int, str, int]], cost_in_percent: int
) -> None:
    spans = [DecodedSpan(TagSpan(start, start + n, label), chance / 100) for start, n, label, chance in rows]
    cost = cost_in_percent / 100
    chosen = best_disjoint(spans, cost)
    assert all(one in spans and one.probability is not None and one.probability > cost for one in chosen)
    assert all(left.span.end <= right.span.start for left, right in itertools.pairwise(chosen))
    subsets = itertools.chain.from_iterable(itertools.combinations(spans, n) for n in range(len(spans) + 1))
    allowed = [subset for subset in subsets if disjoint([one.span for one in subset])]
    assert gain(chosen, cost) == pytest.approx(max(gain(list(subset), cost) for subset in allowed))


def disjoint(spans: list[TagSpan]) -> bool:
    """Whether no token is in two of them."""
    covered = [token for span in spans for token in range(span.start, span.end)]
    return len(covered) == len(set(covered))


def test_spans_without_probabilities_are_never_chosen() -> None:
    assert best_disjoint([DecodedSpan(TagSpan(0, 1, "A"))], 0.0) == []


def test_empty_sequences_and_batches_have_no_entities() -> None:
    tagset = TagSet("BIO", ("A",))
    assert decode_posterior(batch(tagset, ()), tagset) == []
    assert decode_posterior(batch(tagset, (0, 0)), tagset, threshold=0.0) == [Decoded([], 0.0)] * 2


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_out_of_range_is_an_error(threshold: float) -> None:
    tagset = TagSet("BIO", ("A",))
    with pytest.raises(SpacyCrfNerError, match=rf"`threshold`.*between 0 and 1, but got {threshold}"):
        decode_posterior(batch(tagset), tagset, threshold=threshold)


def test_scores_that_are_not_numbers_and_masks_that_leave_nothing_are_errors() -> None:
    tagset = TagSet("BIO", ("A",))
    broken = replaced(batch(tagset), end=torch.full((3,), float("inf"), dtype=torch.float64))
    with pytest.raises(PotentialsError, match="holds"):
        decode_posterior(broken, tagset)
    nothing = np.zeros((1, 3), dtype=bool)
    with pytest.raises(ImpossibleSequenceError, match="indices in the batch: 0"):
        decode_posterior(constrained(batch(tagset, (1,)), [nothing]), tagset)
