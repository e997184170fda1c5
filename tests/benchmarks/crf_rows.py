"""Rows of the CRF benchmark as a run would have written them, with figures that are easy to check by hand."""

from typing import Any

PLACE = {
    "machine": "Abacus, 2 cores",
    "date": "2026-11-20",
    "versions": {"python": "3.11.7", "torch": "2.13.0"},
    "threads": 2,
    "device": "cpu",
}


def result(ms: float, wrong: str | None = None, imprecise: bool = False) -> dict[str, Any]:
    """What one implementation took."""
    return {"ms": ms, "wrong": wrong, "imprecise": imprecise, "gradient_error": 2e-4}


def shape_row(op: str, shape: tuple[int, int, int], results: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One shape of one operation; the machine computes 100 GFLOP/s and copies 10 GB/s."""
    row = {
        "kind": "shapes",
        "op": op,
        "shape": list(shape),
        "n_tokens": shape[0] * shape[1],
        "results": results,
        "skipped": {},
        "limit": {"gflops": 100.0, "gbps": 10.0},
        "implementations": {"compiled": "0.1.0", "pytorch-crf": "0.7.2", "quick": "1.0"},
        "missing": {"slow": "ImportError: no module"},
        "notes": {"quick": "no end scores"},
        "kernels": {"cpu": "compiled (avx2), 2 threads", "cuda": "no CUDA device"},
    }
    return PLACE | row | more


def pipeline_row(pipeline: str, pipe: float, ratio: float | None = None) -> dict[str, Any]:
    """The share of the CRF in one pipeline, 0 to 1, and its training step beside spaCy's `ner`."""
    share = {"crf": pipe, "component": 2 * pipe}
    row = {
        "kind": "pipeline",
        "pipeline": pipeline,
        "kernels": "compiled",
        "limit_docs": None,
        "shares": {"pipe": share, "update": share},
    }
    if ratio is not None:
        row["ratio_to_ner"] = {"update": ratio, "pipe": 1.0}
    return PLACE | row


def long_row(tokens: int, seconds: float, peak_bytes: int) -> dict[str, Any]:
    """A long Doc."""
    return PLACE | {
        "kind": "long-doc",
        "kernels": "compiled",
        "tokens": tokens,
        "entities": tokens // 20,
        "median_seconds": seconds,
        "peak_bytes": peak_bytes,
        "method": "counted",
    }


def memory_row(op: str, implementation: str, **found: Any) -> dict[str, Any]:
    """Peak memory of one implementation, or why there is none."""
    return PLACE | {"kind": "memory", "op": op, "shape": [1, 2, 3], "implementation": implementation} | found
