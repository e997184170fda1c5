"""`python -m spacy crf-ner params` on configs and on trained pipelines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from spacy.util import registry
from thinc.api import Config

from tests import tiny
from tests.cli.support import run
from tests.training.deep_encoder import DEPTH, make_config, save_deep_encoder, train_with

FREEZE = {"@callbacks": "spacy-crf-ner.freeze.v1", "layers": 1}
SETTINGS = {"layer_decay": 0.5, "head": 4.0, "patterns": {"query": 0.1}}


@pytest.fixture(scope="module", autouse=True)
def commands() -> None:
    registry.cli.get_all()


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deep") / "encoder"
    save_deep_encoder(path)
    return path


@pytest.fixture
def config(tiny_corpus: Path, encoder: Path) -> Config:
    config = make_config(tiny_corpus, encoder, dict(SETTINGS))
    config["initialize"]["after_init"] = dict(FREEZE)
    return config


def save(config: Config, folder: Path) -> Path:
    config.to_disk(folder / "config.cfg")
    return folder / "config.cfg"


def inspect(*arguments: str | Path, fails: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("crf-ner", "params", *arguments, "--json", fails=fails))
    return found


def by_name(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in found["parameters"]}


def test_each_parameter_of_a_config_has_group_rate_decay_and_says_if_it_learns(
    config: Config, tmp_path: Path
) -> None:
    config["training"]["optimizer"]["learn_rate"] = {
        "@schedules": "warmup_linear.v1",
        "warmup_steps": 5,
        "total_steps": 20,
        "initial_rate": 0.2,
    }
    found = inspect(save(config, tmp_path))
    assert found["peak_rate"] == pytest.approx(0.2)
    rows = by_name(found)
    for name, shape, group, hindrance, factor, decays in (
        ("embeddings.word_embeddings.weight", None, "embeddings", "frozen", 0.125, True),
        ("encoder.layer.0.output.dense.weight", [16, 32], "layer 0", "frozen", 0.25, True),
        ("encoder.layer.1.output.dense.weight", [16, 32], "layer 1", None, 0.5, True),
        ("encoder.layer.1.attention.self.query.weight", [16, 16], "layer 1", None, 0.05, True),
        ("encoder.layer.2.output.dense.bias", [16], "layer 2", None, 1.0, False),
        ("encoder.layer.2.output.LayerNorm.weight", [16], "layer 2", None, 1.0, False),
        ("pooler.dense.weight", [16, 16], "pooler", "no gradient", 1.0, True),
        ("W", [13, 16], "head", None, 4.0, True),
        ("transitions", [13, 13], "crf", None, 1.0, True),
        ("start", [13], "crf", None, 1.0, False),
    ):
        row = rows[name]
        assert row["shape"] == shape or shape is None
        assert (row["group"], row["hindrance"], row["decays"]) == (group, hindrance, decays), name
        assert row["learns"] is (hindrance is None)
        assert row["factor"] == pytest.approx(factor), name
        assert row["rate"] == pytest.approx(0.2 * factor), name
    assert {row["component"] for row in found["parameters"] if row["is_torch"]} == {"transformer"}
    assert (rows["W"]["component"], rows["W"]["module"]) == ("ner", "linear")


def test_sums_by_group_and_over_all(config: Config, tmp_path: Path) -> None:
    found = inspect(save(config, tmp_path))
    rows = found["parameters"]
    names = ["embeddings", "layer 0", "layer 1", "layer 2", "pooler", "head", "crf"]
    assert [group["group"] for group in found["groups"]] == names
    for group in found["groups"]:
        members = [row for row in rows if row["group"] == group["group"]]
        assert group["size"] == sum(row["size"] for row in members) > 0
        assert group["learning"] == sum(row["size"] for row in members if row["learns"])
        assert group["rates"] == sorted({row["rate"] for row in members if row["learns"]})
    assert found["size"] == sum(row["size"] for row in rows)
    assert found["learning"] == sum(group["learning"] for group in found["groups"]) < found["size"]
    head = next(group for group in found["groups"] if group["group"] == "head")
    assert head["size"] == head["learning"] == 13 * 16 + 13


def test_the_tables_say_the_same(config: Config, tmp_path: Path) -> None:
    path = save(config, tmp_path)
    output, found = run("crf-ner", "params", path), inspect(path)
    share = 100 * found["learning"] / found["size"]
    for expected in (
        "transformer encoder.layer.1.attention.self.query.weight 16 x 16 layer 1 0.05 0.0005 yes yes",
        "transformer encoder.layer.0.output.dense.bias 16 layer 0 0.25 0.0025 no frozen",
        "transformer pooler.dense.bias 16 pooler 1 0.01 no no gradient",
        "ner W (linear) 13 x 16 head 4 0.04 yes yes",
        "head 221 221 0.04",
        "pooler 272 0 -",
        f"{found['learning']:,} of {found['size']:,} parameters learn ({share:.2f} %)",
        "highest learning rate: 0.01",
    ):
        assert expected in output
    middle = next(group for group in found["groups"] if group["group"] == "layer 1")
    assert f"layer 1 {middle['size']:,} {middle['learning']:,} 0.0005 to 0.005" in output


def test_settings_can_be_overridden_and_nothing_is_changed(config: Config, tmp_path: Path) -> None:
    path = save(config, tmp_path)
    before = {one: one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()}
    rows = by_name(inspect(path, "--training.optimizer.layer_decay", "1.0", "--training.optimizer.L2", "0"))
    assert rows["encoder.layer.0.output.dense.weight"]["factor"] == 1.0
    assert not any(row["decays"] for row in rows.values())
    assert {one: one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()} == before


def test_frozen_components_do_not_learn(config: Config, tmp_path: Path) -> None:
    config["initialize"]["after_init"] = None
    config["training"].update(frozen_components=["transformer"], annotating_components=["transformer"])
    config["training"]["optimizer"] = {"@optimizers": "Adam.v1", "learn_rate": 0.01, "L2": 0.1}
    # Frozen components are not initialized: this one comes from a trained pipeline.
    config["training"].update(frozen_components=[], annotating_components=[])
    train_with(config, tmp_path / "run")
    source = tmp_path / "run" / "output" / "model-last"
    config["training"].update(frozen_components=["transformer"], annotating_components=["transformer"])
    config["components"]["transformer"] = {"source": str(source)}
    config["components"]["ner"] = {"source": str(source)}
    path = save(config, tmp_path)
    rows = by_name(inspect(path))
    assert {row["hindrance"] for row in rows.values() if row["component"] == "transformer"} == {
        "component frozen"
    }
    assert {row["hindrance"] for row in rows.values() if row["component"] == "ner"} == {None}
    # Thinc's Adam has one rate, and everything decays.
    assert {(row["factor"], row["rate"], row["decays"]) for row in rows.values()} == {(1.0, 0.01, True)}


def test_before_the_first_update_of_gradual_unfreezing_only_the_head_learns(
    config: Config, tmp_path: Path
) -> None:
    config["initialize"]["after_init"] = None
    config["training"]["before_update"] = {"@callbacks": "spacy-crf-ner.gradual_unfreezing.v1"}
    found = inspect(save(config, tmp_path))
    assert {row["group"] for row in found["parameters"] if row["learns"]} == {"head", "crf"}


@pytest.mark.parametrize("layers", [DEPTH - 1, DEPTH + 1])
def test_a_number_of_layers_that_does_not_fit_is_a_problem_after_the_table(
    config: Config, tmp_path: Path, layers: int
) -> None:
    config["training"]["optimizer"]["n_layers"] = layers
    path = save(config, tmp_path)
    found = inspect(path, fails=True)
    assert f"`n_layers` is {layers}" in found["problem"]
    rows = by_name(found)
    top = rows["encoder.layer.2.output.dense.weight"]
    assert (top["rate"] is None) is (layers < DEPTH)
    output = run("crf-ner", "params", path, fails=True)
    assert f"The optimizer's `n_layers` is {layers}" in output
    assert "encoder.layer.2.output.dense.weight" in output


def test_a_trained_pipeline_shows_what_training_it_again_would_do(config: Config, tmp_path: Path) -> None:
    train_with(config, tmp_path / "run")
    rows = by_name(inspect(tmp_path / "run" / "output" / "model-last"))
    assert rows["encoder.layer.0.output.dense.weight"]["hindrance"] == "frozen"
    assert rows["encoder.layer.1.output.dense.weight"]["factor"] == 0.5
    # No text shows that nothing uses it.
    assert rows["pooler.dense.weight"]["learns"]


def test_callbacks_that_do_not_fit_are_an_error(config: Config, tmp_path: Path) -> None:
    config["initialize"]["after_init"]["layers"] = 9
    output = run("crf-ner", "params", save(config, tmp_path), fails=True)
    assert "`layers` is 9, but the encoder of 'transformer' has 3 layers" in output


def test_a_pipeline_without_a_transformer_is_head_and_crf(tiny_corpus: Path) -> None:
    paths = [f"--paths.{name}={tiny_corpus}" for name in ("train", "dev")]
    found = inspect(tiny.CONFIGS / "crf_ner_cnn.cfg", *paths)
    assert [group["group"] for group in found["groups"]] == ["head", "crf"]
    assert found["size"] == found["learning"]
