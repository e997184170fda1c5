"""`spacy train` goes on with an old pipeline: a new label is added, and the old ones are rehearsed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import spacy
from spacy.cli.train import train
from spacy.tokens import DocBin, Span

from tests import tiny
from tests.tiny import entities

CONFIG = """
[corpora.train]
@readers = "spacy-crf-ner.RehearsalCorpus.v1"
model = ${paths.old}
ratio = 12.0

[corpora.train.corpus]
@readers = "spacy.Corpus.v1"
path = ${paths.train}
gold_preproc = false
max_length = 0
limit = 0

[corpora.train.raw]
@readers = "spacy.PlainTextCorpus.v1"
path = ${paths.raw}

[corpora.dev]
"""
CALLBACK = """
[initialize.before_init]
@callbacks = "spacy-crf-ner.add_labels.v1"
component = "ner"
labels = ["ORG"]

[initialize.tokenizer]
"""


def test_spacy_train_goes_on_with_an_old_pipeline(
    trained: Path, config_name: str, tiny_encoder: Path, tmp_path: Path
) -> None:
    nlp = spacy.load(trained)
    doc = nlp.make_doc("The river Havel is long .")
    doc.set_ents([Span(doc, 2, 3, "RIVER")], default="outside")
    DocBin(docs=[doc]).to_disk(tmp_path / "new.spacy")
    (tmp_path / "raw.txt").write_text("\n".join(tiny.TINY_TEXTS), encoding="utf8")
    text = (trained / "config.cfg").read_text(encoding="utf8")
    config = spacy.util.load_config_from_str(text, interpolate=False)
    encoder = tiny.ENCODERS[config_name]
    config["paths"].update(
        {"old": str(trained), "train": str(tmp_path / "new.spacy"), "dev": str(tmp_path / "new.spacy")}
    )
    config["paths"]["raw"] = str(tmp_path / "raw.txt")
    config["components"] = {name: {"source": str(trained)} for name in (encoder, "ner")}
    blocks = CONFIG + CALLBACK.replace("ORG", "RIVER")
    added = spacy.util.load_config_from_str(
        "[paths]\n[corpora]\n[initialize]\n" + blocks.replace("[corpora.dev]\n", ""), interpolate=False
    )
    config["corpora"]["train"] = added["corpora"]["train"]
    config["initialize"]["before_init"] = added["initialize"]["before_init"]
    config["training"]["max_steps"] = 20
    config.to_disk(tmp_path / "continue.cfg")
    train(tmp_path / "continue.cfg", tmp_path / "out")
    after = spacy.load(tmp_path / "out" / "model-last")
    assert after.get_pipe("ner").labels == (*tiny.TINY_LABELS, "RIVER")
    assert entities(after("The river Havel is long .")) == [(2, 3, "RIVER")]
    same = [entities(after(text)) == entities(nlp(text)) for text in tiny.TINY_TEXTS]
    assert np.mean(same) > 0.8
    # The new text once, and each text to rehearse on.
    assert after.config["corpora"]["train"]["ratio"] == 12.0
