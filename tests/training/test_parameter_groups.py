"""The groups of parameters, by the names that encoders and layers really have."""

from __future__ import annotations

import pytest
import torch
import transformers
from thinc.api import LayerNorm, Maxout
from transformers import AutoModel

from spacy_crf_ner.layers import build_linear_chain_crf_v1
from spacy_crf_ner.training.parameter_groups import (
    EMBEDDINGS,
    HEAD,
    LAYER,
    POOLER,
    group_of,
    has_weight_decay,
)

SMALL = {
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 8,
    "vocab_size": 20,
}
# The config of an encoder of two layers, its settings, and what is neither embeddings nor layer nor pooler.
ENCODERS: tuple[tuple[str, dict[str, object], set[str]], ...] = (
    ("BertConfig", SMALL, set()),
    ("RobertaConfig", SMALL, set()),
    ("ElectraConfig", {**SMALL, "embedding_size": 4}, set()),
    ("MPNetConfig", SMALL, set()),
    ("DistilBertConfig", {"vocab_size": 20, "dim": 8, "n_layers": 2, "n_heads": 2, "hidden_dim": 8}, set()),
    ("XLNetConfig", {"vocab_size": 20, "d_model": 8, "n_layer": 2, "n_head": 2, "d_inner": 8}, set()),
    ("XLMConfig", {"vocab_size": 20, "emb_dim": 8, "n_layers": 2, "n_heads": 2}, set()),
    (
        "GPT2Config",
        {"vocab_size": 20, "n_embd": 8, "n_layer": 2, "n_head": 2},
        {"ln_f.weight", "ln_f.bias"},
    ),
)


@pytest.mark.parametrize(("name", "settings", "others"), ENCODERS, ids=[name for name, *_ in ENCODERS])
def test_all_of_an_encoder_is_embeddings_layers_or_pooler(
    name: str, settings: dict[str, object], others: set[str]
) -> None:
    model = AutoModel.from_config(getattr(transformers, name)(**settings))
    groups = {name: group_of(name) for name, _ in model.named_parameters()}
    assert {name for name, group in groups.items() if group.kind == HEAD} == others
    assert {group.layer for group in groups.values() if group.kind == LAYER} == {0, 1}
    inputs = {id(parameter) for parameter in model.get_input_embeddings().parameters()}
    for name, parameter in model.named_parameters():
        if id(parameter) in inputs:
            assert groups[name].kind == EMBEDDINGS
    poolers = {name for name, group in groups.items() if group.kind == POOLER}
    assert poolers == {name for name in groups if name.startswith("pooler.")}


def test_layers_that_albert_shares_are_one_layer() -> None:
    config = transformers.AlbertConfig(**{**SMALL, "embedding_size": 4})
    groups = {name: group_of(name) for name, _ in AutoModel.from_config(config).named_parameters()}
    assert {group.layer for group in groups.values() if group.kind == LAYER} == {0}
    assert groups["encoder.embedding_hidden_mapping_in.weight"].kind == EMBEDDINGS
    assert groups["pooler.weight"].kind == POOLER


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("base_model.model.encoder.layer.3.attention.self.query.lora_A.default.weight", "layer 3"),
        ("base_model.model.h.11.attn.c_attn.lora_B.default.weight", "layer 11"),
        ("base_model.model.embeddings.word_embeddings.weight", "embeddings"),
        ("prompt_encoder.default.embedding.weight", "head"),
        ("encoder.block.2.layer.0.SelfAttention.q.weight", "layer 2"),
        # DeBERTa.
        ("encoder.layer.1.attention.self.query_proj.weight", "layer 1"),
        ("encoder.rel_embeddings.weight", "embeddings"),
        ("encoder.LayerNorm.weight", "embeddings"),
        ("encoder.conv.conv.weight", "embeddings"),
        # ModernBERT.
        ("layers.1.attn.Wqkv.weight", "layer 1"),
        ("embeddings.tok_embeddings.weight", "embeddings"),
        ("final_norm.weight", "head"),
        ("encoder.blocks.1.0.attention.q_head.weight", "layer 1"),
        ("shared.weight", "embeddings"),
        ("transitions", "crf"),
        ("start", "crf"),
        ("end", "crf"),
        ("W", "head"),
        ("b", "head"),
        # Word vectors that a small network learns from the beginning.
        ("E", "head"),
        # Our encoders on top of another one.
        ("lstm.weight_ih_l0", "head"),
        ("block.0.weight", "head"),
        ("embedding.weight", "head"),
        # Names that only look like another.
        ("start.weight", "head"),
        ("player.1.weight", "head"),
        ("layer.weight", "head"),
        ("spooler.weight", "head"),
    ],
)
def test_groups_by_name(name: str, group: str) -> None:
    assert str(group_of(name)) == group


def test_weights_decay_and_biases_and_gains_do_not() -> None:
    model = AutoModel.from_config(transformers.BertConfig(**SMALL))
    for name, parameter in model.named_parameters():
        assert has_weight_decay(name, parameter.ndim) is not ("bias" in name or "LayerNorm" in name)


def test_biases_that_are_no_vectors_do_not_decay() -> None:
    maxout = Maxout(3, 3, nP=2).initialize()
    assert {name: has_weight_decay(name, maxout.get_param(name).ndim) for name in maxout.param_names} == {
        "W": True,
        "b": False,
    }
    assert not has_weight_decay("layer.0.rel_attn.r_w_bias", 2)
    assert not has_weight_decay("base_model.model.encoder.layer.0.attention.self.key.ia3_l.default", 2)
    assert has_weight_decay("encoder.layer.0.attention.self.query.lora_A.default.weight", 2)
    assert has_weight_decay("encoder.relative_attention_bias.weight", 2)


def test_in_other_layers_too_only_weights_decay() -> None:
    lstm = torch.nn.LSTM(2, 2, bidirectional=True)
    for name, parameter in lstm.named_parameters():
        assert has_weight_decay(name, parameter.ndim) is name.startswith("weight")
        assert has_weight_decay(name, 2) is name.startswith("weight")
    norm = LayerNorm(3).initialize()
    assert not any(has_weight_decay(name, norm.get_param(name).ndim) for name in norm.param_names)
    crf = build_linear_chain_crf_v1(3).initialize()
    assert {name: has_weight_decay(name, crf.get_param(name).ndim) for name in crf.param_names} == {
        "transitions": True,
        "start": False,
        "end": False,
    }
