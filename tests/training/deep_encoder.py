"""A tiny encoder of several layers, pipelines on it, and trainings of one update."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from spacy.cli.train import train
from spacy.language import Language
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as train_loop
from spacy.util import load_config, load_model
from thinc.api import Config, Model, fix_random_seed
from transformers import BertConfig, BertModel

from spacy_crf_ner.training.encoders import torch_modules
from tests import tiny

DEPTH = 3
RATE = 0.01

Values = dict[str, np.ndarray[Any, Any]]


def save_deep_encoder(path: Path) -> None:
    """Write a random BERT as `tiny.save_tiny_encoder` does, with DEPTH layers.

    path (Path): The folder, created here.
    """
    tiny.save_tiny_encoder(path)
    config = BertConfig.from_pretrained(path)
    config.num_hidden_layers = DEPTH
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(config).save_pretrained(path)


def make_config(corpus: Path, encoder: Path, optimizer: dict[str, Any] | None = None) -> Config:
    """Our config for transformers without its features, for one update on the tiny corpus at a constant rate.

    optimizer (Dict[str, Any] | None): Settings of LayerwiseAdam besides rate and depth; None for Thinc's Adam.
    RETURNS (Config): A config that may be changed.
    """
    config = load_config(tiny.CONFIGS / "crf_ner_trf.cfg")
    config["paths"].update(train=str(corpus), dev=str(corpus), encoder=str(encoder))
    config["components"]["ner"]["model"].update(learn_rate_scale=10.0, features=None)
    config["training"].update(max_epochs=1, max_steps=0, accumulate_gradient=1, dropout=0.0)
    config["training"]["batcher"]["size"] = 1000
    if optimizer is None:
        config["training"]["optimizer"] = {"@optimizers": "Adam.v1", "learn_rate": RATE, "L2": 0.01}
    else:
        name = "spacy-crf-ner.LayerwiseAdam.v1"
        config["training"]["optimizer"] = {
            "@optimizers": name,
            "learn_rate": RATE,
            "n_layers": DEPTH,
            **optimizer,
        }
    return config


def changes(config: Config) -> Values:
    """What a training does to each parameter, in the loop of the command `spacy train`.

    RETURNS (Values): Differences by name.
    """
    nlp = init_nlp(config)
    before = values(nlp)
    train_loop(nlp, stdout=StringIO(), stderr=StringIO())
    after = values(nlp)
    assert after.keys() == before.keys()
    return {name: after[name] - before[name] for name in after}


def train_with(config: Config, folder: Path) -> Language:
    """Train with the command `spacy train`.

    folder (Path): Where the config and the pipeline are saved; created here.
    RETURNS (Language): The pipeline, loaded.
    """
    folder.mkdir()
    config.to_disk(folder / "config.cfg")
    train(folder / "config.cfg", folder / "output")
    return load_model(folder / "output" / "model-last")


def values(nlp: Language) -> Values:
    """All parameters of a pipeline: torch's by their names, Thinc's as `linear.W`."""
    found: Values = {}
    for _, component in nlp.pipeline:
        model: Model[Any, Any] = component.model  # type: ignore[attr-defined]
        for module in torch_modules(model):
            found.update({name: value.detach().numpy().copy() for name, value in module.named_parameters()})
        for node in model.walk():
            found.update({f"{node.name}.{name}": node.get_param(name).copy() for name in node.param_names})
    return found


def encoder_of(nlp: Language) -> torch.nn.Module:
    """The torch module of the component `transformer`."""
    (module,) = torch_modules(nlp.get_pipe("transformer").model)
    return module


def gradients(nlp: Language) -> Values:
    """The gradients of a batch, as `values` has them, for those parameters that get one."""
    module = encoder_of(nlp)
    for parameter in module.parameters():
        parameter.grad = None
    for node in nlp.get_pipe("ner").model.walk():
        for name in node.grad_names:
            node.set_grad(name, np.zeros_like(node.get_grad(name)))
    # BERT's dropout.
    fix_random_seed(0)
    docs = tiny.make_tiny_docs()
    nlp.update([Example(nlp.make_doc(doc.text), doc) for doc in docs], sgd=False)  # type: ignore[arg-type]
    found = {
        name: parameter.grad.numpy().copy()
        for name, parameter in module.named_parameters()
        if parameter.grad is not None
    }
    for node in nlp.get_pipe("ner").model.walk():
        found.update({f"{node.name}.{name}": node.get_grad(name).copy() for name in node.grad_names})
    return found


def learning(nlp: Language) -> set[str]:
    """Names of the encoder's parameters that learn, without those of the pooler, which nothing uses."""
    return {
        name
        for name, parameter in encoder_of(nlp).named_parameters()
        if parameter.requires_grad and "pooler" not in name
    }
