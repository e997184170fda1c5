"""The CRF benchmark: that it finds what is wrong, times fairly, and measures what it says."""

import itertools
import json
import math
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

pytestmark = pytest.mark.usefixtures("crf_benchmark")


def tiny_run(names: list[str], **settings: Any) -> Any:
    from crf_bench.peers import find
    from crf_bench.shapes import Run
    from crf_bench.timing import QUICK

    defaults = {"ops": ("nll", "viterbi", "marginals"), "effort": QUICK, "limit_sizes": (16, 1024)}
    return Run("shapes", find(names), **defaults | settings)


def test_the_reference_is_what_enumeration_gives() -> None:
    from crf_bench.cases import Shape, make_batch
    from crf_bench.reference import Reference

    batch = make_batch(Shape(3, 4, 3), seed=1)
    assert batch.lengths.tolist() != [4, 4, 4], "the batch has to be ragged"
    for has_start, has_end in itertools.product((True, False), repeat=2):
        reference = Reference(batch, start=has_start, end=has_end)
        loss = 0.0
        for index, length in enumerate(batch.lengths.tolist()):
            paths = torch.tensor(list(itertools.product(range(3), repeat=length)))
            tokens = batch.emissions[index].double()
            scores = sum(tokens[t, paths[:, t]] for t in range(length))
            scores = scores + sum(
                batch.transitions.double()[paths[:, t], paths[:, t + 1]] for t in range(length - 1)
            )
            scores = scores + has_start * batch.start[paths[:, 0]] + has_end * batch.end[paths[:, -1]]
            probabilities = scores.softmax(0)
            for t, tag in itertools.product(range(length), range(3)):
                exact = probabilities[paths[:, t] == tag].sum()
                assert float(reference.marginals[index, t, tag]) == pytest.approx(float(exact), abs=1e-9)
            assert float(reference.best_scores[index]) == pytest.approx(float(scores.max()))
            gold = (paths == batch.tags[index, :length]).all(1)
            loss -= float(torch.log(probabilities[gold]).sum())
        assert reference.nll == pytest.approx(loss, abs=1e-9)


def test_our_implementations_run_and_agree_on_a_small_shape(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from crf_bench.cases import Shape
    from crf_bench.shapes import run_shapes

    out = tmp_path / "rows.jsonl"
    run = tiny_run(["torch", "compiled"], out=out)
    rows = run_shapes(run, [Shape(3, 6, 4)])
    assert [row["op"] for row in rows] == ["nll", "viterbi", "marginals"]
    assert [json.loads(line)["op"] for line in out.read_text(encoding="utf8").splitlines()] == [
        row["op"] for row in rows
    ]
    for row in rows:
        assert "torch" in row["results"]
        for name, found in row["results"].items():
            assert (found["wrong"], found["imprecise"]) == (None, False), (name, row["op"], found)
            assert 0 < found["ms_range"][0] <= found["ms"] <= found["ms_range"][1]
        assert row["n_tokens"] == rows[0]["n_tokens"]
        assert row["limit"]["gflops"] > 0
    assert "[3, 6, 4] nll, 1 threads, ms: " in capsys.readouterr().out


def test_results_that_are_wrong_are_found() -> None:
    from crf_bench.agreement import Checker
    from crf_bench.cases import Shape, make_batch
    from crf_bench.peers import OURS
    from crf_bench.reference import Reference

    batch = make_batch(Shape(2, 5, 3))
    checker, reference = Checker(batch), Reference(batch)
    made = {op: OURS["torch"](batch, op) for op in ("nll", "viterbi", "marginals")}

    loss = made["nll"].run("nll")
    assert checker.check(made["nll"], "nll", loss)["wrong"] is None
    assert "NLL off by" in checker.check(made["nll"], "nll", loss * 1.001)["wrong"]
    made["nll"].emissions.grad += 0.001
    assert checker.check(made["nll"], "nll", loss)["imprecise"]
    made["nll"].emissions.grad += 0.2
    assert "gradient off by" in checker.check(made["nll"], "nll", loss)["wrong"]

    paths = made["viterbi"].run("viterbi")
    assert checker.check(made["viterbi"], "viterbi", paths)["wrong"] is None
    paths[1, 0] = (paths[1, 0] + 1) % 3
    assert checker.check(made["viterbi"], "viterbi", paths)["wrong"] == "1 of 2 paths are not the best"
    paths[1, 0] = 3
    assert checker.check(made["viterbi"], "viterbi", paths)["worse_paths"] == 1, "there is no such tag"

    found = reference.marginals.float()
    assert checker.check(made["marginals"], "marginals", found)["wrong"] is None
    found[0, 0, 0] = math.nan
    assert "marginals off by" in checker.check(made["marginals"], "marginals", found)["wrong"]


def test_a_peer_that_fails_or_would_fill_the_memory_is_named_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from crf_bench.cases import Shape
    from crf_bench.implementations import OURS, Torch
    from crf_bench.shapes import run_shapes

    class Broken(Torch):
        name = "broken"

        def viterbi(self) -> Any:
            raise RuntimeError("no luck\nat all")

    class Huge(Torch):
        name = "huge"

        @classmethod
        def bytes_needed(cls, shape: Shape, op: str) -> float:
            return 5e9

    monkeypatch.setitem(OURS, "broken", Broken)
    monkeypatch.setitem(OURS, "huge", Huge)
    run = tiny_run(["torch", "broken", "huge"], ops=("viterbi",), max_bytes=4e9)
    (row,) = run_shapes(run, [Shape(1, 3, 2)])
    assert [*row["results"]] == ["torch"]
    assert row["skipped"] == {
        "broken": "RuntimeError: no luck",
        "huge": "would need about 5 GB of memory",
    }


def test_what_is_too_slow_is_left_out_of_the_rest_of_a_series() -> None:
    from crf_bench.cases import Shape
    from crf_bench.shapes import run_shapes

    run = tiny_run(["torch"], ops=("viterbi",), max_seconds=0.0)
    first, second = run_shapes(run, [Shape(1, 3, 2), Shape(1, 4, 2)])
    assert [*first["results"]] == ["torch"]
    assert second["results"] == {}
    assert second["skipped"]["torch"].endswith(" s for 1, 3, 2")


def test_a_peer_that_is_not_installed_is_missing_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    from crf_bench.peers import PEERS, find, names_for

    monkeypatch.setitem(sys.modules, "torchcrf", None)
    found = find(["torch", "pytorch-crf"])
    assert [*found.implementations] == ["torch"]
    assert "torchcrf" in found.missing["pytorch-crf"]
    assert names_for("cpu")[:2] == ["torch", "compiled"]
    assert names_for("cuda")[:2] == ["torch", "triton"]
    assert names_for("cpu", ["torbi", "torch"]) == ["torch", "torbi"]
    assert {"pytorch-crf", "torch-struct", "TorchCRF", "torchlatent"} <= {*PEERS}


def test_reasons_name_no_place_on_the_machine() -> None:
    from crf_bench.reasons import explain

    error = ImportError(
        "cannot import 'CRF' from 'a.b' (/home/me/lib/a/b.py), see C:\\me\\log.txt or and/or\nmore"
    )
    assert explain(error) == "ImportError: cannot import 'CRF' from 'a.b' (b.py), see log.txt or and/or"


def test_without_the_extension_the_kernels_are_not_timed_as_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    from crf_bench.peers import find
    from spacy_crf_ner.kernels import dispatch

    # As it is where the extension is missing.
    monkeypatch.setattr(dispatch, "_compiled", lambda choice: None)
    assert "compiled" in find(["compiled"]).missing


def test_turns_are_interleaved_and_slow_ones_get_few(monkeypatch: pytest.MonkeyPatch) -> None:
    from crf_bench import timing

    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock.now)
    order: list[str] = []

    def timed(name: str, seconds: float) -> Any:
        def call() -> None:
            order.append(name)
            clock.now += seconds

        return timing.Timed(call, clear=lambda: None, first_seconds=seconds)

    effort = timing.Effort(rounds=4, turn_seconds=0.02, budget_seconds=1.0)
    seconds = timing.time_in_turns(
        {"fast": timed("fast", 0.01), "slow": timed("slow", 3.0), "endless": timed("endless", 60.0)},
        effort,
        "cpu",
        threads=1,
    )
    assert order == ["fast", "fast", "slow", "fast", "fast", "fast", "fast", "slow", "fast", "fast"]
    assert seconds["fast"] == pytest.approx([0.01] * 4)
    assert seconds["slow"] == pytest.approx([3.0] * 2)
    assert seconds["endless"] == [60.0], "the checked call is all there is"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--threads", "0"], "expected numbers from 1, got 0"),
        (["--shapes", "3,4"], "expected a shape batch,steps,tags"),
        (["--shapes", "3,4,0"], "whole numbers from 1, got '3,4,0'"),
        (["--implementations", "torch", "pytorch-crfs"], "got pytorch-crfs"),
        (["--implementations", "triton"], "expected implementations among torch, compiled"),
        (["pipeline"], "is needed: the folder of the published WNUT17 files"),
        (["long-doc", "--device", "cuda"], "the section long-doc is measured on the CPU only"),
        (["--ops", "nul"], "invalid choice"),
        (["speed"], "invalid choice"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(
    crf_benchmark: ModuleType,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("WNUT17_DIR", raising=False)
    with pytest.raises(SystemExit, match="2"):
        crf_benchmark.main(arguments)
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_runs_a_process_for_each_number_of_threads(
    crf_benchmark: ModuleType, tmp_path: Path
) -> None:
    out = tmp_path / "crf.jsonl"
    command = ["shapes", "--quick", "--threads", "1", "2", "--shapes", "2,4,3", "--ops", "viterbi"]
    crf_benchmark.main([*command, "--implementations", "torch", "--out", str(out)])
    rows = [json.loads(line) for line in out.read_text(encoding="utf8").splitlines()]
    assert [row["threads"] for row in rows] == [1, 2]
    text = out.with_suffix(".md").read_text(encoding="utf8")
    assert "## CPU, 2 threads" in text
    assert text.index("## CPU, 2 threads") < text.index("## CPU, 1 thread\n")
