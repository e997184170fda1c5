"""The best tag of each token by itself, read as spans, with the probabilities that the CRF gives them."""

import numpy as np
import pytest
import torch

from spacy_crf_ner.errors import ImpossibleSequenceError, PotentialsError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import Decoded, decode_argmax, decode_viterbi
from spacy_crf_ner.tags import TagSet, TagSpan
from tests.functional import oracle
from tests.functional.cases import replaced
from tests.layers.decoding.batches import Case, Spans, batch, constrained, every_case, plain
from tests.tags.sequences import read_one_by_one


def expected_spans(case: Case) -> list[Spans]:
    """Token by token, without any of what is tested."""
    read = []
    for problem in oracle.problems_of(case.potentials):
        allowed = [np.flatnonzero(row) for row in problem.allowed_tags]
        tags = [
            max(tags, key=lambda tag, row=row: row[tag])
            for tags, row in zip(allowed, problem.emissions, strict=True)
        ]
        read.append(tuple(read_one_by_one(case.tagset, tags)))
    return read


@pytest.mark.parametrize("probabilities", [False, True])
@every_case
def test_each_token_has_its_best_allowed_tag(case: Case, probabilities: bool) -> None:
    for potentials in (case.potentials, case.potentials.padded()):
        result = decode_argmax(potentials, case.tagset, probabilities=probabilities)
        assert [plain(one.spans) for one in result] == expected_spans(case)
        known = [one.log_prob for one in result] + [span.probability for one in result for span in one.spans]
        assert all((value is not None) == probabilities for value in known)


@every_case
def test_probabilities_are_those_of_the_crf(case: Case) -> None:
    result = decode_argmax(case.potentials, case.tagset, probabilities=True)
    for one, sets, spans in zip(result, case.sets, case.spans, strict=True):
        for decoded in one.spans:
            assert decoded.probability == pytest.approx(spans[decoded.span], abs=case.tolerance)
        assert one.log_prob is not None
        assert np.exp(one.log_prob) == pytest.approx(sets[plain(one.spans)], abs=case.tolerance)


def scored(tagset: TagSet, *preferred: str) -> Potentials:
    """One sequence in which every token prefers a tag."""
    ids = [tagset.tags.index(name) for name in preferred]
    potentials = batch(tagset, (len(ids),))
    return replaced(potentials, emissions=torch.eye(tagset.n_tags, dtype=torch.float64)[ids])


def test_tags_that_do_not_fit_together_stay_as_they_are() -> None:
    tagset = TagSet("BILUO", ("A", "B"))
    potentials = scored(tagset, "O", "I-A", "I-B", "L-B", "L-B")
    decoded = decode_argmax(potentials, tagset, probabilities=False)
    assert plain(decoded[0].spans) == (TagSpan(1, 2, "A"), TagSpan(2, 4, "B"), TagSpan(4, 5, "B"))


def test_neighbours_do_not_matter() -> None:
    tagset = TagSet("IO", ("A",))
    potentials = scored(tagset, "O", "I-A", "O")
    moves = torch.tensor([[9.0, -9.0], [-9.0, 9.0]], dtype=torch.float64)
    potentials = replaced(potentials, transitions=moves)
    assert plain(decode_viterbi(potentials, tagset, probabilities=False)[0].spans) != (TagSpan(1, 2, "A"),)
    assert plain(decode_argmax(potentials, tagset, probabilities=False)[0].spans) == (TagSpan(1, 2, "A"),)


def test_what_the_masks_exclude_has_probability_0() -> None:
    tagset = TagSet("BIO", ("A",))
    # A token that may have any tag but B: read as an entity by itself, which no path can hold.
    mask = np.array([[True, True, True], [True, False, True]])
    potentials = constrained(scored(tagset, "O", "I-A"), [mask])
    (decoded,) = decode_argmax(potentials, tagset, probabilities=True)
    assert plain(decoded.spans) == (TagSpan(1, 2, "A"),)
    assert decoded.spans[0].probability == 0.0
    assert decoded.log_prob == -np.inf


def test_an_empty_batch_is_decoded_to_nothing() -> None:
    tagset = TagSet("BIO", ("A",))
    assert decode_argmax(batch(tagset, ()), tagset, probabilities=True) == []
    assert decode_argmax(batch(tagset, (0, 0)), tagset, probabilities=True) == [Decoded([], 0.0)] * 2


def test_a_token_without_an_allowed_tag_is_an_error_that_names_its_sequence() -> None:
    tagset = TagSet("BIO", ("A",))
    mask = np.ones((3, 3), dtype=bool)
    mask[2] = False
    with pytest.raises(ImpossibleSequenceError, match="indices in the batch: 2"):
        decode_argmax(constrained(batch(tagset, (1, 0, 2)), [mask]), tagset, probabilities=False)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_scores_that_are_not_numbers_are_an_error(value: float) -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset, (1, 2))
    emissions = potentials.emissions.clone()
    emissions[1, 2] = value
    with pytest.raises(PotentialsError, match=f"sequence 1.*holds {value}"):
        decode_argmax(replaced(potentials, emissions=emissions), tagset, probabilities=False)
