"""`python -m spacy crf-ner push` publishes to a folder, and to a server that speaks the Hub's language."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import spacy
from huggingface_hub import constants
from huggingface_hub.utils import reset_sessions
from typer.testing import CliRunner, Result

from spacy_crf_ner.cli import app
from tests import tiny
from tests.sharing import packages
from tests.sharing.hub_server import TOKEN, Hub, serve

META = {"license": "MIT", "author": "Ada", "description": "Places."}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel in the dist/ of a package folder; to be read and not to be changed."""
    path = packages.save_pipeline(tmp_path_factory.mktemp("pushed") / "pipeline", **META)
    return packages.make_wheel(packages.make_package(path, tmp_path_factory.mktemp("package")))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The Hub, as far as huggingface_hub knows, for which this machine is not offline."""
    with serve() as server:
        # Read from the environment when huggingface_hub was imported.
        monkeypatch.setattr(constants, "ENDPOINT", server.address)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        reset_sessions()
        yield server
    reset_sessions()


def push(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["push", *map(str, arguments)])


def said(result: Result) -> str:
    return " ".join(result.output.split())


def test_a_wheel_with_scores_and_page_is_written_to_a_folder(wheel: Path, tmp_path: Path) -> None:
    report = {"data": "/x/dev.spacy", "docs": 3, "micro": {"precision": 0.5, "recall": 0.5, "f1": 0.5}}
    (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf8")
    (tmp_path / "page.html").write_text("<p>", encoding="utf8")
    texts = ("--data", "News.", "--limitations", "No poems.")
    files = ("--scores", tmp_path / "report.json", "--page", tmp_path / "page.html")
    result = push(wheel, "--local", tmp_path / "out", *files, *texts)
    assert result.exit_code == 0
    assert f"Saved en_tiny 1.2.3 with its card to {tmp_path / 'out'}".replace(" ", "") in said(
        result
    ).replace(" ", "")
    assert "⚠" not in result.output
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf8")
    for part in (f"pip install ./{wheel.name}", "News.", "No poems.", "report.html", "`dev.spacy` (3 Docs)"):
        assert part in card
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf8") == "<p>"
    assert (tmp_path / "out" / wheel.name).read_bytes() == wheel.read_bytes()


def test_what_readers_of_the_card_will_miss_is_said(tmp_path: Path) -> None:
    path = packages.save_pipeline(tmp_path / "pipeline")
    text = (path / "config.cfg").read_text(encoding="utf8")
    (path / "config.cfg").write_text(
        text.replace("train = null", 'train = "/home/ada/x.spacy"'), encoding="utf8"
    )
    result = push(path, "--local", tmp_path / "out")
    assert result.exit_code == 0
    for part in (
        "license (may it be used), author (who made it), description (what it is for)",
        "The card has no scores",
        "There is no wheel",
        "paths.train = /home/ada/x.spacy",
    ):
        assert part in said(result)


def test_one_commit_takes_all_files_to_the_hub(wheel: Path, hub: Hub) -> None:
    result = push(wheel, "ada/places")
    assert result.exit_code == 0, result.output
    (commit,) = hub.commits
    assert (commit["repo_id"], commit["branch"]) == ("ada/places", "main")
    assert commit["summary"] == "Update en_tiny to version 1.2.3"
    files = commit["files"]
    assert files[wheel.name] == wheel.read_bytes()
    assert {"README.md", "meta.json", "config.cfg", "ner/cfg", "ner/model", "vocab/strings.json"} <= set(
        files
    )
    address = f"pip install {hub.address}/ada/places/resolve/main/{wheel.name}"
    assert address in files["README.md"].decode()
    assert address in result.output
    assert f"{hub.address}/ada/places" in result.output
    assert hub.repositories == {"ada/places": False}


def test_branch_message_and_privacy_are_as_they_were_asked_for(wheel: Path, hub: Hub) -> None:
    result = push(wheel, "ada/places", "--branch", "next", "--message", "Try it", "--private")
    assert result.exit_code == 0, result.output
    (commit,) = hub.commits
    assert (commit["branch"], commit["summary"], hub.branches) == ("next", "Try it", ["next"])
    assert f"/resolve/next/{wheel.name}" in commit["files"]["README.md"].decode()
    assert hub.repositories == {"ada/places": True}


def test_a_repository_that_is_there_gets_another_commit(wheel: Path, hub: Hub) -> None:
    hub.repositories["ada/places"] = False
    assert push(wheel, "ada/places").exit_code == 0
    assert len(hub.commits) == 1


def test_nothing_private_goes_to_a_public_repository(wheel: Path, hub: Hub) -> None:
    hub.repositories["ada/places"] = False
    result = push(wheel, "ada/places", "--private")
    assert result.exit_code == 1
    assert "exists and is public. Nothing was pushed" in said(result)
    assert hub.commits == []


def test_a_token_that_is_not_valid_is_an_error(
    wheel: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_another")
    result = push(wheel, "ada/places")
    assert result.exit_code == 1
    assert "Expected to push to ada/places, but 401" in said(result)
    assert "hf_another" not in result.output
    assert hub.repositories == {}


def test_what_the_hub_refuses_is_an_error_with_its_reason(wheel: Path, hub: Hub) -> None:
    hub.refuses = "Your push was rejected: too large"
    result = push(wheel, "ada/places")
    assert result.exit_code == 1
    assert "Your push was rejected: too large" in said(result)


def test_without_a_connection_there_is_an_error(wheel: Path) -> None:
    # As tests/conftest.py sets it, no test is online.
    result = push(wheel, "ada/places")
    assert result.exit_code == 1
    assert "Expected to push to ada/places, but" in said(result)
    assert "offline mode is enabled" in said(result)


def test_a_server_that_does_not_answer_is_an_error(
    wheel: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.shutdown()
    hub.server_close()
    result = push(wheel, "ada/places")
    assert result.exit_code == 1
    assert "Connection refused" in said(result) or "Max retries" in said(result)


def test_what_the_http_library_of_later_versions_raises_is_an_error(
    wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpx = pytest.importorskip("httpx")

    def fail(*_: Any, **__: Any) -> None:
        # From huggingface_hub 1.0 on; here is an earlier one.
        raise httpx.ConnectError("no route to host")

    monkeypatch.setattr(huggingface_hub.HfApi, "create_repo", fail)
    result = push(wheel, "ada/places")
    assert result.exit_code == 1
    assert "Expected to push to ada/places, but no route to host" in said(result)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "but got neither"),
        (["ada/places", "--local", "out"], "but got both"),
        (["places"], "to be `owner/name`"),
        (["ada/../x"], "to be `owner/name`"),
        (["--local", "out", "--private"], "Expected `--private` only for the Hugging Face Hub"),
        (["--local", "out", "--branch", "x"], "Expected `--branch` only for"),
        (["--local", "out", "--page", "none.html"], "Expected `--page none.html` to be a file"),
        (["--local", "out", "--scores", "none.json"], "there is no such file"),
    ],
)
def test_what_does_not_fit_is_an_error_and_nothing_is_written(
    arguments: list[str], expected: str, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = push(wheel, *arguments)
    assert result.exit_code == 1
    assert expected in said(result)
    assert list(tmp_path.iterdir()) == []


def test_without_huggingface_hub_the_extra_is_named(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    result = push(wheel, "ada/places")
    assert result.exit_code == 1
    assert "pip install 'spacy-crf-ner[hub]'" in said(result)
    assert huggingface_hub.__version__


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_what_spacy_packages_is_pushed_over_http_and_installed_from_its_address(
    tmp_path: Path, train_once: Any
) -> None:
    def run(*command: str | Path, **environment: str) -> str:
        variables = {**os.environ, **environment}
        result = subprocess.run(
            [str(one) for one in command], capture_output=True, text=True, check=False, env=variables
        )
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    python = sys.executable
    model = train_once("crf_ner_cnn")
    run(python, "-m", "spacy", "package", model, tmp_path, "--name", "pushed", "--build", "wheel")
    package = tmp_path / "en_pushed-0.0.0"
    with serve() as server:
        settings = {"HF_ENDPOINT": server.address, "HF_HUB_OFFLINE": "0", "HF_TOKEN": TOKEN}
        run(python, "-m", "spacy", "crf-ner", "push", package, "ada/pushed", **settings)
        files = server.commits[0]["files"]
    wheel = tmp_path / "en_pushed-0.0.0-py3-none-any.whl"
    assert f"/ada/pushed/resolve/main/{wheel.name}" in files["README.md"].decode()
    wheel.write_bytes(files[wheel.name])
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", tmp_path / "site", wheel)
    show = f"import spacy; print([e.label_ for e in spacy.load('en_pushed')({tiny.TINY_TEXTS[0]!r}).ents])"
    expected = [ent.label_ for ent in spacy.load(model)(tiny.TINY_TEXTS[0]).ents]
    assert run(python, "-c", show, PYTHONPATH=str(tmp_path / "site")).strip() == str(expected)
