"""The settings of the methods: what they may be, and what is made of them for an encoder."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from confection import ConfigValidationError
from spacy.util import registry
from transformers import AutoModel

from spacy_crf_ner.errors import SpacyCrfNerError
from spacy_crf_ner.models.adapters import IA3, Lora, PrefixTuning, PromptTuning
from tests.models.adapters.encoders import save_encoder


def resolve(name: str, **settings: Any) -> Any:
    return registry.resolve({"peft": {"@misc": f"spacy-crf-ner.{name}.v1", **settings}})["peft"]


def test_the_defaults_are_those_of_the_page() -> None:
    assert resolve("lora") == Lora(merge=True, r=8, alpha=16.0, dropout=0.1, target_modules=None)
    assert resolve("ia3") == IA3(merge=True)
    assert resolve("prefix_tuning") == PrefixTuning(num_virtual_tokens=20)
    assert resolve("prompt_tuning") == PromptTuning(num_virtual_tokens=20)


@pytest.mark.parametrize("name", ["prefix_tuning", "prompt_tuning"])
def test_what_cannot_be_merged_is_not_merged_and_has_no_such_setting(name: str) -> None:
    assert not resolve(name).merge
    with pytest.raises(ConfigValidationError, match="merge"):
        resolve(name, merge=True)


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("lora", "r", 0),
        ("lora", "alpha", 0.0),
        ("lora", "alpha", math.inf),
        ("lora", "alpha", math.nan),
        ("lora", "dropout", -0.1),
        ("lora", "dropout", 1.0),
        ("lora", "target_modules", "query"),
        ("lora", "target_modules", []),
        ("lora", "target_modules", [""]),
        ("ia3", "target_modules", []),
        ("ia3", "feedforward_modules", ["output.dense"]),
        ("prefix_tuning", "num_virtual_tokens", 0),
        ("prompt_tuning", "num_virtual_tokens", 0),
    ],
)
def test_a_setting_out_of_range_is_an_error_that_names_it(name: str, setting: str, value: Any) -> None:
    with pytest.raises(SpacyCrfNerError, match=f"expected `{setting}` to be .* but got"):
        resolve(name, **{setting: value})


@pytest.mark.parametrize("targets", [None, "all-linear", ["query"], ["query", "output.dense"]])
def test_layers_for_lora_may_be_left_open_or_named(targets: Any) -> None:
    assert resolve("lora", target_modules=targets).target_modules == targets


def test_layers_for_ia3_may_be_named(tiny_encoder: Path) -> None:
    method = resolve("ia3", target_modules=["key", "output.dense"], feedforward_modules=["output.dense"])
    config = method.make_config(AutoModel.from_pretrained(tiny_encoder))
    assert config.target_modules == {"key", "output.dense"}
    assert config.feedforward_modules == {"output.dense"}
    alone = resolve("ia3", target_modules=["key"]).make_config(AutoModel.from_pretrained(tiny_encoder))
    assert alone.feedforward_modules == set()


def test_settings_reach_peft(tiny_encoder: Path) -> None:
    encoder = AutoModel.from_pretrained(tiny_encoder)
    config = resolve("lora", r=3, alpha=5.0, dropout=0.25, target_modules=["key"]).make_config(encoder)
    assert (config.r, config.lora_alpha, config.lora_dropout) == (3, 5.0, 0.25)
    assert config.target_modules == {"key"}
    assert resolve("prefix_tuning", num_virtual_tokens=7).make_config(encoder).num_virtual_tokens == 7
    assert resolve("prompt_tuning", num_virtual_tokens=7).make_config(encoder).num_virtual_tokens == 7


def test_all_linear_layers_are_those_that_token_vectors_go_through(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    method = resolve("lora", target_modules="all-linear")
    assert method.make_config(AutoModel.from_pretrained(tiny_encoder)).exclude_modules == {"pooler.dense"}
    # Without a pooler there is nothing to be left out, and peft would complain.
    folder = save_encoder(tmp_path / "electra", "electra", tiny_encoder)
    assert method.make_config(AutoModel.from_pretrained(folder)).exclude_modules is None
