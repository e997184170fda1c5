"""Which implementation a batch gets, and the functions that ask for it."""

from collections.abc import Iterator

import pytest
import torch

from spacy_crf_ner import functional, kernels
from spacy_crf_ner.errors import ImpossibleSequenceError, KernelError
from spacy_crf_ner.functional import SCALED, Potentials
from spacy_crf_ner.kernels import dispatch
from spacy_crf_ner.kernels.cpu import Compiled, unavailable
from tests.functional.cases import as_dtype, example, random_spans, replaced, with_gradients

installed = unavailable() is None
needs_extension = pytest.mark.skipif(not installed, reason=str(unavailable()))


@pytest.fixture(autouse=True)
def _automatic(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(dispatch.VARIABLE, raising=False)
    forget_choices()
    yield
    monkeypatch.undo()
    forget_choices()


def forget_choices() -> None:
    """Read the environment again, as a new process does."""
    dispatch._choice.cache_clear()
    dispatch._compiled.cache_clear()


def choose(monkeypatch: pytest.MonkeyPatch, choice: str) -> None:
    """Set the environment variable."""
    monkeypatch.setenv(dispatch.VARIABLE, choice)
    forget_choices()


def batch(dtype: torch.dtype = torch.float32) -> Potentials:
    """A ragged one with all masks."""
    return as_dtype(example((3, 0, 5, 1, 4, 2), 4, "all masks"), dtype)


@needs_extension
def test_float32_on_the_cpu_is_compiled_and_float64_is_not() -> None:
    assert isinstance(kernels.recursions_for(batch()), Compiled)
    assert kernels.recursions_for(batch(torch.float64)) is SCALED


def test_torch_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, "torch")
    assert kernels.recursions_for(batch()) is SCALED
    assert kernels.describe()["cpu"].startswith("torch")
    assert dispatch.VARIABLE in kernels.describe()["cpu"]


def test_a_value_that_is_none_of_the_choices_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, "fast")
    with pytest.raises(
        KernelError, match="SPACY_CRF_NER_KERNELS to be one of auto, compiled, torch, but got 'fast'"
    ):
        kernels.recursions_for(batch())


def test_without_the_extension_torch_computes_and_says_why(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(dispatch, "cpu_unavailable", lambda: "the extension is not installed (no file)")
    caplog.set_level("INFO", dispatch.__name__)
    assert kernels.recursions_for(batch()) is SCALED
    assert kernels.recursions_for(batch()) is SCALED
    assert caplog.messages == ["The CRF is computed by torch: the extension is not installed (no file)"]
    assert "not installed (no file)" in kernels.describe()["cpu"]
    choose(monkeypatch, "compiled")
    with pytest.raises(KernelError, match=r"asks for the compiled kernels, but .*not installed \(no file\)"):
        kernels.recursions_for(batch())


@needs_extension
@pytest.mark.parametrize(("threads", "named"), [(1, "1 thread"), (2, "2 threads")])
def test_the_description_names_instruction_set_and_threads(
    threads: int, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert kernels.describe()["cpu"] == f"{Compiled().name}, {named}"


@pytest.mark.parametrize("choice", ["auto", "torch"])
def test_every_function_agrees_with_the_reference(choice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, choice)
    one, exact = batch(), batch(torch.float64)
    _, spans = random_spans(one, 9)
    for name in ("log_partition", "marginals"):
        torch.testing.assert_close(
            getattr(kernels, name)(one).double(), getattr(functional, name)(exact), rtol=1e-5, atol=1e-5
        )
    torch.testing.assert_close(
        kernels.span_log_probs(one, spans).exp(),
        functional.span_log_probs(exact, spans).exp(),
        rtol=0,
        atol=1e-5,
    )
    tags, totals = kernels.viterbi(one)
    assert totals.dtype == torch.float32
    best, _ = functional.viterbi(exact)
    assert torch.equal(tags, best)
    for target in (best.clamp(min=0), exact.allowed_tags):
        leaves = [with_gradients(potentials) for potentials in (one, exact)]
        losses = [
            kernels.negative_log_likelihood(leaves[0], target),
            functional.negative_log_likelihood(leaves[1], target),
        ]
        torch.testing.assert_close(losses[0].double(), losses[1], rtol=1e-5, atol=1e-5)
        weights = torch.arange(6.0)
        (losses[0] * weights).sum().backward()
        (losses[1] * weights.double()).sum().backward()
        for name in ("emissions", "transitions", "start", "end"):
            found, expected = (getattr(leaf, name).grad for leaf in leaves)
            torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("choice", ["auto", "torch"])
def test_impossible_sequences_are_named(choice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, choice)
    one = batch()
    allowed = one.allowed_tags.clone()
    allowed[2, 3] = False
    broken = replaced(one, allowed_tags=allowed)
    for function in (kernels.log_partition, kernels.marginals, kernels.viterbi):
        with pytest.raises(ImpossibleSequenceError, match="indices in the batch: 2") as caught:
            function(broken)
        assert caught.value.indices == (2,)
