"""The project projects/wnut17 runs, and its conversion loses nothing."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import spacy
import srsly
from spacy.cli.project.assets import project_assets
from spacy.cli.project.document import project_document
from spacy.cli.project.run import project_run
from spacy.tokens import DocBin
from weasel.util import get_checksum, load_project_config

from tests import tiny
from tests.cli.support import run

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "projects" / "wnut17"
FILES = {
    "train": "wnut17train.conll",
    "dev": "emerging.dev.conll",
    "test": "emerging.test.annotated",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A fresh clone of the project, with our configs where it looks for them."""
    shutil.copytree(tiny.CONFIGS, tmp_path / "configs")
    path = tmp_path / "projects" / "wnut17"
    path.mkdir(parents=True)
    for name in ("project.yml", "README.md", "requirements.txt"):
        shutil.copy(PROJECT / name, path)
    shutil.copytree(PROJECT / "scripts", path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    return path


@pytest.fixture(scope="session")
def wnut17() -> Path:
    """The folder with the original files."""
    path = Path(os.environ.get("WNUT17_DIR", ROOT.parent / "shared" / "data" / "wnut17"))
    missing = [name for name in FILES.values() if not (path / name).is_file()]
    if missing:
        pytest.skip(f"{', '.join(missing)} not found in {path}: set WNUT17_DIR to the folder of the corpus")
    return path


@pytest.fixture(scope="session")
def convert() -> ModuleType:
    """scripts/convert.py as a module."""
    spec = importlib.util.spec_from_file_location("wnut17_convert", PROJECT / "scripts" / "convert.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_columns(path: Path) -> Iterator[list[list[str]]]:
    """Posts as lists of [token, tag], read in another way than the script's."""
    text = path.read_bytes().decode("utf8").replace("\n\t\n", "\n\n")
    for post in text.strip("\n").split("\n\n"):
        yield [line.split("\t") for line in post.strip("\n").split("\n")]


def test_the_readme_is_what_spacy_project_document_writes(project: Path, tmp_path: Path) -> None:
    project_document(project, tmp_path / "README.md")
    written = (tmp_path / "README.md").read_text(encoding="utf8")
    assert (PROJECT / "README.md").read_text(encoding="utf8") == written


def test_the_assets_come_from_the_original_address_at_a_fixed_commit(project: Path) -> None:
    assets = load_project_config(project)["assets"]
    repository = "https://raw.githubusercontent.com/leondz/emerging_entities_17"
    commit = "e52a2d2a71ac1a051ca2d532eef28653c5c02603"
    assert [asset["url"] for asset in assets] == [f"{repository}/{commit}/{name}" for name in FILES.values()]
    assert all(asset["checksum"] for asset in assets)


def test_the_assets_come_from_a_folder_when_there_is_no_internet(project: Path, wnut17: Path) -> None:
    overrides = {"vars.corpus_source": str(wnut17)}
    project_assets(project, overrides=overrides)
    for asset in load_project_config(project)["assets"]:
        assert get_checksum(project / asset["dest"]) == asset["checksum"]


def test_a_file_that_is_not_the_original_is_noticed(
    project: Path, tmp_path: Path, convert: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in FILES.values():
        (tmp_path / name).write_text("Paris\tB-location\n", encoding="utf8")
    project_assets(project, overrides={"vars.corpus_source": str(tmp_path)})
    assert capsys.readouterr().out.count("Checksum doesn't match") == len(FILES)
    with pytest.raises(SystemExit, match="1"):
        convert.main(project / "assets", project / "corpus")
    output = capsys.readouterr().out
    assert "emerging.dev.conll: 1 posts, expected 1,009" in output
    assert "wnut17train.conll: 1 location, expected 548" in output


def test_conversion_keeps_every_token_and_tag(
    wnut17: Path, convert: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    convert.main(wnut17, tmp_path)
    assert "Saved every post, token and entity" in capsys.readouterr().out
    vocab = spacy.blank("en").vocab
    for split, name in FILES.items():
        docs = DocBin().from_disk(tmp_path / f"{split}.spacy").get_docs(vocab)
        for doc, columns in zip(docs, read_columns(wnut17 / name), strict=True):
            tags = [f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type else "O" for token in doc]
            assert [[token.text, tag] for token, tag in zip(doc, tags, strict=True)] == columns


def test_posts_are_read_token_by_token(convert: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "posts.conll"
    # Blank lines with and without a TAB, several in a row, invisible characters in tokens, no newline at the end.
    posts = (
        "\n\t\nAnna\tB-person\n\u2028\ufeff\tI-person\n\t\n\na\u200bb\tO\nParis\tB-location\nBonn\tB-location"
    )
    path.write_text(posts, encoding="utf8", newline="")
    assert list(convert.read_posts(path)) == [
        (["Anna", "\u2028\ufeff"], ["B-person", "I-person"]),
        (["a\u200bb", "Paris", "Bonn"], ["O", "B-location", "B-location"]),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Anna B-person\n", "line 1: expected a token, a TAB and a tag, found 'Anna B-person'"),
        ("Anna\tO\n\tO\n", "line 2: expected a token, a TAB and a tag"),
        ("Anna\tO\nSchmidt\tI-person\n", "line 2: 'I-person' cannot follow 'O'"),
        ("Anna\tB-person\nBonn\tI-location\n", "line 2: 'I-location' cannot follow 'B-person'"),
        ("Anna\tB-person\n\nBonn\tI-person\n", "line 3: 'I-person' cannot follow 'O'"),
        ("Anna\tU-person\n", "line 1: 'U-person' is not an IOB2 tag"),
    ],
)
def test_a_broken_line_is_reported_with_its_number(
    text: str, message: str, convert: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "broken.conll"
    path.write_text(text, encoding="utf8")
    with pytest.raises(ValueError, match=message):
        list(convert.read_posts(path))


def commands(project: Path, overrides: dict[str, Any]) -> dict[str, list[list[str]]]:
    """The spaCy commands of each command of the project, as lists of arguments."""
    scripts = {
        command["name"]: [shlex.split(line) for line in command["script"]]
        for command in load_project_config(project, overrides=overrides)["commands"]
    }
    prefix = ["python", "-m", "spacy"]
    return {name: [line[3:] for line in lines if line[:3] == prefix] for name, lines in scripts.items()}


# spaCy's cli/package.py leaves it to the garbage collector to close what it writes.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_its_commands_work_with_the_variables_given(
    project: Path, tiny_corpus: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overrides = {
        "vars.encoder": str(tiny_encoder),
        "vars.learn_rate": 0.01,
        "vars.warmup_steps": 2,
        "vars.max_steps": 20,
        "vars.batch_words": 90,
        "vars.eval_frequency": 20,
        "vars.dropout": 0.05,
        "vars.seed": 3,
        "vars.name": "tiny",
    }
    arguments = commands(project, overrides)
    for split in FILES:
        shutil.copy(tiny_corpus, project / "corpus" / f"{split}.spacy")
    monkeypatch.chdir(project)
    for command in ("train", "evaluate"):
        for line in arguments[command]:
            run(*line)
    (package,) = arguments["package"]
    run(*(part if part != "wheel" else "none" for part in package))

    config = spacy.load(project / "training" / "model-best").config.interpolate()
    training = config["training"]
    schedule = training["optimizer"]["learn_rate"]
    assert (training["max_steps"], training["eval_frequency"], training["patience"]) == (20, 20, 0)
    assert (training["dropout"], training["accumulate_gradient"], training["seed"]) == (0.05, 1, 3)
    assert training["batcher"]["size"] == 90
    assert (schedule["initial_rate"], schedule["warmup_steps"], schedule["total_steps"]) == (0.01, 2, 20)
    for split in ("dev", "test"):
        assert srsly.read_json(project / "metrics" / f"{split}.json")["ents_f"] > 0.9
    assert (project / "packages" / "en_tiny-0.1.0" / "meta.json").is_file()


def has(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.skipif(not has("build") and not has("wheel"), reason="`spacy package --build wheel` needs build")
def test_the_workflow_runs_from_the_original_files_to_a_wheel(
    project: Path, wnut17: Path, tiny_encoder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    overrides = {
        "vars.corpus_source": str(wnut17),
        "vars.encoder": str(tiny_encoder),
        "vars.max_steps": 4,
        "vars.eval_frequency": 4,
        "vars.warmup_steps": 1,
        "vars.learn_rate": 0.01,
    }
    project_assets(project, overrides=overrides)
    project_run(project, "all", overrides=overrides)
    labels = {"corporation", "creative-work", "group", "location", "person", "product"}
    nlp = spacy.load(project / "training" / "model-best")
    assert set(nlp.get_pipe("ner").labels) == labels
    assert set(srsly.read_json(project / "metrics" / "test.json")["ents_per_type"]) == labels
    assert list(project.glob("packages/en_wnut17_crf-0.1.0/dist/en_wnut17_crf-0.1.0-py3-none-any.whl"))
    capfd.readouterr()
    project_run(project, "all", overrides=overrides)
    assert capfd.readouterr().out.count("nothing changed") == 4
