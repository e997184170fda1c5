"""The accuracy benchmark: what it feeds both systems, what it remembers, and what it writes."""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"

POSTS = {
    "wnut17train.conll": "Anna\tB-person\nSchmidt\tI-person\nsings\tO\n\t\nrain\tO\n\t\nin\tO\nParis\tB-location\n\t\n",
    "emerging.dev.conll": "in\tO\nBerlin\tB-location\n\n",
    "emerging.test.annotated": "Anna\tB-person\nsings\tO\n\n\nrain\tO\n",
}
COUNTS = {"train": (3, 6, 2), "dev": (1, 2, 1), "test": (2, 3, 1)}


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import accuracy

    yield accuracy
    for name in [name for name in sys.modules if name == "accuracy" or name.split(".")[0] == "harness"]:
        del sys.modules[name]


@pytest.fixture
def corpus_folder(benchmark: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from harness import corpus

    for part, count in COUNTS.items():
        monkeypatch.setitem(corpus.WNUT17.counts, part, count)
    folder = tmp_path / "wnut17"
    folder.mkdir()
    for name, text in POSTS.items():
        (folder / name).write_text(text, encoding="utf8")
    return folder


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


@pytest.mark.usefixtures("benchmark")
def test_a_corpus_with_a_lost_token_is_refused(corpus_folder: Path) -> None:
    from harness.corpus import read_corpus

    assert len(read_corpus(corpus_folder).train) == 3
    path = corpus_folder / "emerging.dev.conll"
    path.write_text(path.read_text(encoding="utf8").replace("in\tO\n", ""), encoding="utf8")
    with pytest.raises(
        ValueError, match=r"expected \(1, 2, 1\) posts, tokens and entities, found \(1, 1, 1\)"
    ):
        read_corpus(corpus_folder)


@pytest.mark.usefixtures("benchmark")
def test_batches_depend_on_the_seed_alone_hold_all_posts_and_keep_to_the_limit() -> None:
    from harness.batches import batch_stream
    from harness.corpus import Post

    generator = random.Random(0)
    posts = [Post(("word",) * generator.randint(1, 40), ()) for _ in range(300)]

    def epoch(seed: int) -> list[list[int]]:
        batches, seen = [], 0
        for batch in batch_stream(posts, 100, seed):
            batches.append(batch)
            seen += len(batch)
            if seen >= len(posts):
                return batches
        raise AssertionError("the stream ended")

    random.seed(1)
    first = epoch(7)
    random.seed(2)
    assert epoch(7) == first
    assert epoch(8) != first
    assert sorted(index for batch in first for index in batch) == list(range(300))
    assert max(sum(len(posts[index].words) for index in batch) for batch in first) <= 100


def test_runs_are_remembered_skipped_and_put_into_the_table(
    benchmark: ModuleType,
    corpus_folder: Path,
    tiny_encoder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "results" / "rows.jsonl"
    command = [
        "--corpus",
        corpus_folder,
        "--encoder",
        tiny_encoder,
        "--steps",
        2,
        "--threads",
        1,
        "--out",
        out,
    ]
    arguments = [str(part) for part in [*command, "--seeds", 3]]
    benchmark.main(arguments)
    rows = rows_of(out)
    assert [(row["system"], row["seed"], row["updates"]) for row in rows] == [
        ("ner", 3, 2),
        ("crf_ner", 3, 2),
    ]
    assert rows[0]["protocol"] == rows[1]["protocol"]
    assert rows[0]["words"] == rows[1]["words"]
    assert str(tmp_path) not in out.read_text(encoding="utf8"), (
        "paths of this machine do not belong into results"
    )

    benchmark.main(arguments)
    assert len(rows_of(out)) == 2
    assert "crf_ner, seed 3: already in rows.jsonl, skipped" in capsys.readouterr().out

    benchmark.main([*arguments, "--override", "crf_ner.scheme=BIO"])
    assert [row["settings"].get("scheme") for row in rows_of(out)] == [None, None, "BIO"]

    table = (tmp_path / "results" / "rows.md").read_text(encoding="utf8")
    test_f = 100 * rows[0]["test"]["f"]
    assert "| `ner` | 3 |" in table
    assert f"{test_f:.2f}" in table
    assert rows[0]["machine"] in table
    assert rows[0]["date"] in table


def test_timing_takes_the_systems_in_turns_and_reports_ratios(
    benchmark: ModuleType, corpus_folder: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "rows.jsonl"
    command = ["--corpus", corpus_folder, "--encoder", tiny_encoder, "--threads", 1, "--out", out, "--timing"]
    benchmark.main([str(part) for part in [*command, "--timing-updates", 2, "--timing-passes", 2]])
    (row,) = rows_of(out)
    assert row["kind"] == "timing"
    assert {system: len(times["update"]) for system, times in row["seconds"].items()} == {
        "ner": 2,
        "crf_ner": 2,
    }
    assert row["median_ratio"]["ner"] == {"update": 1.0, "pipe": 1.0}
    assert row["median_ratio"]["crf_ner"]["pipe"] > 0


def test_a_system_that_does_not_exist_is_refused(benchmark: ModuleType, corpus_folder: Path) -> None:
    with pytest.raises(SystemExit, match="expected names among"):
        benchmark.main(["--corpus", str(corpus_folder), "--systems", "nre"])
