"""The benchmark of partial supervision: what it remembers, and what it writes."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


def test_runs_are_remembered_and_skipped(
    partial_benchmark: ModuleType,
    wikigold_folder: Path,
    tiny_encoder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "results" / "rows.jsonl"
    command = ["--corpus", str(wikigold_folder), "--encoder", str(tiny_encoder), "--out", str(out)]
    command += ["--updates", "2", "--threads", "1", "--seeds", "3", "--systems", "half-outside"]
    partial_benchmark.main(command)
    partial_benchmark.main([*command, "half-missing"])
    rows = rows_of(out)
    assert [(row["system"], row["seed"], row["updates"]) for row in rows] == [
        ("half-outside", 3, 2),
        ("half-missing", 3, 2),
    ]
    assert "half-outside, seed 3: already in rows.jsonl, skipped" in capsys.readouterr().out
    assert rows[0]["protocol_id"] == rows[1]["protocol_id"]
    assert rows[0]["words"] == rows[1]["words"]
    assert [row["annotation"]["wrong_outside"] > 0 for row in rows] == [True, False]
    assert str(tmp_path) not in out.read_text(encoding="utf8"), "paths do not belong into results"

    page = out.with_suffix(".md").read_text(encoding="utf8")
    assert page.index("| `half-missing` | 3 |") < page.index("| `half-outside` | 3 |")
    assert rows[0]["date"] in page
    assert rows[0]["machine"] in page
    out.with_suffix(".md").unlink()
    partial_benchmark.main(["--table", "--out", str(out)])
    assert out.with_suffix(".md").read_text(encoding="utf8") == page


def test_quick_trains_everything_and_writes_nothing(
    partial_benchmark: ModuleType,
    wikigold_folder: Path,
    tiny_encoder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from partial_bench.names import SYSTEMS

    before = {path: path.read_bytes() for path in (BENCHMARKS / "results").iterdir()}
    monkeypatch.setenv("WIKIGOLD_DIR", str(wikigold_folder))
    partial_benchmark.main(["--quick", "--encoder", str(tiny_encoder), "--threads", "1"])
    page = capsys.readouterr().out
    assert "2 updates, first 40 sentences" in page
    for name in SYSTEMS:
        assert f"| `{name}` | 0 |" in page
    assert "(`wrong-known` - `wrong-as-gold`): test" in page
    assert {path: path.read_bytes() for path in (BENCHMARKS / "results").iterdir()} == before


@pytest.mark.usefixtures("benchmark_parts")
def test_the_page_compares_the_seeds_that_both_have() -> None:
    from partial_bench.page import compare, page

    def row(system: str, seed: int, f: float) -> dict[str, Any]:
        scores = {"p": f, "r": f, "f": f}
        return {
            "system": system,
            "seed": seed,
            "protocol_id": "a",
            "settings_id": system,
            "protocol": dict.fromkeys(
                ("steps", "batch_words", "learn_rate", "weight_decay", "grad_clip", "dropout", "window"), 1
            )
            | {"warmup_share": 0.1, "stride": 1},
            "limit_docs": None,
            "encoder": {"name": "tiny"},
            "annotation": dict.fromkeys(
                ("entities", "wrong_entities", "outside", "wrong_outside", "unknown", "incorrect"), 1234
            ),
            "dev": scores,
            "test": scores,
            "machine": "m",
            "threads": 1,
            "versions": {},
            "date": "2026-01-01",
        }

    rows = [row("half-missing", 0, 0.7), row("half-missing", 1, 0.9), row("half-outside", 0, 0.61)]
    assert compare(rows, "half-missing", "half-outside", "test") == pytest.approx(9.0)
    assert compare(rows, "half-missing", "full", "test") is None
    text = page(rows)
    assert (
        "(`half-missing` - `half-outside`): test +9.0, dev +9.0. Wanted: 10 or more on test, missed." in text
    )
    assert "80.00 ± 14.14" in text
    assert "| `half-outside` | 1,234 |" in text
    better = page([*rows, row("half-outside", 1, 0.6)])
    assert "test +19.5, dev +19.5. Wanted: 10 or more on test, reached." in better


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([], "--corpus or"), (["--corpus", ".", "--systems", "ful"], "invalid choice: 'ful'")],
)
def test_a_command_that_means_nothing_is_refused(
    partial_benchmark: ModuleType,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("WIKIGOLD_DIR", raising=False)
    with pytest.raises(SystemExit, match="2"):
        partial_benchmark.main(arguments)
    assert message in capsys.readouterr().err
