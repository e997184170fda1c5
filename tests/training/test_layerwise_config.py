"""The ready config for transformers does what its comments say."""

from __future__ import annotations

import inspect
from pathlib import Path

from spacy.training.initialize import init_nlp
from spacy.util import load_config
from thinc.api import Config

from spacy_crf_ner.training.freezing import Freeze, build_freeze_v1
from spacy_crf_ner.training.unfreezing import GradualUnfreezing, build_gradual_unfreezing_v1
from tests import tiny
from tests.training.deep_encoder import changes, learning

PATH = tiny.CONFIGS / "crf_ner_trf.cfg"


def load(corpus: Path, encoder: Path) -> Config:
    paths = {"paths.train": str(corpus), "paths.dev": str(corpus), "paths.encoder": str(encoder)}
    return load_config(PATH, overrides=paths)


def commented(section: str) -> dict[str, object]:
    """A section of the config that its head has as a comment."""
    lines = [line.removeprefix("#").strip() for line in PATH.read_text(encoding="utf8").splitlines()]
    start = lines.index(f"[{section}]")
    return dict(
        Config().from_str("\n".join(["[block]", *lines[start + 1 : lines.index("", start)]]))["block"]
    )


def test_the_freezing_in_its_comments_freezes_the_lower_half(tiny_corpus: Path, encoder: Path) -> None:
    config = load(tiny_corpus, encoder)
    section = commented("initialize.after_init")
    config["initialize"]["after_init"] = {**section, "layers": 1}
    assert section["layers"] == 12 // 2
    assert {name.split(".")[2] for name in learning(init_nlp(config))} == {"1", "2"}


def test_the_unfreezing_in_its_comments_begins_with_the_head(tiny_corpus: Path, encoder: Path) -> None:
    config = load(tiny_corpus, encoder)
    config["training"]["before_update"] = commented("training.before_update")
    # The rate begins at 0, and the first update has to move something.
    config["training"]["optimizer"]["learn_rate"] = 0.01
    config["training"].update(max_epochs=1, max_steps=0)
    changed = changes(config)
    moved = {name for name, change in changed.items() if change.any()}
    assert {"linear.W", "linear_chain_crf.start"} <= moved
    of_encoder = {name for name in changed if name.startswith(("embeddings.", "encoder."))}
    assert of_encoder
    assert not moved & of_encoder


def test_its_comments_hold_every_setting_of_the_callbacks() -> None:
    for section, builder, made in (
        ("initialize.after_init", build_freeze_v1, Freeze),
        ("training.before_update", build_gradual_unfreezing_v1, GradualUnfreezing),
    ):
        settings = commented(section)
        del settings["@callbacks"]
        assert settings.keys() == inspect.signature(builder).parameters.keys()
        assert isinstance(builder(**settings), made)  # type: ignore[operator]
