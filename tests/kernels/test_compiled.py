"""What is particular to the compiled extension: its fallbacks, its threads, and arguments that it refuses."""

import numpy as np
import pytest
import torch

from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.kernels.cpu import Compiled, unavailable
from tests.functional.cases import as_dtype, example, random_spans, replaced
from tests.kernels.test_agreement import scores, with_scheme
from tests.kernels.test_numbers import steep

pytestmark = pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))


def arrays(potentials: Potentials) -> list[np.ndarray]:
    """What `Scores` takes, in its order, without masks."""
    one = as_dtype(potentials, torch.float32).packed()
    first_rows = one.offsets().numpy()
    parameters = (one.transitions, one.start, one.end)
    return [one.emissions.numpy(), first_rows, one.lengths.numpy(), 0, *(p.numpy() for p in parameters)]


def redone(potentials: Potentials) -> tuple[int, int]:
    """How many sequences were computed again in float64, and in log space."""
    from spacy_crf_ner.kernels.cpu import _crf

    one = as_dtype(potentials, torch.float32).packed()
    masks = {
        name: getattr(one, name).view(torch.uint8).numpy()
        for name in ("allowed_transitions", "allowed_start", "allowed_end", "allowed_tags")
        if getattr(one, name) is not None
    }
    batch = _crf.Scores(*arrays(one), **masks)
    tokens = np.empty((int(one.lengths.sum()), one.n_tags), dtype=np.float32)
    return _crf.forward_backward(batch, np.empty(one.batch_size), tokens)


def test_ordinary_scores_fit_into_float32() -> None:
    assert redone(steep((40,) * 50, 4, 8.0, 3.0, seed=0)) == (0, 0)
    assert redone(scores((300, 20, 1), 9, scale=5.0)) == (0, 0)


def test_steep_scores_are_redone_in_float64_and_the_steepest_in_log_space() -> None:
    in_doubles, in_logs = redone(steep((40,) * 50, 2, 60.0, 20.0, seed=0))
    assert in_doubles > 25
    assert in_logs == 0
    in_doubles, in_logs = redone(steep((40,) * 50, 2, 600.0, 20.0, seed=0))
    assert in_doubles == 50
    assert in_logs > 25


def test_only_the_sequences_concerned_are_redone() -> None:
    emissions = scores((30, 30, 30), 5).emissions.clone()
    emissions[1] *= 100.0
    potentials = with_scheme(replaced(scores((30, 30, 30), 5), emissions=emissions), "BILUO", 1)
    assert redone(potentials)[0] == 1


@pytest.mark.parametrize("n_tags", [5, 73])
def test_results_do_not_depend_on_the_number_of_threads(n_tags: int) -> None:
    potentials = as_dtype(scores(tuple(range(100, 160)), n_tags), torch.float32).packed()
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            expected = Compiled().expectations(potentials)
            tags, _ = Compiled().viterbi(potentials)
            results.append((expected.log_partition, *vars(expected.gradient).values(), tags))
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(one, two) for one, two in zip(results[0], other, strict=True))


def test_a_sequence_gives_the_same_in_any_batch_to_the_last_digits() -> None:
    potentials = as_dtype(scores((7, 30, 12, 30, 9, 2, 30, 5, 18), 9), torch.float32)
    together = Compiled().log_partition(potentials)
    for index in range(potentials.batch_size):
        length = int(potentials.lengths[index])
        alone = replaced(
            potentials,
            emissions=potentials.emissions[index : index + 1, :length],
            lengths=potentials.lengths[index : index + 1],
        )
        torch.testing.assert_close(Compiled().log_partition(alone)[0], together[index], rtol=1e-6, atol=1e-5)


def test_spans_may_come_in_any_order() -> None:
    potentials = as_dtype(example((3, 0, 5, 1, 4, 2), 4, "all masks"), torch.float32)
    _, spans = random_spans(potentials, 20)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(0))
    shuffled = type(spans)(*(column[order] for column in vars(spans).values()))
    _, expected = Compiled().span_log_probs(potentials, spans)
    _, found = Compiled().span_log_probs(potentials, shuffled)
    torch.testing.assert_close(found, expected[order])


def test_an_improbable_span_has_a_finite_log_probability() -> None:
    potentials = with_scheme(scores((30,), 5, scale=3.0), "BILUO", 1)
    emissions = potentials.emissions.clone()
    emissions[0, 10, 4] = -200.0
    steepened = as_dtype(replaced(potentials, emissions=emissions), torch.float32)
    _, spans = random_spans(steepened, 1)
    everything = torch.ones_like(spans.before)
    unlikely = type(spans)(
        torch.tensor([0]), torch.tensor([10]), torch.tensor([11]), torch.tensor([[4]]), everything, everything
    )
    found = Compiled().span_log_probs(steepened, unlikely)[1]
    assert -260.0 < float(found[0]) < -150.0


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, np.zeros((8, 4), dtype=np.float32), "fit together"),
        (1, np.array([0, 9]), "sequence 1 leaves"),
        (1, np.array([-1, 2]), "sequence 0 leaves"),
        (2, np.array([2, 7]), "sequence 1 leaves"),
        (2, np.array([2, -1]), "sequence 1 leaves"),
        (2, np.array([2]), "fit together"),
        (3, 7, "sequence 1 leaves"),
        (4, np.zeros((3, 2), dtype=np.float32), "fit together"),
        (5, np.zeros(2, dtype=np.float32), "fit together"),
        (0, np.zeros((8, 3)), "dtype mismatch"),
    ],
)
def test_arrays_that_would_be_read_beyond_their_ends_are_refused(
    place: int, value: object, message: str
) -> None:
    from spacy_crf_ner.kernels.cpu import _crf

    given = arrays(scores((2, 6), 3))
    given[place] = value
    with pytest.raises(ValueError, match=message):
        _crf.Scores(*given)


def test_results_of_another_shape_are_refused() -> None:
    from spacy_crf_ner.kernels.cpu import _crf

    batch = _crf.Scores(*arrays(scores((2, 6), 3)))
    with pytest.raises(ValueError, match="do not fit"):
        _crf.forward_backward(batch, np.empty(3))
    with pytest.raises(ValueError, match="do not fit"):
        _crf.forward_backward(batch, np.empty(2), np.empty((7, 3), dtype=np.float32))
    with pytest.raises(ValueError, match="do not fit"):
        _crf.viterbi(batch, np.empty(7, dtype=np.int64), np.empty(2))
    with pytest.raises(ValueError, match="no sse9"):
        _crf.viterbi(batch, np.empty(8, dtype=np.int64), np.empty(2), instructions="sse9")


@pytest.mark.parametrize("scheme", ["BILUO", "BIO"])
def test_tags_that_are_fixed_by_masks_need_no_second_pass(scheme: str) -> None:
    # Nothing arrives at what masks shut off: that must not look like something that was lost.
    potentials = with_scheme(scores((40,) * 30, {"BILUO": 9, "BIO": 5}[scheme]), scheme, 2)
    tags, _ = Compiled().viterbi(as_dtype(potentials, torch.float32))
    fixed = torch.rand(tags.shape, generator=torch.Generator().manual_seed(0)) < 0.5
    only = torch.nn.functional.one_hot(tags, potentials.n_tags).bool()
    allowed = only | ~fixed.unsqueeze(2)
    assert redone(replaced(potentials, allowed_tags=allowed)) == (0, 0)
