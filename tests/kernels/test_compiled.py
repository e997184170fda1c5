"""What is particular to the compiled extension: its fallbacks, its threads, and arguments that it refuses."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from spacy_crf_ner.errors import KernelError
from spacy_crf_ner.functional import Potentials
from spacy_crf_ner.kernels.cpu import Compiled, unavailable
from tests.functional.cases import as_dtype, example, random_spans, replaced
from tests.kernels.test_agreement import scores, with_scheme
from tests.kernels.test_numbers import steep

pytestmark = pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))


def arrays(potentials: Potentials) -> dict[str, np.ndarray]:
    """What `Batch` takes, packed."""
    one = as_dtype(potentials, torch.float32).packed()
    return {name: value.numpy() for name, value in vars(one).items() if value is not None}


def redone(potentials: Potentials) -> tuple[int, int]:
    """How many sequences were computed again in float64, and in log space."""
    from spacy_crf_ner.kernels.cpu.arrays import Batch, forward_backward

    return forward_backward(Batch(**arrays(potentials)), marginals=True)[2]


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


@pytest.mark.parametrize("n_tags", [9, 73])
def test_results_do_not_depend_on_the_number_of_threads(n_tags: int) -> None:
    potentials = as_dtype(scores(tuple(range(100, 160)), n_tags), torch.float32).packed()
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            expected = Compiled().expectations(potentials)
            others = (Compiled().viterbi(potentials), Compiled().k_best(potentials, 7))
            onward = Compiled().onward_scores(potentials)[1]
            lists = (tensor for pair in others for tensor in pair)
            results.append((expected.log_partition, *vars(expected.gradient).values(), *lists, onward))
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(one, two) for one, two in zip(results[0], other, strict=True))


def test_calls_from_several_threads_do_not_disturb_each_other() -> None:
    # Python lets others run while the extension computes, and memory is kept from one call to the next.
    batches = [as_dtype(scores((40, 7 + size), 3 + size, seed=size), torch.float32) for size in range(12)]
    expected = [Compiled().marginals(batch)[1] for batch in batches]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda batch: Compiled().marginals(batch)[1], batches * 20))
    assert all(torch.equal(one, two) for one, two in zip(found, expected * 20, strict=True))


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


@pytest.mark.parametrize("padded", [False, True])
def test_arrays_give_what_tensors_give(padded: bool) -> None:
    from spacy_crf_ner.kernels.cpu import arrays as for_arrays

    potentials = as_dtype(example((3, 0, 5, 1, 4, 2), 4, "all masks"), torch.float32)
    given = arrays(potentials)
    if padded:
        for name in ("emissions", "allowed_tags"):
            given[name] = getattr(potentials, name).reshape(-1, 4).numpy()
    batch = for_arrays.Batch(**given, padded_length=potentials.seq_len if padded else 0)
    totals, tokens, _ = for_arrays.forward_backward(batch, marginals=True)
    tags, scores = for_arrays.viterbi(batch)
    one = potentials if padded else potentials.packed()
    uses = for_arrays.expectations(batch)
    expected = Compiled().expectations(one)
    assert np.array_equal(uses[0], expected.log_partition)
    for found, wanted in zip(uses[1:], vars(expected.gradient).values(), strict=True):
        assert np.array_equal(found, wanted.reshape(found.shape))
    assert np.array_equal(totals, Compiled().log_partition(one))
    assert np.array_equal(tokens, Compiled().marginals(one)[1].reshape(-1, 4))
    assert np.array_equal(tags, Compiled().viterbi(one)[0].reshape(-1))
    assert np.array_equal(scores, Compiled().viterbi(one)[1])
    for found, wanted in (
        (for_arrays.k_best(batch, 3), Compiled().k_best(one, 3)),
        (for_arrays.onward_scores(batch), Compiled().onward_scores(one)),
    ):
        assert np.array_equal(found[0], wanted[0])
        assert np.array_equal(found[1].reshape(wanted[1].shape), wanted[1])


def test_arrays_refuse_lists_of_no_path() -> None:
    from spacy_crf_ner.kernels.cpu.arrays import Batch, k_best

    with pytest.raises(KernelError, match="`k` to be at least 1, but got 0"):
        k_best(Batch(**arrays(scores((2, 6), 3))), 0)


@pytest.mark.parametrize("n_labels", [1, 20])
def test_lists_are_the_same_with_all_instructions(n_labels: int) -> None:
    from spacy_crf_ner.kernels.cpu._crf import instruction_sets

    # With many equal scores; and of many tags, which lie in another order in memory.
    potentials = with_scheme(scores((9, 30, 1), 1 + 4 * n_labels), "BILUO", n_labels)
    rounded = {
        name: getattr(potentials, name).round() for name in ("emissions", "transitions", "start", "end")
    }
    one = as_dtype(replaced(potentials, **rounded), torch.float32)
    lists = [Compiled(name).k_best(one, 50) for name in instruction_sets()]
    assert len(set(lists[0][1][1].tolist())) < 50
    for tags, totals in lists[1:]:
        assert torch.equal(tags, lists[0][0])
        assert torch.equal(totals, lists[0][1])


@pytest.mark.parametrize("n_tags", [3, 70])
def test_of_paths_with_equal_scores_the_one_with_the_lower_tag_comes_first(n_tags: int) -> None:
    # Everything may follow on anything but the last tag: so that tags of 70 lie in another order in memory.
    zeros = torch.zeros(n_tags)
    allowed = torch.ones(n_tags, n_tags, dtype=torch.bool)
    allowed[-1] = False
    flat = Potentials(
        torch.zeros(3, n_tags), torch.tensor([3]), torch.zeros(n_tags, n_tags), zeros, zeros, allowed
    )
    tags, totals = Compiled().k_best(flat, n_tags + 1)
    assert not totals.any()
    assert tags.view(-1, 3).tolist() == [[tag, 0, 0] for tag in range(n_tags - 1)] + [[0, 1, 0], [1, 1, 0]]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "emissions",
            np.zeros((8, 4), dtype=np.float32),
            "`transitions` to be a contiguous float32 array of shape",
        ),
        ("emissions", np.zeros(24, dtype=np.float32), "`emissions` to be .* got float32 of shape"),
        ("emissions", np.zeros((8, 3)), "`emissions` to be .* got float64"),
        ("emissions", np.zeros((3, 8), dtype=np.float32).T, "`emissions` to be a contiguous"),
        ("emissions", np.zeros((8, 0), dtype=np.float32), "`transitions` to be"),
        ("lengths", np.array([2, 7]), "fit into the 8 rows of the emissions"),
        ("lengths", np.array([9, -1]), "at least 0"),
        ("lengths", np.array([2.0, 6.0]), "`lengths` to be a contiguous int64"),
        ("padded_length", 5, "fit into the 8 rows"),
        ("padded_length", 4, "fit into the 8 rows"),
        ("start", np.zeros(2, dtype=np.float32), "`start` to be"),
        ("allowed_tags", np.ones((6, 3), dtype=bool), "`allowed_tags` to be .* bool .*shape"),
    ],
)
def test_arrays_that_would_be_read_beyond_their_ends_are_refused(
    name: str, value: object, message: str
) -> None:
    from spacy_crf_ner.kernels.cpu.arrays import Batch

    with pytest.raises(KernelError, match=message):
        Batch(**{**arrays(scores((2, 6), 3)), name: value})


def test_instructions_that_the_processor_lacks_are_refused() -> None:
    from spacy_crf_ner.kernels.cpu.arrays import Batch, viterbi

    with pytest.raises(ValueError, match="no sse9"):
        viterbi(Batch(**arrays(scores((2, 6), 3))), instructions="sse9")


def test_arrays_without_rows_are_batches_too() -> None:
    from spacy_crf_ner.kernels.cpu import arrays as for_arrays

    batch = for_arrays.Batch(**arrays(scores((0, 0), 3)))
    assert for_arrays.forward_backward(batch, marginals=True)[0].tolist() == [0.0, 0.0]
    assert for_arrays.viterbi(batch)[0].shape == (0,)
    assert [array.sum() for array in for_arrays.expectations(batch)] == [0.0] * 5
    assert for_arrays.k_best(batch, 2)[1].tolist() == [[0.0, -np.inf]] * 2
    assert for_arrays.onward_scores(batch)[1].shape == (0, 3)


@pytest.mark.parametrize("scheme", ["BILUO", "BIO"])
def test_tags_that_are_fixed_by_masks_need_no_second_pass(scheme: str) -> None:
    # Nothing arrives at what masks shut off: that must not look like something that was lost.
    potentials = with_scheme(scores((40,) * 30, {"BILUO": 9, "BIO": 5}[scheme]), scheme, 2)
    tags, _ = Compiled().viterbi(as_dtype(potentials, torch.float32))
    fixed = torch.rand(tags.shape, generator=torch.Generator().manual_seed(0)) < 0.5
    only = torch.nn.functional.one_hot(tags, potentials.n_tags).bool()
    allowed = only | ~fixed.unsqueeze(2)
    assert redone(replaced(potentials, allowed_tags=allowed)) == (0, 0)
