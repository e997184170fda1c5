"""The best annotation and the probabilities of its spans, against the enumeration of all sets of spans."""

import numpy as np
import pytest
import torch

from spacy_crf_ner.errors import ImpossibleSequenceError, PotentialsError, TagError
from spacy_crf_ner.layers import Decoded, DecodedSpan, decode_viterbi, span_probabilities
from spacy_crf_ner.tags import TagSet, TagSpan
from tests.functional.cases import as_dtype, replaced
from tests.layers.decoding.batches import LENGTHS, Case, batch, constrained, every_case, plain
from tests.tags.sequences import SCHEMES

both_layouts = pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])


@both_layouts
@every_case
def test_the_decoded_spans_are_the_most_probable_set(case: Case, packed: bool) -> None:
    potentials = case.potentials if packed else case.potentials.padded()
    result = decode_viterbi(potentials, case.tagset, probabilities=False)
    assert [plain(one.spans) for one in result] == [max(sets, key=sets.__getitem__) for sets in case.sets]
    assert all(one.log_prob is None for one in result)
    assert all(span.probability is None for one in result for span in one.spans)


@both_layouts
@every_case
def test_the_probability_of_a_span_is_that_of_all_sets_that_hold_it(case: Case, packed: bool) -> None:
    potentials = case.potentials if packed else case.potentials.padded()
    for one, chances in zip(
        decode_viterbi(potentials, case.tagset, probabilities=True), case.spans, strict=True
    ):
        for decoded in one.spans:
            assert decoded.probability == pytest.approx(chances[decoded.span], abs=case.tolerance)


@both_layouts
@every_case
def test_the_log_probability_is_that_of_the_set(case: Case, packed: bool) -> None:
    potentials = case.potentials if packed else case.potentials.padded()
    for one, sets in zip(decode_viterbi(potentials, case.tagset, probabilities=True), case.sets, strict=True):
        assert one.log_prob == pytest.approx(np.log(sets[plain(one.spans)]), abs=case.tolerance)


@both_layouts
@every_case
def test_any_span_can_be_asked_for_its_probability(case: Case, packed: bool) -> None:
    potentials = case.potentials if packed else case.potentials.padded()
    asked = [(index, span) for index, spans in enumerate(case.spans) for span in spans]
    expected = [probability for spans in case.spans for probability in spans.values()]
    result = span_probabilities(potentials, case.tagset, asked)
    np.testing.assert_allclose(result, expected, rtol=0, atol=case.tolerance)


def test_probabilities_do_not_change_what_is_decoded() -> None:
    tagset = TagSet("BILUO", ("A", "B"))
    potentials = batch(tagset, (6, 0, 9, 1, 4), seed=3)
    without = decode_viterbi(potentials, tagset, probabilities=False)
    rated = decode_viterbi(potentials, tagset, probabilities=True)
    assert [plain(one.spans) for one in rated] == [plain(one.spans) for one in without]
    assert sum(len(one.spans) for one in rated) > 3


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_log_probability_of_a_long_text_keeps_its_digits(scheme: str) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = as_dtype(batch(tagset, (8000, 1, 700), seed=1), torch.float32)
    exact = decode_viterbi(as_dtype(potentials, torch.float64), tagset, probabilities=True)
    rounded = decode_viterbi(potentials, tagset, probabilities=True)
    for one, expected in zip(rounded, exact, strict=True):
        assert expected.log_prob is not None
        assert one.log_prob == pytest.approx(expected.log_prob, abs=5e-4)
    assert exact[0].log_prob is not None
    assert exact[0].log_prob < -50


def test_rounding_lifts_no_probability_over_1() -> None:
    """Almost certain annotations, whose scores and log Z differ by rounding alone."""
    tagset = TagSet("BIO", ("A", "B"))
    potentials = batch(tagset, (20,) * 50)
    emissions = potentials.emissions.clone()
    emissions[::2, tagset.tag_id("B", "A")] += 40
    emissions[1::2, tagset.tag_id("I", "A")] += 40
    potentials = as_dtype(replaced(potentials, emissions=emissions), torch.float32)
    for one in decode_viterbi(potentials, tagset, probabilities=True):
        assert one.log_prob is not None
        assert -1e-3 < one.log_prob <= 0.0
        assert all(0.999 < span.probability <= 1.0 for span in one.spans if span.probability is not None)


def test_sequences_without_entities_have_empty_lists() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset, (2, 0))
    only_outside = constrained(potentials, [np.array([[True, False, False]] * 2)])
    assert decode_viterbi(only_outside, tagset, probabilities=True) == [Decoded([], 0.0), Decoded([], 0.0)]


def test_an_empty_batch_is_decoded_to_nothing() -> None:
    tagset = TagSet("BIO", ("A",))
    assert decode_viterbi(batch(tagset, ()), tagset, probabilities=True) == []
    assert span_probabilities(batch(tagset, ()), tagset, []) == []


def test_a_certain_span_has_probability_1() -> None:
    tagset = TagSet("BILUO", ("A",))
    only = np.arange(tagset.n_tags) == tagset.tag_id("U", "A")
    potentials = constrained(batch(tagset, (1,)), [only[None]])
    expected = [Decoded([DecodedSpan(TagSpan(0, 1, "A"), 1.0)], 0.0)]
    assert decode_viterbi(potentials, tagset, probabilities=True) == expected


def test_a_sequence_without_an_allowed_path_is_an_error() -> None:
    tagset = TagSet("BIO", ("A",))
    free, nothing = np.ones((1, 3), dtype=bool), np.zeros((1, 3), dtype=bool)
    potentials = constrained(batch(tagset, (1, 2)), [free, nothing, free])
    with pytest.raises(ImpossibleSequenceError, match="indices in the batch: 1"):
        decode_viterbi(potentials, tagset, probabilities=True)


def test_scores_that_are_not_numbers_are_an_error() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset, (1, 2))
    broken = replaced(potentials, emissions=torch.full_like(potentials.emissions, float("nan")))
    with pytest.raises(PotentialsError, match="holds nan"):
        decode_viterbi(broken, tagset, probabilities=False)


def test_spans_of_unknown_labels_or_outside_their_sequence_are_errors() -> None:
    tagset = TagSet("BIO", ("A",))
    with pytest.raises(TagError, match="'B'"):
        span_probabilities(batch(tagset), tagset, [(0, TagSpan(0, 1, "B"))])
    assert LENGTHS[5] == 2
    with pytest.raises(PotentialsError, match="length 2"):
        span_probabilities(batch(tagset), tagset, [(5, TagSpan(1, 3, "A"))])
