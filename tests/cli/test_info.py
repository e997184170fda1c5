"""`python -m spacy crf-ner info` says which kernels run, and costs the other commands nothing."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest
from spacy.util import registry
from typer.testing import CliRunner

from spacy_crf_ner import about
from spacy_crf_ner.cli import app
from spacy_crf_ner.cli import info as info_command
from spacy_crf_ner.errors import SpacyCrfNerError
from tests.cli.support import run

EXTENSION = "spacy_crf_ner.kernels.cpu._crf"
# What takes seconds to import.
HEAVY = ("numpy", "spacy", "thinc", "torch", "transformers")


def python(*arguments: str, **environment: str) -> str:
    """What a new Python prints."""
    command = [sys.executable, *arguments]
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture
def known_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same answer on every machine."""
    monkeypatch.setattr(info_command, "kernels", lambda: about.KernelInfo("compiled (sse9)", "not available"))


@pytest.mark.usefixtures("known_kernels")
def test_the_table_shows_versions_and_kernels() -> None:
    registry.cli.get_all()
    shown = run("crf-ner", "info")
    for expected in (
        "Info about spacy-crf-ner",
        f"spacy-crf-ner version {about.__version__}",
        "spaCy version 3.8.",
        "Thinc version 8.3.",
        "torch version 2.",
        f"Python version {platform.python_version()}",
        "CPU kernels compiled (sse9)",
        "CUDA kernels not available",
    ):
        assert expected in shown


@pytest.mark.usefixtures("known_kernels")
@pytest.mark.parametrize("option", ["--json", "-j"])
def test_json_has_the_same_and_nothing_else(option: str) -> None:
    result = CliRunner().invoke(app, ["info", option])
    assert result.exit_code == 0
    shown: dict[str, Any] = json.loads(result.output)
    assert shown == info_command.collect_info()
    assert shown["version"] == about.__version__
    assert shown["kernels"] == {"cpu": "compiled (sse9)", "cuda": "not available"}


def test_a_library_without_metadata_is_named_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(info_command, "LIBRARIES", {"no-such-library": "No such library"})
    assert info_command.collect_info()["no-such-library_version"] == "not installed"


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_kernels_that_are_asked_for_and_missing_are_an_error(
    options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> about.KernelInfo:
        raise SpacyCrfNerError("no kernels")

    monkeypatch.setattr(info_command, "kernels", fail)
    result = CliRunner().invoke(app, ["info", *options])
    assert result.exit_code == 1
    assert "no kernels" in result.output


def test_without_a_command_the_group_shows_its_commands() -> None:
    result = CliRunner().invoke(app, [])
    assert "info" in result.output
    assert CliRunner().invoke(app, ["no-such-command"]).exit_code == 2


def test_every_device_is_described() -> None:
    for text in about.kernels():
        assert text.strip() == text != ""


def test_the_setting_for_torch_shows_in_what_spacy_prints() -> None:
    shown = json.loads(python("-m", "spacy", "crf-ner", "info", "--json", SPACY_CRF_NER_KERNELS="torch"))
    assert shown["kernels"]["cpu"].startswith("torch")
    assert "SPACY_CRF_NER_KERNELS" in shown["kernels"]["cpu"]


def test_the_commands_are_imported_without_anything_slow() -> None:
    code = "import sys, {}; print(*sorted({!r} & sys.modules.keys()))"
    assert python("-c", code.format("spacy_crf_ner.cli", set(HEAVY))).split() == []
    # Below spaCy's command line, only what that brings by itself.
    own = "import spacy.cli; before = set(sys.modules); import spacy_crf_ner.cli.registration; "
    new = python("-c", f"import sys; {own} print(*(set(sys.modules) - before))").split()
    assert {name.partition(".")[0] for name in new} == {"spacy_crf_ner"}


@pytest.mark.skipif(
    os.environ.get("SPACY_CRF_NER_BUILD") == "skip" or not any(map(shutil.which, ("c++", "g++", "clang++"))),
    reason="the extension was not wanted, or there is no compiler for it",
)
def test_this_suite_runs_with_the_extension_where_there_is_a_compiler() -> None:
    assert find_spec(EXTENSION), "run `SPACY_CRF_NER_BUILD=require python -m pip install --no-deps -e .`"
