"""Probabilities for the tags of tokens: the cross-entropy of the marginals, also of improbable tags."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_crf_ner.errors import ImpossibleSequenceError, PotentialsError, TagError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import SoftTokens, Supervision, loss_and_gradient, soft_tokens
from spacy_crf_ner.layers.losses import build_cross_entropy_v1, build_nll_v1, soft_tokens_loss
from spacy_crf_ner.tags import TagSet
from tests.functional import oracle
from tests.functional.cases import as_dtype, replaced
from tests.layers.losses.batches import LENGTHS, batch, check_gradients
from tests.tags.sequences import SCHEMES

Given = list[tuple[int, dict[str, float]]]
GIVEN: Given = [
    (0, {"O": 0.5, "A": 0.5}),
    (2, {"A": 0.25}),
    (3, {"O": 1.0}),
    (5, {"O": 0.0, "I-A": 0.1, "A": 0.2}),
    (7, {}),
]


def collected(tagset: TagSet, given: Given = GIVEN) -> SoftTokens:
    tokens = soft_tokens(tagset, given)
    assert tokens is not None
    return tokens


def only(potentials: Potentials, tagset: TagSet, tokens: SoftTokens) -> Supervision:
    """Supervision by nothing else."""
    return Supervision(tagset, torch.ones(potentials.emissions.shape, dtype=torch.bool), tokens=tokens)


def tags_of(tagset: TagSet, name: str) -> list[int]:
    return [
        tag for tag, full in enumerate(tagset.tags) if full == name or (tag and tagset.parts(tag)[1] == name)
    ]


def expected_loss(potentials: Potentials, tagset: TagSet, given: Given) -> float:
    """The cross-entropy, from marginals by enumeration."""
    marginals = np.concatenate([oracle.token_marginals(one) for one in oracle.problems_of(potentials)])
    return float(
        sum(
            -value * np.log(marginals[row, tags_of(tagset, name)].sum())
            for row, named in given
            for name, value in named.items()
            if value
        )
    )


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_cross_entropy_of_the_marginals(scheme: str, seed: int) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = batch(tagset, LENGTHS, seed)
    loss = float(soft_tokens_loss(potentials, collected(tagset)))
    assert loss == pytest.approx(expected_loss(potentials, tagset, GIVEN), abs=1e-9)
    # log(1) is a zero of log.
    assert loss > 0.1


@pytest.mark.parametrize("scheme", SCHEMES)
def test_gradients_agree_with_finite_differences(scheme: str) -> None:
    tagset = TagSet(scheme, ("A",))
    potentials = batch(tagset, LENGTHS)
    allowed = torch.ones(potentials.emissions.shape, dtype=torch.bool)
    allowed[1, 1] = allowed[7, 1] = False
    potentials = replaced(potentials, allowed_tags=allowed)
    check_gradients(build_nll_v1(), potentials, only(potentials, tagset, collected(tagset)))


@pytest.mark.parametrize("lift", [8.0, 20.0, 60.0, 800.0])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_improbable_tags_have_exact_values_and_gradients(scheme: str, lift: float) -> None:
    tagset = TagSet(scheme, ("A",))
    potentials = batch(tagset, LENGTHS)
    emissions = potentials.emissions.clone()
    emissions[[0, 2, 5], 0] += lift
    potentials = replaced(potentials, emissions=emissions)
    given: Given = [(0, {"A": 0.5}), (2, {"O": 0.5, "A": 0.5}), (5, {"A": 0.25}), (6, {"A": 0.5})]
    supervision = only(potentials, tagset, collected(tagset, given))
    loss, gradient = loss_and_gradient(build_nll_v1(), potentials, supervision)
    # Three tokens that are not to be "O" at 0.5, 0.5 and 0.25.
    assert loss > 1.25 * lift - 8
    check_gradients(build_nll_v1(), potentials, supervision, tolerance=1e-5)
    # Those of log P are differences of probabilities, and q adds up to less than 1 for each token.
    assert float(gradient.emissions.abs().max()) <= len(given)
    if lift < 50:
        assert loss == pytest.approx(expected_loss(potentials, tagset, given), rel=1e-9)


def test_it_is_least_where_the_marginals_are_what_is_given() -> None:
    tagset = TagSet("BILUO", ("A",))
    potentials = batch(tagset, LENGTHS)
    marginals = np.concatenate([oracle.token_marginals(one) for one in oracle.problems_of(potentials)])
    given: Given = [
        (row, {"O": float(values[0]), "A": float(values[1:].sum())}) for row, values in enumerate(marginals)
    ]
    supervision = only(potentials, tagset, collected(tagset, given))
    loss, gradient = loss_and_gradient(build_nll_v1(), potentials, supervision)
    for name in ("emissions", "transitions", "start", "end"):
        values = getattr(gradient, name)
        torch.testing.assert_close(values, torch.zeros_like(values), atol=1e-9, rtol=0)
    entropies = sum(-value * np.log(value) for _, named in given for value in named.values())
    assert loss == pytest.approx(entropies, abs=1e-9)


def test_without_transitions_it_is_that_of_a_softmax() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = batch(tagset, LENGTHS)
    loss, gradient = loss_and_gradient(
        build_cross_entropy_v1(), potentials, only(potentials, tagset, collected(tagset))
    )
    softmax = potentials.emissions.softmax(1).numpy()
    expected = sum(
        -value * np.log(softmax[row, tags_of(tagset, name)].sum())
        for row, named in GIVEN
        for name, value in named.items()
        if value
    )
    assert loss == pytest.approx(expected, abs=1e-9)
    assert not any(getattr(gradient, name).any() for name in ("transitions", "start", "end"))


def test_float32_scores_have_float32_gradients() -> None:
    tagset = TagSet("BILUO", ("A",))
    potentials = as_dtype(batch(tagset, LENGTHS), torch.float32)
    supervision = only(potentials, tagset, collected(tagset))
    loss, gradient = loss_and_gradient(build_nll_v1(), potentials, supervision)
    assert gradient.emissions.dtype == torch.float32
    assert loss == pytest.approx(expected_loss(potentials, tagset, GIVEN), rel=1e-5)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(SCHEMES), st.integers(0, 2**16), st.floats(0, 1), st.sampled_from([0.1, 3.0, 40.0]))
def test_it_is_never_below_0(scheme: str, seed: int, value: float, scale: float) -> None:
    tagset = TagSet(scheme, ("A",))
    potentials = batch(tagset, LENGTHS, seed, scale)
    given_names: Given = [(row, {"O": 1 - value, "A": value}) for row in range(8)]
    assert float(soft_tokens_loss(potentials, collected(tagset, given_names))) >= -1e-12


def test_tags_that_the_masks_forbid_are_errors() -> None:
    tagset = TagSet("BILUO", ("A",))
    potentials = batch(tagset, (2, 0, 1))
    # A sequence of one token has no "B".
    given_names: Given = [(0, {"A": 0.5}), (2, {"B-A": 0.25})]
    with pytest.raises(PotentialsError, match=r"token 0 of sequence 2 .*0\.25"):
        soft_tokens_loss(potentials, collected(tagset, given_names))
    allowed = torch.ones(potentials.emissions.shape, dtype=torch.bool)
    allowed[1, 1:] = False
    restricted = replaced(potentials, allowed_tags=allowed)
    with pytest.raises(PotentialsError, match=r"token 1 of sequence 0 .*0\.5"):
        soft_tokens_loss(restricted, collected(tagset, [(1, {"A": 0.5})]))
    # What is given the probability 0 is not asked for.
    soft_tokens_loss(restricted, collected(tagset, [(1, {"A": 0.0, "O": 1.0})]))


def test_a_sequence_without_a_path_is_an_error() -> None:
    tagset = TagSet("BIO", ("A",))
    allowed = torch.ones((2, 3), dtype=torch.bool)
    allowed[1] = False
    potentials = replaced(batch(tagset, (1, 1)), allowed_tags=allowed)
    with pytest.raises(ImpossibleSequenceError, match="batch: 1"):
        soft_tokens_loss(potentials, collected(tagset, [(0, {"A": 0.5})]))


def test_names_are_collected_in_order() -> None:
    tagset = TagSet("BIO", ("A", "B"))
    tokens = collected(tagset, [(4, {"B": 0.5, "I-A": 0.25}), (1, {"O": 1.0})])
    assert tokens.rows.tolist() == [4, 4, 1]
    assert tokens.sets.int().tolist() == [[0, 0, 0, 1, 1], [0, 0, 1, 0, 0], [1, 0, 0, 0, 0]]
    assert tokens.probabilities.tolist() == [0.5, 0.25, 1.0]
    assert soft_tokens(tagset, []) is None
    assert soft_tokens(tagset, [(3, {})]) is None


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(TagError, match="'PER'"):
        soft_tokens(TagSet("BIO", ("A",)), [(0, {"PER": 1.0})])
