"""Ctrl-C ends a command quietly, as shells expect it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sharing import packages

# For a shell both are 130: an exit code of ours, and the end by the signal, which is the default of some libraries
# while they are imported.
INTERRUPTED = (128 + signal.SIGINT, -signal.SIGINT)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for a single process.")
def test_a_command_that_is_interrupted_prints_no_traceback(tmp_path: Path) -> None:
    model = packages.save_pipeline(tmp_path / "model")
    command = [sys.executable, "-m", "spacy", "crf-ner", "show", str(model)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        # It is at work, and waits for texts.
        assert "Using CPU" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        # Standard input stays open until it has ended.
        code = process.wait(timeout=60)
        assert process.stderr is not None
        errors = process.stderr.read()
    assert code in INTERRUPTED
    assert "Traceback" not in errors
