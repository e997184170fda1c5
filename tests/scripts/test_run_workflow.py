"""scripts/run_workflow.py runs the steps of a project in order and stops at the first that fails."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "run_workflow.py"
PROJECT = """
vars:
  text: "hello"
workflows:
  all: [write, read]
commands:
  - name: "write"
    help: "Write a file"
    script:
      - "python -c \\"open('out.txt', 'w').write('${vars.text}')\\""
    outputs: ["out.txt"]
  - name: "read"
    help: "Read the file"
    script:
      - "python -c \\"print('read', open('out.txt').read()); open('out.txt').read() == 'bad' and exit(3)\\""
    deps: ["out.txt"]
"""


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_workflow", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "a project"
    path.mkdir()
    (path / "project.yml").write_text(PROJECT, encoding="utf8")
    return path


def test_each_step_says_what_it_does_and_a_second_run_skips_what_is_done(
    script: ModuleType, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert list(script.run_workflow(project, "all", {})) == ["write", "read"]
    output = capfd.readouterr().out
    for expected in ("Step 1 of 2, write: Write a file", "Step 2 of 2, read: Read the file", "read hello"):
        assert expected in output
    seconds = script.run_workflow(project, "all", {})
    output = capfd.readouterr().out
    assert "Skipping 'write': nothing changed" in output
    assert "read hello" in output
    assert all(value >= 0 for value in seconds.values())


def test_variables_can_be_set_on_the_command_line(
    script: ModuleType, project: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["run_workflow.py", str(project), "all", "--vars.text", "other"])
    script.main()
    output = capfd.readouterr().out
    assert "read other" in output
    assert "together" in output


def test_a_step_that_fails_is_named_and_ends_the_workflow_with_its_status(
    script: ModuleType, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="3"):
        script.run_workflow(project, "all", {"vars.text": "bad"})
    assert "Step 'read' failed" in capfd.readouterr().out


def test_an_unknown_workflow_is_answered_with_those_that_exist(
    script: ModuleType, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="1"):
        script.run_workflow(project, "some", {})
    assert "Its workflows: all" in capfd.readouterr().out
