"""Run the operations on shapes: check every implementation, time them in turns, and append one row for each."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from harness.results import Row, append_row, surroundings

from .agreement import Checker
from .cases import Batch, Shape, make_batch
from .implementations import CUDA, Implementation
from .limits import COPIED_FLOATS, MATRIX, measure_limit
from .peers import Found
from .reasons import explain
from .timing import Effort, Timed, time_call, time_in_turns

KILO, GIGA = 1e3, 1e9


@dataclass(frozen=True)
class Run:
    """What all shapes of a run share.

    kind (str): "shapes", "lengths" or "tags": the section of the tables.
    found (Found): The implementations.
    ops (Sequence[str]): Operations.
    device (str): "cpu" or "cuda".
    threads (int): Threads of torch.
    effort (Effort): How often calls are repeated.
    max_bytes (float): An implementation that needs more for its largest values is left out.
    max_seconds (float): An implementation that took longer for a call is left out of the larger shapes of a series.
    out (Path | None): The rows are appended here.
    limit_sizes (tuple[int, int]): Rows of the matrices, and numbers to copy, of the machine's limit.
    """

    kind: str
    found: Found
    ops: Sequence[str]
    device: str = "cpu"
    threads: int = 1
    effort: Effort = field(default_factory=Effort)
    max_bytes: float = 8 * GIGA
    max_seconds: float = float("inf")
    out: Path | None = None
    limit_sizes: tuple[int, int] = (MATRIX, COPIED_FLOATS)


def run_shapes(run: Run, shapes: Iterable[Shape]) -> list[Row]:
    """Run all operations on all shapes.

    run (Run): The settings.
    shapes (Iterable[Shape]): The shapes; for a series from small to large.
    RETURNS (list[Row]): One row for each shape and operation, also appended to `run.out`.
    """
    torch.set_num_threads(run.threads)
    rows: list[Row] = []
    common = _common(run)
    too_slow: dict[tuple[str, str], str] = {}
    for shape in shapes:
        batch = make_batch(shape, device=run.device)
        checker = Checker(batch)
        limit = measure_limit(run.device, *run.limit_sizes)
        for op in run.ops:
            results, skipped = _run_one(run, batch, op, checker, too_slow)
            row = common | {
                "op": op,
                "shape": list(shape),
                "n_tokens": batch.n_tokens,
                "results": results,
                "skipped": skipped,
                "limit": asdict(limit),
            }
            rows.append(row)
            if run.out is not None:
                append_row(run.out, row)
            _say(shape, op, run.threads, results, skipped)
        del batch, checker
        gc.collect()
    return rows


def _run_one(
    run: Run, batch: Batch, op: str, checker: Checker, too_slow: dict[tuple[str, str], str]
) -> tuple[dict[str, Any], dict[str, str]]:
    results: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    timed: dict[str, Timed] = {}
    for name, one in run.found.having(op).items():
        reason = too_slow.get((name, op)) or _too_large(one, batch.shape, op, run.max_bytes)
        if reason:
            skipped[name] = reason
            continue
        try:
            made, seconds, checked = _check(one, batch, op, checker, run)
        except Exception as error:  # noqa: BLE001 - a peer may fail in any way: that is a result, too
            skipped[name] = explain(error)
            continue
        if seconds > run.max_seconds:
            too_slow[name, op] = f"{seconds:.0f} s for {batch.shape}"
        results[name] = checked
        timed[name] = _timed(made, op, seconds)
    for name, values in time_in_turns(timed, run.effort, run.device, run.threads).items():
        results[name]["ms"] = KILO * statistics.median(values)
        results[name]["turns"] = len(values)
        results[name]["ms_range"] = [KILO * min(values), KILO * max(values)]
    return results, skipped


def _timed(made: Implementation, op: str, seconds: float) -> Timed:
    return Timed(call=lambda: made.run(op), clear=made.clear, first_seconds=seconds)


def _check(
    one: type[Implementation], batch: Batch, op: str, checker: Checker, run: Run
) -> tuple[Implementation, float, dict[str, Any]]:
    """Run it once or twice, and compare the result of the last call with the reference."""
    torch.set_num_threads(run.threads)
    made = one(batch, op)
    made.clear()
    seconds, result = time_call(lambda: made.run(op), run.device)
    if seconds < run.effort.slow_seconds:
        # The first call may load or compile something.
        made.clear()
        again, result = time_call(lambda: made.run(op), run.device)
        seconds = min(seconds, again)
    return made, seconds, checker.check(made, op, result)


def _too_large(one: type[Implementation], shape: Shape, op: str, most: float) -> str | None:
    needed = one.bytes_needed(shape, op)
    return f"would need about {needed / GIGA:.0f} GB of memory" if needed > most else None


def _common(run: Run) -> Row:
    common: Row = surroundings(run.threads) | {
        "kind": run.kind,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "device": run.device,
        "implementations": run.found.versions,
        "missing": run.found.missing,
        "kernels": _kernels(),
        "notes": {name: one.note for name, one in run.found.implementations.items() if one.note},
    }
    if run.device.startswith(CUDA):
        common["device_name"] = torch.cuda.get_device_name()
    return common


def _kernels() -> dict[str, str]:
    """What the package says of its kernels, such as the instructions that they use."""
    from spacy_crf_ner import kernels

    return kernels.describe()


def _say(shape: Shape, op: str, threads: int, results: dict[str, Any], skipped: dict[str, str]) -> None:
    times = ", ".join(
        f"{name} {result['ms']:.3g}{_flag(result)}"
        for name, result in sorted(results.items(), key=lambda item: item[1]["ms"])
    )
    print(f"[{shape}] {op}, {threads} threads, ms: {times}", flush=True)
    for name, reason in skipped.items():
        print(f"    {name}: {reason}", flush=True)


def _flag(result: dict[str, Any]) -> str:
    if result["wrong"]:
        return " (wrong)"
    return " (imprecise)" if result["imprecise"] else ""
