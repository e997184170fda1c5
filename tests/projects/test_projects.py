"""What holds for every project: documented, complete, from the original files, and running to the end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from spacy.cli.project.assets import project_assets
from spacy.cli.project.document import project_document
from spacy.cli.project.run import project_run
from spacy.util import registry
from weasel.util import get_checksum, load_project_config

from tests import documentation
from tests.projects import clones
from tests.projects.corpora import FORMATS, SIZES, cut, write_own
from tests.test_measured import table_rows

COMMIT = re.compile(r"https://raw\.githubusercontent\.com/[\w-]+/[\w-]+/[0-9a-f]{40}/[\w./-]+")
ALL = pytest.mark.parametrize("name", clones.NAMES)
WITH_CORPUS = pytest.mark.parametrize("name", [*FORMATS])
# Texts, tokens and entities of what is trained and evaluated on.
PUBLISHED = {
    "biomedical": {"train": (5432, 136_086, 5145), "dev": (923, 23_969, 787), "test": (940, 24_497, 960)},
    # Without the messages that are in two parts.
    "chinese": {"train": (1270, 70_514, 1762), "dev": (262, 14_233, 381), "test": (270, 14_842, 418)},
    # Half of the training set's entities are hidden.
    "partial-annotation": {"train": (1356, 31_635, 1463), "dev": (170, 3597, 312), "test": (170, 3775, 321)},
    "wnut17": {"train": (3394, 62_730, 1975), "dev": (1009, 15_733, 836), "test": (1287, 23_394, 1079)},
}


@pytest.fixture(scope="module", autouse=True)
def entry_points() -> None:
    """What `python -m spacy` does: make what packages bring known to spaCy's command line."""
    registry.cli.get_all()


@pytest.fixture
def project(name: str, tmp_path: Path) -> Path:
    """A fresh clone of the project, in a folder that is easy to quote wrongly."""
    return clones.clone(name, tmp_path / "a clone")


@pytest.fixture
def quick(name: str, tiny_encoder: Path) -> dict[str, Any]:
    """Variables for a training of seconds, without a pretrained encoder."""
    variables: dict[str, Any] = {"max_steps": 4, "eval_frequency": 4, "warmup_steps": 1}
    if name == "chinese":
        variables |= {"encoder": "cnn"}
    else:
        variables |= {"encoder": str(tiny_encoder), "learn_rate": 0.01, "batch_words": 200}
    return {f"vars.{key}": value for key, value in variables.items()}


@ALL
def test_the_readme_is_what_spacy_project_document_writes(name: str, project: Path, tmp_path: Path) -> None:
    project_document(project, tmp_path / "README.md")
    written = (tmp_path / "README.md").read_text(encoding="utf8")
    readme = clones.PROJECTS / name / "README.md"
    assert readme.read_text(encoding="utf8") == written
    assert documentation.check_paths(readme, clones.ROOT) == []


@ALL
def test_the_scores_of_a_readme_are_rows_of_the_committed_results(name: str) -> None:
    readme = (clones.PROJECTS / name / "README.md").read_text(encoding="utf8")
    _, _, scores = readme.partition("\n## Scores\n")
    shown = table_rows(scores.partition("\n## ")[0])
    assert shown
    results = (clones.ROOT / "benchmarks" / "results" / "projects.md").read_text(encoding="utf8")
    section = results.partition(f"## [{name}](")[2].partition("\n## ")[0]
    assert shown == table_rows(section)


@ALL
def test_whatever_a_command_needs_is_committed_or_made_before(project: Path) -> None:
    config = load_project_config(project)
    commands = {command["name"]: command for command in config["commands"]}
    assert config["workflows"]["all"] == list(commands)
    made = {asset["dest"] for asset in config.get("assets", [])}
    for name, command in commands.items():
        for dependency in command["deps"]:
            assert dependency in made or (project / dependency).exists(), (name, dependency)
        assert command["help"]
        made.update(command.get("outputs", []), command.get("outputs_no_cache", []))
    for script in (project / "scripts").glob("*.py"):
        needed = [f"scripts/{script.name}" in command["deps"] for command in commands.values()]
        assert any(needed), f"{script.name} can change without any command running again"


@ALL
def test_every_variable_is_used_and_every_requirement_is_there(project: Path) -> None:
    text = (project / "project.yml").read_text(encoding="utf8")
    for variable in load_project_config(project)["vars"]:
        assert f"${{vars.{variable}}}" in text, variable
    requirements = (project / "requirements.txt").read_text(encoding="utf8")
    assert all(line in requirements for line in ("spacy-crf-ner", "spacy-transformers>=", "build>="))


@WITH_CORPUS
def test_the_assets_come_from_the_original_address_at_a_fixed_commit(name: str, project: Path) -> None:
    assets = load_project_config(project)["assets"]
    assert [asset["url"].rpartition("/")[2] for asset in assets] == [*FORMATS[name].files.values()]
    for asset in assets:
        assert COMMIT.fullmatch(asset["url"]), asset["url"]
        assert asset["checksum"]


@WITH_CORPUS
def test_the_assets_come_from_a_folder_when_there_is_no_internet(
    name: str, project: Path, corpora: Path
) -> None:
    project_assets(project, overrides={"vars.corpus_source": str(corpora / FORMATS[name].folder)})
    for asset in load_project_config(project)["assets"]:
        assert get_checksum(project / asset["dest"]) == asset["checksum"]


@WITH_CORPUS
def test_a_file_that_is_not_the_original_is_noticed(
    name: str, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project_assets(project, overrides={"vars.corpus_source": str(write_own(name, tmp_path))})
    assert capsys.readouterr().out.count("Checksum doesn't match") == len(FORMATS[name].files)


@pytest.mark.slow
@WITH_CORPUS
def test_conversion_loses_nothing_of_the_published_files(
    name: str, project: Path, corpora: Path, quick: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    overrides = {**quick, "vars.corpus_source": str(corpora / FORMATS[name].folder)}
    monkeypatch.chdir(project)
    project_assets(project, overrides=overrides)
    commands = [*clones.read_commands(project)]
    for command in commands[: commands.index("check") + 1]:
        clones.run_here(project, command, overrides)
    parts = srsly.read_json(project / "metrics" / "check.json")["parts"]
    found = {part: (at["docs"], at["tokens"], at["entities"]) for part, at in parts.items()}
    assert found == PUBLISHED[name]
    counts = srsly.read_json(project / "corpus" / "counts.json")
    assert all(label["not_written"] == 0 for label in counts["labels"].values())
    # The 14 entities of Weibo NER that begin with I-.
    assert counts["report_lines"] == (14 if name == "chinese" else 0)
    if name in ("biomedical", "wnut17"):
        for asset, (texts, _, _) in zip(
            load_project_config(project)["assets"], PUBLISHED[name].values(), strict=True
        ):
            assert f" {texts:,} " in asset["description"]


# spaCy's cli/package.py leaves it to the garbage collector to close what it writes.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.slow
@WITH_CORPUS
def test_every_command_works_on_a_slice_of_the_published_files(
    name: str,
    project: Path,
    corpora: Path,
    quick: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = cut(name, corpora, tmp_path)
    overrides = {**quick, "vars.corpus_source": str(source), "vars.seed": 3, "vars.name": "tiny"}
    monkeypatch.chdir(project)
    project_assets(project, overrides=overrides)
    for command in clones.read_commands(project):
        clones.run_here(project, command, overrides)
    (model,) = (project / "packages").glob("*_tiny-0.1.0")
    assert (model / "meta.json").is_file()
    (best, *_) = sorted((project / "training").rglob("model-best"))
    training = spacy.load(best).config.interpolate()["training"]
    assert (training["max_steps"], training["eval_frequency"], training["patience"]) == (4, 4, 0)
    schedule = training["optimizer"]["learn_rate"]
    assert (training["seed"], schedule["warmup_steps"], schedule["total_steps"]) == (3, 1, 4)
    if "vars.learn_rate" in quick:
        assert (schedule["initial_rate"], training["batcher"]["size"]) == (0.01, 200)


@pytest.mark.slow
@pytest.mark.skipif(not clones.has("build"), reason="`spacy package --build wheel` needs build")
@WITH_CORPUS
def test_the_workflow_runs_to_a_wheel_and_is_skipped_the_second_time(
    name: str,
    project: Path,
    quick: dict[str, Any],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    overrides = {**quick, "vars.corpus_source": str(write_own(name, tmp_path))}
    project_assets(project, overrides=overrides)
    project_run(project, "all", overrides=overrides)
    labels = {*FORMATS[name].labels.values()}
    (best, *_) = sorted((project / "training").rglob("model-best"))
    assert set(spacy.load(best).get_pipe("ner").labels) == labels
    report = srsly.read_json(project / "metrics" / "test.report.json")
    assert set(report["labels"]) == labels
    # The one that is divided by chance has no names of its own in each part.
    if name != "partial-annotation":
        assert report["seen"]["seen"]["tp"] + report["seen"]["seen"]["fn"] == 0
        parts = srsly.read_json(project / "metrics" / "check.json")["parts"]
        extra = {"train": 1} if name == "chinese" else {}
        assert {part: at["docs"] - extra.get(part, 0) for part, at in parts.items()} == SIZES
    assert len(list(project.glob("packages/*/dist/*.whl"))) == 1
    capfd.readouterr()
    project_run(project, "all", overrides=overrides)
    # The last command of partial-annotation prints what one wants to see, always.
    always = 1 if name == "partial-annotation" else 0
    assert capfd.readouterr().out.count("nothing changed") == len(clones.read_commands(project)) - always
