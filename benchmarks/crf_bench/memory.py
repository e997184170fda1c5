"""Peak memory of each operation, each in a process of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from harness.results import Row, append_row, surroundings

from .cases import MEMORY_KIND, OPS, Shape, make_batch
from .implementations import CUDA, our_names
from .peers import find
from .processes import Peak, run_case

SHAPES = (Shape(32, 128, 25), Shape(32, 128, 201), Shape(1, 4096, 37), Shape(1, 100_000, 25))
PEERS = ("pytorch-crf", "torchlatent", "pyt-crf", "edsnlp", "torbi")
WARM_UP = Shape(2, 4, 3)
MEBI = 2**20


def implementations_for(device: str) -> list[str]:
    """RETURNS (list[str]): Those whose memory is measured.

    device (str): "cpu" or "cuda".
    """
    return [*our_names(device), *PEERS]


def run_memory(
    names: Sequence[str],
    ops: Sequence[str],
    shapes: Iterable[Shape],
    device: str,
    threads: int,
    out: Path | None,
) -> list[Row]:
    """Measure all and append one row for each.

    names (Sequence[str]): Implementations.
    ops (Sequence[str]): Operations.
    shapes (Iterable[Shape]): Shapes.
    device (str): "cpu" or "cuda".
    threads (int): Threads.
    out (Path | None): The file of the rows.
    RETURNS (list[Row]): The rows.
    """
    rows = []
    for shape in shapes:
        for op in (op for op in OPS if op in ops):
            for name in names:
                case = {
                    "kind": MEMORY_KIND,
                    "implementation": name,
                    "op": op,
                    "shape": list(shape),
                    "device": device,
                }
                result = run_case(case, threads)
                if result.get("error") == "":
                    continue
                row = surroundings(threads) | case | result
                rows.append(row)
                if out is not None:
                    append_row(out, row)
                said = f"{result['peak_bytes'] / MEBI:.1f} MiB" if "peak_bytes" in result else result["error"]
                print(f"[{shape}] {op}, {name}: {said}", flush=True)
    return rows


def memory_case(case: dict[str, Any]) -> dict[str, Any]:
    """Measure one, in this process.

    case (dict[str, Any]): `implementation`, `op`, `shape`, `device`, `threads`.
    RETURNS (dict[str, Any]): `peak_bytes`, `method` and `emissions_bytes`; or `error`, empty if the implementation does
        not have the operation.
    """
    import torch

    name, op, device = case["implementation"], case["op"], case["device"]
    found = find([name])
    if name in found.missing:
        return {"error": found.missing[name]}
    one = found.implementations[name]
    if op not in one.ops:
        return {"error": ""}
    warm = one(make_batch(WARM_UP, device=device), op)
    warm.clear()
    warm.run(op)
    made = one(make_batch(Shape(*case["shape"]), device=device), op)
    made.clear()
    size = made.batch.emissions.numel() * made.batch.emissions.element_size()
    if device.startswith(CUDA):
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        made.run(op)
        torch.cuda.synchronize()
        most, method = torch.cuda.max_memory_allocated() - before, "torch.cuda.max_memory_allocated"
    else:
        peak = Peak()
        # What it returns is part of what it needs.
        kept = made.run(op)
        most, method = peak.bytes(), peak.method
        del kept
    return {"peak_bytes": most, "method": method, "emissions_bytes": size}
