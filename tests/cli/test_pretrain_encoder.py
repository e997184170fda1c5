"""`python -m spacy crf-ner pretrain-encoder` on a tiny encoder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import spacy
from spacy.cli.train import train
from spacy.util import registry

from tests import tiny
from tests.cli.support import run

pytestmark = pytest.mark.usefixtures("commands")
OPTIONS = ("--batch-tokens", "300", "--learn-rate", "0.02", "--held-out", "0.2")


@pytest.fixture(scope="module")
def commands() -> None:
    registry.cli.get_all()


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [f"{first} {second}" for first in tiny.TINY_TEXTS for second in tiny.TINY_TEXTS[:6]]
    path = tmp_path_factory.mktemp("raw") / "raw.txt"
    path.write_text("\n".join(texts), encoding="utf8")
    return path


def test_it_tells_what_it_does_and_what_came_of_it(
    raw: Path, tiny_encoder: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    extra = tmp_path / "more.jsonl"
    extra.write_text('{"text": "Globex left Paris ."}\n', encoding="utf8")
    command = ("crf-ner", "pretrain-encoder", raw, extra, tmp_path / "out", "--encoder", tiny_encoder)
    output = run(*command, "--steps", "20", "--head-steps", "5", *OPTIONS)
    report = json.loads((tmp_path / "out" / "pretraining.json").read_text())
    assert report["texts"] == {"train": 58, "held_out": 15}
    assert f"58 texts with {report['words']} words, 15 texts held out; 20 updates" in output
    assert "is not in the files of" in output
    assert "trained alone in the first 5 updates. Perplexity before training says little" in output
    for title, name in (("Before", "before"), ("Head trained", "head trained"), ("After", "after")):
        one = report["measures"][name]
        assert f"{title} {one['perplexity']:.2f} {one['loss']:.4f} {one['accuracy']:.2%}" in output
    assert "words per second" in output
    assert f"Saved the encoder to {tmp_path / 'out'}" in output.replace(" Train", "")
    again = run(*command, "--steps", "20", "--head-steps", "5", *OPTIONS)
    assert "--overwrite makes it anew" in again
    # And `spacy train` takes it.
    settings = tiny.overrides("crf_ner_trf", tiny_corpus, tmp_path / "out", steps=2)
    train(tiny.CONFIGS / "crf_ner_trf.cfg", tmp_path / "trained", overrides=settings)
    assert spacy.load(tmp_path / "trained" / "model-last").pipe_names == ["transformer", "ner"]


def test_the_next_one_has_a_head_already(raw: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    command = ("crf-ner", "pretrain-encoder", raw)
    run(
        *command, tmp_path / "one", "--encoder", tiny_encoder, "--steps", "2", "--held-out", "0", *OPTIONS[:4]
    )
    output = run(*command, tmp_path / "two", "--encoder", tmp_path / "one", "--epochs", "1", *OPTIONS)
    assert "is not in the files of" not in output
    assert "Head trained" not in output


def test_an_error_of_ours_is_a_message_and_no_traceback(
    raw: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    command = ("crf-ner", "pretrain-encoder", raw, tmp_path / "out", "--encoder")
    assert "expected `--mask-probability`" in run(
        *command, tiny_encoder, "--mask-probability", "1.5", fails=True
    )
    assert "cannot load the encoder" in run(*command, tmp_path / "nowhere", fails=True)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_same_command_goes_on_after_it_was_killed(raw: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    def command(output: Path) -> list[str]:
        fixed = [
            "-m",
            "spacy",
            "crf-ner",
            "pretrain-encoder",
            str(raw),
            str(output),
            "--encoder",
            str(tiny_encoder),
        ]
        return [sys.executable, *fixed, "--steps", "200", "--checkpoint-steps", "20", *OPTIONS]

    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    killed = tmp_path / "killed"
    with (tmp_path / "output.txt").open("w") as output:
        process = subprocess.Popen(command(killed), stdout=output, stderr=output, env=environment)
        deadline = time.monotonic() + 300
        while not list(killed.glob("checkpoints/checkpoint-*/complete.json")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (killed / "pretraining.json").exists()
    # Each in a process of its own: threads that other tests have set up would change the order of sums.
    second, whole = (
        subprocess.run(command(output), capture_output=True, text=True, env=environment, check=True).stdout
        for output in (killed, tmp_path / "whole")
    )
    assert "Going on from" in second
    assert "Going on from" not in whole
    reports = [json.loads((path / "pretraining.json").read_text()) for path in (killed, tmp_path / "whole")]
    assert reports[0]["measures"] == reports[1]["measures"]
    weights = [(path / "model.safetensors").read_bytes() for path in (killed, tmp_path / "whole")]
    assert weights[0] == weights[1]
    assert not (killed / "checkpoints").exists()
