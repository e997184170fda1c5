"""The benchmark of the command line: what it runs, and what it writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SURROUNDINGS = {
    "versions": {"python": "3.11"},
    "machine": "a CPU, 2 cores",
    "threads": 1,
    "date": "2026-01-01",
}


@pytest.fixture
def command_line(benchmark_parts: None) -> ModuleType:
    """`benchmarks/command_line.py`, imported anew."""
    import command_line

    return command_line


def printed(program: str) -> str:
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_two_kinds_of_runs_differ_in_our_commands_alone(command_line: ModuleType) -> None:
    with_plugin, without = (
        printed(command_line.PROGRAMS[name]) for name in (command_line.WITH, command_line.WITHOUT)
    )
    added = set(with_plugin.splitlines()) - set(without.splitlines())
    assert len(added) == 1
    assert added.pop().split()[0] == "crf-ner"
    assert not set(without.splitlines()) - set(with_plugin.splitlines())


def test_the_page_shows_medians_and_differences_within_turns(command_line: ModuleType) -> None:
    seconds = {heading: [1.0, 2.0, 9.0] for heading in command_line.PROGRAMS}
    seconds[command_line.WITH] = [1.02, 2.03, 8.0]
    page = command_line.page([{**SURROUNDINGS, "turns": 3, "seconds": seconds}])
    assert f"| {command_line.WITH} | 2030 | 1020 | 20 |" in page
    assert f"| {command_line.WITHOUT} | 2000 | 1000 | - |" in page
    assert "- 2026-01-01: a CPU, 2 cores" in page


@pytest.mark.slow
def test_a_run_leaves_a_row_and_the_page(command_line: ModuleType, tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl"
    command_line.main(["--turns", "1", "--out", str(out)])
    (row,) = (json.loads(line) for line in out.read_text(encoding="utf8").splitlines())
    assert {heading: len(taken) for heading, taken in row["seconds"].items()} == dict.fromkeys(
        command_line.PROGRAMS, 1
    )
    page = out.with_suffix(".md").read_text(encoding="utf8")
    command_line.main(["--table", "--out", str(out)])
    assert out.with_suffix(".md").read_text(encoding="utf8") == page


def test_a_quick_run_writes_nothing_here(command_line: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "PROGRAMS", {command_line.WITHOUT: "pass", command_line.WITH: "pass"})
    before = sorted(command_line.RESULTS.parent.iterdir())
    command_line.main(["--quick"])
    assert sorted(command_line.RESULTS.parent.iterdir()) == before
