"""Random encoders of several types, and pipelines and models on them of which adapters train."""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Optimizer
from transformers import AutoConfig, AutoModel, AutoTokenizer

from spacy_crf_ner.models.adapters import PeftTransformerModel
from tests import tiny
from tests.pipeline.pipelines import model_of
from tests.pipeline.transformers import LISTENER, encoder_config

WIDTH = 16
METHODS = ("lora", "ia3", "prefix_tuning", "prompt_tuning")
MERGED = METHODS[:2]
SEPARATE = METHODS[2:]

# Settings that are not those of BERT: the smallest that each type takes.
_LAYERS = {"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": WIDTH, "intermediate_size": 32}
TYPES: dict[str, dict[str, Any]] = {
    "bert": _LAYERS,
    "roberta": {**_LAYERS, "pad_token_id": 0, "max_position_embeddings": 129},
    "xlm-roberta": {**_LAYERS, "pad_token_id": 0, "max_position_embeddings": 129},
    "camembert": {**_LAYERS, "pad_token_id": 0, "max_position_embeddings": 129},
    "electra": {**_LAYERS, "embedding_size": 8},
    "distilbert": {"dim": WIDTH, "hidden_dim": 32, "n_layers": 2, "n_heads": 2},
    "mpnet": {**_LAYERS, "max_position_embeddings": 130},
    "deberta-v2": {**_LAYERS, "pooler_hidden_size": WIDTH},
    "albert": {**_LAYERS, "embedding_size": 8},
    "xlnet": {"d_model": WIDTH, "d_inner": 32, "n_layer": 2, "n_head": 2},
    "gpt2": {"n_embd": WIDTH, "n_layer": 2, "n_head": 2, "bos_token_id": 0, "eos_token_id": 0},
}


def save_encoder(folder: Path, model_type: str, bert: Path) -> Path:
    """Write a random encoder of width 16 with two layers.

    folder (Path): Where to, made here.
    model_type (str): A key of TYPES.
    bert (Path): The tiny BERT, whose tokenizer they all have.
    RETURNS (Path): The folder.
    """
    tokenizer = AutoTokenizer.from_pretrained(bert)
    tokenizer.save_pretrained(folder)
    settings = {"max_position_embeddings": 128, "vocab_size": len(tokenizer), **TYPES[model_type]}
    if model_type == "xlnet":
        del settings["max_position_embeddings"]
    with torch.random.fork_rng(), warnings.catch_warnings():
        torch.manual_seed(0)
        # Of torch 2.13, when transformers 4.53 imports its DeBERTa.
        warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", DeprecationWarning)
        AutoModel.from_config(AutoConfig.for_model(model_type, **settings)).save_pretrained(folder)
    return folder


def peft_config(
    folder: Path, method: str = "lora", adapter: Path | None = None, **settings: Any
) -> dict[str, Any]:
    """The config of the component `transformer`."""
    config = encoder_config(folder)
    config["model"].update(
        {
            "@architectures": "spacy-crf-ner.PeftTransformerModel.v1",
            "peft": {"@misc": f"spacy-crf-ner.{method}.v1", **settings},
            "adapter": None if adapter is None else str(adapter),
        }
    )
    return config


def make_nlp(folder: Path, method: str = "lora", adapter: Path | None = None, **settings: Any) -> Language:
    """transformer and crf_ner as its listener, not initialized."""
    nlp = spacy.blank("xx")
    nlp.add_pipe("transformer", config=peft_config(folder, method, adapter, **settings))
    nlp.add_pipe("crf_ner", config={"model": model_of(LISTENER)})
    return nlp


def make_examples(nlp: Language) -> list[Example]:
    """The tiny corpus."""
    return [Example(nlp.make_doc(doc.text), doc) for doc in tiny.make_tiny_docs()]


def initialize(nlp: Language) -> Optimizer:
    """Initialize the same every time. RETURNS (Optimizer): One that learns in a few steps."""
    fix_random_seed(0)
    examples = make_examples(nlp)
    return quick(nlp.initialize(lambda: examples))


def quick(optimizer: Optimizer) -> Optimizer:
    """Make an optimizer learn in a few steps."""
    optimizer.learn_rate = 0.02
    return optimizer


def train(nlp: Language, optimizer: Optimizer, steps: int = 5) -> list[float]:
    """Train on the tiny corpus. RETURNS (List[float]): The loss of each step."""
    examples, losses = make_examples(nlp), []
    for _ in range(steps):
        step: dict[str, float] = {}
        nlp.update(examples, sgd=optimizer, losses=step)
        losses.append(step["crf_ner"])
    return losses


@lru_cache
def _trained(folder: Path, method: str) -> bytes:
    settings = {"merge": False} if method in MERGED else {}
    nlp = make_nlp(folder, method, **settings)
    train(nlp, initialize(nlp), 3)
    return bytes(nlp.to_bytes())


def trained_nlp(folder: Path, method: str = "lora", **settings: Any) -> Language:
    """A new pipeline after some training, with adapters; trained once for all tests."""
    return make_nlp(folder, method, **settings).from_bytes(_trained(folder, method))


def model_in(nlp: Language) -> PeftTransformerModel:
    """The encoder of the component `transformer`."""
    model = nlp.get_pipe("transformer").model
    assert isinstance(model, PeftTransformerModel)
    return model


def encode(nlp: Language, text: str = tiny.TINY_TEXTS[0]) -> np.ndarray[Any, Any]:
    """The last hidden state for a text. *Shape:* (n_windows, n_pieces, width)"""
    return np.asarray(tiny.encoding(nlp.get_pipe("transformer"), nlp.make_doc(text)))


def weights(encoder: Any) -> dict[str, torch.Tensor]:
    """Copies of all parameters of an encoder, by name."""
    return {name: value.detach().clone() for name, value in encoder.named_parameters()}


def blank_docs(nlp: Language, *texts: str) -> list[Doc]:
    """Docs of words between spaces."""
    return [Doc(nlp.vocab, words=text.split()) for text in texts]
