"""What `nlp` does with its components, it does with `crf_ner` as with spaCy's `ner`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from spacy.cli.train import train
from spacy.training import Example
from thinc.api import Adam

from tests import tiny
from tests.cli.support import predictions, read_config

# Run in a process of its own, which ends itself if it hangs. Loading takes its time on a busy machine, the rest little.
TWO_PROCESSES_AFTER_TWO_THREADS = """
import faulthandler, sys
import spacy, torch

torch.set_num_threads(2)
(torch.ones(512, 512) @ torch.ones(512, 512)).exp().sum()  # large enough to start torch's threads
nlp = spacy.load(sys.argv[1])
texts = ["Anna Schmidt lives in Berlin ."] * 8
list(nlp.pipe(texts))
faulthandler.dump_traceback_later(90, exit=True)
docs = list(nlp.pipe(texts * 50, n_process=2, batch_size=100))
print(len(docs), sum(len(doc.ents) for doc in docs))
"""


def test_pipe_in_two_processes_gives_the_same_entities_and_probabilities(trained: Path) -> None:
    nlp = spacy.load(trained)
    expected = predictions(nlp)
    assert predictions(nlp, n_process=2, batch_size=3) == expected
    assert any(entities for entities in expected)


@pytest.mark.slow
def test_pipe_in_two_processes_does_not_hang_when_torch_has_threads(trained: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", TWO_PROCESSES_AFTER_TWO_THREADS, str(trained)]
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    with (tmp_path / "output.txt").open("w") as output:
        process = subprocess.Popen(command, stdout=output, env=environment, start_new_session=True)
        status = process.wait()
    if status != 0:
        # The whole session: workers that hang outlive their parent.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert (tmp_path / "output.txt").read_text(encoding="utf8").split() == ["400", "800"]


def test_analyze_pipes_shows_what_the_component_sets_and_finds_no_problem(
    config_name: str, trained: Path
) -> None:
    analysis = spacy.load(trained).analyze_pipes()
    assert analysis["summary"]["ner"]["assigns"] == ["doc.ents", "token.ent_iob", "token.ent_type"]
    assert analysis["summary"]["ner"]["scores"] == ["ents_f", "ents_p", "ents_r", "ents_per_type"]
    assert analysis["attrs"]["doc.ents"]["assigns"] == ["ner"]
    assert analysis["problems"] == {tiny.ENCODERS[config_name]: [], "ner": []}


def test_a_component_with_its_listener_replaced_needs_no_encoder(
    config_name: str, trained: Path, tmp_path: Path
) -> None:
    nlp = spacy.load(trained)
    expected = predictions(nlp)
    nlp.replace_listeners(tiny.ENCODERS[config_name], "ner", ["model.tok2vec"])
    nlp.remove_pipe(tiny.ENCODERS[config_name])
    assert predictions(nlp) == expected
    nlp.to_disk(tmp_path)
    assert predictions(spacy.load(tmp_path)) == expected


def test_a_component_with_its_listener_replaced_trains_its_own_encoder(
    config_name: str, trained: Path
) -> None:
    nlp = spacy.load(trained)
    nlp.replace_listeners(tiny.ENCODERS[config_name], "ner", ["model.tok2vec"])
    nlp.remove_pipe(tiny.ENCODERS[config_name])
    ner = nlp.get_pipe("ner")
    text = tiny.TINY_TEXTS[0]
    before = ner.model.get_ref("tok2vec").predict([nlp.make_doc(text)])[0].copy()
    wrong = {"entities": [(0, 4, "ORG")]}
    losses = [
        nlp.update([Example.from_dict(nlp.make_doc(text), wrong)], sgd=Adam(0.01))["ner"] for _ in range(12)
    ]
    after = ner.model.get_ref("tok2vec").predict([nlp.make_doc(text)])[0]
    assert abs(after - before).max() > 0.001
    assert losses[-1] < losses[0] / 10


def test_a_frozen_component_with_its_listener_replaced_stays_as_it_was(
    config_name: str, trained: Path, tiny_corpus: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    config = read_config(config_name)
    encoder = tiny.ENCODERS[config_name]
    # A component like `ner`, beside it: with its own copy of the section, all variables resolved.
    second = read_config(config_name).interpolate()["components"]["ner"]
    config["components"]["second"] = second
    config["components"]["ner"] = {"source": str(trained), "replace_listeners": ["model.tok2vec"]}
    config["components"][encoder] = {"source": str(trained)}
    config["nlp"]["pipeline"] = [encoder, "ner", "second"]
    config["training"]["frozen_components"] = ["ner"]
    config.to_disk(tmp_path / "frozen.cfg")
    settings = tiny.overrides(config_name, tiny_corpus, tiny_encoder, steps=5)
    train(tmp_path / "frozen.cfg", tmp_path / "output", overrides=settings)
    nlp = spacy.load(tmp_path / "output" / "model-last")
    expected = predictions(spacy.load(trained))
    with nlp.select_pipes(enable=["ner"]):
        assert predictions(nlp) == expected
    # The encoder that it came from has been trained further, for the second component.
    nlp.remove_pipe("ner")
    before, after = (
        tiny.encoding(pipeline.get_pipe(encoder), pipeline.make_doc(tiny.TINY_TEXTS[0]))
        for pipeline in (spacy.load(trained), nlp)
    )
    assert abs(before - after).max() > 0.001
