"""scripts/docs says what is to be installed where the tools are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "docs"

pytestmark = pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="needs bash")


def test_tools_that_are_missing_are_named_with_the_command_that_installs_them(tmp_path: Path) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    # The only tool that this Python has is the theme.
    python.write_text('#!/bin/sh\ncase "$2" in *"material"*) exit 0 ;; *) exit 1 ;; esac\n', encoding="utf8")
    python.chmod(0o755)
    (tmp_path / "scripts").mkdir()
    script = shutil.copy(SCRIPT, tmp_path / "scripts" / "docs")
    done = subprocess.run(["bash", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "lacks: mkdocs mkdocstrings_handlers.python\n" in done.stderr
    assert ".venv/bin/python -m pip install -c constraints.txt -e '.[dev]'" in done.stderr
    assert done.stdout == ""
