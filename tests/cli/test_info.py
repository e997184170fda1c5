"""`python -m spacy crf-ner info` says what is installed, what computes and what a pipeline is; others pay nothing."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import spacy
import torch
from spacy.util import registry
from typer.testing import CliRunner

from spacy_crf_ner import about
from spacy_crf_ner.cli import app, environment
from spacy_crf_ner.cli import info as info_command
from spacy_crf_ner.errors import SpacyCrfNerError
from tests import tiny
from tests.cli.support import run
from tests.sharing import packages

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
        "spacy-transformers version 1.",
        "transformers version 4.",
        "tokenizers version 0.",
        "NumPy version 2.",
        "CPU ",
        f"{os.cpu_count()} cores, torch computes with {torch.get_num_threads()} of them",
        "Extra Lacks Install",
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
    monkeypatch.setattr(environment, "LIBRARIES", {"no-such-library": "No such library"})
    assert info_command.collect_info()["no_such_library_version"] == "not installed"


def require(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """Let these be the requirements of the package, whatever its metadata says."""
    monkeypatch.setattr(environment, "requires", lambda _: list(lines))


@pytest.mark.usefixtures("known_kernels")
def test_what_an_extra_lacks_is_named_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = [f'{name}; extra == "{extra}"' for extra in ("data", "peft") for name in ("spacy>=3", "torch>=1")]
    require(
        monkeypatch, "spacy>=3.8", *lines, 'no-such-library>=2; extra == "peft"', 'spacy>=9; extra == "peft"'
    )
    extras = environment.find_extras()
    assert extras["data"] == []
    assert extras["peft"] == ["no-such-library>=2", f"spacy>=9 ({version('spacy')})"]
    assert not set(extras) & {"dev", "bench"}
    registry.cli.get_all()
    shown = run("crf-ner", "info")
    assert "pip install 'spacy-crf-ner[peft]'" in shown
    assert "spacy-crf-ner[data]" not in shown


@pytest.mark.usefixtures("known_kernels")
def test_versions_that_do_not_go_together_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    require(
        monkeypatch, "spacy>=3.8,<3.9", "torch>=99", "no-such-library>=1", 'numpy>=99; python_version < "3"'
    )
    own = environment._own_metadata
    monkeypatch.setattr(
        environment, "_own_metadata", lambda field: ">=3.99" if field == "Requires-Python" else own(field)
    )
    assert environment.find_conflicts() == [
        f"torch >=99 is required, {version('torch')} is here",
        "no-such-library >=1 is required, not installed is here",
        f"Python >=3.99 is required, {platform.python_version()} is here",
    ]
    registry.cli.get_all()
    assert "⚠ torch >=99 is required" in run("crf-ner", "info")


def test_this_environment_is_one_that_is_supported() -> None:
    assert environment.find_conflicts() == []


def test_without_metadata_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "__title__", "no-such-distribution")
    assert environment.find_conflicts() == []
    assert environment.find_extras() == {}


def test_devices_are_described_by_name_and_memory() -> None:
    found = environment.find_devices()
    assert found["cpu"].strip()
    assert (found["cores"], found["threads"]) == (os.cpu_count(), torch.get_num_threads())
    assert len(found["cuda"]) == torch.cuda.device_count()
    gpus = {**found, "cuda": [{"name": "NVIDIA H100", "memory": 80 * 2**30}], "mps": True}
    rows = dict(environment.describe_devices(gpus))
    assert rows["CUDA GPU 0"] == "NVIDIA H100, 80.0 GiB"
    assert set(rows) == {"CPU", "CUDA GPU 0", "MPS"}


def test_a_pipeline_is_described_with_all_that_was_saved(trained: Path, config_name: str) -> None:
    result = CliRunner().invoke(app, ["info", str(trained), "--json"])
    assert result.exit_code == 0, result.output
    shown: dict[str, Any] = json.loads(result.output)
    nlp = spacy.load(trained)
    assert shown == info_command.describe_pipeline(nlp)
    encoder, ner = shown["components"]
    assert (ner["name"], ner["factory"], ner["labels"]) == ("ner", "crf_ner", list(tiny.TINY_LABELS))
    assert encoder["crf"] is None
    crf = ner["crf"]
    assert (crf["scheme"], crf["decoding"], crf["loss"], crf["calibrated"]) == (
        "BILUO",
        "viterbi",
        "nll",
        False,
    )
    if config_name == "crf_ner_trf":
        hidden = sum(weight.numel() for weight in nlp.get_pipe("transformer").model.transformer.parameters())
        assert encoder["parameters"] == hidden
        assert crf["encoder"].startswith("tiny-bert (")
        assert shown["windows"] == [{"window": 128, "stride": 96}]
        assert "spacy-transformers" in shown["needs"]
    assert shown["parameters"] == encoder["parameters"] + ner["parameters"]


def test_a_table_shows_a_calibrated_pipeline_and_what_is_disabled(tmp_path: Path) -> None:
    registry.cli.get_all()
    path = packages.save_pipeline(tmp_path / "model", labels=("GPE", "A|B"))
    packages.change_json(
        path / "ner" / "cfg", temperature=1.25, label_temperatures={"GPE": 2.0}, threshold=0.5
    )
    config = (path / "config.cfg").read_text(encoding="utf8")
    (path / "config.cfg").write_text(config.replace("disabled = []", 'disabled = ["ner"]'), encoding="utf8")
    shown = run("crf-ner", "info", path)
    for expected in (
        "en_tiny 1.2.3",
        "ner crf_ner",
        "GPE, A|B",
        "Encoder spacy.HashEmbedCNN.v2",
        "Calibrated yes, temperature 1.25; a temperature of its own: GPE",
        "Threshold 0.5",
        "Disabled: ner",
        "Needs spacy>=3.8",
    ):
        assert expected in shown
    # Disabled or not, they are in the package.
    (path / "config.cfg").write_text(config, encoding="utf8")
    sizes = re.findall(r"ner crf_ner ([\d,]+)", shown)
    assert sizes == re.findall(r"ner crf_ner ([\d,]+)", run("crf-ner", "info", path)) != ["0"]


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
