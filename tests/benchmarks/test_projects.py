"""The benchmark of the projects: what it reads of those that have run, and what it writes."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from spacy.util import registry

from tests.cli.support import run
from tests.projects.clones import ROOT


@pytest.fixture
def projects_benchmark(benchmark_parts: None) -> ModuleType:
    """`benchmarks/projects.py`, with its parts importable until the test ends."""
    spec = importlib.util.spec_from_file_location("projects_benchmark", ROOT / "benchmarks" / "projects.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def finish(
    train_once: Callable[[str], Path], tiny_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Makes a project that has run: with one model, or with two that were compared."""

    def finish(name: str, config_name: str, variants: tuple[str, ...] = ("",)) -> Path:
        registry.cli.get_all()
        project = tmp_path / name
        models = [Path("training", variant, "model-best") for variant in variants]
        for model in models:
            shutil.copytree(train_once(config_name), project / model)
        monkeypatch.chdir(project)
        against = ["--against", models[1]] if len(models) > 1 else []
        for part in ("dev", "test"):
            path = project / "metrics" / f"{part}.report.json"
            path.parent.mkdir(exist_ok=True)
            run(
                "crf-ner",
                "evaluate",
                models[0],
                tiny_corpus,
                *against,
                "--train",
                tiny_corpus,
                "--json",
                path,
            )
        return project

    return finish


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


def test_a_finished_project_becomes_a_row_of_the_page(
    projects_benchmark: ModuleType, finish: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "results" / "rows.jsonl"
    out.parent.mkdir()
    project = finish("biomedical", "crf_ner_trf")
    report = json.loads((project / "metrics" / "test.report.json").read_text(encoding="utf8"))
    projects_benchmark.main([str(project), "--threads", "3", "--out", str(out)])
    (row,) = rows_of(out)
    assert (row["project"], row["encoder"], row["variant"]) == ("biomedical", "tiny-bert", "")
    assert (row["updates"], row["learn_rate"], row["seed"], row["threads"]) == (20, 0.01, 0, 3)
    assert row["test"]["f1"] == report["micro"]["f1"] > 0.5
    assert row["test"]["interval"] == report["micro"]["intervals"]["f1"]
    assert str(tmp_path) not in out.read_text(encoding="utf8"), "paths do not belong into results"
    page = out.with_suffix(".md").read_text(encoding="utf8")
    assert f"| tiny-bert | 20 | 2000 | {100 * report['micro']['f1']:.1f} |" in page
    assert "## [biomedical](../../projects/biomedical)" in page
    assert row["date"] in page
    assert row["machine"] in page


def test_a_second_run_replaces_the_rows_of_its_project_alone(
    projects_benchmark: ModuleType, finish: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "rows.jsonl"
    first, second = finish("wnut17", "crf_ner_cnn"), finish("chinese", "crf_ner_cnn")
    for paths in ([first], [second], [first]):
        projects_benchmark.main([*map(str, paths), "--out", str(out)])
    assert [row["project"] for row in rows_of(out)] == ["chinese", "wnut17"]
    page = out.with_suffix(".md").read_text(encoding="utf8")
    assert page.count("| CNN from scratch | 20 | 100 to 102 |") == 2
    out.with_suffix(".md").unlink()
    projects_benchmark.main(["--out", str(out)])
    assert out.with_suffix(".md").read_text(encoding="utf8") == page


def test_two_models_that_were_compared_are_two_rows(
    projects_benchmark: ModuleType, finish: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "rows.jsonl"
    project = finish("partial-annotation", "crf_ner_cnn", ("missing", "outside"))
    projects_benchmark.main([str(project), "--out", str(out)])
    assert [row["variant"] for row in rows_of(out)] == ["missing", "outside"]
    page = out.with_suffix(".md").read_text(encoding="utf8")
    assert "| CNN from scratch, hidden tokens unknown |" in page
    assert "| CNN from scratch, hidden tokens in no entity |" in page


def test_the_committed_page_is_made_of_the_committed_rows(projects_benchmark: ModuleType) -> None:
    rows = rows_of(projects_benchmark.RESULTS)
    page = projects_benchmark.RESULTS.with_suffix(".md").read_text(encoding="utf8")
    assert projects_benchmark.page(rows) == page
    assert {row["project"] for row in rows} == {
        path.parent.name for path in ROOT.glob("projects/*/project.yml")
    }
