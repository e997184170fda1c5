"""Batches: padding, order, layout and company change nothing, and nothing that is given is changed."""

import pytest
import torch

from spacy_crf_ner.functional import (
    Potentials,
    Recursions,
    log_partition,
    marginals,
    negative_log_likelihood,
    sequence_score,
    span_log_probs,
    transition_marginals,
    viterbi,
)
from tests.functional.cases import (
    MASKS,
    SCORES,
    copies,
    example,
    fields_of,
    one_sequence,
    random_spans,
    replaced,
    target_mask,
    with_gradients,
    with_padding,
)

RAGGED = (3, 0, 5, 1, 4, 2)


def of_everything(potentials: Potentials, *, recursions: Recursions) -> dict[str, torch.Tensor]:
    """Every function's results for a batch, and the gradient of a loss."""
    leaves = with_gradients(potentials)
    lengths = potentials.lengths.tolist()
    losses = negative_log_likelihood(
        leaves, free_target(potentials, recursions=recursions), recursions=recursions
    )
    losses.sum().backward()
    tags, scores = viterbi(potentials, recursions=recursions)
    _, paths = random_spans(potentials, 10 if max(lengths, default=0) else 0)
    return {
        "log_partition": log_partition(potentials, recursions=recursions),
        "marginals": marginals(potentials, recursions=recursions),
        "transition_marginals": transition_marginals(potentials),
        "sequence_score": sequence_score(potentials, tags),
        "viterbi tags": tags,
        "viterbi scores": scores,
        "losses": losses.detach(),
        "span_log_probs": span_log_probs(potentials, paths, recursions=recursions),
        **{f"gradient of {name}": getattr(leaves, name).grad for name in SCORES},
    }


def free_target(potentials: Potentials, *, recursions: Recursions) -> torch.Tensor:
    """An annotation of the first token only, as a mask: what the best path has there."""
    target = torch.ones(potentials.emissions.shape, dtype=torch.bool)
    if target.shape[1]:
        target[:, 0] = torch.arange(target.shape[2]) == viterbi(potentials, recursions=recursions)[0][:, :1]
    return target


PER_SEQUENCE = (
    "log_partition",
    "marginals",
    "transition_marginals",
    "viterbi tags",
    "viterbi scores",
    "losses",
)


@pytest.mark.parametrize("kind", MASKS)
def test_each_sequence_alone_gives_what_it_gives_in_the_batch(kind: str, recursions: Recursions) -> None:
    potentials = example(RAGGED, 4, kind)
    together = of_everything(potentials, recursions=recursions)
    for i, length in enumerate(RAGGED):
        alone = of_everything(one_sequence(potentials, i), recursions=recursions)
        for name in (*PER_SEQUENCE, "gradient of emissions"):
            value, rest = together[name][i], None
            if value.dim():
                cut = max(length - 1, 0) if name == "transition_marginals" else length
                value, rest = value[:cut], value[cut:]
            torch.testing.assert_close(
                alone[name][0], value, rtol=0, atol=1e-12, msg=f"{name} of sequence {i}"
            )
            assert rest is None or (rest == (-1 if name == "viterbi tags" else 0)).all()


@pytest.mark.parametrize("kind", MASKS)
def test_the_order_of_a_batch_does_not_matter(kind: str, recursions: Recursions) -> None:
    potentials = example(RAGGED, 3, kind)
    order = torch.tensor([4, 2, 0, 5, 3, 1])
    changes = {"emissions": potentials.emissions[order], "lengths": potentials.lengths[order]}
    if potentials.allowed_tags is not None:
        changes["allowed_tags"] = potentials.allowed_tags[order]
    straight, shuffled = (
        of_everything(potentials, recursions=recursions),
        of_everything(replaced(potentials, **changes), recursions=recursions),
    )
    for name in PER_SEQUENCE:
        torch.testing.assert_close(shuffled[name], straight[name][order], rtol=0, atol=1e-12)
    for name in ("transitions", "start", "end"):
        name = f"gradient of {name}"
        torch.testing.assert_close(shuffled[name], straight[name], rtol=0, atol=1e-12)


@pytest.mark.parametrize("junk", [torch.nan, torch.inf, -torch.inf, 1e30, 0.0])
@pytest.mark.parametrize("kind", MASKS)
def test_what_stands_in_the_padding_does_not_matter(kind: str, junk: float, recursions: Recursions) -> None:
    potentials = example((2, 0, 2, 1, 3), 3, kind)  # two columns are padding for all
    expected = of_everything(potentials, recursions=recursions)
    for allowed in (False, True):
        for name, value in of_everything(
            with_padding(potentials, junk, allowed), recursions=recursions
        ).items():
            torch.testing.assert_close(value, expected[name], rtol=0, atol=1e-12, msg=name)


@pytest.mark.parametrize("kind", MASKS)
def test_more_padding_changes_nothing(kind: str, recursions: Recursions) -> None:
    potentials = example(RAGGED, 3, kind)
    changes = {
        "emissions": torch.cat([potentials.emissions, torch.full((6, 3, 3), 50.0, dtype=torch.float64)], 1)
    }
    if potentials.allowed_tags is not None:
        changes["allowed_tags"] = torch.cat(
            [potentials.allowed_tags, torch.ones(6, 3, 3, dtype=torch.bool)], 1
        )
    narrow, wide = (
        of_everything(potentials, recursions=recursions),
        of_everything(replaced(potentials, **changes), recursions=recursions),
    )
    for name, value in narrow.items():
        got = wide[name][:, : value.shape[1]] if wide[name].shape != value.shape else wide[name]
        torch.testing.assert_close(got, value, rtol=0, atol=1e-12, msg=name)


@pytest.mark.parametrize("kind", MASKS)
def test_no_function_changes_its_input(kind: str, recursions: Recursions) -> None:
    potentials = example(RAGGED, 3, kind)
    target, spans = target_mask(potentials), random_spans(potentials, 10)[1]
    before = copies(potentials), target.clone(), spans.tags.clone(), spans.before.clone(), spans.after.clone()
    of_everything(potentials, recursions=recursions)
    negative_log_likelihood(potentials, target, recursions=recursions)
    span_log_probs(potentials, spans, recursions=recursions)
    after = copies(potentials), target, spans.tags, spans.before, spans.after
    for old, new in zip(before, after, strict=True):
        torch.testing.assert_close(new, old, rtol=0, atol=0)


def test_the_layout_in_memory_does_not_matter(recursions: Recursions) -> None:
    potentials = example(RAGGED, 3, "all masks")
    strided = {
        "emissions": potentials.emissions.permute(2, 0, 1).contiguous().permute(1, 2, 0),
        "transitions": potentials.transitions.T.contiguous().T,
        "start": torch.stack([potentials.start, potentials.start], 1)[:, 0],
    }
    assert not strided["emissions"].is_contiguous()
    expected = of_everything(potentials, recursions=recursions)
    for name, value in of_everything(replaced(potentials, **strided), recursions=recursions).items():
        torch.testing.assert_close(value, expected[name], rtol=0, atol=1e-12, msg=name)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("kind", MASKS)
def test_cuda_gives_what_the_cpu_gives(kind: str, recursions: Recursions) -> None:
    potentials = example(RAGGED, 4, kind)
    on_cuda = Potentials(
        **{name: None if v is None else v.cuda() for name, v in fields_of(potentials).items()}
    )
    pairs = [
        (log_partition(potentials, recursions=recursions), log_partition(on_cuda, recursions=recursions)),
        (marginals(potentials, recursions=recursions), marginals(on_cuda, recursions=recursions)),
        (transition_marginals(potentials), transition_marginals(on_cuda)),
        (viterbi(potentials, recursions=recursions), viterbi(on_cuda, recursions=recursions)),
        (
            negative_log_likelihood(potentials, target_mask(potentials), recursions=recursions),
            negative_log_likelihood(on_cuda, target_mask(potentials).cuda(), recursions=recursions),
        ),
    ]
    for on_cpu, other in pairs:
        torch.testing.assert_close(other, on_cpu, check_device=False, rtol=0, atol=1e-10)
