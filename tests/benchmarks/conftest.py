"""What the tests of the benchmarks share."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"
PARTS = {"crf", "crf_bench", "harness"}


@pytest.fixture
def crf_benchmark(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """`benchmarks/crf.py`, imported anew, with its parts importable until the test ends."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import crf

    threads = torch.get_num_threads()
    yield crf
    torch.set_num_threads(threads)
    for name in [name for name in sys.modules if name.split(".")[0] in PARTS]:
        del sys.modules[name]
