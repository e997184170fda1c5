"""`spacy package` makes a package of a pipeline with `crf_ner` that says what it needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import spacy

from spacy_crf_ner.about import __version__
from tests import tiny
from tests.cli.support import predictions, run

# spaCy's cli/package.py leaves it to the garbage collector to close what it writes.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@pytest.fixture
def package(trained: Path, tmp_path: Path) -> Path:
    """The folder that `pip install` would get, not built."""
    run("package", trained, tmp_path, "--name", "tiny_package", "--version", "1.2.3", "--build", "none")
    return tmp_path / "en_tiny_package-1.2.3"


def test_the_package_requires_this_project_by_itself(config_name: str, package: Path) -> None:
    requirements = json.loads((package / "meta.json").read_text(encoding="utf8"))["requirements"]
    names = {requirement.partition(">=")[0]: requirement for requirement in requirements}
    assert f">={__version__}" in names["spacy-crf-ner"]
    assert ("spacy-transformers" in names) is (config_name == "crf_ner_trf")


def test_the_package_holds_the_pipeline(package: Path, trained: Path) -> None:
    # `en_tiny_package.load()` itself finds its files only once installed: tests/test_wheels.py does that.
    nlp = spacy.load(package / "en_tiny_package" / package.name)
    assert predictions(nlp) == predictions(spacy.load(trained))


def test_the_readme_of_the_package_lists_component_and_labels(package: Path) -> None:
    readme = (package / "README.md").read_text(encoding="utf8")
    labels = ", ".join(f"`{label}`" for label in tiny.TINY_LABELS)
    assert f"| **`ner`** | {labels} |" in readme
    assert "| `ENTS_F` |" in readme
