"""Fresh processes for what must not see what ran before, and the memory that a process has used at most."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .reasons import without_places

SCRIPT = Path(__file__).resolve().parent.parent / "crf.py"
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
KIBI = 1024
# To /proc/self/clear_refs: begin the peak anew at what is in use now.
RESET_PEAK = "5"

METHOD_RESET = "VmHWM of a fresh process, begun anew before the call, less VmRSS before the call"
METHOD_STATUS = "VmHWM of a fresh process after the call, less VmRSS before it"
METHOD_USAGE = "ru_maxrss of a fresh process after the call, less ru_maxrss before it"


def environment(threads: int, kernels: str = "auto") -> dict[str, str]:
    """The environment of a process that computes with so many threads.

    threads (int): Threads of torch, OpenMP and BLAS.
    kernels (str): What `SPACY_CRF_NER_KERNELS` says: "auto", "compiled" or "torch".
    RETURNS (dict[str, str]): Environment variables.
    """
    counts = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    return {**os.environ, **counts, "SPACY_CRF_NER_KERNELS": kernels, "HF_HUB_OFFLINE": "1"}


def run_script(arguments: list[str], threads: int, kernels: str = "auto") -> None:
    """Run the benchmark's own script with its output on ours.

    arguments (list[str]): Its command line.
    threads (int): Threads.
    kernels (str): As in `environment`.
    RAISES (SystemExit): It failed.
    """
    command = [sys.executable, "-W", "ignore", str(SCRIPT), *arguments]
    code = subprocess.run(command, env=environment(threads, kernels), check=False).returncode
    if code:
        sys.exit(f"{' '.join(arguments)}: failed with exit status {code}")


def run_case(case: dict[str, Any], threads: int, kernels: str = "auto") -> dict[str, Any]:
    """Run one case in a process of its own.

    case (dict[str, Any]): What `crf.py case` gets, as JSON.
    threads (int): Threads.
    kernels (str): As in `environment`.
    RETURNS (dict[str, Any]): What it printed last, or `error` (str) if it failed.
    """
    command = [sys.executable, "-W", "ignore", str(SCRIPT), "case", json.dumps(case)]
    done = subprocess.run(
        command, env=environment(threads, kernels), check=False, capture_output=True, text=True
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        why = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return {"error": without_places(why)}
    return dict(json.loads(lines[-1]))


class Peak:
    """The most memory in use since it was made, beyond what was in use then.

    On Linux `ru_maxrss` is of no use: a process inherits it from the one that started it.
    """

    def __init__(self) -> None:
        _trim()
        self.method = METHOD_STATUS if STATUS.exists() else METHOD_USAGE
        try:
            CLEAR.write_text(RESET_PEAK, encoding="ascii")
            self.method = METHOD_RESET
        except OSError:
            pass
        self._before = _status("VmRSS") if STATUS.exists() else _usage()

    def bytes(self) -> int:
        """RETURNS (int): Bytes."""
        now = _status("VmHWM") if STATUS.exists() else _usage()
        return max(0, now - self._before)


def _status(field: str) -> int:
    for line in STATUS.read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * KIBI
    raise ValueError(f"{STATUS} has no {field}")


def _usage() -> int:
    # Not on Windows, where nothing above helps either.
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage if sys.platform == "darwin" else usage * KIBI


def _trim() -> None:
    """Give what was freed back to the system, so that it does not hide what is needed next."""
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        return
