"""A trained pipeline as its users get it: two wheels, a new environment, nothing else by hand."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

SHOW = """
import spacy
nlp = spacy.load("en_tiny_wheel")
doc = nlp({text!r})
print([(ent.text, ent.label_, 0.0 <= ent._.crf_prob <= 1.0) for ent in doc.ents])
"""


def run(*command: str | Path) -> str:
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def build_own_wheel(folder: Path) -> Path:
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, REPOSITORY)
    return next(folder.glob("spacy_crf_ner-*.whl"))


def build_pipeline_wheel(model: Path, folder: Path) -> Path:
    folder.mkdir()
    command = (sys.executable, "-m", "spacy", "package", model, folder)
    run(*command, "--name", "tiny_wheel", "--build", "wheel")
    return next(folder.glob("*/dist/en_tiny_wheel-*.whl"))


@pytest.mark.slow
@pytest.mark.parametrize("config_name", ["crf_ner_trf"], indirect=True)
def test_the_wheels_of_a_pipeline_and_of_the_project_are_all_that_a_new_environment_needs(
    trained: Path, tmp_path: Path
) -> None:
    import spacy

    text = "Anna Schmidt lives in Berlin ."
    expected = [(ent.text, ent.label_, True) for ent in spacy.load(trained)(text).ents]
    own = build_own_wheel(tmp_path)
    pipeline = build_pipeline_wheel(trained, tmp_path / "pipeline")
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    # The constraints only choose among versions; they install nothing that the wheels do not ask for.
    run(python, "-m", "pip", "install", "-q", "-c", REPOSITORY / "constraints.txt", own, pipeline)
    shown = run(python, "-I", "-c", SHOW.format(text=text))
    assert shown.strip().splitlines()[-1] == str(expected)
    assert expected, "the trained pipeline finds no entity: the comparison would show nothing"
