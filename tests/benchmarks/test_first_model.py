"""The benchmark of the way from raw files to an installed package: that each command runs, and what is written."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture
def first_model(benchmark_parts: None) -> ModuleType:
    """`benchmarks/first_model.py`, imported anew."""
    import first_model

    return first_model


@pytest.mark.slow
def test_six_commands_lead_from_raw_files_to_an_installed_package(
    first_model: ModuleType, corpora: Path, tmp_path: Path
) -> None:
    out, made = tmp_path / "rows.jsonl", tmp_path / "made"
    first_model.main(["--wnut17", str(corpora), "--quick", "--out", str(out), "--keep", str(made)])
    assert len(first_model.COMMANDS) <= 6
    row = json.loads(out.read_text(encoding="utf8"))
    assert [step["command"].removesuffix(first_model.QUICK) for step in row["steps"]] == [
        *first_model.COMMANDS,
        first_model.USE,
    ]
    assert (made / "report.html").read_text(encoding="utf8").startswith("<!DOCTYPE html>")
    assert re.search(r"Successfully installed en.wnut17-0\.0\.0", row["steps"][5]["output"])
    page = out.with_suffix(".md").read_text(encoding="utf8")
    assert all(f"`{command}" in page for command in first_model.COMMANDS)
    assert str(tmp_path) not in page, "paths do not belong into results"
    here = subprocess.run([sys.executable, "-c", "import en_wnut17"], capture_output=True, check=False)
    assert here.returncode != 0, "the package was installed into the environment of the tests"


def test_a_command_that_fails_ends_the_benchmark(first_model: ModuleType, tmp_path: Path) -> None:
    for name in first_model.FILES:
        (tmp_path / name).write_text("", encoding="utf8")
    with pytest.raises(SystemExit, match="status 1: python -m spacy crf-ner convert"):
        first_model.main(["--wnut17", str(tmp_path), "--quick", "--keep", str(tmp_path / "made")])


def test_the_readme_shows_the_commands_that_are_timed(first_model: ModuleType) -> None:
    text = README.read_text(encoding="utf8")
    assert all(command in text for command in first_model.COMMANDS)


def test_what_is_drawn_and_what_was_there_already_is_left_out(first_model: ModuleType) -> None:
    text = "one\n 50%|#####     |\r100%|##########|\n\x1b[38;5;2mgood\x1b[0m\n"
    pip = "Looking in links: here\nRequirement already satisfied: torch in there (2.0)\nInstalling\n"
    assert first_model.LEFT_OUT.sub("", text + pip) == "one\n100%|##########|\ngood\nInstalling\n"
