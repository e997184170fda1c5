"""Attaching: what trains, what the encoder computes with it, and for which types of encoders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModel

from spacy_crf_ner.errors import SpacyCrfNerError
from spacy_crf_ner.models.adapters.attachment import attach_new, check_room, detach, is_adapted, merge
from spacy_crf_ner.models.adapters.encoders import count_positions, linear_layers
from spacy_crf_ner.models.adapters.methods import (
    AdapterMethod,
    build_ia3_v1,
    build_lora_v1,
    build_prefix_tuning_v1,
    build_prompt_tuning_v1,
)
from tests.models.adapters.encoders import METHODS, TYPES, save_encoder, weights

BUILDERS = {
    "lora": lambda: build_lora_v1(r=2, dropout=0.0),
    "ia3": build_ia3_v1,
    "prefix_tuning": lambda: build_prefix_tuning_v1(4),
    "prompt_tuning": lambda: build_prompt_tuning_v1(4),
}
WITH_PREFIX = {"bert", "roberta", "xlm-roberta", "camembert", "electra", "gpt2"}
# LoRA and IA3 ask for the names of layers where there are no usual ones.
WORKS: dict[str, set[str]] = {
    "lora": set(TYPES) - {"albert", "xlnet"},
    "ia3": set(TYPES) - {"albert", "xlnet"},
    "prefix_tuning": WITH_PREFIX,
    "prompt_tuning": set(TYPES),
}
IDS = torch.tensor([[2, 40, 41, 42, 3], [2, 50, 51, 3, 0]])
MASK = torch.tensor([[1.0, 1, 1, 1, 1], [1, 1, 1, 1, 0]])


@pytest.fixture(scope="module")
def folders(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("types")
    return {name: save_encoder(root / name, name, tiny_encoder) for name in TYPES}


def load(folder: Path) -> Any:
    return AutoModel.from_pretrained(folder).eval()


def compute(encoder: Any) -> torch.Tensor:
    return encoder(input_ids=IDS, attention_mask=MASK, return_dict=True).last_hidden_state


def move(model: Any) -> None:
    """Give adapters weights that change what the encoder computes."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter))


@pytest.mark.parametrize(
    ("method", "model_type"),
    [(method, name) for method in METHODS for name in TYPES if name in WORKS[method]],
)
def test_only_adapters_get_gradients(method: str, model_type: str, folders: dict[str, Path]) -> None:
    encoder = load(folders[model_type])
    own = {id(parameter) for parameter in encoder.parameters()}
    model = attach_new(encoder, BUILDERS[method]())
    compute(model.train()).square().sum().backward()
    with_gradient = {name for name, value in model.named_parameters() if value.grad is not None}
    trained = {name for name, value in model.named_parameters() if value.requires_grad}
    assert with_gradient == trained
    assert trained
    assert not {id(model.get_parameter(name)) for name in trained} & own
    mark = {"lora": "lora_", "ia3": "ia3_"}.get(method, "prompt_encoder")
    assert all(mark in name for name in trained)


@pytest.mark.parametrize("model_type", ["bert", "gpt2", "distilbert", "deberta-v2", "electra"])
@pytest.mark.parametrize("method", ["lora", "ia3"])
def test_an_encoder_begins_as_it_was_and_merged_computes_the_same(
    method: str, model_type: str, folders: dict[str, Path]
) -> None:
    plain = compute(load(folders[model_type])).detach()
    model = attach_new(load(folders[model_type]), BUILDERS[method]()).eval()
    np.testing.assert_allclose(compute(model).detach(), plain, atol=1e-6)
    move(model)
    before, expected = weights(model), compute(model).detach()
    assert (expected - plain).abs().max() > 0.001
    merged, bare = merge(model), detach(model)
    np.testing.assert_allclose(compute(merged.eval()).detach(), expected, atol=1e-5)
    np.testing.assert_allclose(compute(bare.eval()).detach(), plain, atol=1e-6)
    for encoder in (merged, bare):
        assert encoder.state_dict().keys() == load(folders[model_type]).state_dict().keys()
    after = weights(model)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("method", ["prefix_tuning", "prompt_tuning"])
def test_virtual_tokens_change_what_is_computed_and_the_encoder_stays(
    method: str, folders: dict[str, Path]
) -> None:
    plain = load(folders["bert"])
    model = attach_new(load(folders["bert"]), BUILDERS[method]()).eval()
    before = compute(model).detach()
    assert before.shape[1] == IDS.shape[1] + (4 if method == "prompt_tuning" else 0)
    move(model)
    assert (compute(model) - before).abs().max() > 0.001
    np.testing.assert_array_equal(compute(detach(model)).detach(), compute(plain).detach())


@pytest.mark.parametrize("model_type", sorted(set(TYPES) - WITH_PREFIX))
def test_prefix_tuning_of_an_encoder_that_cannot_is_an_error_that_names_its_type(
    model_type: str, folders: dict[str, Path]
) -> None:
    with pytest.raises(SpacyCrfNerError, match=f"past_key_values.* one of the type '{model_type}'"):
        attach_new(load(folders[model_type]), build_prefix_tuning_v1(4))


@pytest.mark.parametrize("method", ["lora", "ia3"])
def test_an_encoder_without_usual_layers_is_an_error_that_lists_its_layers(
    method: str, folders: dict[str, Path]
) -> None:
    with pytest.raises(SpacyCrfNerError, match=r"type 'xlnet'.* Set `target_modules` .*: layer_1, layer_2"):
        attach_new(load(folders["xlnet"]), BUILDERS[method]())


def test_layers_that_are_not_there_are_an_error_that_lists_those_that_are(folders: dict[str, Path]) -> None:
    method = build_lora_v1(target_modules=["no_such_layer"])
    with pytest.raises(SpacyCrfNerError, match=r"no_such_layer.* query, key, value, output.dense"):
        attach_new(load(folders["bert"]), method)


def test_named_layers_get_adapters_and_no_others(folders: dict[str, Path]) -> None:
    model = attach_new(load(folders["bert"]), build_lora_v1(target_modules=["key"]))
    trained = [name for name, value in model.named_parameters() if value.requires_grad]
    assert len(trained) == 4
    assert all(".key.lora_" in name for name in trained)


def test_all_linear_layers_but_the_pooler_get_adapters(folders: dict[str, Path]) -> None:
    model = attach_new(load(folders["bert"]), build_lora_v1(target_modules="all-linear"))
    trained = [name for name, value in model.named_parameters() if value.requires_grad]
    # Two layers, each with query, key, value and output of the attention and two of the feed-forward network.
    assert len(trained) == 2 * 6 * 2
    assert not any("pooler" in name for name in trained)


@pytest.mark.parametrize(
    ("model_type", "expected"),
    [("bert", 128), ("gpt2", 128), ("roberta", 128), ("distilbert", 128), ("mpnet", 128), ("xlnet", None)],
)
def test_positions_are_counted_without_those_that_no_token_has(
    model_type: str, expected: int | None, folders: dict[str, Path]
) -> None:
    encoder = load(folders[model_type])
    assert count_positions(encoder) == expected
    if expected is not None:
        ids = torch.full((1, expected), 40)
        assert encoder(input_ids=ids, attention_mask=torch.ones(1, expected))[0].shape[1] == expected
        with pytest.raises((IndexError, RuntimeError), match=r"out of range|must match|size"):
            encoder(input_ids=torch.full((1, expected + 1), 40), attention_mask=torch.ones(1, expected + 1))


@pytest.mark.parametrize("build", [build_prefix_tuning_v1, build_prompt_tuning_v1])
def test_virtual_tokens_that_leave_no_room_are_an_error(build: Any, folders: dict[str, Path]) -> None:
    with pytest.raises(SpacyCrfNerError, match="128 positions of the encoder, but got 126"):
        attach_new(load(folders["bert"]), build(126))
    assert check_room(load(folders["bert"]), 125) == 3
    assert check_room(load(folders["bert"]), 0) is None
    assert check_room(load(folders["xlnet"]), 1000) is None


def test_the_names_of_linear_layers_are_those_that_settings_take(folders: dict[str, Path]) -> None:
    assert linear_layers(load(folders["gpt2"])) == ["c_attn", "c_proj", "c_fc"]
    assert "output.dense" in linear_layers(load(folders["bert"]))


def test_what_has_adapters_is_told_from_what_has_none(folders: dict[str, Path]) -> None:
    encoder = load(folders["bert"])
    assert not is_adapted(encoder)
    assert not is_adapted(None)
    assert is_adapted(attach_new(encoder, build_lora_v1()))


def test_a_method_says_how_its_settings_are_made() -> None:
    with pytest.raises(NotImplementedError, match="make_config"):
        AdapterMethod().make_config(None)
