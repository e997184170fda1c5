"""Clones of the projects, and how tests run their commands."""

from __future__ import annotations

import importlib.util
import shlex
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

import typer
from typer.testing import CliRunner
from weasel.util import load_project_config

from tests.cli.support import run

ROOT = Path(__file__).parents[2]
PROJECTS = ROOT / "projects"
NAMES = sorted(path.parent.name for path in PROJECTS.glob("*/project.yml"))
# What git does not hold.
MADE = ("assets", "corpus", "training", "metrics", "packages", "project.lock", "__pycache__")
SPACY = ["python", "-m", "spacy"]


def clone(name: str, folder: Path) -> Path:
    """A fresh clone of a project, with our configs where it looks for them.

    name (str): One of NAMES.
    folder (Path): Where `configs` and `projects` are made.
    RETURNS (Path): The folder of the project.
    """
    shutil.copytree(ROOT / "configs", folder / "configs", dirs_exist_ok=True)
    target = folder / "projects" / name
    return Path(shutil.copytree(PROJECTS / name, target, ignore=shutil.ignore_patterns(*MADE)))


def load_script(project: str, name: str) -> ModuleType:
    """A script of a project as a module."""
    path = PROJECTS / project / "scripts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{project}_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_commands(project: Path, overrides: dict[str, Any] | None = None) -> dict[str, list[list[str]]]:
    """The lines of each command of a project in their order, as lists of arguments."""
    config = load_project_config(project, overrides=overrides or {})
    return {
        command["name"]: [shlex.split(line) for line in command["script"]] for command in config["commands"]
    }


def run_here(project: Path, name: str, overrides: dict[str, Any]) -> str:
    """Run a command of a project in this process, which has to be in the project's folder.

    project (Path): A clone.
    name (str): The command. What `package` would make a wheel of stays a folder.
    overrides (dict[str, Any]): Variables.
    RETURNS (str): What it printed, with single spaces.
    """
    printed = []
    for line in read_commands(project, overrides)[name]:
        if line[:3] == SPACY:
            arguments = ["none" if name == "package" and part == "wheel" else part for part in line[3:]]
            printed.append(run(*arguments))
        else:
            python, script, *arguments = line
            assert python == "python"
            app = typer.Typer()
            app.command()(load_script(project.name, Path(script).stem).main)
            result = CliRunner().invoke(app, arguments, catch_exceptions=False)
            assert result.exit_code == 0, result.output
            printed.append(" ".join(result.output.split()))
    return "\n".join(printed)


def has(*distributions: str) -> bool:
    """Whether all of these are installed."""
    try:
        return all(version(name) for name in distributions)
    except PackageNotFoundError:
        return False
