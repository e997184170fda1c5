"""Compile every Triton program for GPUs that need not be there, and print what each came to as JSON.

    python -m tests.kernels.compile_programs CAPABILITY... -- N_TAGS...

Run by test_triton_compiled.py in a process of its own, because Triton's interpreter, once on, stays on.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from spacy_crf_ner.kernels.cuda.batch import Blocks
from spacy_crf_ner.kernels.cuda.forward_backward import SPLIT
from spacy_crf_ner.kernels.cuda.recursions import PATH_BLOCK
from spacy_crf_ner.kernels.cuda.toolchain import OPTIONS, programs

I64, F32, F64, U8 = "*i64", "*fp32", "*fp64", "*u8"
PLACES = {"first_rows": I64, "lengths": I64, "flags": "*i32", "sequence_weights": F64, "n_tags": "i32"}
EXACT = {"transitions": F64, "start": F64, "end": F64}
# Types of the parameters that are known by name, then those that are of one program only.
NAMED = {
    **PLACES,
    **EXACT,
    "allowed": U8,
    "shifts": F64,
    "peaks": F64,
    "exps": F32,
    "matrices": F32,
    "rows": F32,
    "scales": F32,
    "faint": F32,
    "losses": "*i32",
    "end_peak": F64,
    "log_partition": F64,
    "alphas": F64,
    "betas": F64,
    "onward": F64,
    "moves": F64,
    "starts": F64,
    "paths": I64,
    "scores": F64,
    "ceilings": F64,
    "pointers": U8,
}
OWN: dict[str, dict[str, str]] = {"chain": {"ends": F32}, "given_paths": {"ends": F64}}


def cases(n_tags: int, score: str) -> list[tuple[str, int, dict[str, Any]]]:
    """Programs with their warps and sizes, all variants that make a difference to the compiler."""
    blocks = Blocks.of(n_tags)
    tags = {"KP": blocks.tags}
    exact = {**tags, "BI": blocks.exact_tile, "HAS_ALLOWED": True}
    inexact = {**tags, "BI": blocks.tile, "TILED": blocks.tiled}
    found: list[tuple[str, int, dict[str, Any]]] = [
        ("log_forward", blocks.warps, exact),
        ("log_backward", blocks.warps, {**exact, "WRITE": "counts"}),
        ("log_backward", blocks.warps, {**exact, "WRITE": "betas"}),
        ("log_backward", blocks.warps, {**exact, "WRITE": "tokens", "HAS_ALLOWED": False}),
        ("best_paths", blocks.matrix_warps, {**inexact, "HAS_ALLOWED": True}),
        ("given_paths", 4, {"BT": PATH_BLOCK, "HAS_ALLOWED": True, "COUNT": True}),
    ]
    if score == F32:
        tokens = {**tags, "BT": blocks.tokens}
        found += [
            ("exponentials", 4, {**tokens, "SPLIT": SPLIT, "HAS_ALLOWED": True}),
            ("chain", blocks.matrix_warps, inexact),
            ("combine", 4, {**tokens, "WRITE": True}),
            ("combine", 4, {**tokens, "WRITE": False}),
        ]
    # Triton compiles a number that is 1 into the program.
    return [(name, warps, {**sizes, "n_tags": 1} if n_tags == 1 else sizes) for name, warps, sizes in found]


def compiled(name: str, warps: int, sizes: dict[str, Any], score: str, capability: int) -> dict[str, int]:
    """Bytes of shared memory, and what `_usage` tells."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    function = programs()[name]
    special = {"emissions": score, "probs": score, "work": score}
    if name == "best_paths":
        special |= dict.fromkeys(EXACT, score)
    types = {**NAMED, **special, **OWN.get(name, {})}
    signature = {key: "constexpr" if key in sizes else types[key] for key in function.arg_names}
    # What every tensor of torch fulfils, and what Triton therefore assumes when it compiles for a launch.
    aligned = {(i,): [["tt.divisibility", 16]] for i, key in enumerate(signature) if signature[key][0] == "*"}
    source = ASTSource(function, signature, sizes, aligned)
    target = GPUTarget("cuda", capability, 32)
    result = triton.compile(source, target=target, options={"num_warps": warps, **OPTIONS})
    return {"shared": int(result.metadata.shared), **_usage(result.asm["cubin"])}


def _usage(cubin: bytes) -> dict[str, int]:
    """Of a thread: registers, and bytes that did not fit into them. Nothing where Triton brings no `cuobjdump`."""
    import triton

    assert cubin.startswith(b"\x7fELF")
    tool = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"
    if not tool.exists():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "program.cubin")
        path.write_bytes(cubin)
        told = subprocess.run([tool, "-res-usage", path], capture_output=True, text=True, check=True)
    used = {
        name: int(count) for name, count in re.findall(r"(REG|STACK|LOCAL):(\d+)", told.stdout + told.stderr)
    }
    return {"registers": used["REG"], "spilled": used["STACK"] + used["LOCAL"]}


def main(arguments: list[str]) -> None:
    """Capabilities, "--", numbers of tags."""
    at = arguments.index("--")
    report = {}
    for capability in map(int, arguments[:at]):
        for n_tags in map(int, arguments[at + 1 :]):
            for score in (F32, F64):
                for name, warps, sizes in cases(n_tags, score):
                    key = f"sm_{capability} {n_tags} tags {name} {score[1:]} {sizes}"
                    report[key] = compiled(name, warps, sizes, score, capability)
    sys.stdout.write(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
