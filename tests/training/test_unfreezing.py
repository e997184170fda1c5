"""Gradual unfreezing: what learns at which step, and that it costs nothing until then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from spacy.language import Language
from spacy.training.initialize import init_nlp

from spacy_crf_ner.errors import TrainingError
from spacy_crf_ner.training.callbacks import build_in_turn_v1
from spacy_crf_ner.training.freezing import build_freeze_v1
from spacy_crf_ner.training.unfreezing import GradualUnfreezing, build_gradual_unfreezing_v1
from tests.training.deep_encoder import (
    DEPTH,
    encoder_of,
    gradients,
    learning,
    make_config,
    train_with,
    values,
)

UNFREEZE = {"@callbacks": "spacy-crf-ner.gradual_unfreezing.v1"}


def parts(names: Any) -> set[str]:
    """The parts of the encoder that the names of parameters are of."""
    return {".".join(name.split(".")[1:3]) if ".layer." in name else name.split(".")[0] for name in names}


def stages(steps_per_layer: int | list[int], start_layers: int = 0, steps: int = 12) -> list[int]:
    callback = GradualUnfreezing("transformer", steps_per_layer, start_layers)
    return [callback.stage(step, DEPTH) for step in range(steps)]


def test_a_layer_joins_every_so_many_steps_and_the_embeddings_at_last() -> None:
    assert stages(2) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4]
    assert stages(1, steps=6) == [0, 1, 2, 3, 4, 4]


def test_a_list_says_how_long_to_wait_for_each_and_its_last_number_holds_for_the_rest() -> None:
    assert stages([3, 1, 2]) == [0, 0, 0, 1, 2, 2, 3, 3, 4, 4, 4, 4]
    assert stages([1, 2, 1, 1, 9], steps=8) == [0, 1, 1, 2, 3, 4, 4, 4]


def test_upper_layers_may_learn_from_the_beginning() -> None:
    assert stages(2, start_layers=2, steps=6) == [2, 2, 3, 3, 4, 4]
    assert stages(2, start_layers=DEPTH, steps=4) == [3, 3, 4, 4]


def test_what_learns_is_what_has_a_gradient_at_each_stage(nlp: Language) -> None:
    everything = gradients(nlp)
    callback = build_gradual_unfreezing_v1(steps_per_layer=5)
    expected: set[str] = set()
    for stage, joins in enumerate([None, "layer.2", "layer.1", "layer.0", "embeddings"]):
        callback(nlp, {"step": 5 * stage, "epoch": 0})
        expected |= {joins} if joins else set()
        found = gradients(nlp)
        head = {name for name in found if name.startswith("linear")}
        assert len(head) == 5
        assert parts(found.keys() - head) == parts(learning(nlp)) == expected
        for name, gradient in found.items():
            assert gradient == pytest.approx(everything[name], abs=1e-4), name
    assert all(parameter.requires_grad for parameter in encoder_of(nlp).parameters())


def test_a_step_before_the_last_one_freezes_again(nlp: Language) -> None:
    callback = build_gradual_unfreezing_v1(steps_per_layer=5)
    callback(nlp, {"step": 100, "epoch": 0})
    callback(nlp, {"step": 5, "epoch": 0})
    assert parts(learning(nlp)) == {"layer.2"}


def test_what_was_frozen_before_stays_frozen(nlp: Language) -> None:
    build_freeze_v1(layers=1, patterns=["query"])(nlp)
    before = learning(nlp)
    callback = build_gradual_unfreezing_v1(steps_per_layer=1)
    callback(nlp, {"step": 0, "epoch": 0})
    assert not learning(nlp)
    callback(nlp, {"step": 99, "epoch": 0})
    assert learning(nlp) == before


def test_training_moves_layers_once_they_have_joined(
    tiny_corpus: Path, encoder: Path, tmp_path: Path
) -> None:
    config = make_config(tiny_corpus, encoder, {"layer_decay": 0.9})
    # One update an epoch: without, then with the top layer, then with the one below.
    config["training"].update(max_epochs=3, before_update={**UNFREEZE, "steps_per_layer": 1})
    after, before = values(train_with(config, tmp_path / "run")), values(init_nlp(config))
    moved = {name for name in after if (after[name] != before[name]).any() and not name.startswith("linear")}
    assert parts(moved) == {"layer.1", "layer.2"}


def test_in_turn_with_freezing_what_is_frozen_first_stays_so(nlp: Language) -> None:
    callback = build_in_turn_v1(build_freeze_v1(layers=1), build_gradual_unfreezing_v1(steps_per_layer=1))
    for step, expected in enumerate([set(), {"layer.2"}, {"layer.1", "layer.2"}, {"layer.1", "layer.2"}]):
        callback(nlp, {"step": step, "epoch": 0})
        assert parts(learning(nlp)) == expected


@pytest.mark.parametrize("value", [0, -1, [], [3, 0]])
def test_waiting_for_less_than_an_update_is_an_error(value: int | list[int]) -> None:
    with pytest.raises(
        TrainingError, match=r"`steps_per_layer` to be a number of updates of at least 1, or a list"
    ):
        build_gradual_unfreezing_v1(steps_per_layer=value)


@pytest.mark.parametrize("layers", [-1, DEPTH + 1])
def test_starting_with_more_layers_than_there_are_is_an_error(nlp: Language, layers: int) -> None:
    callback = build_gradual_unfreezing_v1(start_layers=layers)
    with pytest.raises(
        TrainingError, match=rf"`start_layers` is {layers}, but the encoder of 'transformer' has 3"
    ):
        callback(nlp, {"step": 0, "epoch": 0})


def test_a_component_that_is_not_there_is_an_error(nlp: Language) -> None:
    with pytest.raises(TrainingError, match="got 'encoder'"):
        build_gradual_unfreezing_v1(component="encoder")(nlp, {"step": 0, "epoch": 0})
