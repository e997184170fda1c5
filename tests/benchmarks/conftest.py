"""What the tests of the benchmarks share."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

from tests.benchmarks.wikigold_article import WIKIGOLD_ARTICLE, WIKIGOLD_COUNTS

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"
PARTS = {
    *("command_line", "crf", "crf_bench", "distillation", "distillation_bench", "first_model", "harness"),
    *("partial", "partial_bench", "strategies", "strategies_bench"),
}
# Small corpora in the form of WNUT17 and NCBI disease, and their numbers of posts, tokens and entities.
POSTS = {
    "train": "Anna\tB-person\nSchmidt\tI-person\nsings\tO\n\nrain\tO\n\nin\tO\nParis\tB-location\n\n" * 10,
    "dev": "in\tO\nBerlin\tB-location\n\n",
    "test": "Anna\tB-person\nsings\tO\n\nrain\tO\n\n",
}
COUNTS = {"train": (30, 60, 20), "dev": (1, 2, 1), "test": (2, 3, 1)}


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


@pytest.fixture
def corpora(benchmark_parts: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small corpora in the form of WNUT17 and NCBI disease, whose numbers are taken for the published ones."""
    from harness import corpus

    path = tmp_path / "corpora"
    path.mkdir()
    for published in (corpus.WNUT17, corpus.NCBI_DISEASE):
        for part, text in POSTS.items():
            monkeypatch.setitem(published.counts, part, COUNTS[part])
            (path / published.files[part]).write_text(text, encoding="utf8")
    return path
