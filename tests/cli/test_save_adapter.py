"""`python -m spacy crf-ner save-adapter` on pipelines that are loaded from disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.util import registry

from tests.cli.support import run
from tests.models.adapters.encoders import encode, initialize, make_nlp, model_in, trained_nlp


@pytest.fixture(scope="module", autouse=True)
def commands() -> None:
    registry.cli.get_all()


@pytest.mark.parametrize(
    ("method", "settings", "name"),
    [("lora", {"merge": False}, "LORA"), ("prefix_tuning", {}, "PREFIX_TUNING")],
)
def test_adapters_of_a_pipeline_are_saved_and_are_a_start(
    method: str, settings: dict[str, bool], name: str, tiny_encoder: Path, tmp_path: Path
) -> None:
    nlp = trained_nlp(tiny_encoder, method, **settings)
    nlp.to_disk(tmp_path / "model")
    output = run("crf-ner", "save-adapter", tmp_path / "model", tmp_path / "a" / "adapter")
    count = model_in(nlp).count_parameters()[0]
    assert f"Saved the adapters of 'transformer' ({name}, {count} parameters)" in output
    started = make_nlp(tiny_encoder, method, tmp_path / "a" / "adapter", **settings)
    initialize(started)
    np.testing.assert_allclose(encode(started), encode(nlp), atol=1e-6)


def test_merged_adapters_are_no_longer_there(tiny_encoder: Path, tmp_path: Path) -> None:
    trained_nlp(tiny_encoder).to_disk(tmp_path / "model")
    output = run("crf-ner", "save-adapter", tmp_path / "model", tmp_path / "adapter", fails=True)
    assert "none in its components: 'transformer', 'crf_ner'" in output
    assert "unless `merge` is false" in output
    assert not (tmp_path / "adapter").exists()


def test_a_pipeline_without_components_has_no_adapters(tmp_path: Path) -> None:
    spacy.blank("xx").to_disk(tmp_path / "model")
    assert "components: none" in run(
        "crf-ner", "save-adapter", tmp_path / "model", tmp_path / "out", fails=True
    )


def test_one_of_several_components_is_chosen(tiny_encoder: Path, tmp_path: Path) -> None:
    nlp = trained_nlp(tiny_encoder, merge=False)
    nlp.replace_listeners("transformer", "crf_ner", ["model.tok2vec"])
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "model")
    command = ("crf-ner", "save-adapter", tmp_path / "model", tmp_path / "adapter")
    assert "several components could be meant: 'transformer', 'crf_ner'" in run(*command, fails=True)
    assert "'transformer', 'crf_ner', but got 'sentencizer'" in run(
        *command, "--component", "sentencizer", fails=True
    )
    assert "Saved the adapters of 'crf_ner' (LORA" in run(*command, "--component", "crf_ner")
    assert (tmp_path / "adapter" / "adapter_config.json").exists()
