"""The Triton programs as machine code for GPUs that need not be there: what the interpreter does not check."""

import json
import os
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest

# In order of their age: T4, A100, H100.
CAPABILITIES = ("75", "80", "90")
# Bytes a thread that do not fit into registers, at most: best_paths at 201 tags on a T4, chain at 128 on an H100.
SPILLED = {"75": 8, "80": 8, "90": 24}
# Variants of the programs for float32 and float64.
N_PROGRAMS = 16
ROOT = Path(__file__).parents[2]


def compile_for(
    capabilities: tuple[str, ...], n_tags: tuple[int, ...], cache: Path
) -> dict[str, dict[str, int]]:
    """Compile every program in a process of its own, with an empty cache."""
    if sys.platform != "linux" or util.find_spec("triton") is None:
        pytest.skip("triton is not installed")
    environment = {**os.environ, "TRITON_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    environment.pop("TRITON_INTERPRET", None)
    command = [sys.executable, "-W", "ignore", "-m", "tests.kernels.compile_programs"]
    command += [*capabilities, "--", *map(str, n_tags)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    report: dict[str, dict[str, int]] = json.loads(done.stdout)
    return report


def test_programs_compile(tmp_path: Path) -> None:
    report = compile_for(("90",), (9,), tmp_path)
    assert len(report) == N_PROGRAMS
    assert not [name for name, usage in report.items() if usage.get("spilled", 0)]


@pytest.mark.slow
@pytest.mark.parametrize("capability", CAPABILITIES)
def test_programs_of_all_sizes_compile_and_fit_into_registers(capability: str, tmp_path: Path) -> None:
    report = compile_for((capability,), (25, 128, 201), tmp_path)
    assert len(report) == 3 * N_PROGRAMS
    # What a T4's block may have without asking for more.
    assert max(usage["shared"] for usage in report.values()) <= 48 * 1024
    assert max(usage.get("spilled", 0) for usage in report.values()) <= SPILLED[capability]
