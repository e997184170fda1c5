"""The page of the CRF benchmark: the figures that were measured, and what was wanted."""

import json
import math
from pathlib import Path
from types import ModuleType

import pytest

from tests.benchmarks.crf_rows import long_row, memory_row, pipeline_row, result, shape_row

pytestmark = pytest.mark.usefixtures("crf_benchmark")


def test_the_limit_is_that_of_computing_or_that_of_moving() -> None:
    from crf_bench.limits import Limit, measure_limit, median_limit

    limit = Limit(gflops=100.0, gbps=10.0)
    # 1,000 tokens: 6 * 1,000 * 100^2 operations take 0.6 ms; 16 * 1,000 * 100 bytes take 0.16 ms.
    assert limit.milliseconds("nll", 1000, 100) == pytest.approx(0.6)
    assert limit.milliseconds("marginals", 1000, 100) == pytest.approx(0.4)
    assert limit.milliseconds("viterbi", 1000, 100) == pytest.approx(0.2)
    # With few tags, moving takes longer: 8 * 1,000 * 5 bytes, 0.004 ms, and 2 * 1,000 * 25 operations, 0.0005 ms.
    assert limit.milliseconds("viterbi", 1000, 5) == pytest.approx(0.004)
    assert median_limit([Limit(1, 5), Limit(3, 4), Limit(2, 9)]) == Limit(2, 5)
    measured = measure_limit("cpu", matrix=16, floats=1024)
    assert measured.gflops > 0
    assert measured.gbps > 0


def test_the_best_peer_is_the_fastest_that_is_right() -> None:
    from crf_bench.comparison import best_peer, compare, newest

    results = {
        "compiled": result(1.0),
        "liar": result(2.0, wrong="NLL off"),
        "rough": result(3.0, imprecise=True),
        "slow": result(4.0),
    }
    assert best_peer(shape_row("nll", (1, 2, 3), results)) == "rough"
    assert best_peer(shape_row("nll", (1, 2, 3), {"compiled": result(1.0)})) is None

    # A decoder that is wrong for one shape counts for none; numbers that are off count where they are not.
    right = {"compiled": result(1.0), "liar": result(2.0), "slow": result(4.0)}
    rows = [shape_row(op, (1, 2, 3), results) for op in ("viterbi", "nll")]
    rows += [shape_row(op, (4, 5, 6), right) for op in ("viterbi", "nll")]
    assert [line.peer for line in compare(rows, "viterbi")] == ["rough", "slow"]
    assert [line.peer for line in compare(rows, "nll")] == ["rough", "liar"]

    again = shape_row("viterbi", (1, 2, 3), right)
    assert [row["results"] for row in newest([*rows, again])] == [right, results, right, right]


def test_ratios_means_and_verdicts() -> None:
    from crf_bench.comparison import compare, geometric_mean, ratios_of, verdict, verdict_below

    rows = [
        shape_row("nll", (10, 100, 100), {"compiled": result(2.0), "quick": result(100.0)}),
        shape_row(
            "nll", (10, 100, 10), {"compiled": result(1.0), "torch": result(5.0), "quick": result(8.0)}
        ),
    ]
    first, second = compare(rows, "nll")
    assert (first.peer, first.peer_ms, first.ratios) == ("quick", 100.0, {"compiled": 50.0})
    assert first.shares["compiled"] == pytest.approx(0.6 / 2.0)
    assert second.ratios == {"torch": 1.6, "compiled": 8.0}
    assert geometric_mean(ratios_of([first, second], "compiled")) == pytest.approx(20.0)
    assert math.isnan(geometric_mean([]))
    assert verdict(60.0, 60.0) == "met"
    assert verdict(44.0, 55.0) == "missed by 20 %"
    assert verdict(math.nan, 55.0) == "not measured"
    assert verdict_below(1.5, 2.0, "s") == "met (under 2 s)"
    assert verdict_below(2.5, 2.0, "s") == "missed: 2.5 s, under 2 s wanted"

    wrong = shape_row("nll", (1, 2, 3), {"compiled": result(1.0, wrong="NLL off"), "quick": result(8.0)})
    assert compare([wrong], "nll")[0].ratios == {}, "a result of ours that is wrong is no result"


def test_the_page_shows_times_ratios_and_goals() -> None:
    from crf_bench.tables import page

    rows = [
        shape_row(
            "nll",
            (10, 100, 100),
            {"compiled": result(2.0), "pytorch-crf": result(150.0), "quick": result(100.0)},
            skipped={"torch-struct": "would need about 90 GB of memory"},
        ),
        shape_row(
            "viterbi",
            (10, 100, 100),
            {"compiled": result(1.0), "pytorch-crf": result(40.0), "quick": result(9.0, wrong="bad paths")},
        ),
    ]
    text = page(rows)
    assert "| 10, 100, 100 | 150 | quick | 100 | 2 | 50x | 0.3 |" in text
    assert "| 10, 100, 100 | 40 | pytorch-crf | 40 | 1 | 40x | 0.2 |" in text
    assert "- `compiled`: geometric mean 50x (goal 55x: missed by 9 %); least 50x at 10, 100, 100" in text
    assert "- `compiled`: geometric mean 40x (goal 45x: missed by 11 %)" in text
    assert "2026-11-20: Abacus, 2 cores; python 3.11.7, torch 2.13.0." in text
    assert "100 GFLOP/s in a matrix product, 10 GB/s" in text
    assert "- Peers: pytorch-crf 0.7.2, quick 1.0." in text
    assert "- Not run: slow (ImportError: no module)." in text
    assert "- **Wrong**, Viterbi (index tensors): quick: bad paths at 10, 100, 100." in text
    assert (
        "- Left out, NLL + gradient: torch-struct: would need about 90 GB of memory at 10, 100, 100." in text
    )


def test_the_other_sections_say_what_was_wanted() -> None:
    from crf_bench.other_tables import other_sections

    series = [
        shape_row("nll", (1, steps, 25), {"compiled": result(steps / 10)}, kind="lengths")
        for steps in (100, 1000)
    ]
    memory = [
        memory_row("nll", "compiled", peak_bytes=3 * 2**20, emissions_bytes=2**20, method="counted"),
        memory_row("nll", "pytorch-crf", error="ImportError: no"),
    ]
    pipelines = [pipeline_row("cnn", 0.06, ratio=1.25), pipeline_row("minilm", 0.005)]
    long = [long_row(500_000, 0.9, 50_000_000), long_row(1_000_000, 1.8, 102_000_000)]
    text = "\n".join(other_sections([*series, *memory, *pipelines, *long]))
    assert "| 1,000 | 100 |" in text
    assert "| NLL + gradient | 1, 2, 3 | 1 | 3 | – |" in text
    assert "share of `nlp.pipe` missed: 6 %, under 5 % wanted." in text
    assert "1.25 times that with spaCy's `ner` (goal at most 1: missed by 25 %)" in text
    assert "minilm, compiled, 2 threads: share of `nlp.pipe` met (under 1 %)." in text
    assert "1,000,000 tokens: met (under 2 s)." in text
    assert (
        "memory a token is 1.02 times as much at 1,000,000 tokens as at 500,000: no more than linear." in text
    )


def test_the_table_is_written_from_the_rows_alone(crf_benchmark: ModuleType, tmp_path: Path) -> None:
    out = tmp_path / "crf.jsonl"
    out.write_text(json.dumps(long_row(1000, 0.1, 100_000)) + "\n", encoding="utf8")
    crf_benchmark.main(["table", "--out", str(out)])
    assert "| compiled | 2 | 1,000 | 50 | 0.10 | 0.0954 | 100 |" in out.with_suffix(".md").read_text(
        encoding="utf8"
    )
