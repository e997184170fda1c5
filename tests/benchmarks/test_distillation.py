"""The benchmark of distillation: what it trains, what it remembers, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def distillation_benchmark(benchmark_parts: None) -> ModuleType:
    """`benchmarks/distillation.py`, imported anew."""
    import distillation

    return distillation


@pytest.fixture
def teacher(corpora: Path, tiny_encoder: Path, tmp_path: Path) -> Path:
    """What `benchmarks/strategies.py --save` keeps."""
    import strategies

    arguments = ["--in-process", "--wnut17", str(corpora), "--encoder", str(tiny_encoder), "--steps", "2"]
    arguments += ["--threads", "1", "--seeds", "0", "--strategies", "full", "--save", str(tmp_path / "saved")]
    strategies.main([*arguments, "--out", str(tmp_path / "teachers.jsonl")])
    return tmp_path / "saved" / "full-wnut17-0"


@pytest.mark.slow
def test_students_learn_and_are_compared_once(
    distillation_benchmark: ModuleType,
    corpora: Path,
    teacher: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from distillation_bench.students import STUDENTS

    raw, out = tmp_path / "raw.txt", tmp_path / "rows.jsonl"
    raw.write_text("Anna sings in Berlin\n\nrain in Paris\n" * 5, encoding="utf8")
    arguments = ["--wnut17", str(corpora), "--raw", str(raw), "--teacher", str(teacher), "--out", str(out)]
    arguments += ["--seeds", "0", "--steps", "2", "--turns", "1"]
    distillation_benchmark.main(arguments)
    rows = [json.loads(line) for line in out.read_text(encoding="utf8").splitlines()]
    assert {(row["student"], row["kind"]) for row in rows} == {
        (student, way) for student in STUDENTS for way in ("distilled", "alone")
    }
    assert {row["teacher"]["name"] for row in rows} == {"full-wnut17-0"}
    assert all(row["compared"]["student"]["words_per_second"] > 0 for row in rows)
    assert str(tmp_path) not in out.read_text(encoding="utf8"), "paths do not belong into results"
    page = out.with_suffix(".md").read_text(encoding="utf8")
    assert all(
        f"| `{student}` | {way} | 1 |" in page for student in STUDENTS for way in ("distilled", "alone")
    )
    distillation_benchmark.main([*arguments, "--students", "cnn", "--ways", "alone"])
    assert "cnn, alone, seed 0: already in rows.jsonl, skipped" in capsys.readouterr().out
    assert len(out.read_text(encoding="utf8").splitlines()) == len(rows)


def row(way: str, seed: int, f: float, **changed: Any) -> dict[str, Any]:
    def measured(f: float, speed: float) -> dict[str, Any]:
        scores = {"p": f, "r": f, "f": f}
        speeds = {"words_per_second": speed, "words_per_second_sorted": 2 * speed}
        return {"dev": scores, "test": scores, "bytes": 5_000_000, **speeds}

    return {
        "kind": way,
        "student": "cnn",
        "seed": seed,
        "protocol_id": "a",
        "settings_id": "b",
        "protocol": {"steps": 10, "limit_docs": None},
        "settings": {},
        "teacher": {"name": "recipe"},
        "compared": {"teacher": measured(0.4, 1000.0), "student": measured(f, 12_000.0)},
        "machine": "m",
        "threads": 1,
        "versions": {},
        "date": "2026-01-01",
        **changed,
    }


@pytest.mark.usefixtures("benchmark_parts")
def test_the_page_compares_with_the_teacher() -> None:
    from distillation_bench.page import page

    rows = [row("alone", 0, 0.1), row("distilled", 0, 0.3), row("distilled", 1, 0.34), row("alone", 1, 0.1)]
    text = page([row("distilled", 0, 0.2, settings_id="older"), *rows])
    first, second = (line for line in text.splitlines() if line.startswith("| `cnn`"))
    assert first.startswith("| `cnn` | distilled | 2 | 32.00 ± 2.83 |")
    assert "| 80.0 ± 7.1 | 12000 ± 0 | 12.0 ± 0.0 | 12.0 ± 0.0 | 5.0 ± 0.0 |" in first
    assert second.startswith("| `cnn` | alone | 2 | 10.00 ± 0.00 |")
    assert (
        "The aim was 90 % of the teacher's F1 at 10 times its speed: missed by 5.0 points by the best run."
        in text
    )
    assert "10 times its speed: reached by the best run" in page([*rows, row("distilled", 2, 0.36)])
    assert "The teacher has a test F1 of 40.00 (dev 40.00), 5.0 MB, and 1000 words/s" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--wnut17", "x", "--raw", "y"], "--teacher is needed"),
        (["--students", "dnn"], "invalid choice: 'dnn'"),
    ],
)
def test_a_command_that_means_nothing_is_refused(
    distillation_benchmark: ModuleType,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="2"):
        distillation_benchmark.main(arguments)
    assert message in capsys.readouterr().err
