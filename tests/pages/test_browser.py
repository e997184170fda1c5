"""That tests of pages tell whether there is a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages.browser import SETTING, missing_programs

ROOT = Path(__file__).parents[2]


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert missing_programs() == "chromium and chromedriver not found: scripts/install-browser"
    for name in ("google-chrome", "chromedriver"):
        path = tmp_path / name
        path.touch()
        path.chmod(0o755)
    assert missing_programs() is None
    monkeypatch.setitem(sys.modules, "selenium", None)
    assert missing_programs() == "selenium is not installed"


@pytest.mark.slow
@pytest.mark.parametrize(("setting", "outcome"), [("", "1 skipped"), ("require", "1 error")])
def test_without_a_browser_tests_are_skipped_unless_it_is_required(
    setting: str, outcome: str, tmp_path: Path
) -> None:
    chosen = "tests/pages/test_evaluation_access.py::test_the_check_of_contrast_finds_what_is_faint"
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "", "-p", "no:cacheprovider", chosen],
        env={**os.environ, "PATH": str(tmp_path), SETTING: setting},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in result.stdout
    assert "chromium and chromedriver not found: scripts/install-browser" in result.stdout
    assert result.returncode == (1 if setting else 0)
