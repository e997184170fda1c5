"""Spans known to be wrong, or right with some probability: by enumeration of what each path is read as."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_crf_ner.errors import ImpossibleSequenceError, PotentialsError, TagError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import JudgedSpan, Supervision, loss_and_gradient
from spacy_crf_ner.layers.losses import build_cross_entropy_v1, build_nll_v1, judged_spans_loss
from spacy_crf_ner.layers.losses.independent import as_seen_by
from spacy_crf_ner.tags import TagSet, TagSpan, span_masks, tags_to_spans
from tests.functional import oracle
from tests.functional.cases import as_dtype, replaced
from tests.layers.losses.batches import batch, check_gradients, supervised
from tests.tags.sequences import SCHEMES

LENGTHS = (3, 0, 1, 4)


def judged(potentials: Potentials, tagset: TagSet, *spans: JudgedSpan) -> float:
    """The loss of some spans alone."""
    nothing = torch.ones(potentials.emissions.shape, dtype=torch.bool)
    return float(judged_spans_loss(potentials, Supervision(tagset, nothing, spans)))


def probability(problem: oracle.Problem, tagset: TagSet, span: JudgedSpan) -> float:
    """P(span), from the paths that are read so."""
    labels = tagset.labels if span.label is None else (span.label,)
    wanted = {TagSpan(span.start, span.end, label) for label in labels}
    total = 0.0
    for path, chance in zip(*oracle.probabilities(problem), strict=True):
        if chance > 0 and wanted & set(tags_to_spans(tagset, path)):
            total += chance
    return float(total)


def cross_entropy(q: float, p: float) -> float:
    total = -q * np.log(p) if q else 0.0
    return float(total - (1 - q) * np.log(1 - p) if q < 1 else total)


def every_span(lengths: tuple[int, ...], labels: tuple[str | None, ...], q: float) -> list[JudgedSpan]:
    return [
        JudgedSpan(sequence, start, end, label, q)
        for sequence, length in enumerate(lengths)
        for start, end in itertools.combinations(range(length + 1), 2)
        for label in labels
    ]


@pytest.mark.parametrize("q", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("n_labels", [1, 2])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_any_span_has_the_cross_entropy_of_its_probability(scheme: str, n_labels: int, q: float) -> None:
    labels = ("A", "B")[:n_labels]
    tagset = TagSet(scheme, labels)
    lengths = LENGTHS if n_labels == 1 or scheme != "BILUO" else (3, 0, 1)
    potentials = batch(tagset, lengths)
    problems = oracle.problems_of(potentials)
    spans = every_span(lengths, (*labels, None), q)
    expected = [cross_entropy(q, probability(problems[one.sequence], tagset, one)) for one in spans]
    # All at once below: alone only some, which takes time.
    for span, value in list(zip(spans, expected, strict=True))[:: 1 if q == 0.3 else 7]:
        assert judged(potentials, tagset, span) == pytest.approx(value, abs=1e-9)
    assert judged(potentials, tagset, *spans) == pytest.approx(sum(expected), abs=1e-8)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_masks_of_tokens_are_taken_into_account(scheme: str) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = batch(tagset, (3,), seed=2, tag_mask=True)
    (problem,) = oracle.problems_of(potentials)
    checked = 0
    for span in every_span((3,), ("A", "B", None), 0.4):
        p = probability(problem, tagset, span)
        if 0 < p < 1:
            checked += 1
            assert judged(potentials, tagset, span) == pytest.approx(cross_entropy(0.4, p), abs=1e-9)
    assert checked > 3


@pytest.mark.parametrize("scheme", SCHEMES)
def test_gradients_agree_with_finite_differences(scheme: str) -> None:
    tagset = TagSet(scheme, ("A", "B") if scheme != "BILUO" else ("A",))
    potentials = batch(tagset, LENGTHS)
    spans = (
        JudgedSpan(0, 0, 2, "A", 0.0),
        JudgedSpan(3, 1, 3, "A", 0.6),
        JudgedSpan(3, 2, 3, None, 1.0),
        JudgedSpan(2, 0, 1, None, 0.25),
    )
    supervision = Supervision(tagset, supervised(potentials, tagset).allowed, spans)
    check_gradients(build_nll_v1(), potentials, supervision)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_not_a_span_has_no_cancellation(scheme: str) -> None:
    tagset = TagSet(scheme, ("A",))
    potentials = batch(tagset, (2,), scale=0.0)
    emissions = torch.zeros_like(potentials.emissions)
    emissions[0, 0], emissions[1, 0] = -400.0, -500.0
    potentials = replaced(potentials, emissions=emissions)
    # Both tokens are surely in entities; not to be one entity of two tokens, that takes an "O", or a boundary.
    span = JudgedSpan(0, 0, 2, "A", 0.0)
    loss = judged(potentials, tagset, span)
    (problem,) = oracle.problems_of(potentials)
    paths = oracle.all_paths(2, tagset.n_tags)
    scores = oracle.path_scores(problem, paths)
    possible = zip(paths, np.isfinite(scores), strict=True)
    held = [bool(there) and TagSpan(0, 2, "A") in tags_to_spans(tagset, path) for path, there in possible]
    others = oracle.log_sum_exp(np.where(held, -np.inf, scores))
    assert loss == pytest.approx(oracle.log_partition(problem) - others, rel=1e-9)
    if scheme == "IO":
        assert loss == pytest.approx(400.0, abs=1e-6)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_float32_keeps_its_digits_where_a_span_is_nearly_certain(scheme: str) -> None:
    tagset = TagSet(scheme, ("A",))
    potentials = batch(tagset, (6,), scale=1.0)
    tags = span_masks(tagset, 6, 1, 4, ("A",))[0]
    emissions = potentials.emissions.clone()
    emissions[1:4] += 15.0 * torch.tensor(tags[1:4])
    emissions[[0, 4], 0] += 15.0
    potentials = replaced(potentials, emissions=emissions)
    span = JudgedSpan(0, 1, 4, "A", 0.0)
    exact = judged(potentials, tagset, span)
    rounded = judged(as_dtype(potentials, torch.float32), tagset, span)
    assert exact > 5
    assert rounded == pytest.approx(exact, abs=1e-4)


def test_a_wrong_span_becomes_less_probable() -> None:
    tagset = TagSet("BILUO", ("A",))
    potentials = batch(tagset, (4,))
    span = JudgedSpan(0, 1, 3, "A", 0.0)
    everything = torch.ones(potentials.emissions.shape, dtype=torch.bool)
    _, gradient = loss_and_gradient(build_nll_v1(), potentials, Supervision(tagset, everything, (span,)))
    moved = replaced(potentials, emissions=potentials.emissions - 0.5 * gradient.emissions)
    before, after = (probability(oracle.problems_of(one)[0], tagset, span) for one in (potentials, moved))
    assert after < before


@pytest.mark.parametrize("scheme", SCHEMES)
def test_without_transitions_tokens_are_independent(scheme: str) -> None:
    tagset = TagSet(scheme, ("A",))
    potentials = batch(tagset, (4,))
    span = JudgedSpan(0, 1, 3, "A", 0.3)
    everything = torch.ones(potentials.emissions.shape, dtype=torch.bool)
    loss = build_cross_entropy_v1()
    value, gradient = loss_and_gradient(loss, potentials, Supervision(tagset, everything, (span,)))
    softmax = oracle.probabilities(oracle.problems_of(as_seen_by(loss, potentials))[0])
    (mask,) = span_masks(tagset, 4, 1, 3, ("A",))
    held = mask[np.arange(4), softmax[0]].all(1)
    expected = np.prod([softmax[1][mask[t, softmax[0][:, t]]].sum() for t in range(4)])
    assert softmax[1][held].sum() == pytest.approx(expected)
    assert value == pytest.approx(cross_entropy(0.3, expected), abs=1e-9)
    assert gradient.emissions.any()
    assert not any(getattr(gradient, name).any() for name in ("transitions", "start", "end"))


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(SCHEMES),
    st.integers(0, 2**16),
    st.floats(0, 1),
    st.sampled_from(["A", "B", None]),
    st.sampled_from([0.1, 2.0, 30.0]),
)
def test_it_is_never_below_0(scheme: str, seed: int, q: float, label: str | None, scale: float) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    potentials = batch(tagset, (4,), seed=seed, scale=scale)
    start, end = sorted(np.random.default_rng(seed).choice(5, 2, replace=False).tolist())
    assert judged(potentials, tagset, JudgedSpan(0, start, end, label, q)) >= 0


def forced(tagset: TagSet, spelled: np.ndarray) -> Potentials:
    """A sequence of two tokens to which only these tags are left."""
    return replaced(
        batch(tagset, (1, 2)), allowed_tags=torch.tensor(np.concatenate([spelled[:1] | True, spelled]))
    )


@pytest.mark.parametrize("label", ["A", None])
def test_a_span_that_the_masks_force_cannot_be_wrong(label: str | None) -> None:
    tagset = TagSet("BILUO", ("A",))
    potentials = forced(tagset, span_masks(tagset, 2, 0, 2, ("A",))[0])
    assert judged(potentials, tagset, JudgedSpan(1, 0, 2, label, 1.0)) == pytest.approx(0.0)
    described = "'A'" if label else "any label"
    with pytest.raises(
        PotentialsError, match=rf"only paths.*\[0, 2\) of sequence 1.*{described}.*be 1.*0\.9"
    ):
        judged(potentials, tagset, JudgedSpan(1, 0, 2, label, 0.9))


@pytest.mark.parametrize("label", ["A", None])
def test_a_span_that_the_masks_forbid_cannot_be_right(label: str | None) -> None:
    tagset = TagSet("BILUO", ("A",))
    outside = np.zeros((2, tagset.n_tags), dtype=bool)
    outside[:, 0] = True
    potentials = forced(tagset, outside)
    assert judged(potentials, tagset, JudgedSpan(1, 0, 2, label, 0.0)) == pytest.approx(0.0)
    with pytest.raises(PotentialsError, match=r"no path.*\[0, 2\) of sequence 1.*be 0.*0\.5"):
        judged(potentials, tagset, JudgedSpan(1, 0, 2, label, 0.5))


def test_without_labels_there_are_no_entities() -> None:
    tagset = TagSet("BILUO", ())
    potentials = batch(tagset, (2,))
    assert judged(potentials, tagset, JudgedSpan(0, 0, 1, None, 0.0)) == pytest.approx(0.0)
    with pytest.raises(PotentialsError, match="no path"):
        judged(potentials, tagset, JudgedSpan(0, 0, 1, None, 1.0))


def test_unknown_labels_are_errors() -> None:
    tagset = TagSet("BILUO", ("A",))
    with pytest.raises(TagError, match="'B'"):
        judged(batch(tagset), tagset, JudgedSpan(0, 0, 1, "B", 0.0))


def test_a_sequence_without_a_path_is_an_error() -> None:
    tagset = TagSet("BIO", ("A",))
    potentials = forced(tagset, np.zeros((2, 3), dtype=bool))
    with pytest.raises(ImpossibleSequenceError, match="batch: 1"):
        judged(potentials, tagset, JudgedSpan(1, 0, 1, "A", 0.0), JudgedSpan(0, 0, 1, "A", 0.0))


def test_no_spans_add_nothing() -> None:
    tagset = TagSet("BIO", ("A",))
    assert judged(batch(tagset), tagset) == 0
