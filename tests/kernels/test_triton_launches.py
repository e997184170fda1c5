"""How often the Triton programs' host launches something, and that it never waits for the device."""

import ast
from pathlib import Path

import pytest
import torch

import spacy_crf_ner.kernels.cuda
from spacy_crf_ner.kernels.cuda import TRITON, forward_backward, recursions
from tests.functional.cases import as_dtype
from tests.kernels.triton_agreement import agrees, large
from tests.kernels.triton_device import on_device, record_launches, skip_unless_available

# The interpreter computes both sides of a `where`.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

# What makes the host wait for the device: values as Python numbers, and shapes that depend on values.
WAITING = {"item", "tolist", "numpy", "cpu", "nonzero", "argwhere", "unique", "masked_select", "synchronize"}
WAITING |= {
    "repeat_interleave",
    "bool",
    "is_nonzero",
    "equal",
    "allclose",
    "int",
    "float",
    "_local_scalar_dense",
}


@pytest.fixture(autouse=True, scope="module")
def _programs() -> None:
    skip_unless_available()


def test_launches_do_not_depend_on_the_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    launches = record_launches(monkeypatch)
    counts = set()
    for lengths, n_tags in (((1,), 2), ((3, 1), 4), ((25, 0, 9), 20)):
        batch = on_device(as_dtype(large(lengths, n_tags), torch.float32))
        launches.clear()
        paths, _ = TRITON.viterbi(batch)
        decoding = len(launches)
        TRITON.path_expectations(batch, paths.clamp(min=0))
        learning = len(launches) - decoding
        TRITON.onward_scores(batch)
        counts.add((decoding, learning, len(launches) - decoding - learning))
    assert counts == {(2, 6, 2)}


def test_torch_operations_do_not_depend_on_the_shape_and_give_the_host_nothing_to_wait_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (forward_backward, recursions):
        monkeypatch.setattr(module, "launch", lambda *args, **sizes: None)
    counts = set()
    for lengths, n_tags in (((2,), 3), ((25, 0, 9), 20)):
        potentials = as_dtype(large(lengths, n_tags, "all masks"), torch.float32)
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            paths, _ = TRITON.viterbi(potentials)
            TRITON.path_expectations(potentials, paths.clamp(min=0))
            TRITON.marginals(potentials)
            TRITON.onward_scores(potentials)
        names = [event.name for event in profile.events() if event.name.startswith("aten::")]
        counts.add(len(names))
        assert not WAITING.intersection(name.removeprefix("aten::") for name in names)
    assert len(counts) == 1
    assert 50 < counts.pop() < 700


def test_nothing_in_the_source_waits_for_the_device() -> None:
    folder = Path(spacy_crf_ner.kernels.cuda.__file__).parent
    found = []
    for path in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)
            # float("inf") is a constant.
            if name in WAITING and not (name == "float" and isinstance(node.args[0], ast.Constant)):
                found.append(f"{path.name}:{node.lineno}: {name}")
    assert found == []


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("n_tags", [9, 73, 201])
def test_the_device_is_never_waited_for(n_tags: int) -> None:
    batch = on_device(as_dtype(large((128, 60, 1), n_tags), torch.float32))
    for _ in range(2):
        # The first round compiles, which may wait.
        paths, _ = TRITON.viterbi(batch)
        TRITON.path_expectations(batch, paths.clamp(min=0))
        TRITON.onward_scores(batch)
        torch.cuda.set_sync_debug_mode("error")
    torch.cuda.set_sync_debug_mode("default")
    agrees(large((128, 60, 1), n_tags), torch.float32)
