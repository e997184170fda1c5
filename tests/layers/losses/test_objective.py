"""All that a batch teaches, together: layouts, sums, and supervision that does not belong to the batch."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

from spacy_crf_ner.errors import PotentialsError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.layers import JudgedSpan, Loss, SoftTokens, Supervision, loss_and_gradient, soft_tokens
from spacy_crf_ner.layers.losses import (
    build_cross_entropy_v1,
    build_entropy_bonus_v1,
    build_expected_entity_ratio_v1,
    build_nll_v1,
    build_softmax_margin_v1,
    judged_spans_loss,
    soft_tokens_loss,
)
from spacy_crf_ner.layers.losses.supervision import SEVERAL, tag_owners
from spacy_crf_ner.tags import TagSet
from tests.functional.cases import SCORES, inside, replaced
from tests.layers.losses.batches import LENGTHS, annotation, batch
from tests.tags.sequences import SCHEMES

LOSSES = [
    build_nll_v1(),
    build_nll_v1({"O": 0.5}, 0.1),
    build_softmax_margin_v1(),
    build_cross_entropy_v1(),
    build_entropy_bonus_v1(0.2),
    build_expected_entity_ratio_v1(),
]
SPANS = (JudgedSpan(0, 0, 2, "A", 0.2), JudgedSpan(3, 1, 2, None, 0.0))
TAGSET = TagSet("BIO", ("A",))


def everything(potentials: Potentials, tagset: TagSet = TAGSET) -> Supervision:
    """Annotation, judged spans and soft tokens."""
    tokens = soft_tokens(tagset, [(1, {"O": 0.5, "A": 0.25}), (6, {"A": 1.0})])
    return Supervision(tagset, annotation(potentials), SPANS, tokens)


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_known_of_spans_and_tokens_is_added(loss: Loss) -> None:
    potentials = batch(TAGSET)
    supervision = everything(potentials)
    alone = replace(supervision, spans=(), tokens=None)
    total, _ = loss_and_gradient(loss, potentials, supervision)
    own, _ = loss_and_gradient(loss, potentials, alone)
    if getattr(loss, "trains_transitions", True):
        assert supervision.tokens is not None
        spans = float(judged_spans_loss(potentials, supervision))
        tokens = float(soft_tokens_loss(potentials, supervision.tokens))
        assert total == pytest.approx(own + spans + tokens, abs=1e-9)
    assert total > own + 0.1


@pytest.mark.parametrize("loss", LOSSES)
def test_padded_batches_have_the_same_loss_and_a_padded_gradient(loss: Loss) -> None:
    packed = batch(TAGSET, tag_mask=True)
    assert packed.allowed_tags is not None
    supervision = everything(replaced(packed, allowed_tags=None))
    packed = replaced(packed, allowed_tags=packed.allowed_tags | supervision.allowed)
    expected, gradient = loss_and_gradient(loss, packed, supervision)
    padded = packed.padded()
    value, padded_gradient = loss_and_gradient(loss, padded, supervision)
    assert value == pytest.approx(expected, abs=1e-12)
    tokens = inside(packed.lengths, padded.seq_len)
    torch.testing.assert_close(padded_gradient.emissions[tokens], gradient.emissions)
    assert not padded_gradient.emissions[~tokens].any()
    for name in SCORES[1:]:
        torch.testing.assert_close(getattr(padded_gradient, name), getattr(gradient, name))


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_leave_their_input_without_an_autograd_graph(loss: Loss) -> None:
    potentials = batch(TAGSET)
    _, gradient = loss_and_gradient(loss, potentials, everything(potentials))
    assert not any(getattr(potentials, name).requires_grad for name in SCORES)
    assert not any(getattr(gradient, name).requires_grad for name in SCORES)


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_travel_between_processes(loss: Loss) -> None:
    assert pickle.loads(pickle.dumps(loss)) == loss  # noqa: S301


# Without the last: its ratio is one of the batch as a whole.
@pytest.mark.parametrize("loss", LOSSES[:-1])
def test_losses_of_batches_add_up(loss: Loss) -> None:
    first, second = batch(TAGSET, (3, 1)), batch(TAGSET, (2, 4), seed=1)
    # Of the same model.
    second = replaced(second, **{name: getattr(first, name) for name in SCORES[1:]})
    both = replaced(
        first,
        emissions=torch.cat([first.emissions, second.emissions]),
        lengths=torch.cat([first.lengths, second.lengths]),
    )
    parts = [annotation(first), annotation(second)]
    values = [
        loss_and_gradient(loss, potentials, Supervision(TAGSET, allowed))[0]
        for potentials, allowed in zip((first, second, both), (*parts, torch.cat(parts)), strict=True)
    ]
    assert values[2] == pytest.approx(values[0] + values[1], abs=1e-9)


def test_a_loss_of_ones_own_gets_the_same_additions() -> None:
    def emptiness(potentials: Potentials, supervision: Supervision) -> torch.Tensor:
        return 0.5 * potentials.emissions[:, 1:].sum()

    potentials = batch(TAGSET)
    supervision = replace(everything(potentials), tokens=None)
    value, gradient = loss_and_gradient(emptiness, potentials, supervision)
    expected = emptiness(potentials, supervision) + judged_spans_loss(potentials, supervision)
    assert value == pytest.approx(float(expected))
    assert gradient.transitions.any()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_owner_of_a_tag_is_its_label(scheme: str) -> None:
    tagset = TagSet(scheme, ("A", "B"))
    owners = tag_owners(tagset, torch.device("cpu")).tolist()
    labels = ("", "A", "B")
    assert [labels[owner] for owner in owners] == [tagset.parts(tag)[1] for tag in range(tagset.n_tags)]


def test_gold_tells_labels_from_what_is_vague_and_what_is_unknown() -> None:
    tagset = TagSet("BIO", ("A", "B"))
    rows = {
        "O": [1, 0, 0, 0, 0],
        "A": [0, 1, 1, 0, 0],
        "I-B": [0, 0, 0, 0, 1],
        "A or B": [0, 1, 0, 1, 0],
        "not I-B": [1, 1, 1, 1, 0],
        "all": [1, 1, 1, 1, 1],
    }
    potentials = batch(tagset, (6,))
    supervision = Supervision(tagset, torch.tensor(list(rows.values()), dtype=torch.bool))
    gold = supervision.gold(potentials)
    assert gold.owners.tolist() == [0, 1, 2, SEVERAL, SEVERAL, SEVERAL]
    assert gold.known.tolist() == [True, True, True, True, True, False]
    possible = torch.ones(6, 5, dtype=torch.bool)
    possible[4] = torch.tensor([True, False, False, False, False])
    possible[5, 4] = False
    masked = supervision.gold(replaced(potentials, allowed_tags=possible))
    # What the masks rule out is not said by the annotation.
    assert masked.owners.tolist() == [0, 1, 2, SEVERAL, 0, SEVERAL]
    assert masked.known.tolist() == [True, True, True, True, False, False]
    np.testing.assert_array_equal(masked.admitted, supervision.allowed & possible)


def test_a_full_annotation_is_a_target_of_tag_ids() -> None:
    potentials = batch(TAGSET)
    full = Supervision(TAGSET, annotation(potentials, unknown=0.0, vague=0.0))
    assert full.target.dtype == torch.int64
    assert full.allowed.gather(1, full.target.unsqueeze(1)).all()
    partial = Supervision(TAGSET, annotation(potentials))
    assert partial.target is partial.allowed


def tokens(rows: list[int], probabilities: list[float], n_tags: int = 3) -> SoftTokens:
    sets = torch.ones((len(rows), n_tags), dtype=torch.bool)
    return SoftTokens(torch.tensor(rows), sets, torch.tensor(probabilities, dtype=torch.float64))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"allowed": torch.ones((7, 3), dtype=torch.bool)}, r"`allowed`.*\(8, 3\).*\(7, 3\)"),
        ({"allowed": torch.ones(8, 3)}, r"`allowed`.*torch.bool.*torch.float32"),
        ({"tagset": TagSet("IO", ("A",))}, r"`tagset`.*3 tags.*2 tags"),
        ({"spans": (JudgedSpan(4, 0, 1, "A", 0.0),)}, r"`spans`.*4 sequences.*sequence=4"),
        ({"spans": (JudgedSpan(-1, 0, 1, "A", 0.0),)}, r"`spans`.*4 sequences.*sequence=-1"),
        ({"spans": (JudgedSpan(3, 2, 5, "A", 0.0),)}, r"`spans`.*4 tokens.*end=5"),
        ({"spans": (JudgedSpan(3, 2, 2, "A", 0.0),)}, r"`spans`.*4 tokens.*start=2, end=2"),
        ({"spans": (JudgedSpan(1, 0, 1, "A", 0.0),)}, r"`spans`.*0 tokens"),
        ({"spans": (JudgedSpan(0, 0, 1, "A", 1.5),)}, r"`spans`.*0 to 1.*1\.5"),
        ({"spans": (JudgedSpan(0, 0, 1, "A", float("nan")),)}, r"`spans`.*0 to 1.*nan"),
        ({"tokens": tokens([8], [0.5])}, r"`tokens.rows`.*0 and 7.*\[8\]"),
        ({"tokens": tokens([-1], [0.5])}, r"`tokens.rows`.*0 and 7.*\[-1\]"),
        ({"tokens": tokens([1], [0.5], 4)}, r"`tokens`.*\(1, 3\).*\(1, 4\)"),
        ({"tokens": tokens([1], [0.5, 0.5])}, r"`tokens`.*\(1,\).*\(2,\)"),
        ({"tokens": tokens([1], [-0.5])}, r"`tokens.probabilities`.*0 and 1.*-0\.5"),
        ({"tokens": tokens([1], [float("nan")])}, r"`tokens.probabilities`.*0 and 1.*nan"),
        ({"tokens": tokens([1, 2, 1], [0.7, 0.7, 0.7])}, r"`tokens.probabilities`.*1 in sum.*1\.4"),
    ],
)
def test_supervision_that_does_not_belong_to_the_batch_is_an_error(
    changes: dict[str, object], message: str
) -> None:
    potentials = batch(TAGSET, LENGTHS)
    whole = Supervision(TAGSET, torch.ones((8, 3), dtype=torch.bool))
    loss_and_gradient(build_nll_v1(), potentials, whole)
    with pytest.raises(PotentialsError, match=message):
        loss_and_gradient(build_nll_v1(), potentials, replace(whole, **changes))
