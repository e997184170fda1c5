"""The package as its users get it: wheels with and without the compiled kernels, in new environments."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
# What the compiled kernels are made of.
SOURCES = (".pyx", ".pxd", ".cpp", ".hpp")
COMPILER = any(map(shutil.which, ("c++", "g++", "clang++")))

SHOW = """
import spacy
nlp = spacy.load("en_tiny_wheel")
doc = nlp({text!r})
print([(ent.text, ent.label_, 0.0 <= ent._.crf_prob <= 1.0) for ent in doc.ents])
"""
# Two sequences of 4 and 2 tokens with 3 tags: what the kernels of this installation give, compared with the reference.
DECODE = """
import torch
from spacy_crf_ner import functional, kernels
from spacy_crf_ner.functional import LOG_SPACE, Potentials

torch.manual_seed(0)
emissions = torch.randn(2, 4, 3, requires_grad=True)
potentials = Potentials(emissions, torch.tensor([4, 2]), torch.randn(3, 3), torch.randn(3), torch.randn(3))
tags, scores = kernels.viterbi(potentials)
expected_tags, expected_scores = functional.viterbi(potentials, recursions=LOG_SPACE)
assert tags.tolist() == expected_tags.tolist()
torch.testing.assert_close(scores, expected_scores)
kernels.negative_log_likelihood(potentials, tags).sum().backward()
gradient, emissions.grad = emissions.grad, None
functional.negative_log_likelihood(potentials, tags, recursions=LOG_SPACE).sum().backward()
torch.testing.assert_close(gradient, emissions.grad)
"""

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path | None = None, **environment: str) -> str:
    result = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, **environment},
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout + result.stderr


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked: what lies about in a checkout is not in it."""
    folder = tmp_path_factory.mktemp("sources")
    run(sys.executable, "-m", "build", "--sdist", "--outdir", folder, REPOSITORY)
    archive = next(folder.glob("spacy_crf_ner-*.tar.gz"))
    with tarfile.open(archive) as file:
        file.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return folder / archive.name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def own_wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the compiled kernels, if this machine can build them."""
    wheel, _ = build_wheel(sources, tmp_path_factory.mktemp("wheel"), "require" if COMPILER else "auto")
    return wheel


def build_wheel(sources: Path, folder: Path, mode: str, **environment: str) -> tuple[Path, str]:
    """A wheel, and what its build said."""
    command = (sys.executable, "-m", "build", "--wheel", "--outdir", folder, sources)
    said = run(*command, SPACY_CRF_NER_BUILD=mode, **environment)
    return next(folder.glob("spacy_crf_ner-*.whl")), said


def build_pipeline_wheel(model: Path, folder: Path) -> Path:
    folder.mkdir()
    command = (sys.executable, "-m", "spacy", "package", model, folder)
    run(*command, "--name", "tiny_wheel", "--build", "wheel")
    return next(folder.glob("*/dist/en_tiny_wheel-*.whl"))


def python_of(environment: Path) -> Path:
    return environment / ("Scripts" if os.name == "nt" else "bin") / "python"


def borrow_environment(folder: Path, wheel: Path) -> Path:
    """An environment with this wheel, and with all else that is installed here, torch first of all, seen through a .pth
    file instead of installed again. Its own packages come first; and .pth files of the environment here, an editable
    installation of this project among them, do not count there.

    RETURNS (Path): Its Python.
    """
    venv.create(folder)
    # Before the .pth file, which shows pip the installation here.
    run(sys.executable, "-m", "pip", "--python", folder, "install", "-q", "--no-deps", "--no-index", wheel)
    own = Path(run(python_of(folder), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    borrowed = [entry for entry in sys.path if Path(entry).name in {"site-packages", "dist-packages"}]
    (own / "borrowed.pth").write_text("\n".join(borrowed), encoding="utf8")
    return python_of(folder)


def check_kernels(python: Path, folder: Path) -> str:
    """Decode and differentiate with the installed package.

    RETURNS (str): What it says computes the CRF on CPUs.
    """
    where = run(python, "-I", "-c", "import spacy_crf_ner as package; print(package.__file__)", cwd=folder)
    assert where.startswith(str(folder)), "another installation was imported"
    run(python, "-I", "-c", DECODE, cwd=folder)
    shown: dict[str, Any] = json.loads(
        run(python, "-I", "-m", "spacy", "crf-ner", "info", "--json", cwd=folder)
    )
    return str(shown["kernels"]["cpu"])


def run_suite(python: Path, folder: Path) -> None:
    """The quick tests of the kernels, away from the checkout, with the installed package."""
    shutil.copytree(REPOSITORY / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", Path("tests", "kernels"), cwd=folder)


def names(wheel: Path, *suffixes: str) -> list[str]:
    with zipfile.ZipFile(wheel) as file:
        return [name for name in file.namelist() if name.endswith(suffixes)]


def test_the_sources_of_the_kernels_are_in_the_source_distribution_only(
    sources: Path, own_wheel: Path
) -> None:
    here, there = (
        {path.relative_to(root) for path in root.glob("spacy_crf_ner/**/*") if path.suffix in SOURCES}
        for root in (REPOSITORY, sources)
    )
    assert Path("spacy_crf_ner", "kernels", "cpu", "_crf.pyx") in here
    assert here == there
    assert not list((sources / "spacy_crf_ner").rglob("*.so"))
    assert names(own_wheel, *SOURCES) == []
    assert "spacy_crf_ner/py.typed" in names(own_wheel, "py.typed")


def test_the_wheel_brings_the_ready_configs(own_wheel: Path, tmp_path: Path) -> None:
    ready = {path.name: path.read_text(encoding="utf8") for path in (REPOSITORY / "configs").glob("*.cfg")}
    with zipfile.ZipFile(own_wheel) as file:
        inside = {
            name.removeprefix("spacy_crf_ner/configs/"): file.read(name).decode("utf8")
            for name in names(own_wheel, ".cfg")
        }
    assert inside == ready
    python = borrow_environment(tmp_path / "env", own_wheel)
    listed = run(python, "-I", "-m", "spacy", "crf-ner", "init", "--list", cwd=tmp_path)
    for name in ready:
        assert name.removesuffix(".cfg") in listed


@pytest.mark.skipif(not COMPILER, reason="needs a C++ compiler")
def test_the_wheel_for_this_platform_runs_the_compiled_kernels(own_wheel: Path, tmp_path: Path) -> None:
    assert len(names(own_wheel, ".so", ".pyd")) == 1
    assert not own_wheel.stem.endswith("-any")
    python = borrow_environment(tmp_path / "env", own_wheel)
    assert check_kernels(python, tmp_path).startswith("compiled")
    run_suite(python, tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="needs the command `false`")
@pytest.mark.parametrize(
    ("mode", "environment", "reason"),
    [("skip", {}, "SPACY_CRF_NER_BUILD=skip"), ("auto", {"CC": str(shutil.which("false"))}, "CompileError")],
    ids=["skipped", "without a compiler"],
)
def test_a_pure_wheel_says_so_and_works_everywhere(
    mode: str, environment: dict[str, str], reason: str, sources: Path, tmp_path: Path
) -> None:
    wheel, said = build_wheel(sources, tmp_path, mode, **environment)
    assert "WITHOUT the compiled kernels" in said
    assert f"Reason: {reason}" in said
    assert wheel.stem.endswith("-py3-none-any")
    assert names(wheel, ".so", ".pyd") == []
    python = borrow_environment(tmp_path / "env", wheel)
    assert check_kernels(python, tmp_path).startswith("torch")
    # The two differ in how they were built, not in what is in them.
    if mode == "skip":
        run_suite(python, tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="needs the command `false`")
def test_kernels_that_are_required_and_cannot_be_built_are_an_error(sources: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="the compiled kernels are required, but were not built"):
        build_wheel(sources, tmp_path, "require", CC=str(shutil.which("false")))
    with pytest.raises(AssertionError, match="expected one of auto, require, skip"):
        build_wheel(sources, tmp_path, "maybe")


@pytest.mark.parametrize("config_name", ["crf_ner_trf"], indirect=True)
def test_the_wheels_of_a_pipeline_and_of_the_project_are_all_that_a_new_environment_needs(
    trained: Path, own_wheel: Path, tmp_path: Path
) -> None:
    import spacy

    text = "Anna Schmidt lives in Berlin ."
    expected = [(ent.text, ent.label_, True) for ent in spacy.load(trained)(text).ents]
    pipeline = build_pipeline_wheel(trained, tmp_path / "pipeline")
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    python = python_of(environment)
    # The constraints only choose among versions; they install nothing that the wheels do not ask for.
    run(python, "-m", "pip", "install", "-q", "-c", REPOSITORY / "constraints.txt", own_wheel, pipeline)
    shown = run(python, "-I", "-c", SHOW.format(text=text))
    assert shown.strip().splitlines()[-1] == str(expected)
    assert expected, "the trained pipeline finds no entity: the comparison would show nothing"
