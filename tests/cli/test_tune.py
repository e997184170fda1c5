"""`python -m spacy crf-ner tune` on the tiny corpus."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import srsly
from spacy.util import load_config, registry

from tests import tiny
from tests.cli.support import run

pytestmark = pytest.mark.usefixtures("commands")
CONFIG = tiny.CONFIGS / "crf_ner_cnn.cfg"
SPACE = """
training.optimizer.learn_rate.initial_rate: {low: 1e-4, high: 1e-1, log: true}
components.ner.scheme: {choices: [BILUO, BIO]}
"""


@pytest.fixture(scope="module")
def commands() -> None:
    registry.cli.get_all()


@pytest.fixture
def space(tmp_path: Path) -> Path:
    (tmp_path / "space.yml").write_text(SPACE)
    return tmp_path / "space.yml"


def overrides(corpus: Path, steps: int = 2) -> list[str]:
    settings = tiny.overrides("crf_ner_cnn", corpus, Path(), steps=steps)
    small = {
        "components.tok2vec.model.width": 16,
        "components.tok2vec.model.embed_size": 100,
        "nlp.lang": "xx",
    }
    return tiny.as_arguments({**settings, **small})


def test_it_searches_goes_on_and_shows_the_best_trials(
    space: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    output = tmp_path / "search"
    command = ("crf-ner", "tune", CONFIG, space, "--output", output, *overrides(tiny_corpus))
    first = run(*command, "--trials", "1", "--no-model")
    assert "2 settings, 1 trials" in first
    assert "Going on" not in first
    second = run(*command, "--trials", "2", "--sampler", "random", "--pruner", "none")
    assert "Going on after 1 trials" in second
    trials = sorted(srsly.read_jsonl(output / "trials.jsonl"), key=lambda trial: -trial["score"])
    numbers = " ".join(str(trial["number"]) for trial in trials)
    scores = " ".join(f"{trial['score']:.4f}" for trial in trials)
    schemes = " ".join(trial["values"]["components.ner.scheme"] for trial in trials)
    assert f"Trial {numbers} " in second
    assert f"Score {scores} " in second
    assert f"components.ner.scheme {schemes} " in second
    assert "2 trials completed, 0 stopped early, 0 of them for a loss" in second
    assert "Saved best.cfg, trials.jsonl and plots.html" in second
    best = load_config(output / "best.cfg")
    assert best["paths"]["train"] == str(tiny_corpus)
    assert best["components"]["ner"]["scheme"] == trials[0]["values"]["components.ner.scheme"]
    # The first run kept none.
    assert (output / "model-best").exists() is (trials[0]["number"] == 1)


def test_an_error_of_ours_is_a_message_and_nothing_is_written(
    space: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    command = ("crf-ner", "tune", CONFIG, space, "--output", tmp_path / "search", *overrides(tiny_corpus))
    assert "expected `--sampler` to be one of tpe, random" in run(*command, "--sampler", "grid", fails=True)
    space.write_text("training.droput: {low: 0, high: 1}\n")
    assert "no setting `training.droput`" in run(*command, fails=True)
    assert not (tmp_path / "search").exists()


@pytest.mark.slow
def test_the_same_command_goes_on_after_it_was_killed(space: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"

    def command(output: Path) -> list[str]:
        fixed = ["crf-ner", "tune", str(CONFIG), str(space), "--output", str(output), "--trials", "3"]
        return [*fixed, *overrides(tiny_corpus, steps=10)]

    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (tmp_path / "output.txt").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "spacy", *command(killed)], stdout=output, stderr=output, env=environment
        )
        deadline = time.monotonic() + 300
        # The second trial has begun to save its pipeline.
        while not (killed / "trials" / "1").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert "Going on after 1 trials" in run(*command(killed))
    run(*command(whole))
    found, expected = (
        [
            (trial["values"], trial["scores"])
            for trial in srsly.read_jsonl(path / "trials.jsonl")
            if trial["state"] != "fail"
        ]
        for path in (killed, whole)
    )
    assert found == expected
    assert len(found) == 3
    assert (killed / "best.cfg").read_text() == (whole / "best.cfg").read_text()
    assert not (killed / "trials").exists()
