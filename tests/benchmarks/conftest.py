"""What the tests of the benchmarks share."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

from tests.benchmarks.wikigold_article import WIKIGOLD_ARTICLE, WIKIGOLD_COUNTS

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"
PARTS = {"crf", "crf_bench", "harness", "partial", "partial_bench", "strategies", "strategies_bench"}


@pytest.fixture
def benchmark_parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder `benchmarks` can be imported from, anew, until the test ends."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    for name in [name for name in sys.modules if name.split(".")[0] in PARTS]:
        del sys.modules[name]


@pytest.fixture
def crf_benchmark(benchmark_parts: None) -> ModuleType:
    """`benchmarks/crf.py`, imported anew, with its parts importable until the test ends."""
    import crf

    return crf


@pytest.fixture
def partial_benchmark(benchmark_parts: None) -> ModuleType:
    """`benchmarks/partial.py`, imported anew, with its parts importable until the test ends."""
    import partial

    return partial


@pytest.fixture
def wikigold_folder(partial_benchmark: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small corpus in the form of wikigold, whose numbers are taken for the published ones."""
    from partial_bench import wikigold

    monkeypatch.setattr(wikigold, "PUBLISHED_COUNTS", WIKIGOLD_COUNTS)
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "wikigold.conll.txt").write_text(WIKIGOLD_ARTICLE * 20, encoding="utf8")
    return folder
