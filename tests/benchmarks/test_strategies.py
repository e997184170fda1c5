"""The benchmark of strategies: what it trains, what it remembers, and what it writes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import spacy

from tests import tiny


@pytest.fixture
def strategies_benchmark(benchmark_parts: None) -> ModuleType:
    """`benchmarks/strategies.py`, imported anew."""
    import strategies

    return strategies


def command(corpora: Path, encoder: Path, out: Path, *more: str) -> list[str]:
    return [
        *(
            "--in-process",
            "--wnut17",
            str(corpora),
            "--ncbi-disease",
            str(corpora),
            "--encoder",
            str(encoder),
        ),
        *("--out", str(out), "--steps", "2", "--threads", "1", "--seeds", "0", *more),
    ]


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


@pytest.mark.slow
def test_every_strategy_trains(
    strategies_benchmark: ModuleType, corpora: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    from strategies_bench.names import STRATEGIES

    out = tmp_path / "rows.jsonl"
    pretrained = tmp_path / "pretrained"
    shutil.copytree(tiny_encoder, pretrained)
    strategies_benchmark.main(command(corpora, tiny_encoder, out, "--pretrained", str(pretrained)))
    rows = {row["strategy"]: row for row in rows_of(out)}
    assert [*rows] == [*STRATEGIES]
    assert all(row["updates"] == 2 for row in rows.values())
    full = rows["full"]
    # The pooler is in the encoder, but nothing reads it.
    assert 0.95 * full["parameters"] < full["updated_parameters"] <= full["parameters"]
    for name in ("frozen-half", "lora", "prefix", "frozen-bilstm"):
        assert rows[name]["updated_parameters"] < 0.95 * rows[name]["parameters"], name
    assert str(tmp_path) not in out.read_text(encoding="utf8"), "paths do not belong into results"
    page = out.with_suffix(".md").read_text(encoding="utf8")
    assert all(f"| `{name}` | 1 |" in page for name in STRATEGIES)


def test_runs_are_remembered_and_skipped(
    strategies_benchmark: ModuleType,
    corpora: Path,
    tiny_encoder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "rows.jsonl"
    again = command(corpora, tiny_encoder, out, "--strategies", "full", "pretrained", "--corpora")
    strategies_benchmark.main([*again, "wnut17-tenth"])
    saved = tmp_path / "some" / "where"
    strategies_benchmark.main([*again, "wnut17-tenth", "ncbi-disease", "--save", str(saved)])
    assert [path.name for path in saved.iterdir()] == ["full-ncbi-disease-0"]
    assert spacy.load(saved / "full-ncbi-disease-0").pipe_names == ["transformer", "ner"]
    assert [(row["strategy"], row["corpus"]) for row in rows_of(out)] == [
        ("full", "wnut17-tenth"),
        ("full", "ncbi-disease"),
    ]
    printed = capsys.readouterr().out
    assert "full, wnut17-tenth, seed 0: already in rows.jsonl, skipped" in printed
    assert "pretrained, wnut17-tenth, seed 0: needs --pretrained, left out" in printed
    page = out.with_suffix(".md").read_text(encoding="utf8")
    out.with_suffix(".md").unlink()
    strategies_benchmark.main(["--table", "--out", str(out)])
    assert out.with_suffix(".md").read_text(encoding="utf8") == page


def test_what_only_predicts_otherwise_is_not_trained_again(
    strategies_benchmark: ModuleType, corpora: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "rows.jsonl"
    saving = command(corpora, tiny_encoder, out, "--save", str(tmp_path / "saved"), "--strategies")
    strategies_benchmark.main([*saving, "recipe"])
    strategies_benchmark.main([*saving, "posterior", "--limit-docs", "29"])
    strategies_benchmark.main([*saving, "posterior"])
    recipe, other_protocol, posterior = rows_of(out)
    assert posterior["train_seconds"] == recipe["train_seconds"] != other_protocol["train_seconds"]
    assert posterior["settings"]["components.ner.decoding"] == "posterior"
    # After two updates nothing is worth the threshold, but the best tag sequence is what it is.
    assert posterior["dev"] != recipe["dev"]


@pytest.mark.usefixtures("benchmark_parts")
def test_the_recipe_is_the_default_config_and_plain_fine_tuning_is_not(tiny_encoder: Path) -> None:
    from spacy.util import load_config

    from strategies_bench.configs import make_config, make_strategies
    from strategies_bench.training import Protocol

    default = load_config(tiny.CONFIGS / "crf_ner_trf.cfg")
    recipe, full = (
        make_config(make_strategies()[name], Protocol(), str(tiny_encoder), Path("train.spacy"), 0)
        for name in ("recipe", "full")
    )
    rate = {"learn_rate"}
    for config, same in ((recipe, True), (full, False)):
        optimizer = config["training"]["optimizer"]
        kept = {key: optimizer[key] for key in optimizer.keys() - rate}
        theirs = {key: default["training"]["optimizer"].get(key) for key in kept}
        assert (kept == theirs) is same
        model = {key: config["components"]["ner"]["model"][key] for key in ("features", "tok2vec")}
        assert (model == {key: default["components"]["ner"]["model"][key] for key in model}) is same


def test_a_tenth_is_another_one_for_each_seed(strategies_benchmark: ModuleType, corpora: Path) -> None:
    from strategies_bench.corpora import read_named

    whole = read_named("wnut17", corpora, 0)
    first, again, second = (read_named("wnut17-tenth", corpora, seed) for seed in (0, 0, 2))
    assert len(whole.train) == 30
    assert first.train == again.train
    assert len(first.train) == len(second.train) == 3
    assert first.test == whole.test


def row(strategy: str, seed: int, f: float, **changed: Any) -> dict[str, Any]:
    scores = {"p": f, "r": f, "f": f}
    return {
        "strategy": strategy,
        "corpus": "wnut17",
        "seed": seed,
        "protocol_id": "a",
        "settings_id": strategy,
        "protocol": {"steps": 400, "batch_words": 500, "warmup_share": 0.1, "dropout": 0.1},
        "limit_docs": None,
        "encoder": {"name": "tiny"},
        "base": "crf_ner_trf",
        "rate": 0.0002,
        "settings": {},
        "dev": scores,
        "test": scores,
        "train_cpu_seconds": 10.0,
        "peak_bytes": 2_000_000_000,
        "updated_parameters": 1_500_000,
        "parameters": 3_000_000,
        "machine": "m",
        "threads": 1,
        "versions": {},
        "date": "2026-01-01",
        **changed,
    }


@pytest.mark.usefixtures("benchmark_parts")
def test_the_page_compares_with_plain_fine_tuning_by_seed() -> None:
    from strategies_bench.page import gain, page

    rows = [row("full", 0, 0.4), row("full", 1, 0.42), row("lora", 1, 0.45), row("lora", 2, 0.1)]
    assert gain(rows, "lora") == pytest.approx(3.0)
    assert gain(rows, "prefix") is None
    text = page(rows)
    assert "| `full` | 2 | 41.00 ± 1.41 |" in text
    assert "| 1.50 (50.0%) | +3.00 |" in text
    assert "- `lora`: 1: 45.00, 2: 10.00" in text


@pytest.mark.usefixtures("benchmark_parts")
@pytest.mark.parametrize(("f", "said"), [(0.421, "missed by 0.90"), (0.43, "reached"), (0.44, "reached")])
def test_the_page_says_whether_an_aim_was_reached(f: float, said: str) -> None:
    from strategies_bench.page import page

    rows = [row("full", 0, 0.4), row("posterior", 0, f)]
    assert "The aim was" not in page(rows)
    text = page([{**one, "corpus": "wnut17-tenth"} for one in rows])
    assert f"The aim was +3.00 for `posterior`, which we recommend here: {said}." in text


@pytest.mark.usefixtures("benchmark_parts")
def test_rows_with_older_settings_are_not_in_the_table_but_told() -> None:
    from strategies_bench.page import newest, page

    old, new = row("lora", 0, 0.4, settings_id="old"), row("lora", 1, 0.45)
    assert newest([old, new]) == [new]
    text = page([old, new])
    assert "| `lora` | 1 | 45.00 |" in text
    assert "- `lora` with older settings, not in the table, 0: 40.00" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--corpora wnut17: its folder is needed, too: --wnut17 FOLDER"),
        (["--corpora", "ncbi-disease"], "--ncbi-disease FOLDER"),
        (["--strategies", "ful"], "invalid choice: 'ful'"),
    ],
)
def test_a_command_that_means_nothing_is_refused(
    strategies_benchmark: ModuleType,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="2"):
        strategies_benchmark.main(arguments)
    assert message in capsys.readouterr().err
